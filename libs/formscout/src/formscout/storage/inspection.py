"""What PostgreSQL says of itself and of the installation's state, for people who look whether all is well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select, text, union

from formscout.domain.jobs import JobState
from formscout.domain.networks import Sealed
from formscout.storage.database import Connection
from formscout.tables.crawls import crawl_browser_state
from formscout.tables.idempotency import idempotency
from formscout.tables.jobs import job, leadership
from formscout.tables.networks import network_credentials
from formscout.tables.webhooks import webhook_secret

_SERVER: Final = text(
    """
    SELECT clock_timestamp() AS now, current_setting('server_version_num')::integer AS version, pg_is_in_recovery() AS in_recovery,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
        current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer AS most_connections
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """PostgreSQL, by its own word."""

    now: datetime
    version: int  # 180001 is 18.1
    in_recovery: bool  # a standby: it takes no writes
    connections: int
    most_connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Who led last, and for how many seconds the lease still runs; negative: since when it has ended."""

    holder: str
    seconds_left: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSample:
    """A secret, and the purpose that opens it."""

    noun: str
    purpose: str
    sealed: Sealed


class InspectionStore:
    """Looks on one connection; none of them writes or locks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def server(self) -> Server:
        """Return how the server stands."""
        return Server(**(await self._connection.execute(_SERVER)).mappings().one())

    async def lead(self, name: str) -> Lead | None:
        """Return who leads, or led last; None where nobody ever did."""
        left = func.extract("epoch", leadership.c.until - func.now())
        row = (await self._connection.execute(select(leadership.c.holder, left).where(leadership.c.name == name))).one_or_none()
        return None if row is None else Lead(holder=row[0], seconds_left=float(row[1]))

    async def overdue(self, *, seconds: float) -> int:
        """Count the jobs whose lease ended so long ago that somebody should have seen it."""
        since = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        return await self._count(job.c.state == JobState.RUNNING, job.c.lease_until < since)

    async def set_aside(self) -> int:
        """Count the jobs that wait for an operator."""
        return await self._count(job.c.state == JobState.SET_ASIDE)

    async def sealed_samples(self) -> Sequence[SealedSample]:
        """Return the latest secret of each key: of networks, and of webhooks."""
        kinds = (
            ("sign-in of a network", network_credentials, "network", network_credentials.c.network_id),
            ("secret of a webhook", webhook_secret, "webhook", webhook_secret.c.endpoint_id),
        )
        found = []
        for noun, table, word, owner in kinds:
            columns = (table.c.key_id, table.c.ciphertext, owner.label("owner"))
            latest = select(*columns).distinct(table.c.key_id).order_by(table.c.key_id, owner.desc())
            found += [
                SealedSample(noun=noun, purpose=f"{word}:{row.owner}", sealed=Sealed(key_id=row.key_id, ciphertext=row.ciphertext))
                for row in await self._connection.execute(latest)
            ]
        return found

    async def key_ids(self) -> frozenset[str]:
        """Return the ids of the keys that anything is sealed with: also browsers' states and kept answers."""
        tables = (network_credentials, webhook_secret, crawl_browser_state, idempotency)
        statement = union(*(select(table.c.key_id).where(table.c.key_id.is_not(None)) for table in tables))
        return frozenset((await self._connection.execute(statement)).scalars())

    async def _count(self, *conditions: ColumnElement[bool]) -> int:
        number: int = (await self._connection.execute(select(func.count()).select_from(job).where(*conditions))).scalar_one()
        return number
