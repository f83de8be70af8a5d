"""The API as a process: it serves, ends when told to, and says in one sentence why it does not start."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping

import httpx
from tests.support.tenants import KEY_ENTRY, Tenant

from formscout.local.ports import free_port

START_SECONDS = 30


async def start(environment: Mapping[str, str]) -> Process:
    """Start the process with these settings and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FORMSCOUT_", "DATABASE_", "REDIS_"))}
    command = (sys.executable, "-m", "formscout_api.main")
    return await asyncio.create_subprocess_exec(*command, env={**inherited, **environment}, stdout=PIPE, stderr=PIPE)


async def read_end(process: Process) -> tuple[int | None, str]:
    """Wait for the process' end and return its exit status with what it said."""
    out, err = await asyncio.wait_for(process.communicate(), timeout=START_SECONDS)
    return process.returncode, (out + err).decode()


async def test_it_serves_until_it_is_told_to_stop(database_url: str, redis_url: str, tenant: Tenant) -> None:
    port = free_port()
    settings = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY,
        "FORMSCOUT_API_PORT": str(port),
    }
    process = await start(settings)
    headers = {"Authorization": f"Bearer {tenant.member_key}"}
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers) as client:
            for _ in range(START_SECONDS * 10):
                try:
                    assert (await client.get("/health/ready")).status_code == 200
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.1)
            accepted = await client.post("/api/crawl/discover-forms", json=tenant.discovery)
            assert accepted.status_code == 202
            following = asyncio.create_task(client.get(accepted.json()["events_url"], timeout=START_SECONDS))
            await asyncio.sleep(0.3)
            process.send_signal(signal.SIGTERM)
            assert (await following).status_code == 200, "the stream ends well; the client comes again with Last-Event-ID"
        status, said = await read_end(process)
    finally:
        if process.returncode is None:
            process.kill()
    assert status == 0
    assert "Traceback" not in said
    assert tenant.member_key not in said


async def test_it_refuses_an_older_schema_in_one_sentence(postgres_url: str, redis_url: str) -> None:
    settings = {"DATABASE_URL": postgres_url, "REDIS_URL": redis_url, "FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY}
    status, said = await read_end(await start(settings))
    assert status == 1
    assert "formscout db upgrade" in said
    assert "Traceback" not in said


async def test_it_names_every_setting_that_is_missing_or_wrong_and_quotes_none() -> None:
    status, said = await read_end(await start({"REDIS_URL": "redis://:geheim@localhost", "FORMSCOUT_API_PORT": "port"}))
    assert status == 1
    assert all(name in said for name in ("DATABASE_URL", "FORMSCOUT_ENCRYPTION_KEYS", "FORMSCOUT_API_PORT"))
    assert "geheim" not in said
    assert "Traceback" not in said


async def test_it_says_so_when_postgresql_is_not_there(redis_url: str) -> None:
    settings = {"DATABASE_URL": f"postgresql://localhost:{free_port()}/x", "REDIS_URL": redis_url, "FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY}
    status, said = await read_end(await start(settings))
    assert status == 1
    assert "DATABASE_URL" in said
    assert "Traceback" not in said
