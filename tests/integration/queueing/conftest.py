"""A company with work to hand over, an empty Redis, and the real services to do it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.asyncio import Redis
from tests.support.processes import Ring, Service, Start, running, worker_arguments
from tests.support.tenants import KEY_ENTRY, Tenant, make_tenant

from formscout.queueing.app import create_app
from formscout.storage.database import Database
from formscout_scheduler.dispatcher import Dispatcher


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make a company with everything."""
    return await make_tenant(database, "Acme")


@pytest.fixture
async def broker(redis_url: str) -> AsyncIterator[Redis]:
    """Empty Redis and yield a client of it."""
    client = Redis.from_url(redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def ring(database: Database, broker: Redis, redis_url: str) -> AsyncIterator[Ring]:
    """Return what lets the dispatcher look once."""
    app = create_app("test-ring", redis_url, queue=None)
    yield Dispatcher(app=app, database=database, redis=broker).top_up
    app.close()


@pytest.fixture
def start(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Start]:
    """Return what starts `python -m` with a service's arguments on the test's stores; all are ended with the test."""
    with ExitStack() as services:

        def run(*arguments: str, **settings: str) -> Service:
            log = tmp_path / f"{len(list(tmp_path.iterdir()))}.log"
            stores = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY}
            return services.enter_context(running(arguments, {**stores, **settings}, log=log))

        yield run


@pytest.fixture
def start_worker(start: Start) -> Start:
    """Return what starts a worker, given its module and its queues."""
    return lambda module, queues: start(*worker_arguments(module, queues))
