"""Redis with sentinels: when the master dies, scheduler and worker go on with the one that takes its place."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import Popen

import pytest
from redis.exceptions import RedisError
from tests.support.processes import START_SECONDS, Service, Start, worker_arguments
from tests.support.redises import running_redis
from tests.support.sessions import add_jobs, rows

from formscout.domain.jobs import JobKind, NewJob
from formscout.local.ports import free_port
from formscout.queueing.presence import WORKERS_KEY
from formscout.storage.database import Database
from formscout.storage.redis_servers import RedisServers

PASSWORD = "geheim/&"


class Watched:
    """A master, its replica, and a sentinel that watches them; the sentinel has a password of its own."""

    def __init__(self, directory: Path, stack: ExitStack) -> None:
        ports = free_port(), free_port(), free_port()
        locked = {"requirepass": PASSWORD, "masterauth": PASSWORD, "repl-diskless-sync-delay": "0"}
        self.master: Popen[bytes] = stack.enter_context(running_redis(directory / "master", {"port": str(ports[0]), **locked}))
        follows = {"port": str(ports[1]), **locked, "replicaof": f"127.0.0.1 {ports[0]}"}
        stack.enter_context(running_redis(directory / "replica", follows))
        watches = {
            "port": str(ports[2]),
            "requirepass": "watchword",
            "sentinel monitor main": f"127.0.0.1 {ports[0]} 1",
            "sentinel auth-pass main": PASSWORD,
            "sentinel down-after-milliseconds main": "1000",
            "sentinel failover-timeout main": "5000",
        }
        stack.enter_context(running_redis(directory / "sentinel", watches, sentinel=True))
        nobody = free_port()  # a sentinel that is down
        self.ports = ports
        login = ":geheim%2F%26@"
        self.url = f"redis+sentinel://{login}127.0.0.1:{nobody},127.0.0.1:{ports[2]}/main/0?sentinel_password=watchword"
        self.replica_url = f"redis://{login}127.0.0.1:{ports[1]}/0"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with ExitStack() as stack:
        yield Watched(tmp_path, stack)


async def until(holds: Callable[[], Awaitable[object]], *processes: Service) -> None:
    """Wait until a condition holds; Redis may be away meanwhile."""
    ends = time.monotonic() + 2 * START_SECONDS
    while True:
        try:
            if await holds():
                return
        except RedisError:
            pass
        assert all(process.alive for process in processes), [process.story for process in processes]
        assert time.monotonic() < ends, [process.said[-2000:] for process in processes]
        await asyncio.sleep(0.1)


async def test_work_goes_on_with_the_next_master(database: Database, watched: Watched, start: Start) -> None:
    async def all_done() -> bool:
        return await rows(database, "SELECT DISTINCT state FROM job WHERE kind = 'reset_budgets'") == [("succeeded",)]

    replica = RedisServers.parse(watched.replica_url).async_client()

    async def follows() -> bool:
        return bool((await replica.info("replication")).get("master_link_status") == "up")

    async def leads() -> bool:
        return bool((await replica.info("replication"))["role"] == "master")

    async def knows_the_worker() -> bool:
        return bool(await replica.hlen(WORKERS_KEY))

    await until(follows)
    scheduler = start("formscout_scheduler.beat", REDIS_URL=watched.url)
    worker = start(*worker_arguments("formscout_scheduler.worker", "budget"), REDIS_URL=watched.url)
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    await until(all_done, scheduler, worker)
    watched.master.kill()
    await until(leads, scheduler, worker)
    await replica.delete(WORKERS_KEY)
    await add_jobs(database, *[NewJob(kind=JobKind.RESET_BUDGETS)] * 3)
    await until(all_done, scheduler, worker)
    await until(knows_the_worker, scheduler, worker)
    assert worker.stop() == scheduler.stop() == 0
    assert "geheim" not in worker.said + scheduler.said
    assert "watchword" not in worker.said + scheduler.said
    await replica.aclose()


async def test_our_own_clients_follow_the_master_and_close_all_that_they_opened(watched: Watched) -> None:
    servers = RedisServers.parse(watched.url)
    async with servers.async_client() as asynchronous:
        assert await asynchronous.set("a", "1")
        assert (await asynchronous.info("server"))["tcp_port"] == watched.ports[0]

    def look() -> object:
        with servers.client() as client:
            return client.get("a")

    assert await asyncio.to_thread(look) == b"1"
