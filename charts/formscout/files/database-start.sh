# Starts PostgreSQL: makes the database the first time, sets the password at each start, ends quickly and cleanly when told to.
set -eu

password=$(cat /run/secrets/formscout/POSTGRES_PASSWORD)
quoted=$(printf %s "$password" | sed "s/'/''/g")

# One statement a line, without a server: nobody can connect meanwhile.
alone() {
  postgres --single -D "$1" -c log_min_error_statement=panic postgres >/dev/null
}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Under another name first: a start that is cut off must not leave half a database that looks like a whole one.
  rm -rf "$PGDATA.new"
  initdb --pgdata="$PGDATA.new" --username=postgres --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --data-checksums
  echo "host all all all scram-sha-256" >>"$PGDATA.new/pg_hba.conf"
  printf '%s\n' "CREATE ROLE formscout LOGIN" "CREATE DATABASE formscout OWNER formscout" | alone "$PGDATA.new"
  mv "$PGDATA.new" "$PGDATA"
fi
# Of a pod that was killed: its volume is mounted by one pod at a time, and in a container most numbers of processes are ours.
rm -f "$PGDATA/postmaster.pid"
printf '%s\n' "ALTER ROLE formscout PASSWORD '$quoted'" | alone "$PGDATA"

postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp -c "max_connections=$MAX_CONNECTIONS" &
server=$!
# SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client.
trap 'kill -INT "$server"' TERM INT
status=0
wait "$server" || status=$?
if [ "$status" -gt 128 ]; then # the signal broke the waiting off, not the server
  status=0
  wait "$server" || status=$?
fi
exit "$status"
