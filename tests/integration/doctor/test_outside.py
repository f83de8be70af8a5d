"""The doctor looks at an API, at certificates and at browsers that are broken in one way each."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from tests.integration.doctor.conftest import Doctor
from tests.support.tls import Authority

from formscout.checkup.findings import Level
from formscout.checkup.outside import TlsPlace, look_at_browser, look_at_certificates
from formscout.local.browser import require_browser
from formscout.local.ports import free_port

ANSWER = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"


@asynccontextmanager
async def answering(status: bytes, body: bytes, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Answer each request so, on a port of the loopback."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(ANSWER % (status, len(body), body))
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


@pytest.mark.parametrize(
    ("status", "body", "level"),
    [
        (b"200 OK", b'{"status": "ok", "database": "up", "redis": "up"}', Level.OK),
        (b"200 OK", b'{"status": "ok", "database": "up", "redis": "down"}', Level.FAIL),
        (b"503 Unavailable", b'{"status": "unavailable", "database": "down", "redis": "up"}', Level.FAIL),
        (b"200 OK", b"<title>A proxy</title>", Level.FAIL),
        (b"200 OK", b"[]", Level.FAIL),
    ],
)
async def test_an_api_by_what_it_says_of_itself(doctor: Doctor, status: bytes, body: bytes, level: Level) -> None:
    async with answering(status, body) as port:
        assert await doctor.level("api", api_url=f"http://127.0.0.1:{port}/") is level


async def test_an_api_that_is_not_there(doctor: Doctor) -> None:
    assert await doctor.level("api", api_url=f"http://user:geheim@127.0.0.1:{free_port()}") is Level.FAIL


@pytest.mark.parametrize(("days", "level"), [(90, Level.OK), (10, Level.WARN), (1, Level.FAIL), (-0.5, Level.FAIL)])
async def test_certificates_by_their_end(doctor: Doctor, tmp_path: Path, days: float, level: Level) -> None:
    context = Authority.make(tmp_path, "ours").server("127.0.0.1", valid=timedelta(days=days))
    async with answering(b"200 OK", b"", context) as port:
        assert await doctor.level("certificates", api_url=f"https://127.0.0.1:{port}") is level


@pytest.mark.parametrize("speaks", [True, False])
async def test_the_certificate_of_a_postgresql_which_is_asked_for_tls_first(tmp_path: Path, *, speaks: bool) -> None:
    context = Authority.make(tmp_path, "ours").server("127.0.0.1", valid=timedelta(days=10))

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert len(await reader.readexactly(8)) == 8
        writer.write(b"S" if speaks else b"N")
        if speaks:
            await writer.start_tls(context)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        place = TlsPlace.of("PostgreSQL", f"postgresql://user:geheim@127.0.0.1:{server.sockets[0].getsockname()[1]}/name")
        assert place is not None
        (found,) = await look_at_certificates([place])
    assert found.level is (Level.WARN if speaks else Level.OK)


async def test_a_browser_that_runs_and_one_that_does_not(tmp_path: Path) -> None:
    (found,) = await look_at_browser(await asyncio.to_thread(require_browser), sandbox=False)
    assert found.level is Level.OK
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    (found,) = await look_at_browser(broken, sandbox=False)
    assert found.level is Level.FAIL


async def test_a_browser_that_hangs_is_ended(doctor: Doctor, tmp_path: Path) -> None:
    hanging = tmp_path / "chromium"
    hanging.write_text("#!/bin/sh\nexec sleep 987654\n")
    hanging.chmod(0o755)
    report = await doctor.report(seconds=2, browser=hanging, database_url=None, redis_url=None)
    (found,) = [one for one in report.findings if one.check == "browser"]
    assert found.level is Level.FAIL
    assert "longer than 2 s" in found.sentence
    assert not [child for child in psutil.Process().children() if "987654" in child.cmdline()]
