"""The dispatcher: as many messages in each list as there are runnable jobs, up to a bound, and again when Redis forgot."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from tests.support.sessions import add_jobs, ask, execute, take
from tests.support.tenants import Tenant

from formscout.domain.jobs import JobKind, NewJob, Queue
from formscout.queueing.app import create_app
from formscout.queueing.presence import GONE_SECONDS, WORKERS_KEY, announce, connect, present, withdraw
from formscout.queueing.queues import RULES
from formscout.storage.database import Database
from formscout_scheduler.dispatcher import Dispatcher

NEW = NewJob(kind=JobKind.RESET_BUDGETS)
BOUND = RULES[Queue.BUDGET].max_messages


@pytest.fixture
async def dispatcher(database: Database, broker: Redis, redis_url: str) -> AsyncIterator[Dispatcher]:
    app = create_app("test-dispatcher", redis_url, queue=None)
    yield Dispatcher(app=app, database=database, redis=broker)
    app.close()


async def in_list(broker: Redis, queue: Queue) -> int:
    return int(await broker.llen(queue))


async def messages(broker: Redis, queue: Queue) -> list[dict[str, Any]]:  # Any: a message's headers
    """Return the messages in a list, the oldest first."""
    return [json.loads(one) for one in reversed(await broker.lrange(queue, 0, -1))]


async def test_each_runnable_job_gets_a_message_that_names_it(dispatcher: Dispatcher, broker: Redis, tenant: Tenant) -> None:
    session = await ask(dispatcher.database, tenant)
    check = NewJob(kind=JobKind.CHECK_BUDGET, subscription_id=tenant.subscription.id)
    await add_jobs(dispatcher.database, check, NEW)
    assert await dispatcher.top_up() == 3
    (discovery,) = await messages(broker, Queue.DISCOVERY)
    assert discovery["headers"]["task"] == "discover_form_pages_task"
    assert discovery["headers"]["argsrepr"] == f"[{session.id}, {tenant.company.id}]"
    budget = [(one["headers"]["task"], one["headers"]["argsrepr"]) for one in await messages(broker, Queue.BUDGET)]
    assert budget == [("check_budget_task", f"[{tenant.subscription.id}]"), ("reset_monthly_budgets_task", "()")]


async def test_what_rings_already_is_not_rung_again(dispatcher: Dispatcher) -> None:
    await add_jobs(dispatcher.database, NEW, NEW)
    assert [await dispatcher.top_up() for _ in range(3)] == [2, 0, 0]
    await add_jobs(dispatcher.database, NEW)
    assert await dispatcher.top_up() == 1


async def test_no_more_messages_wait_than_the_bound(dispatcher: Dispatcher, broker: Redis) -> None:
    await add_jobs(dispatcher.database, *[NEW] * (3 * BOUND))
    assert await dispatcher.top_up() == BOUND
    assert await in_list(broker, Queue.BUDGET) == BOUND
    await broker.lpop(Queue.BUDGET, 4)
    assert await dispatcher.top_up() == 4


async def test_more_live_slots_than_the_bound_raise_it(dispatcher: Dispatcher, broker: Redis, redis_url: str) -> None:
    await add_jobs(dispatcher.database, *[NEW] * (3 * BOUND))
    with connect(redis_url) as client:
        for number in range(3):
            announce(client, f"pod-{number}", queue=Queue.BUDGET, slots=BOUND // 2, now=time.time())
        announce(client, "gone", queue=Queue.BUDGET, slots=BOUND, now=time.time() - GONE_SECONDS - 1)
        announce(client, "other", queue=Queue.ANALYSIS, slots=BOUND, now=time.time())
    assert await dispatcher.top_up() == 3 * (BOUND // 2)
    assert await in_list(broker, Queue.BUDGET) == 3 * (BOUND // 2)


async def test_a_redis_that_lost_everything_is_filled_again(dispatcher: Dispatcher, broker: Redis) -> None:
    await add_jobs(dispatcher.database, *[NEW] * 5)
    assert await dispatcher.top_up() == 5
    await broker.flushall()
    assert await dispatcher.top_up() == 5
    assert await in_list(broker, Queue.BUDGET) == 5


async def test_jobs_in_hand_and_jobs_for_later_ring_nothing(dispatcher: Dispatcher) -> None:
    await add_jobs(dispatcher.database, NEW, NEW)
    assert await take(dispatcher.database, Queue.BUDGET) is not None
    await execute(dispatcher.database, "UPDATE job SET available_at = now() + interval '1 hour' WHERE state = 'queued'")
    assert await dispatcher.top_up() == 0


async def test_a_redis_that_is_away_is_an_error_to_try_again_after(database: Database) -> None:
    with socket.socket() as closed:  # bound and not listening: a connection is refused
        closed.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{closed.getsockname()[1]}/0"
        client = Redis.from_url(url)
        with pytest.raises(RedisError):
            await Dispatcher(app=create_app("test-away", url, queue=None), database=database, redis=client).top_up()
        await client.aclose()


async def test_workers_are_present_until_they_go(broker: Redis, redis_url: str) -> None:
    with connect(redis_url) as client:
        announce(client, "a@host", queue=Queue.DISCOVERY, slots=1, now=time.time())
        announce(client, "b@host", queue=Queue.DISCOVERY, slots=2, now=time.time())
        withdraw(client, "a@host")
    entries = await broker.hgetall(WORKERS_KEY)
    assert [(worker.name, worker.slots) for worker in present(entries, now=time.time())] == [("b@host", 2)]  # type: ignore[arg-type] # bytes


async def test_workers_killed_long_ago_leave_the_hash(dispatcher: Dispatcher, broker: Redis, redis_url: str) -> None:
    with connect(redis_url) as client:
        announce(client, "killed", queue=Queue.BUDGET, slots=1, now=time.time() - 86_400)
        announce(client, "alive", queue=Queue.BUDGET, slots=1, now=time.time())
    await dispatcher.top_up()
    assert await broker.hkeys(WORKERS_KEY) == [b"alive"]


def test_a_worker_whose_redis_is_away_goes_on() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with connect(f"redis://127.0.0.1:{closed.getsockname()[1]}/0") as client:
            announce(client, "a@host", queue=Queue.DISCOVERY, slots=1, now=time.time())
            withdraw(client, "a@host")


async def test_dispatchers_at_the_same_moment_do_no_harm(dispatcher: Dispatcher, broker: Redis) -> None:
    """For a moment two may lead; a message too many costs one look."""
    await add_jobs(dispatcher.database, *[NEW] * 5)
    await asyncio.gather(dispatcher.top_up(), dispatcher.top_up())
    assert 5 <= await in_list(broker, Queue.BUDGET) <= 10
    assert await dispatcher.top_up() == 0
