"""A company with work to hand over, and an empty Redis."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from tests.support.tenants import Tenant, make_tenant

from formscout.storage.database import Database


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
