# Starts Redis with ACL users whose passwords are files; with `ping`, tells whether it answers.
set -eu
secrets=/run/secrets/formscout

if [ "${1-}" = ping ]; then
  REDISCLI_AUTH=$(cat "$secrets/KEDA") redis-cli -h 127.0.0.1 --user formscout-keda ping 2>/dev/null | grep -q PONG
  exit
fi

digest() {
  printf %s "$(cat "$secrets/$1")" | sha256sum | cut -d' ' -f1
}

sed \
  -e "s/\${PRODUCER_SHA256}/$(digest PRODUCER)/" \
  -e "s/\${WORKER_SHA256}/$(digest WORKER)/" \
  -e "s/\${KEDA_SHA256}/$(digest KEDA)/" \
  /etc/formscout/users.acl >/tmp/users.acl

exec redis-server \
  --bind '*' \
  --dir /data \
  --aclfile /tmp/users.acl \
  --appendonly yes \
  --appendfsync everysec \
  --save '' \
  --maxmemory "$MAX_MEMORY" \
  --maxmemory-policy noeviction
