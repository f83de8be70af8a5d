"""The doctor looks at queues that nobody serves as they should be, and says whom to look after."""

import time

from redis.asyncio import Redis
from tests.integration.doctor.conftest import Doctor
from tests.support.sessions import add_jobs, execute, take
from tests.support.tenants import Tenant

from formscout.checkup.findings import Level
from formscout.domain.jobs import JobKind, NewJob, Queue
from formscout.queueing import presence
from formscout.queueing.app import create_app
from formscout.queueing.intake import MALFORMED_COUNTS_KEY
from formscout.queueing.queues import UNROUTED
from formscout.storage.database import Database
from formscout.usecases import clock
from formscout_scheduler.dispatcher import Dispatcher

NEW = NewJob(kind=JobKind.RESET_BUDGETS)
LONG_AGO = "UPDATE job SET available_at = now() - interval '1 hour'"


async def ring(database: Database, broker: Redis, url: str) -> None:
    """Let the dispatcher look once."""
    app = create_app("test-doctor", url, queue=None)
    await Dispatcher(app=app, database=database, redis=broker).top_up()
    app.close()


async def test_nobody_leads_somebody_does_and_somebody_did(doctor: Doctor, database: Database) -> None:
    assert await doctor.level("leader") is Level.FAIL
    await clock.lead(database, clock.LEADERSHIP, holder="here:1", seconds=600)
    assert await doctor.level("leader") is Level.OK
    await clock.resign(database, clock.LEADERSHIP, holder="here:1")
    assert await doctor.level("leader") is Level.FAIL


async def test_a_job_that_died_with_its_worker_and_was_never_taken_up(doctor: Doctor, database: Database) -> None:
    await add_jobs(database, NEW)
    assert await take(database, Queue.BUDGET) is not None
    assert await doctor.level("reconciler") is Level.OK
    await execute(database, "UPDATE job SET lease_until = now() - interval '1 minute'")
    assert await doctor.level("reconciler") is Level.FAIL


async def test_jobs_that_nobody_rings_for(doctor: Doctor, database: Database, broker: Redis, good_redis: str) -> None:
    await add_jobs(database, NEW)
    await execute(database, LONG_AGO)
    assert await doctor.level("dispatcher") is Level.FAIL
    assert await doctor.level("autoscaler") is Level.FAIL
    await ring(database, broker, good_redis)
    assert await doctor.level("dispatcher") is Level.OK
    assert await doctor.level("autoscaler") is Level.OK


async def test_what_lies_in_the_queues_that_somebody_should_see_to(doctor: Doctor, database: Database, broker: Redis) -> None:
    assert await doctor.level("queues") is Level.OK
    await add_jobs(database, NEW, NEW)
    await execute(database, LONG_AGO)
    await execute(database, "UPDATE job SET state = 'set_aside' WHERE id = (SELECT min(id) FROM job)")
    await broker.lpush(UNROUTED, "lost")
    await broker.hset(MALFORMED_COUNTS_KEY, "budget", "3")
    found = await doctor.look("queues")
    assert [one.level for one in found] == [Level.WARN] * 4
    assert [word for word in ("since 3600 s", "1 jobs are set aside", UNROUTED, "3 messages") for one in found if word in one.sentence]


async def test_workers_by_what_they_say_of_themselves(doctor: Doctor, database: Database, good_redis: str) -> None:
    await add_jobs(database, NEW)
    with presence.connect(good_redis) as client:
        presence.announce(client, "discovery@here", queue=Queue.DISCOVERY, slots=1, now=time.time())
        presence.announce(client, "budget@gone", queue=Queue.BUDGET, slots=1, now=time.time() - presence.GONE_SECONDS - 1)
    found = {one.sentence.split(":")[0]: one.level for one in await doctor.look("workers")}
    assert found == {"discovery": Level.OK, "analysis": Level.WARN, "budget": Level.FAIL}


async def test_an_autoscaler_that_sees_less_or_more_than_there_is(doctor: Doctor, database: Database, broker: Redis) -> None:
    await add_jobs(database, NEW)
    assert await take(database, Queue.BUDGET) is not None
    (less,) = await doctor.look("autoscaler")
    assert less.level is Level.WARN
    assert "KEDA sees 0" in less.sentence
    await broker.hset("unacked:budget", mapping={"one": "x"})
    assert await doctor.level("autoscaler") is Level.OK
    await broker.hset("unacked:budget", mapping={"another": "x"})
    (more,) = await doctor.look("autoscaler")
    assert more.level is Level.WARN
    assert "KEDA sees 2" in more.sentence


async def test_keys_of_another_kind_than_an_autoscaler_can_count(doctor: Doctor, broker: Redis, tenant: Tenant) -> None:
    del tenant
    await broker.set("discovery", "somebody else's")
    assert await doctor.level("autoscaler") is Level.FAIL
