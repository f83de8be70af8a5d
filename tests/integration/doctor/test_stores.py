"""The doctor looks at stores that are broken in one way each, and says which."""

import asyncio
import os
import signal
import string
from collections.abc import Iterator
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from redis.asyncio import Redis
from tests.integration.doctor.conftest import Doctor
from tests.support import databases
from tests.support.redises import running_redis
from tests.support.sessions import execute
from tests.support.tenants import KEYS, Tenant

from formscout.checkup.database import BUSY_WARN
from formscout.checkup.findings import Level
from formscout.local.ports import free_port
from formscout.security.encryption import make_key_entry
from formscout.storage.database import Database
from formscout.storage.inspection import InspectionStore

USERS = Path("charts/formscout/files/redis-users.acl")
STORES = ("postgresql", "schema", "redis", "snapshot-store", "encryption-keys")


async def test_stores_that_are_well_are_said_to_be(doctor: Doctor) -> None:
    report = await doctor.report()
    found = [one for one in report.findings if one.check.startswith(STORES)]
    assert {one.level for one in found} == {Level.OK}, found
    assert len(found) == 13
    assert {one.check for one in report.not_looked_at} == {"api", "browser", "certificates"}


async def test_a_postgresql_that_is_away_is_said_once_and_hides_nothing_of_redis(doctor: Doctor, template: str, database_url: str) -> None:
    await databases.shut(template, database_url)
    try:
        report = await doctor.report()
    finally:
        await databases.open_again(template, database_url)
    assert [one.check for one in report.findings if one.level is Level.FAIL] == ["postgresql"]
    assert {one.check for one in report.not_looked_at} >= {"schema", "leader", "workers", "encryption-keys", "snapshot-store"}
    assert {"redis", "redis-rights", "redis-eviction", "redis-clock"} <= {one.check for one in report.findings}


async def test_a_database_without_a_schema_and_one_of_a_newer_release(doctor: Doctor, template: str) -> None:
    await databases.run(template, "CREATE DATABASE without_schema")
    bare = databases.named(template, "without_schema")
    try:
        assert await doctor.level("schema", database_url=bare) is Level.FAIL
        await databases.run(bare, "CREATE TABLE alembic_version (version_num text)", "INSERT INTO alembic_version VALUES ('9999')")
        assert await doctor.level("schema", database_url=bare) is Level.WARN
    finally:
        await databases.drop(template, bare)


async def test_connections_that_run_out(doctor: Doctor, template: str) -> None:
    held = Database.connect(template, pool_size=1000)
    async with AsyncExitStack() as stack:
        while True:
            connection = await stack.enter_async_context(held.look())
            server = await InspectionStore(connection).server()
            if server.connections > BUSY_WARN * server.most_connections:
                break
        assert await doctor.level("postgresql-connections") is Level.WARN
    await held.close()


async def test_a_key_that_is_gone_and_one_that_is_another(doctor: Doctor, database: Database, tenant: Tenant) -> None:
    sealed = KEYS.seal(b"secret", purpose=f"network:{tenant.network.id}")
    values = f"{tenant.network.id}, '{sealed.key_id}', '\\x{sealed.ciphertext.hex()}', now()"
    await execute(database, f"INSERT INTO network_credentials (network_id, key_id, ciphertext, changed_at) VALUES ({values})")  # noqa: S608 (ours)
    assert await doctor.level("encryption-keys") is Level.OK
    (gone,) = await doctor.look("encryption-keys", encryption_keys=make_key_entry("other"))
    assert gone.level is Level.FAIL
    assert KEYS.sealing_key_id in gone.sentence
    assert await doctor.level("encryption-keys", encryption_keys=make_key_entry(KEYS.sealing_key_id)) is Level.FAIL
    assert await doctor.level("encryption-keys", encryption_keys="no key") is Level.FAIL


async def test_a_snapshot_store_that_cannot_be_written(doctor: Doctor, tmp_path: Path) -> None:
    assert await doctor.level("snapshot-store", snapshot_store=(tmp_path / "blobs").as_uri()) is Level.OK
    left = await asyncio.to_thread(lambda: [file for file in tmp_path.rglob("*") if file.is_file()])
    assert left == [], "what was tried out is gone"
    (tmp_path / "file").write_text("in the way")
    assert await doctor.level("snapshot-store", snapshot_store=(tmp_path / "file").as_uri()) is Level.FAIL
    assert await doctor.level("snapshot-store", snapshot_store="ftp://nowhere") is Level.FAIL


