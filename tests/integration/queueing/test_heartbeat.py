"""The heartbeat: it keeps the lease of work that moves, and stops work whose lease ends."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest
from redis.asyncio import Redis
from tests.support import workers
from tests.support.sessions import add_jobs, execute, job_now, rows, run_out, scalar

from formscout.domain.jobs import Claim, JobKind, NewJob, Queue
from formscout.queueing.heartbeat import Heart, Pulse, Rhythm
from formscout.queueing.queues import unacked_index
from formscout.storage.database import Database

RHYTHM = Rhythm(beat=0.1, answer=1.0, still=1.0, hold=3.0)
"""Quicker than the real one, and slow enough that a busy machine keeps it."""

LONG = 60.0
"""Seconds that work takes which is to be stopped, or to see something; a test that waits so long fails."""


@pytest.fixture
async def heart(database: Database, database_url: str, redis_url: str) -> AsyncIterator[Heart]:
    del database  # emptied first
    beating = Heart(Queue.BUDGET, database_url=database_url, redis_url=redis_url, rhythm=RHYTHM)
    beating.start()
    yield beating
    beating.stop()


@pytest.fixture
async def claim(database: Database) -> Claim:
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    return await workers.claim(database, Queue.BUDGET)


async def move(pulse: Pulse, seconds: float) -> None:
    """Work that passes a checkpoint every few milliseconds."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pulse.checkpoint()
        await asyncio.sleep(0.02)


async def move_until(pulse: Pulse, seen: Callable[[], Awaitable[bool]]) -> None:
    """Work that goes on until something is seen."""
    ends = time.monotonic() + LONG
    while not await seen():
        assert time.monotonic() < ends, "it was never seen"
        await move(pulse, 0.05)


async def lease_left(database: Database) -> float:
    return float(await scalar(database, "SELECT extract(epoch FROM lease_until - now()) FROM job"))


async def stopped(heart: Heart, claim: Claim, work: str) -> float:
    """Work under the heartbeat until it stops it; returns after how many seconds it did."""
    began = time.monotonic()

    async def job() -> None:
        async with heart.watching(claim, delivery_tag=None) as pulse:
            await (move(pulse, LONG) if work == "moving" else asyncio.sleep(LONG))

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(job())
    return time.monotonic() - began


async def test_work_that_moves_keeps_its_lease(database: Database, heart: Heart, claim: Claim) -> None:
    async def renewed() -> bool:
        return 25 < await lease_left(database) <= 30

    await run_out(database, claim)
    async with heart.watching(claim, delivery_tag=None) as pulse:
        await move_until(pulse, renewed)
    assert not pulse.cancelled


async def test_nothing_is_renewed_once_the_work_is_done(database: Database, heart: Heart, claim: Claim) -> None:
    async with heart.watching(claim, delivery_tag=None) as pulse:
        await move(pulse, 0.1)
    await run_out(database, claim)
    await asyncio.sleep(4 * RHYTHM.beat)
    assert await lease_left(database) < 0


async def test_work_that_does_not_move_loses_its_lease_and_is_stopped(database: Database, heart: Heart, claim: Claim) -> None:
    seconds = await stopped(heart, claim, "still")
    assert RHYTHM.still < seconds < LONG / 2
    assert await lease_left(database) < 30 - seconds + RHYTHM.still + RHYTHM.answer


async def test_work_whose_lease_is_lost_is_stopped_at_the_next_beat(database: Database, heart: Heart, claim: Claim) -> None:
    await execute(database, "UPDATE job SET fence = fence + 1")
    assert await stopped(heart, claim, "moving") < RHYTHM.hold


async def test_work_is_stopped_before_its_lease_ends_when_the_database_hangs(heart: Heart, claim: Claim, database: Database) -> None:
    before = await backends(database)
    async with heart.watching(claim, delivery_tag=None) as pulse:
        own = await connected(pulse, database, before)
    with frozen(own, psutil.Process(own).ppid()):  # the server, too: it would make another connection, and the lease be renewed by that
        assert RHYTHM.answer < await stopped(heart, claim, "moving") < 2 * RHYTHM.hold


async def test_work_goes_on_over_a_beat_that_is_lost(heart: Heart, claim: Claim, database: Database) -> None:
    before = await backends(database)
    async with heart.watching(claim, delivery_tag=None) as pulse:
        own = await connected(pulse, database, before)
        await execute(database, "SELECT pg_terminate_backend(:pid)", pid=own)
        await move(pulse, 2 * RHYTHM.hold)
    assert (await job_now(database, claim.job.id)).fence == claim.fence


async def test_the_work_learns_that_it_is_to_be_cancelled(database: Database, heart: Heart, claim: Claim) -> None:
    async with heart.watching(claim, delivery_tag=None) as pulse:
        await execute(database, "UPDATE job SET cancel_requested = true")

        async def learned() -> bool:
            return pulse.cancelled

        await move_until(pulse, learned)


async def test_the_message_in_hand_stays_invisible_and_an_acknowledged_one_stays_gone(heart: Heart, claim: Claim, broker: Redis) -> None:
    index = unacked_index(Queue.BUDGET)
    await broker.zadd(index, {"in-hand": 1.0})

    async def touched() -> bool:
        moved_to = await broker.zscore(index, "in-hand")
        return isinstance(moved_to, float) and time.time() - moved_to < LONG

    async with heart.watching(claim, delivery_tag="in-hand") as pulse:
        await move_until(pulse, touched)
    async with heart.watching(claim, delivery_tag="acknowledged") as pulse:
        await move(pulse, 5 * RHYTHM.beat)
    assert await broker.zcard(index) == 1


async def test_a_redis_that_does_not_answer_costs_no_lease(database: Database, database_url: str, claim: Claim) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        heart = Heart(Queue.BUDGET, database_url=database_url, redis_url=url, rhythm=RHYTHM)
        heart.start()
        async with heart.watching(claim, delivery_tag="in-hand") as pulse:
            await move(pulse, 2 * RHYTHM.hold)
        heart.stop()
    assert await lease_left(database) > 25


async def test_the_next_job_is_not_stopped_for_the_last_one(database: Database, heart: Heart, claim: Claim) -> None:
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    other = await workers.claim(database, Queue.BUDGET)
    await execute(database, "UPDATE job SET fence = fence + 1 WHERE id = :id", id=claim.job.id)
    await stopped(heart, claim, "moving")
    async with heart.watching(other, delivery_tag=None) as pulse:
        await move(pulse, RHYTHM.hold)


async def connected(pulse: Pulse, database: Database, before: set[int]) -> int:
    """Work until the heartbeat has its connection; return the process of PostgreSQL that serves it."""
    own: set[int] = set()

    async def seen() -> bool:
        own.update(await backends(database) - before)
        return bool(own)

    await move_until(pulse, seen)
    (pid,) = own
    return pid


async def backends(database: Database) -> set[int]:
    """Return the processes of PostgreSQL that serve this database."""
    return {pid for (pid,) in await rows(database, "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")}


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """Freeze processes of the test's own PostgreSQL."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
