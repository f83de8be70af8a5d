"""A Redis that is set up as it should be, and what the doctor says of an installation on it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from redis.asyncio import Redis
from tests.support.redises import running_redis
from tests.support.tenants import KEY_ENTRY, Tenant, make_tenant

from formscout.checkup import queues
from formscout.checkup.checks import examine_installation
from formscout.checkup.findings import Finding, Level, Report
from formscout.checkup.installation import Installation
from formscout.local.ports import free_port
from formscout.storage.database import Database

SECONDS = 60.0
"""What each check may take: nothing here is about a machine's speed."""

GOOD_REDIS = {"appendonly": "yes", "maxmemory": "256mb", "maxmemory-policy": "noeviction"}

OF_SERVER = ("redis-version", "redis-eviction", "redis-memory", "redis-persistence")
"""What one look at the server tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """The doctor, and the installation that it looks at."""

    installation: Installation

    async def report(self, *, seconds: float = SECONDS, only: str | None = None, **changes: Any) -> Report:  # Any: by name
        """Look at the installation with something of it changed."""
        return await examine_installation(replace(self.installation, **changes), seconds=seconds, only=only)

    async def look(self, check: str, **changes: Any) -> list[Finding]:  # Any: as above
        """Return what is found by one check, or by several that begin alike."""
        report = await self.report(only="redis-server" if check in OF_SERVER else check, **changes)
        return [one for one in report.findings if one.check.startswith(check)]

    async def level(self, check: str, **changes: Any) -> Level:  # Any: as above
        """Return the level of the one finding of a check."""
        (finding,) = await self.look(check, **changes)
        assert finding.sentence.endswith("."), finding
        assert finding.mend is None or finding.level is not Level.OK, finding
        return finding.level


@pytest.fixture(scope="module")
def good_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Redis with append-only file and room."""
    port = free_port()
    with running_redis(tmp_path_factory.mktemp("redis") / "data", {"port": str(port), **GOOD_REDIS}):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture
async def broker(good_redis: str) -> AsyncIterator[Redis]:
    """Empty it, and yield a client that may change its settings; they are as before afterwards."""
    async with Redis.from_url(good_redis) as client:
        await client.flushall()
        yield client
        for name, value in GOOD_REDIS.items():
            await client.config_set(name, value)
        await client.replicaof("NO", "ONE")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let looks follow each other at once: nothing changes between them."""
    monkeypatch.setattr(queues, "LOOK_SECONDS", 0.05)


@pytest.fixture
async def tenant(database: Database) -> Tenant:
    """Make a company with everything."""
    return await make_tenant(database, "Acme")


@pytest.fixture
def doctor(database: Database, database_url: str, broker: Redis, good_redis: str) -> Doctor:
    """Return the doctor of an installation on an empty database and an empty Redis."""
    del database, broker  # emptied
    found = Installation(database_url=database_url, redis_url=good_redis, encryption_keys=KEY_ENTRY, snapshot_store="database:")
    return Doctor(installation=found)