async def test_a_table_of_blobs_that_takes_no_writes(doctor: Doctor, database: Database) -> None:
    await execute(database, "ALTER TABLE blob ADD CONSTRAINT full_up CHECK (false) NOT VALID")
    try:
        assert await doctor.level("snapshot-store") is Level.FAIL
    finally:
        await execute(database, "ALTER TABLE blob DROP CONSTRAINT full_up")


async def test_a_redis_that_evicts_keeps_no_file_or_is_full(doctor: Doctor, broker: Redis) -> None:
    await broker.config_set("maxmemory-policy", "allkeys-lru")
    assert await doctor.level("redis-eviction") is Level.FAIL
    await broker.config_set("maxmemory-policy", "noeviction")
    await broker.config_set("appendonly", "no")
    assert await doctor.level("redis-persistence") is Level.WARN
    for number in range(100):
        await broker.set(f"large:{number}", "x" * 200_000)
    used = int((await broker.info("memory"))["used_memory"])
    await broker.config_set("maxmemory", used * 100 // 88)
    assert await doctor.level("redis-memory") is Level.WARN
    await broker.config_set("maxmemory", used // 2)
    assert await doctor.level("redis-memory") is Level.FAIL


async def test_a_redis_that_is_a_replica(doctor: Doctor, broker: Redis) -> None:
    await broker.replicaof("127.0.0.1", free_port())
    assert await doctor.level("redis-version") is Level.FAIL


async def test_a_redis_that_does_not_answer_takes_its_time_and_no_more(doctor: Doctor, tmp_path: Path) -> None:
    port = free_port()
    with running_redis(tmp_path / "frozen", {"port": str(port)}) as process:
        os.kill(process.pid, signal.SIGSTOP)
        report = await asyncio.wait_for(doctor.report(seconds=2, redis_url=f"redis://127.0.0.1:{port}/0"), timeout=60)
    assert [one.check for one in report.findings if one.level is Level.FAIL and one.check.startswith("redis")] == ["redis"]
    assert "schema" in {one.check for one in report.findings}


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[int]:
    """Run a Redis with the chart's users, who have their names as passwords, and an administrator."""
    names = ("producer", "worker", "keda")
    digests = {f"{name.upper()}_SHA256": sha256(f"formscout-{name}".encode()).hexdigest() for name in names}
    users = string.Template(USERS.read_text()).substitute(digests) + "user admin on >admin ~* &* +@all\n"
    (tmp_path / "users.acl").write_text(users)
    port = free_port()
    with running_redis(tmp_path / "guarded", {"port": str(port), "aclfile": str(tmp_path / "users.acl")}):
        yield port


async def test_each_user_may_do_what_its_processes_need_and_the_autoscalers_may_not(doctor: Doctor, guarded: int) -> None:
    def of(user: str) -> str:
        return f"redis://{user}:{user}@127.0.0.1:{guarded}/0"

    roles = {"formscout-producer": "API and scheduler", "formscout-worker": "the workers", "admin": "API and scheduler and"}
    for user, role in roles.items():
        (found,) = await doctor.look("redis-rights", redis_url=of(user))
        assert found.level is Level.OK, found
        assert role in found.sentence
    (found,) = await doctor.look("redis-rights", redis_url=of("formscout-keda"))
    assert found.level is Level.FAIL
    assert "LPUSH discovery" in found.sentence
    async with Redis.from_url(of("admin")) as admin:
        assert await admin.keys() == [], "looking has done nothing"


async def test_what_a_user_may_not_look_at_is_no_failure_and_another_address_helps(doctor: Doctor, guarded: int) -> None:
    ours, admin = (f"redis://{user}:{user}@127.0.0.1:{guarded}/0" for user in ("formscout-producer", "admin"))
    for check in ("redis-server", "redis-clock", "autoscaler"):
        (found,) = await doctor.look(check, redis_url=ours)
        assert found.level is Level.WARN
        assert "FORMSCOUT_DOCTOR_REDIS_URL" in str(found.mend)
    for check in ("redis-eviction", "redis-clock", "autoscaler"):
        assert await doctor.level(check, redis_url=ours, inspector_url=admin) is Level.OK


async def test_a_wrong_password_is_told(doctor: Doctor, guarded: int) -> None:
    (found,) = await doctor.look("redis", redis_url=f"redis://formscout-worker:wrong@127.0.0.1:{guarded}/0")
    assert found.level is Level.FAIL
    assert "password" in found.sentence
