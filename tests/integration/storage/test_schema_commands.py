"""`formscout db` and `formscout admin bootstrap` as a cluster runs them: by files, again and again, and never downwards."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from sqlalchemy import text
from tests.support import databases

from formscout.storage import schema
from formscout.storage.database import Database
from formscout.usecases.companies import authenticate

LIMIT_SECONDS: Final = 60
"""A command takes some two seconds to start; the rest is for a busy machine."""

KEY: Final = "fsk_" + "k7" * 24


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
    database = Database.connect(empty_url, pool_size=1)
    yield database
    await database.close()


@pytest.fixture
def secrets(empty_url: str, tmp_path: Path) -> Path:
    """Return a directory of secrets as a pod has it mounted."""
    (tmp_path / "DATABASE_URL").write_text(empty_url)
    (tmp_path / "key").write_text(f"{KEY}\n")
    return tmp_path


async def start(secrets: Path, *arguments: str) -> Process:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FORMSCOUT_", "DATABASE_", "REDIS_"))}
    command = (sys.executable, "-c", "from formscout.cli import main; main()", *arguments)
    environment = {**inherited, "FORMSCOUT_SECRETS_DIR": str(secrets)}
    return await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=PIPE)


async def run(secrets: Path, *arguments: str) -> tuple[int | None, str]:
    """Return the exit status and what was said."""
    process = await start(secrets, *arguments)
    said, complained = await asyncio.wait_for(process.communicate(), LIMIT_SECONDS)
    return process.returncode, (said + complained).decode()


async def test_waiting_ends_when_the_schema_is_there(secrets: Path, empty: Database) -> None:
    waiting = await start(secrets, "db", "wait")
    assert waiting.stderr is not None
    reason = await asyncio.wait_for(waiting.stderr.readline(), LIMIT_SECONDS)
    assert b"Waiting for the database's schema: The database has no Formscout schema" in reason
    await schema.upgrade(empty)
    said, complained = await asyncio.wait_for(waiting.communicate(), LIMIT_SECONDS)
    assert (waiting.returncode, complained) == (0, b"")
    assert said.decode() == f"The schema fits this release ({schema.head()}).\n"


async def test_waiting_has_a_limit_and_says_what_was_missing(secrets: Path) -> None:
    code, said = await run(secrets, "db", "wait", "--seconds", "0.1")
    assert code == 1
    assert "Waited 0.1 s for the database's schema in vain. The database has no Formscout schema" in said
    (secrets / "DATABASE_URL").write_text("postgresql://127.0.0.1:1/nobody")
    code, said = await run(secrets, "db", "wait", "--seconds", "0.1")
    assert (code, "Waited 0.1 s" in said, "Traceback" in said) == (1, True, False), said
    code, said = await run(secrets, "db", "upgrade")
    assert (code, "in vain" in said, "Traceback" in said) == (1, False, False), said


async def test_an_upgrade_waits_for_a_database_that_starts(secrets: Path, empty: Database) -> None:
    address = (secrets / "DATABASE_URL").read_text()
    (secrets / "DATABASE_URL").write_text("postgresql://127.0.0.1:1/nobody")
    waiting = await start(secrets, "db", "upgrade", "--wait", "0.5")
    said, complained = await asyncio.wait_for(waiting.communicate(), LIMIT_SECONDS)
    assert (waiting.returncode, said, b"Waiting for the database" in complained) == (1, b"", True)
    (secrets / "DATABASE_URL").write_text(address)
    assert await run(secrets, "db", "upgrade", "--wait", "60") == (0, f"The schema is at {schema.head()}.\n")
    await schema.check(empty)


async def test_a_downgrade_is_refused_with_a_sentence_unless_it_is_meant(secrets: Path, empty: Database) -> None:
    assert await run(secrets, "db", "upgrade") == (0, f"The schema is at {schema.head()}.\n")
    async with empty.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    code, said = await run(secrets, "db", "upgrade")
    assert code == 1
    assert "The schema is at 9999, which this release does not know" in said
    assert await run(secrets, "db", "upgrade", "--allow-newer") == (0, "The schema is at 9999.\n")


async def test_the_first_operators_key_may_come_from_a_file_any_number_of_times(secrets: Path, empty: Database) -> None:
    await schema.upgrade(empty)
    command = ("admin", "bootstrap", "--email", "first@example.com", "--key-file", str(secrets / "key"))
    for _ in range(2):
        code, said = await run(secrets, *command)
        assert (code, KEY in said) == (0, False), said
    operator = await authenticate(empty, KEY)
    assert operator.is_operator
    (secrets / "key").write_text(KEY[::-1])
    code, said = await run(secrets, *command)
    assert (code, "That is no key" in said) == (1, True)
    (secrets / "key").write_text(f"{KEY}x")
    code, said = await run(secrets, *command)
    assert (code, "none of its valid keys" in said) == (1, True)
    assert await run(secrets, *command, "--again") == (0, f"The operator first@example.com holds the key of {secrets / 'key'}.\n")
    assert await authenticate(empty, f"{KEY}x") == operator
