"""The API on real stores, and clients of each role."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.support.api import Client, running, settings_for
from tests.support.tenants import Tenant, make_operator, make_tenant

from formscout.storage.database import Database


@pytest.fixture(scope="module")
async def clients(database_url: str, redis_url: str) -> AsyncIterator[Client]:
    """Run the application for one test module and yield what makes its clients."""
    async with running(settings_for(database_url, redis_url)) as client:
        yield client


@pytest.fixture
async def operator(database: Database, clients: Client) -> httpx.AsyncClient:
    """Return a client with an operator's key."""
    secret, _ = await make_operator(database)
    return clients(secret)


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make a company with everything."""
    return await make_tenant(database, "Acme")


@pytest.fixture
async def stranger(database: Database) -> Tenant:
    """Make another company with everything."""
    return await make_tenant(database, "Globex")


@pytest.fixture
def admin(tenant: Tenant, clients: Client) -> httpx.AsyncClient:
    """Return a client with the key of the company's admin."""
    return clients(tenant.admin_key)


@pytest.fixture
def member(tenant: Tenant, clients: Client) -> httpx.AsyncClient:
    """Return a client with the key of the company's member."""
    return clients(tenant.member_key)
