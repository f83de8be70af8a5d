"""Our API and scheduler as they run, with one tenant: what the benchmarks over HTTP measure."""

from contextlib import ExitStack
from dataclasses import dataclass

import psutil
from bench.stores import Stores, free_port, process
from bench.tenant import Tenant, create_database, make_tenant

from formscout.security.encryption import KeyRing, make_key_entry
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.usecases.networks import NetworkDraft

CLIENTS = 4
"""Requests in flight: enough that no contestant waits for the client."""

NETWORKS = 16
"""Asked for in turn, as many customers would: requests for one network wait for each other."""


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform that is up."""

    database_url: str
    port: int
    tenant: Tenant
    api: psutil.Process
    scheduler: psutil.Process

    @property
    def headers(self) -> dict[str, str]:
        """What the tenant signs its requests with."""
        return {"Authorization": f"Bearer {self.tenant.key}"}


async def start_platform(at: Stores, running: ExitStack, name: str) -> Platform:
    """Start the platform on a database of its own; its processes end with `running`."""
    url, entry, port = await create_database(at, name), make_key_entry("bench"), free_port()
    database = Database.connect(url)
    await schema.upgrade(database)
    draft = NetworkDraft(name="Staging", base_url="https://app.example.com/")
    tenant = await make_tenant(database, KeyRing.parse(entry), draft, count=NETWORKS)
    await database.close()
    settings = {
        "DATABASE_URL": url,
        "REDIS_URL": f"{at.redis}/0",
        "FORMSCOUT_ENCRYPTION_KEYS": entry,
        "FORMSCOUT_API_PORT": str(port),
        "FORMSCOUT_LOG_LEVEL": "WARNING",
    }
    api = running.enter_context(process(["formscout_api.main"], settings, port=port))
    scheduler = running.enter_context(process(["formscout_scheduler.beat"], settings))
    return Platform(database_url=url, port=port, tenant=tenant, api=api, scheduler=scheduler)
