"""The schema: the migrations make exactly the tables, and no process starts on an older one."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator
from typing import Final
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from tests.support import databases
from tests.support.tenants import KEY_ENTRY

from formscout.domain.errors import SchemaOutdatedError
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.tables import metadata

START_SECONDS: Final = 60
"""A worker's main process takes some three seconds to look at the schema; the rest is for a busy machine."""

WORKER: Final = ("worker", "--concurrency", "1", "--without-mingle", "--without-gossip")

PROCESSES: Final = {
    "api": ("formscout_api.main",),
    "scheduler": ("formscout_scheduler.beat",),
    "discovery": ("celery", "-A", "formscout_discovery.worker", *WORKER, "-Q", "discovery"),
    "analysis": ("celery", "-A", "formscout_analysis.worker", *WORKER, "-Q", "analysis"),
    "upkeep": ("celery", "-A", "formscout_scheduler.worker", *WORKER, "-Q", "budget"),
}


@pytest.fixture
async def empty_url(postgres_url: str) -> AsyncIterator[str]:
    """Make a database without any table, and drop it afterwards."""
    name = f"test_{uuid4().hex}"
    await databases.run(postgres_url, f"CREATE DATABASE {name}")
    url = databases.named(postgres_url, name)
    yield url
    await databases.drop(postgres_url, url)


@pytest.fixture
async def empty(empty_url: str) -> AsyncIterator[Database]:
    database = Database.connect(empty_url, pool_size=3)
    yield database
    await database.close()


async def set_revision(database: Database, revision: str) -> None:
    async with database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


async def test_the_migrations_make_exactly_the_tables_that_the_code_speaks_of(empty: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))

    await schema.upgrade(empty)
    async with empty.begin() as connection:
        assert await connection.run_sync(differences) == []


async def test_upgrading_again_changes_nothing(empty: Database) -> None:
    assert await schema.upgrade(empty) == schema.head()
    assert await schema.upgrade(empty) == schema.head()
    await schema.check(empty)


async def test_two_upgrades_at_once_both_end_well(empty: Database) -> None:
    first, second = await asyncio.gather(schema.upgrade(empty), schema.upgrade(empty))
    assert first == second == schema.head()


async def test_a_database_without_a_schema_is_refused(empty: Database) -> None:
    with pytest.raises(SchemaOutdatedError, match=r"has no Formscout schema.*`formscout db upgrade`"):
        await schema.check(empty)


async def test_a_newer_schema_is_taken_and_left_as_it_is(empty: Database) -> None:
    await schema.upgrade(empty)
    await set_revision(empty, "9999")
    await schema.check(empty)
    assert await schema.upgrade(empty) == "9999"


@pytest.mark.parametrize("process", PROCESSES)
async def test_a_process_refuses_to_start_on_an_older_schema(process: str, empty_url: str, redis_url: str) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FORMSCOUT_", "DATABASE_", "REDIS_"))}
    settings = {
        "DATABASE_URL": empty_url,
        "REDIS_URL": redis_url,
        "FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY,
        "FORMSCOUT_API_PORT": "0",
        "FORMSCOUT_LOG_FORMAT": "text",
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *PROCESSES[process], env={**inherited, **settings}, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
    )
    try:
        said, _ = await asyncio.wait_for(started.communicate(), timeout=START_SECONDS)
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()
    assert started.returncode not in (0, None)
    assert "Run `formscout db upgrade` first." in said.decode()
    assert "Traceback" not in said.decode()
