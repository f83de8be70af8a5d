"""The Redis users of the chart: each may do what its processes do, seen with the real ones, and nothing else."""

import asyncio
import hashlib
import string
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from tests.support.figures import wait_for
from tests.support.processes import START_SECONDS, Service, Start, worker_arguments
from tests.support.redises import running_redis
from tests.support.sessions import add_jobs, rows
from tests.support.tenants import Tenant
from tests.support.tls import Authority, in_front_of

from formscout.config import with_authorities
from formscout.domain.ids import CompanyId
from formscout.domain.jobs import JobKind, NewJob, Queue
from formscout.local.ports import free_port
from formscout.queueing.app import create_app
from formscout.queueing.intake import MALFORMED_COUNTS_KEY
from formscout.queueing.messages import CHECK_BUDGET
from formscout.queueing.queues import unacked_index
from formscout.storage.database import Database
from formscout.storage.pacing import PaceStore

USERS: Final = Path("charts/formscout/files/redis-users.acl")
PRODUCER, WORKER, KEDA = "formscout-producer", "formscout-worker", "formscout-keda"

LOOK: Final = """
local kind = redis.call('type', KEYS[1]).ok
local count = {list = 'llen', hash = 'hlen', none = 'llen'}
return redis.call(count[kind], KEYS[1])
"""
"""Counts what a key holds, by its type, as an autoscaler does."""


Encrypted = Callable[[str], dict[str, str]]
"""The settings with which a process connects as a user, by TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A Redis with these users, who have their names as passwords; and an administrator, for what a test looks at."""

    port: int

    def url(self, user: str) -> str:
        """Return the address for a user."""
        return f"redis://{user}:{user}@127.0.0.1:{self.port}/0"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    directory = tmp_path_factory.mktemp("guarded-redis")
    digests = {f"{user.split('-')[1].upper()}_SHA256": hashlib.sha256(user.encode()).hexdigest() for user in (PRODUCER, WORKER, KEDA)}
    users = string.Template(USERS.read_text()).substitute(digests) + "user admin on >admin ~* &* +@all\n"
    (directory / "users.acl").write_text(users)
    port = free_port()
    with running_redis(directory, {"port": str(port), "aclfile": str(directory / "users.acl")}):
        yield Guarded(port=port)


@pytest.fixture
def encrypted(guarded: Guarded, tmp_path: Path) -> Iterator[Encrypted]:
    authority = Authority.make(tmp_path, "ours")
    with in_front_of(guarded.port, authority.server("localhost")) as port:
        yield lambda user: {
            "REDIS_URL": f"rediss://{user}:{user}@localhost:{port}/0",
            "FORMSCOUT_REDIS_CA": str(authority.file),
        }


@pytest.fixture
async def admin(guarded: Guarded) -> AsyncIterator[Redis]:
    client = Redis.from_url(guarded.url("admin"), decode_responses=True)
    await client.flushall()
    await client.acl_log_reset()
    yield client
    await client.aclose()


async def refused(admin: Redis) -> set[tuple[str, str, str]]:
    """Return who was refused what; but for the name of its library, that a client may tell the server."""
    return {(str(one["username"]), str(one["reason"]), str(one["object"])) for one in await admin.acl_log()} - {
        (user, "command", "client") for user in (PRODUCER, WORKER, KEDA)
    }


async def until(holds: Callable[[], Awaitable[object]], admin: Redis, *processes: Service) -> None:
    """Wait until a condition holds; nobody is refused anything meanwhile, and the processes live."""
    ends = time.monotonic() + START_SECONDS
    while not await holds():
        assert await refused(admin) == set()
        assert all(process.alive for process in processes), [process.story for process in processes]
        assert time.monotonic() < ends, [process.said[-2000:] for process in processes]
        await asyncio.sleep(0.05)


