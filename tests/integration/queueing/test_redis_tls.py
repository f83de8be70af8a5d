"""Redis behind TLS: its certificate is verified by everything that connects, and what is wrong with it is said."""

import asyncio
from collections.abc import Awaitable, Iterator
from pathlib import Path

import pytest
from celery import Celery
from kombu.exceptions import OperationalError
from redis.asyncio import Redis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from tests.support.tls import Authority, in_front_of
from typer.testing import CliRunner

from formscout.cli.app import app as cli
from formscout.config import with_authorities
from formscout.domain.errors import StoreUnavailableError
from formscout.domain.ids import CompanyId
from formscout.domain.jobs import Queue
from formscout.queueing.app import create_app
from formscout.storage.pacing import PaceStore
from formscout.storage.redis_servers import RedisServers


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("ours"), "ours")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.make(tmp_path_factory.mktemp("other"), "other")


@pytest.fixture(scope="module")
def tls_port(redis_url: str, ours: Authority) -> Iterator[int]:
    (_, plain), *_ = RedisServers.parse(redis_url).hosts
    with in_front_of(plain, ours.server("localhost")) as port:
        yield port


async def reach_by_all(url: str) -> list[type[Exception] | None]:
    """Connect in each of our ways; returns how each failed, None where it did not."""
    servers = RedisServers.parse(url)
    with servers.client(retry=Retry(NoBackoff(), 0)) as client:
        outcomes = [await _outcome(asyncio.to_thread(client.ping))]
    async with servers.async_client(retry=AsyncRetry(NoBackoff(), 0)) as asynchronous:
        outcomes.append(await _outcome(_ping(asynchronous)))
    worker, producer = (create_app("test-tls", url, queue=queue) for queue in (Queue.BUDGET, None))
    outcomes += [await _outcome(asyncio.to_thread(_connect, app)) for app in (worker, producer)]
    async with PaceStore.open(url, CompanyId(1)) as paces:
        outcomes.append(await _outcome(paces.answered("app.example.com")))
    return outcomes


async def _ping(client: Redis) -> None:
    await client.ping()


def _connect(app: Celery) -> None:
    with app.connection_for_write() as connection:  # not the pool's: that one knows connections by their addresses alone
        connection.ensure_connection(max_retries=1, interval_start=0)
        connection.default_channel.client.ping()


async def _outcome(work: Awaitable[object]) -> type[Exception] | None:
    try:
        await work
    except (RedisConnectionError, OperationalError, StoreUnavailableError) as error:
        return type(error)
    return None


REFUSED = [RedisConnectionError, RedisConnectionError, OperationalError, OperationalError, StoreUnavailableError]


async def test_a_certificate_of_the_named_authority_is_accepted_by_all(tls_port: int, ours: Authority) -> None:
    assert await reach_by_all(with_authorities(f"rediss://localhost:{tls_port}/0", ours.file)) == [None] * 5


async def test_that_of_another_authority_is_refused_by_all(tls_port: int, other: Authority) -> None:
    assert await reach_by_all(with_authorities(f"rediss://localhost:{tls_port}/0", other.file)) == REFUSED


async def test_one_that_only_an_unnamed_authority_signed_is_refused_by_all(tls_port: int) -> None:
    assert await reach_by_all(f"rediss://localhost:{tls_port}/0") == REFUSED


async def test_a_certificate_for_another_host_is_refused_by_all(tls_port: int, ours: Authority) -> None:
    assert await reach_by_all(with_authorities(f"rediss://127.0.0.1:{tls_port}/0", ours.file)) == REFUSED


def doctor(monkeypatch: pytest.MonkeyPatch, url: str, ca: Path | None) -> str:
    monkeypatch.setenv("REDIS_URL", url)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    if ca is not None:
        monkeypatch.setenv("FORMSCOUT_REDIS_CA", str(ca))
    said = CliRunner().invoke(cli, ["doctor"]).output
    lines = said.splitlines()
    (number,) = [number for number, line in enumerate(lines) if " redis: " in line]
    return " ".join(lines[number : number + 2])  # what it found, and what to do


def test_the_doctor_says_that_it_is_well(monkeypatch: pytest.MonkeyPatch, tls_port: int, ours: Authority) -> None:
    assert "ok  redis: It answers." in doctor(monkeypatch, f"rediss://localhost:{tls_port}/0", ours.file)


def test_the_doctor_says_what_to_do_about_a_wrong_authority(monkeypatch: pytest.MonkeyPatch, tls_port: int, other: Authority) -> None:
    said = doctor(monkeypatch, f"rediss://:geheim@localhost:{tls_port}/0", other.file)
    assert "FORMSCOUT_REDIS_CA" in said
    assert "geheim" not in said


def test_the_doctor_says_what_to_do_about_a_file_that_is_none(monkeypatch: pytest.MonkeyPatch, tls_port: int, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    assert "holds no certificates" in doctor(monkeypatch, f"rediss://localhost:{tls_port}/0", tmp_path / "ca.pem")
