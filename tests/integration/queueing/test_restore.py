"""A platform is restored from a dump, its blobs and an empty Redis, by the commands of the operations guide, and loses no work."""

import asyncio
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from tests.integration.queueing.test_scheduler import SCHEDULER, wait_for
from tests.integration.queueing.test_workers import ANALYSIS, SIGN_IN, discover, forms_of
from tests.support import databases, workers
from tests.support.processes import START_SECONDS, Start, worker_arguments
from tests.support.sessions import ask, execute, job_now, rows
from tests.support.snapshots import page as snapshot_of
from tests.support.tenants import make_tenant

from formscout.local.postgres import programs
from formscout.storage.database import Database

TOOLS: Final = programs()
"""Of the server's own version: an older pg_dump refuses a newer server."""

ACCEPTED: Final = "SELECT id, kind, queue, session_id FROM job WHERE id <= 4 ORDER BY id"


async def run(*command: str | Path) -> None:
    """Run a command of the guide; it says nothing and succeeds."""
    done = await asyncio.to_thread(subprocess.run, [str(part) for part in command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


@pytest.fixture
async def elsewhere(template: str) -> AsyncIterator[str]:
    """Make an empty database, as a new server has it, and yield its address."""
    url = databases.named(template, f"restored_{uuid4().hex}")
    name = url.partition("?")[0].rpartition("/")[2]
    await databases.run(template, f"CREATE DATABASE {name} TEMPLATE template0")
    yield url
    await databases.drop(template, url)


async def test_what_was_accepted_before_the_dump_is_done_after_the_restore(
    database: Database, database_url: str, elsewhere: str, *, broker: Redis, start: Start, tmp_path: Path
) -> None:
    blobs, dump = tmp_path / "blobs", tmp_path / "formscout.dump"
    # As it stands at the moment of the dump: a form page that waits to be described, a slice that a worker holds, one that waits.
    described = await discover(database, await make_tenant(database, "Acme"), snapshot_of(SIGN_IN), blobs=blobs.as_uri())
    await ask(database, await make_tenant(database, "Bolt"))
    held = await workers.begin(database)
    await ask(database, await make_tenant(database, "Cork"))
    accepted = await rows(database, ACCEPTED)
    await broker.lpush("discovery", "what Redis held is lost")

    await run(TOOLS / "pg_dump", "--format=custom", f"--file={dump}", database_url)
    shutil.copytree(blobs, tmp_path / "blobs of the backup")
    # What comes after is not in it, and the old platform is gone with all that it had.
    await ask(database, await make_tenant(database, "Dale"))
    shutil.rmtree(blobs)
    await broker.flushall()

    await run(TOOLS / "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={elsewhere}", dump)
    shutil.copytree(tmp_path / "blobs of the backup", blobs)
    restored = Database.connect(elsewhere, pool_size=2)
    try:
        assert await rows(restored, ACCEPTED) == accepted
        # A restore takes longer than a lease; its time is moved, not waited for.
        await execute(restored, "UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'running'")
        stores = {"DATABASE_URL": elsewhere, "FORMSCOUT_SNAPSHOT_STORE": blobs.as_uri()}
        scheduler, worker = start(SCHEDULER, **stores), start(*worker_arguments(ANALYSIS, "analysis"), **stores)
        await wait_for(restored, "SELECT state FROM job WHERE queue = 'analysis'", ("succeeded",), scheduler, worker)
        (form,) = await forms_of(restored, described)
        assert form.description is not None
        assert form.description.purpose == "login"
        waiting = "SELECT array_agg(state::text ORDER BY id) FROM job WHERE queue = 'discovery' AND id > 1"
        await wait_for(restored, waiting, (["queued", "queued"],), scheduler)
        assert (await job_now(restored, held.job.id)).attempts == 1, "the worker that held it is gone"
        ends = time.monotonic() + START_SECONDS
        while await broker.llen("discovery") < 2:
            assert scheduler.alive, scheduler.story
            assert time.monotonic() < ends, scheduler.said
            await asyncio.sleep(0.05)
        assert (scheduler.stop(), worker.stop()) == (0, 0)
    finally:
        await restored.close()