async def test_producer_and_worker_may_do_all_that_a_whole_job_needs_behind_tls(
    database: Database, admin: Redis, start: Start, tenant: Tenant, encrypted: Encrypted
) -> None:
    port, figures_port = free_port(), free_port()
    producer, one_who_works = encrypted(PRODUCER), encrypted(WORKER)
    scheduler = start("formscout_scheduler.beat", **producer, FORMSCOUT_METRICS_PORT=str(figures_port))
    api = start("formscout_api.main", FORMSCOUT_API_PORT=str(port), **producer)
    worker = start(*worker_arguments("formscout_scheduler.worker", "budget"), **one_who_works)
    await admin.lpush("budget", "no message")
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))

    async def has_ended() -> bool:
        states = await rows(database, "SELECT DISTINCT state FROM job WHERE kind = 'reset_budgets'")
        return states == [("succeeded",)] and not await admin.exists("budget", "unacked:budget")

    await until(has_ended, admin, scheduler, worker)
    assert await admin.hgetall(MALFORMED_COUNTS_KEY) == {"budget": "1"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {tenant.member_key}"}) as client:

        async def is_ready() -> bool:
            try:
                return bool((await client.get("/health/ready")).json()["redis"] == "up")
            except httpx.ConnectError:
                return False

        await until(is_ready, admin, api)
        assert (await client.post("/api/crawl/discover-forms", json=tenant.discovery)).status_code == 202
        assert (await client.get("/api/crawl/queue-stats")).json()["queues"]["budget"]["workers_present"] == 1

    async def is_rung_and_counted() -> bool:
        return await admin.llen("discovery") == 1 and bool(await admin.keys("formscout:quota:*"))

    await until(is_rung_and_counted, admin, scheduler, api)
    told = 'formscout_malformed_messages_total{queue="budget"}'
    await asyncio.to_thread(wait_for, figures_port, lambda figures: figures.get(told) == 1, scheduler)
    app = create_app("test-control", with_authorities(one_who_works["REDIS_URL"], Path(one_who_works["FORMSCOUT_REDIS_CA"])), queue=None)
    answers = await asyncio.to_thread(app.control.ping, timeout=START_SECONDS, limit=1)
    assert [list(answer.values()) for answer in answers] == [[{"ok": "pong"}]]
    app.close()
    assert worker.stop() == scheduler.stop() == api.stop() == 0
    assert await refused(admin) == set()
    assert not await admin.exists("formscout:workers"), "the worker said that it goes"


async def test_a_worker_may_bring_back_what_a_dead_one_had_in_hand(guarded: Guarded, admin: Redis) -> None:
    def lose_and_find() -> None:
        app = create_app("test-restore", guarded.url(WORKER), queue=Queue.BUDGET)
        app.send_task(CHECK_BUDGET, args=[7], queue="budget")
        with app.connection_for_read() as connection:
            lost = connection.default_channel
            lost.basic_consume("budget", no_ack=False, callback=lambda _: None, consumer_tag="1")
            connection.drain_events(timeout=START_SECONDS)
            (tag,) = lost.qos._delivered
            lost.qos._delivered.clear()
            lost.client.zadd(unacked_index(Queue.BUDGET), {tag: 1}, xx=True)
            lost.qos.restore_visible()
        app.close()

    await asyncio.to_thread(lose_and_find)
    assert (await admin.llen("budget"), await admin.exists("unacked:budget")) == (1, 0)
    assert await refused(admin) == set()


async def test_a_worker_may_share_the_pace_of_a_host(guarded: Guarded, admin: Redis) -> None:
    async with PaceStore.open(guarded.url(WORKER), CompanyId(1)) as paces:
        assert (await paces.take("app.example.com", gap_seconds=60)).wait_seconds == 0
        await paces.refused("app.example.com", retry_after_seconds=None)
        await paces.answered("app.example.com")
    assert await refused(admin) == set()


async def test_keda_may_count_what_waits_and_what_is_in_hand(guarded: Guarded, admin: Redis) -> None:
    await admin.lpush("discovery", "one", "two")
    await admin.hset("unacked:discovery", "tag", "message")
    async with Redis.from_url(guarded.url(KEDA)) as keda:
        counts = [await keda.eval(LOOK, 1, key) for key in ("discovery", "unacked:discovery", "analysis", "unacked:analysis")]
    assert counts == [2, 1, 0, 0]
    assert await refused(admin) == set()


@pytest.mark.parametrize(
    ("user", "command"),
    [
        (KEDA, "LPUSH discovery forged"),
        (KEDA, "DEL discovery"),
        (KEDA, "LRANGE discovery 0 -1"),
        (KEDA, "HGETALL unacked:discovery"),
        (KEDA, "LLEN formscout:malformed"),
        (KEDA, "EVAL return(redis.call('lpush',KEYS[1],'forged')) 1 discovery"),
        (KEDA, "EVAL return(redis.call('hlen',KEYS[1])) 1 formscout:workers"),
        (KEDA, "PUBLISH /0.celery.pidbox shutdown"),
        (KEDA, "KEYS *"),
        (KEDA, "CONFIG GET *"),
        (PRODUCER, "BRPOP discovery 1"),
        (PRODUCER, "LRANGE discovery 0 -1"),
        (PRODUCER, "DEL discovery"),
        (PRODUCER, "HGETALL unacked:discovery"),
        (PRODUCER, "PUBLISH /0.celery.pidbox shutdown"),
        (PRODUCER, "EVAL return(1) 0"),
        (PRODUCER, "FLUSHALL"),
        (WORKER, "INCRBY formscout:quota:1:1 1"),
        (WORKER, "HGETALL formscout:workers"),
        (WORKER, "KEYS *"),
        (WORKER, "FLUSHALL"),
        (WORKER, "CONFIG GET *"),
        (WORKER, "ACL LIST"),
    ],
)
async def test_nobody_may_do_more(guarded: Guarded, user: str, command: str) -> None:
    async with Redis.from_url(guarded.url(user)) as client:
        with pytest.raises((NoPermissionError, ResponseError), match=r"no permissions|can't (run|access)"):
            await client.execute_command(*command.split(" "))  # type: ignore[no-untyped-call] # redis-py has no types for it


async def test_nobody_comes_in_without_a_name(guarded: Guarded) -> None:
    async with Redis.from_url(f"redis://127.0.0.1:{guarded.port}/0") as client:
        with pytest.raises(AuthenticationError):
            await client.ping()
