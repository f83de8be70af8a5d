"""The checks that are made of an installation, put together from what is known of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from formscout.checkup import broker, outside, queues
from formscout.checkup import database as stored
from formscout.checkup.findings import Finding, NotLookedAt, Report, fail, ok
from formscout.checkup.installation import Installation
from formscout.checkup.outside import TlsPlace
from formscout.checkup.running import Check, Look, examine
from formscout.config import with_authorities
from formscout.domain.errors import FormscoutError
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.storage.redis_servers import RedisServers

CONNECTIONS: Final = 4
"""To PostgreSQL: the checks share them, since they must not use up what others need."""

POSTGRESQL: Final = ("postgresql",)
SCHEMA: Final = ("postgresql", "schema")
REDIS: Final = ("redis",)
BOTH: Final = (*SCHEMA, *REDIS)

NOT_HERE: Final = {
    "postgresql": "DATABASE_URL is not set here",
    "redis": "REDIS_URL is not set here",
    "encryption-keys": "FORMSCOUT_ENCRYPTION_KEYS is not set here; API, scheduler and discovery workers need it",
    "api": "its address is not given: --url, or FORMSCOUT_URL",
    "browser": "there is none here; discovery workers need one",
    "certificates": "no address asks for TLS",
}
"""Why a check is not made that an installation gives no occasion for."""


async def examine_installation(installation: Installation, *, seconds: float, only: str | None = None) -> Report:
    """Make every check that there is occasion for; `seconds` is what each may take.

    With `only`, those whose names begin so, and what they need.
    """
    checks = [Check(name="configuration", look=_said(_configuration(installation)))]
    async with _database(installation, checks) as database, _redis(installation, checks, seconds=seconds) as (client, inspector):
        if database is not None:
            checks += _of_rows(installation, database)
        if client is not None and inspector is not None:
            checks += _of_redis(client, inspector)
        if database is not None and client is not None and inspector is not None:
            checks += _of_both(installation, database, client, inspector)
        checks += _outside(installation)
        report = await examine(_chosen(checks, only or ""), seconds=seconds)
    made = {check.name for check in checks}
    left_out = [NotLookedAt(check=name, why=why) for name, why in NOT_HERE.items() if name not in made]
    return Report(findings=report.findings, not_looked_at=(*report.not_looked_at, *left_out))


def _chosen(checks: Sequence[Check], only: str) -> list[Check]:
    wanted = [check for check in checks if check.name.startswith(only)]
    needed = {name for check in wanted for name in check.needs}
    return [check for check in checks if check in wanted or check.name in needed]


def _of_rows(installation: Installation, database: Database) -> list[Check]:
    checks = [
        Check(name="schema", needs=POSTGRESQL, look=partial(stored.look_at_schema, database)),
        Check(name="postgresql-clock", needs=POSTGRESQL, look=partial(stored.look_at_clock, database)),
        Check(name="postgresql-connections", needs=POSTGRESQL, look=partial(stored.look_at_connections, database)),
        Check(name="leader", needs=SCHEMA, look=partial(queues.look_at_leader, database)),
        Check(name="reconciler", needs=SCHEMA, look=partial(queues.look_at_reconciler, database)),
    ]
    if installation.encryption_keys is not None:
        keys = partial(_keys, database, installation.encryption_keys)
        checks.append(Check(name="encryption-keys", needs=SCHEMA, look=keys))
    if installation.snapshot_store is not None:
        blobs = partial(stored.look_at_blobs, database, installation.snapshot_store)
        checks.append(Check(name="snapshot-store", needs=SCHEMA if installation.snapshot_store.startswith("database:") else (), look=blobs))
    return checks


def _of_redis(client: redis.asyncio.Redis, inspector: redis.asyncio.Redis) -> list[Check]:
    return [
        Check(name="redis-rights", needs=REDIS, look=partial(broker.look_at_rights, client)),
        Check(name="redis-server", needs=REDIS, look=partial(broker.look_at_server, inspector)),
        Check(name="redis-clock", needs=REDIS, look=partial(broker.look_at_clock, inspector)),
    ]


def _of_both(installation: Installation, database: Database, client: redis.asyncio.Redis, inspector: redis.asyncio.Redis) -> list[Check]:
    cap = installation.cap
    return [
        Check(name="dispatcher", needs=BOTH, look=partial(queues.look_at_dispatcher, database, client, cap=cap)),
        Check(name="queues", needs=BOTH, look=partial(queues.look_at_queues, database, client)),
        Check(name="workers", needs=BOTH, look=partial(queues.look_at_workers, database, client)),
        Check(name="autoscaler", needs=BOTH, look=partial(queues.look_at_autoscaler, database, inspector, cap=cap)),
    ]


def _outside(installation: Installation) -> list[Check]:
    checks = []
    if installation.api_url is not None:
        checks.append(Check(name="api", look=partial(outside.look_at_api, installation.api_url)))
    addresses = {"PostgreSQL": installation.database_url, "Redis": installation.redis_url, "the API": installation.api_url}
    places = [place for whose, url in addresses.items() if (place := TlsPlace.of(whose, url)) is not None]
    if places:
        checks.append(Check(name="certificates", look=partial(outside.look_at_certificates, places)))
    if installation.browser is not None:
        checks.append(Check(name="browser", look=partial(outside.look_at_browser, installation.browser, sandbox=installation.sandbox)))
    return checks


def _configuration(installation: Installation) -> Finding:
    if installation.problem is not None:
        return fail("configuration", installation.problem)
    return ok("configuration", "What all processes need is set, and can be read.")


@asynccontextmanager
async def _database(installation: Installation, checks: list[Check]) -> AsyncIterator[Database | None]:
    """Open the database and add the check that it is there; None where no address, or none that can be read, is known."""
    if installation.database_url is None:
        yield None
        return
    try:
        database = Database.connect(installation.database_url, pool_size=CONNECTIONS)
    except Exception:  # noqa: BLE001 SQLAlchemy's and ours: whatever it says may quote the address
        wrong = fail("postgresql", "DATABASE_URL is no address of PostgreSQL.", "It looks like postgresql://user:password@host/name.")
        checks.append(Check(name="postgresql", look=_said(wrong)))
        yield None
        return
    checks.append(Check(name="postgresql", look=partial(stored.look_at_server, database)))
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _redis(
    installation: Installation, checks: list[Check], *, seconds: float
) -> AsyncIterator[tuple[redis.asyncio.Redis | None, redis.asyncio.Redis | None]]:
    """Open Redis as our processes do, and as whoever may look; add the check that it is there."""
    if installation.redis_url is None:
        yield None, None
        return
    try:
        clients = [
            RedisServers.parse(with_authorities(url, installation.redis_ca)).async_client(
                socket_timeout=seconds, socket_connect_timeout=seconds, retry=Retry(NoBackoff(), 0)
            )
            for url in (installation.redis_url, installation.inspector_url or installation.redis_url)
        ]
    except (FormscoutError, ValueError) as error:
        checks.append(Check(name="redis", look=_said(broker.why_not(error))))
        yield None, None
        return
    client, inspector = clients
    checks.append(Check(name="redis", look=partial(broker.look_at_redis, client)))
    try:
        yield client, inspector
    finally:
        for one in clients:
            await one.aclose()


async def _keys(database: Database, text: str) -> Sequence[Finding]:
    return await stored.look_at_keys(database, KeyRing.parse(text))


def _said(finding: Finding) -> Look:
    async def look() -> Sequence[Finding]:
        return [finding]

    return look
