"""Who leads: one at a time, and never somebody who is frozen."""

import asyncio

from tests.support.sessions import execute, scalar

from formscout.domain.jobs import LEASE_SECONDS
from formscout.storage.database import IDLE_SECONDS, Database
from formscout.usecases.clock import lead, resign

SECONDS = 30.0


async def test_one_of_many_leads(database: Database) -> None:
    leads = await asyncio.gather(*(lead(database, "scheduler", holder=f"pod-{number}", seconds=SECONDS) for number in range(10)))
    assert sum(leads) == 1


async def test_a_leader_keeps_the_lead_under_one_fence(database: Database) -> None:
    assert await lead(database, "scheduler", holder="a", seconds=SECONDS)
    assert await lead(database, "scheduler", holder="a", seconds=SECONDS)
    assert not await lead(database, "scheduler", holder="b", seconds=SECONDS)
    assert await scalar(database, "SELECT fence FROM leadership") == 1


async def test_the_lead_of_a_frozen_leader_is_taken_over(database: Database) -> None:
    assert await lead(database, "scheduler", holder="frozen", seconds=SECONDS)
    await execute(database, "UPDATE leadership SET until = now() - interval '1 millisecond'")
    assert await lead(database, "scheduler", holder="next", seconds=SECONDS)
    assert not await lead(database, "scheduler", holder="frozen", seconds=SECONDS), "it wakes up and finds that it leads no more"
    assert await scalar(database, "SELECT fence FROM leadership") == 2


async def test_a_leader_that_goes_leaves_the_lead_to_the_next(database: Database) -> None:
    assert await lead(database, "scheduler", holder="a", seconds=SECONDS)
    await resign(database, "scheduler", holder="b")
    assert not await lead(database, "scheduler", holder="b", seconds=SECONDS), "nobody resigns for another"
    await resign(database, "scheduler", holder="a")
    assert await lead(database, "scheduler", holder="b", seconds=SECONDS)


async def test_leads_of_different_names_are_apart(database: Database) -> None:
    assert await lead(database, "one", holder="a", seconds=SECONDS)
    assert await lead(database, "other", holder="b", seconds=SECONDS)


async def test_a_process_that_is_frozen_in_a_transaction_does_not_keep_its_locks(database: Database) -> None:
    shown = await scalar(database, "SHOW idle_in_transaction_session_timeout")
    assert shown == f"{IDLE_SECONDS}s"
    assert IDLE_SECONDS < LEASE_SECONDS, "whoever waits for its lease to end is not kept waiting by its locks"
