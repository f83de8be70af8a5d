"""The real scheduler and its upkeep worker: what is due is done, and a second scheduler takes over from a dead one."""

import asyncio
import time

from redis.asyncio import Redis
from tests.support.processes import START_SECONDS, Service, Start
from tests.support.sessions import add_jobs, execute, rows
from tests.support.tenants import Tenant

from formscout.domain.jobs import JobKind, NewJob
from formscout.storage.database import Database
from formscout.usecases.deletion import delete_network
from formscout.usecases.schedules import ScheduleDraft, set_schedule

SCHEDULER = "formscout_scheduler.beat"


async def wait_for(database: Database, query: str, wanted: object, *services: Service) -> None:
    """Wait until the first row of a query is as wanted."""
    ends = time.monotonic() + START_SECONDS
    while (await rows(database, query))[:1] != [wanted]:
        for service in services:
            assert service.alive, service.story
        assert time.monotonic() < ends, "\n".join(service.said for service in services)
        await asyncio.sleep(0.05)


async def test_the_month_s_reset_goes_from_the_clock_to_the_upkeep_worker(
    database: Database, broker: Redis, start: Start, start_worker: Start
) -> None:
    scheduler, upkeep = start(SCHEDULER), start_worker("formscout_scheduler.worker", "budget")
    await wait_for(database, "SELECT kind, state, fence FROM job", ("reset_budgets", "succeeded", 1), scheduler, upkeep)
    assert (scheduler.stop(), upkeep.stop()) == (0, 0)
    assert await rows(database, "SELECT until <= now() FROM leadership") == [(True,)], "it gave the lead up"
    assert "Traceback" not in scheduler.said + upkeep.said
    assert await broker.llen("budget") == 0


async def test_a_second_scheduler_takes_over_when_the_first_one_dies(database: Database, broker: Redis, start: Start) -> None:
    quick = {"FORMSCOUT_LEADER_SECONDS": "1", "FORMSCOUT_RECONCILE_SECONDS": "0.2"}
    first, second = start(SCHEDULER, **quick), start(SCHEDULER, **quick)
    await wait_for(database, "SELECT true FROM leadership WHERE until > now()", (True,), first, second)
    ((holder,),) = await rows(database, "SELECT holder FROM leadership")
    leader, other = (first, second) if holder.endswith(f":{first.pid}") else (second, first)
    await wait_for(database, "SELECT count(*) FROM job", (1,), leader, other)
    leader.kill()
    await broker.flushall()
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    await execute(database, "UPDATE job SET state = 'running', fence = 1, lease_until = now() - interval '1 second' WHERE id = 2")
    await wait_for(database, "SELECT state, attempts FROM job WHERE id = 2", ("queued", 1), other)
    ends = time.monotonic() + START_SECONDS
    while await broker.llen("budget") != 2:
        assert time.monotonic() < ends, other.said
        await asyncio.sleep(0.05)
    assert await rows(database, "SELECT count(*) FROM due") == [(1,)], "two clocks wrote one tick"


async def test_a_scheduler_goes_on_when_redis_was_away(database: Database, start: Start) -> None:
    scheduler = start(SCHEDULER, REDIS_URL="redis://127.0.0.1:1/0", FORMSCOUT_RECONCILE_SECONDS="0.2")
    await add_jobs(database, NewJob(kind=JobKind.CHECK_BUDGET))
    await execute(database, "UPDATE job SET state = 'running', fence = 1, lease_until = now() - interval '1 second'")
    await wait_for(database, "SELECT state, attempts FROM job WHERE kind = 'check_budget'", ("queued", 1), scheduler)
    await wait_for(database, "SELECT count(*) FROM due", (1,), scheduler)
    assert scheduler.alive
    assert "Traceback" not in scheduler.said


async def test_what_is_due_is_asked_for_and_what_was_deleted_is_removed(database: Database, tenant: Tenant, start: Start) -> None:
    draft = ScheduleDraft(cron="0 0 1 1 *")
    await set_schedule(database, tenant.caller, network_id=tenant.network.id, draft=draft)
    await execute(database, "UPDATE network_schedule SET next_due_at = now() - interval '1 day', look_at = now()")
    quick = {"FORMSCOUT_RECUR_SECONDS": "0.2", "FORMSCOUT_REMOVE_SECONDS": "0.2", "FORMSCOUT_AGE_SECONDS": "0.2"}
    scheduler = start(SCHEDULER, **quick)
    await wait_for(database, "SELECT state, user_id FROM crawl_session", ("queued", tenant.admin.id), scheduler)
    await wait_for(database, "SELECT last_outcome FROM network_schedule", ("started",), scheduler)
    await delete_network(database, tenant.caller, network_id=tenant.network.id)
    await wait_for(database, "SELECT count(*) FROM network", (0,), scheduler)
    assert await rows(database, "SELECT count(*) FROM crawl_session") == [(0,)]
    await wait_for(database, "SELECT passes FROM blob_sweep", (1,), scheduler)
    assert scheduler.stop() == 0
    assert "Traceback" not in scheduler.said
