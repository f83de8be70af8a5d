"""Companies for the tests of what happens by itself."""

from collections.abc import Awaitable, Callable

import pytest
from tests.support.tenants import Tenant, make_tenant

from formscout.storage.database import Database


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make a company with everything."""
    return await make_tenant(database, "Acme")


@pytest.fixture
async def stranger(database: Database) -> Tenant:
    """Make another company with everything."""
    return await make_tenant(database, "Globex")


@pytest.fixture
def make_stranger(database: Database) -> Callable[[], Awaitable[Tenant]]:
    """Return what makes another company, for tests that look at the rows before there is one."""
    return lambda: make_tenant(database, "Globex")
