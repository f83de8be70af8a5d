"""The stores of the embedded platform: data found again, and a sentence that says what to do when they would not start."""

import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from formscout.domain.companies import Caller
from formscout.domain.errors import PlatformError
from formscout.local import platform as local_platform
from formscout.local import postgres
from formscout.local.directory import DataDirectory
from formscout.local.interrupts import Interrupts
from formscout.local.logstream import LogStream
from formscout.local.platform import PlatformOptions, running_platform
from formscout.local.ports import free_port
from formscout.local.services import Layout
from formscout.local.supervisor import Supervisor
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.usecases.companies import authenticate, bootstrap_operator, create_company, list_companies


@asynccontextmanager
async def stores(path: Path) -> AsyncIterator[Layout]:
    """Run the stores of a data directory as the platform does, without any service."""
    directory = DataDirectory(path=path)
    log = LogStream(console=None, file=None)
    supervisor = Supervisor(log)
    with directory.locked():
        try:
            yield await local_platform.start_stores(supervisor, log, directory, PlatformOptions(data_directory=path, port=None))
        finally:
            await supervisor.stop_all(last=local_platform.STORES)


async def make_company(layout: Layout, name: str) -> None:
    database = Database.connect(layout.database_url, pool_size=1)
    await schema.upgrade(database)
    operator = await authenticate(database, await bootstrap_operator(database, "a@example.com"))
    await create_company(database, operator, name=name)
    await database.close()


async def companies_of(layout: Layout, operator: Caller) -> list[str]:
    database = Database.connect(layout.database_url, pool_size=1)
    found = await list_companies(database, operator, after=0, limit=10)
    await database.close()
    return [company.name for company in found]


def set_aside(path: Path) -> list[Path]:
    return list(path.glob("redis.damaged-*/appendonly.aof"))


async def test_data_are_found_again_at_the_next_start_even_in_a_directory_too_deep_for_a_socket(tmp_path: Path, operator: Caller) -> None:
    deep = tmp_path / ("deep" * 20) / "data"
    async with stores(deep) as layout:
        await make_company(layout, "Kept Ltd")
    assert not DataDirectory(path=deep).sockets.is_relative_to(deep)
    async with stores(deep) as layout:
        assert await companies_of(layout, operator) == ["Kept Ltd"]


async def test_a_redis_log_that_cannot_be_read_is_set_aside_and_the_database_stays(tmp_path: Path, operator: Caller) -> None:
    async with stores(tmp_path) as layout:
        await make_company(layout, "Kept Ltd")
    (tmp_path / "redis" / "appendonly.aof").write_bytes(b"*3\r\nno command at all\r\n" * 10)
    async with stores(tmp_path) as layout:
        assert await companies_of(layout, operator) == ["Kept Ltd"]
    assert [path.name for path in set_aside(tmp_path)] == ["appendonly.aof"]


async def test_a_damaged_database_is_named_with_the_way_out(tmp_path: Path) -> None:
    async with stores(tmp_path):
        pass
    shutil.rmtree(tmp_path / "postgres" / "global")
    with pytest.raises(PlatformError, match=r"would not start on .*postgres .*move it away \(mv"):
        async with stores(tmp_path):
            pass


async def test_a_database_without_its_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "something").touch()
    with pytest.raises(PlatformError, match="is damaged: it has no PG_VERSION"):
        await postgres.prepare_cluster(DataDirectory(path=tmp_path))
    assert (tmp_path / "postgres" / "something").exists()


async def test_a_database_of_another_major_version_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(PlatformError, match="is of PostgreSQL 12, this release brings 18"):
        await postgres.prepare_cluster(DataDirectory(path=tmp_path))


async def test_a_directory_in_use_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    async with stores(tmp_path):
        with pytest.raises(PlatformError, match=r"in use by another Formscout \(process \d+\)"), DataDirectory(path=tmp_path).locked():
            pass


async def test_a_taken_port_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port := free_port()))
        taken.listen()
        options = PlatformOptions(data_directory=tmp_path, port=port)
        with pytest.raises(PlatformError, match=f"Port {port} is taken"):
            async with running_platform(options, LogStream(console=None, file=None), Interrupts()):
                pass
    assert not (tmp_path / "postgres").exists()
