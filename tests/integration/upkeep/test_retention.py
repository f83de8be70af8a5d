"""Retention on the real stores: what is old goes, and what people look at stays."""

import asyncio
from dataclasses import replace
from typing import Final

import pytest
from tests.support import workers
from tests.support.money import spending_of
from tests.support.sessions import ask, execute, rows, scalar
from tests.support.tenants import Tenant

from formscout.domain.errors import SnapshotDamagedError
from formscout.domain.ids import CrawlSessionId
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases import budgets, results
from formscout.usecases.deletion import sweep_blobs
from formscout.usecases.retention import Retention, age

KEEP: Final = Retention(sessions=0, snapshots=0, events=0, jobs=0, ticks=0)
"""Everything for ever."""

PLENTY: Final = 1000


async def session_ended(database: Database, tenant: Tenant, *, days_ago: float) -> CrawlSessionId:
    """Let a session succeed and have ended so long ago."""
    session = await ask(database, tenant, force=True)
    await workers.run_session(database)
    for table in ("crawl_session WHERE id = :id", "job WHERE session_id = :id"):
        name, condition = table.split(" WHERE ")
        await execute(
            database,
            f"UPDATE {name} SET ended_at = now() - make_interval(secs => :days * 86400) WHERE {condition}",  # noqa: S608 (ours)
            id=session.id,
            days=days_ago,
        )
    return session.id


async def sessions(database: Database) -> list[CrawlSessionId]:
    return [one for (one,) in await rows(database, "SELECT id FROM crawl_session ORDER BY id")]


async def sweep(database: Database) -> SnapshotStore:
    store = SnapshotStore.connect("database:", database)
    while await sweep_blobs(database, store):
        pass
    return store


async def test_nothing_goes_that_is_kept_for_ever_or_young(database: Database, tenant: Tenant) -> None:
    await session_ended(database, tenant, days_ago=5000)
    await session_ended(database, tenant, days_ago=1)
    counts = "SELECT (SELECT count(*) FROM crawl_session), (SELECT count(*) FROM job), (SELECT count(*) FROM session_event)"
    before = await rows(database, counts)
    await age(database, KEEP, batches=PLENTY)
    await age(database, Retention(sessions=6000, snapshots=6000, events=6000, jobs=6000, ticks=6000), batches=PLENTY)
    assert await rows(database, counts) == before


async def test_old_sessions_go_with_their_blobs_but_the_latest_success_of_each_network(
    database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    oldest = await session_ended(database, tenant, days_ago=30)
    latest = await session_ended(database, tenant, days_ago=20)
    failed = await session_ended(database, tenant, days_ago=15)
    await execute(database, "UPDATE crawl_session SET state = 'failed' WHERE id = :id", id=failed)
    others = await session_ended(database, stranger, days_ago=40)
    await budgets.reserve(database, spending_of(tenant), amount=5)
    for _ in range(2):
        await age(database, replace(KEEP, sessions=10), batches=PLENTY)
        assert await sessions(database) == [latest, others]
    store = await sweep(database)
    kept = {int(key.split("/")[1]) for (key,) in await rows(database, "SELECT key FROM blob")}
    assert kept == {latest, others}
    assert not kept & {oldest, failed}
    page = (await results.list_form_pages(database, tenant.caller, session_id=latest, state=None, after=0, limit=5))[0]
    assert page.screenshot is not None
    assert await store.read(page.screenshot) == workers.PNG
    assert await scalar(database, "SELECT count(*) FROM ledger_entry") == 2
    # Once a newer one has succeeded, the one before goes.
    newest = await session_ended(database, tenant, days_ago=12)
    running = (await ask(database, stranger)).id
    await age(database, replace(KEEP, sessions=10), batches=PLENTY)
    assert await sessions(database) == [others, newest, running]


async def test_snapshots_go_before_their_session_does(database: Database, tenant: Tenant) -> None:
    old = await session_ended(database, tenant, days_ago=30)
    await session_ended(database, tenant, days_ago=20)
    (before,) = await results.list_form_pages(database, tenant.caller, session_id=old, state=None, after=0, limit=5)
    for _ in range(2):
        await age(database, replace(KEEP, snapshots=10), batches=PLENTY)
    store = await sweep(database)
    with pytest.raises(SnapshotDamagedError, match="is gone"):
        await store.snapshot(before.snapshot)
    (after,) = await results.list_form_pages(database, tenant.caller, session_id=old, state=None, after=0, limit=5)
    assert after == replace(before, screenshot=None), "the rest of what was found stands"
    assert await scalar(database, "SELECT count(*) FROM blob") == 2, "those of the latest success"


async def test_events_go_but_for_the_last_one_so_that_a_stream_still_ends(database: Database, tenant: Tenant) -> None:
    old = await session_ended(database, tenant, days_ago=30)
    young = await session_ended(database, tenant, days_ago=1)
    all_of_young = await scalar(database, "SELECT count(*) FROM session_event WHERE session_id = :id", id=young)
    assert all_of_young > 1
    for _ in range(2):
        await age(database, replace(KEEP, events=10), batches=PLENTY)
    assert await rows(database, "SELECT kind FROM session_event WHERE session_id = :id", id=old) == [("ended",)]
    assert await scalar(database, "SELECT count(*) FROM session_event WHERE session_id = :id", id=young) == all_of_young


async def test_jobs_that_ended_go_but_those_set_aside(database: Database, tenant: Tenant) -> None:
    await session_ended(database, tenant, days_ago=30)
    young = await session_ended(database, tenant, days_ago=1)
    await ask(database, tenant)  # queued
    await execute(database, "UPDATE job SET state = 'set_aside' WHERE id = (SELECT min(id) FROM job)")
    await age(database, replace(KEEP, jobs=10), batches=PLENTY)
    left = await rows(database, "SELECT state, session_id = :young FROM job ORDER BY id", young=young)
    assert left == [("set_aside", False), ("succeeded", True), ("succeeded", True), ("queued", False)]


async def test_ticks_go_but_for_the_latest_of_each_schedule(database: Database, tenant: Tenant) -> None:
    assert tenant
    await execute(
        database,
        """INSERT INTO due (schedule, due_at) SELECT name, now() - make_interval(days => days)
        FROM (VALUES ('rare', 200), ('rare', 100), ('daily', 30), ('daily', 2), ('daily', 1)) AS ticks (name, days)""",
    )
    await age(database, replace(KEEP, ticks=10), batches=PLENTY)
    left = await rows(database, "SELECT schedule, date_part('day', now() - due_at) FROM due ORDER BY due_at")
    assert left == [("rare", 100), ("daily", 2), ("daily", 1)]


async def test_two_schedulers_age_beside_each_other(database: Database, tenant: Tenant) -> None:
    for days_ago in (50, 40, 30):
        await session_ended(database, tenant, days_ago=days_ago)
    everything = Retention(sessions=10, snapshots=10, events=10, jobs=10, ticks=10)
    await asyncio.gather(*(age(database, everything, batches=PLENTY) for _ in range(3)))
    assert len(await sessions(database)) == 1
