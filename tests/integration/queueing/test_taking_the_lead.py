"""Two real schedulers: one leads, the other takes over from a frozen one, and who was frozen does no harm when it goes on."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis
from tests.support.processes import START_SECONDS, Service, Start
from tests.support.sessions import add_jobs, execute, rows

from formscout.domain.jobs import JobKind, NewJob
from formscout.storage.database import Database

SCHEDULER = "formscout_scheduler.beat"
QUICK = {"FORMSCOUT_LEADER_SECONDS": "6", "FORMSCOUT_RECONCILE_SECONDS": "0.2"}

LOST = """UPDATE job SET state = 'running', fence = 1, worker = 'gone', lease_until = now() - interval '1 second'
    WHERE id = (SELECT max(id) FROM job)"""
LEFT = "SELECT count(*) FROM job WHERE worker = 'gone' AND state = 'running'"
RUNNABLE = "SELECT count(*) FROM job WHERE state = 'queued' AND available_at <= now()"


async def until(holds: Callable[[], Awaitable[bool]], *services: Service) -> None:
    """Wait until something holds, while the services live."""
    ends = time.monotonic() + START_SECONDS
    while not await holds():
        for service in services:
            assert service.alive, service.story
        assert time.monotonic() < ends, "\n".join(service.said for service in services)
        await asyncio.sleep(0.05)


async def lead_of(database: Database) -> tuple[int, int]:
    """Return the process that leads, 0 when none does, and the latest fence."""
    found = await rows(database, "SELECT CASE WHEN until > now() THEN split_part(holder, ':', 2)::int ELSE 0 END, fence FROM leadership")
    return found[0] if found else (0, 0)


async def is_led(database: Database, broker: Redis, *services: Service, by: Service | None = None, after: int = 0) -> int:
    """Wait until one leads and does a leader's work: it queues lost jobs again and rings for what waits, each once; returns the fence.

    `by` says which one must lead, under a fence after the one given.
    """

    async def leads() -> bool:
        process, fence = await lead_of(database)
        return process != 0 if by is None else process == by.pid and fence > after

    async def has_mended() -> bool:
        return await rows(database, LEFT) == [(0,)]

    async def has_rung() -> bool:
        runnable: int = (await rows(database, RUNNABLE))[0][0]
        return await broker.llen("budget") == runnable

    await until(leads, *services)
    await add_jobs(database, NewJob(kind=JobKind.CHECK_BUDGET))
    await execute(database, LOST)
    await until(has_mended, *services)
    await add_jobs(database, NewJob(kind=JobKind.CHECK_BUDGET))
    await until(has_rung, *services)
    return (await lead_of(database))[1]


@pytest.fixture
async def pair(database: Database, start: Start) -> tuple[Service, Service]:
    """Start two schedulers and wait for the first tick of the clock, which is a job of its own."""
    one, two = start(SCHEDULER, **QUICK), start(SCHEDULER, **QUICK)

    async def begun() -> bool:
        return (await lead_of(database))[0] != 0 and await rows(database, "SELECT count(*) FROM job") == [(1,)]

    await until(begun, one, two)
    return one, two


async def by_lead(database: Database, pair: tuple[Service, Service]) -> tuple[Service, Service, int]:
    """Return the leader, the other, and the leader's fence."""
    one, two = pair
    process, fence = await lead_of(database)
    return (one, two, fence) if process == one.pid else (two, one, fence)


async def test_a_frozen_leader_is_replaced_and_does_no_harm_when_it_goes_on(
    database: Database, broker: Redis, pair: tuple[Service, Service]
) -> None:
    frozen, other, fence = await by_lead(database, pair)
    frozen.signal(signal.SIGSTOP)
    fence = await is_led(database, broker, other, by=other, after=fence)
    frozen.signal(signal.SIGCONT)

    async def knows() -> bool:
        return "Another replica leads" in frozen.said or (await lead_of(database))[0] == frozen.pid

    await until(knows, frozen, other)
    await is_led(database, broker, frozen, other)
    other.kill()
    assert await is_led(database, broker, frozen, by=frozen, after=fence) > fence
    assert "Traceback" not in frozen.said + other.said
    assert await rows(database, "SELECT count(*) FROM due") == [(1,)], "two clocks wrote one tick"


async def test_a_leader_that_is_told_to_end_leaves_the_lead_to_the_other(
    database: Database, broker: Redis, pair: tuple[Service, Service]
) -> None:
    leader, other, fence = await by_lead(database, pair)
    assert leader.stop() == 0
    await is_led(database, broker, other, by=other, after=fence)
