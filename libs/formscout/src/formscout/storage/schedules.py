"""The store of schedules: which networks are due, and what came of it."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.crawls import CrawlOptions
from formscout.domain.ids import CompanyId, CrawlSessionId, NetworkId, ProjectId
from formscout.domain.schedules import DueOutcome, Schedule
from formscout.tables.networks import network
from formscout.tables.schedules import network_schedule

_COLUMNS = tuple(column for column in network_schedule.c if column.name != "look_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueNetwork:
    """A network whose due time has come, locked."""

    schedule: Schedule
    due_at: datetime
    company_id: CompanyId
    project_id: ProjectId
    now: datetime  # by the database's clock


class ScheduleStore:
    """Schedules on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, schedule: Schedule) -> None:
        """Write a network's schedule in place of the one it may have; what came of earlier due times is forgotten."""
        values = {column.name: getattr(schedule, column.name) for column in _COLUMNS}
        values |= {"options": msgspec.to_builtins(schedule.options), "look_at": schedule.next_due_at}
        await self._connection.execute(
            insert(network_schedule).values(values).on_conflict_do_update(index_elements=["network_id"], set_=values),
        )

    async def find(self, network_id: NetworkId) -> Schedule | None:
        """Return a network's schedule, or None."""
        statement = select(*_COLUMNS).where(network_schedule.c.network_id == network_id)
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else _schedule(row)

    async def drop(self, network_id: NetworkId) -> None:
        """Forget a network's schedule, if it has one."""
        await self._connection.execute(delete(network_schedule).where(network_schedule.c.network_id == network_id))

    async def due(self, *, limit: int) -> list[NetworkId]:
        """Return networks whose time has come, the one that waits longest first."""
        table = network_schedule.c
        statement = select(table.network_id).where(table.look_at <= func.now()).order_by(table.look_at, table.network_id).limit(limit)
        return [NetworkId(found) for found in await self._connection.scalars(statement)]

    async def lock_due(self, network_id: NetworkId) -> DueNetwork | None:
        """Lock a network that is due, with its schedule; None when it is not any more, or when somebody else has it in hand.

        Whoever changes a schedule holds its network's lock, too.
        """
        table = network_schedule.c
        statement = (
            select(*_COLUMNS, network.c.company_id, network.c.project_id, func.now().label("now"))
            .join(network, network.c.id == table.network_id)
            .where(table.network_id == network_id, table.look_at <= func.now(), table.next_due_at.is_not(None))
            .with_for_update(skip_locked=True, key_share=True)
        )
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        if row is None:
            return None
        more = {name: row[name] for name in ("company_id", "project_id", "now")}
        return DueNetwork(schedule=_schedule(row), due_at=row["next_due_at"], **more)

    async def advance(
        self,
        network_id: NetworkId,
        *,
        due_at: datetime,
        next_due_at: datetime | None,
        outcome: DueOutcome,
        session_id: CrawlSessionId | None = None,
        note: str | None = None,
    ) -> None:
        """Say what came of a due time, and when the next one is."""
        values = {
            "last_due_at": due_at,
            "last_outcome": outcome,
            "last_session_id": session_id,
            "note": note,
            "next_due_at": next_due_at,
            "look_at": next_due_at,
        }
        await self._connection.execute(update(network_schedule).where(network_schedule.c.network_id == network_id).values(values))

    async def skip(self, network_id: NetworkId, *, next_due_at: datetime | None) -> None:
        """Move on to the next due time; what came of the one before is noted already."""
        values = {"next_due_at": next_due_at, "look_at": next_due_at}
        await self._connection.execute(update(network_schedule).where(network_schedule.c.network_id == network_id).values(values))

    async def postpone(self, network_id: NetworkId, *, seconds: float, note: str) -> None:
        """Look at a network's due time again after `seconds`; it stays due."""
        look_at = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        values = {"look_at": look_at, "last_outcome": DueOutcome.WAITING, "note": note}
        await self._connection.execute(update(network_schedule).where(network_schedule.c.network_id == network_id).values(values))


def _schedule(row: RowMapping) -> Schedule:
    values = {column.name: row[column.name] for column in _COLUMNS}
    outcome = values["last_outcome"]
    return Schedule(
        **{
            **values,
            "options": msgspec.convert(values["options"], CrawlOptions),
            "last_outcome": None if outcome is None else DueOutcome(outcome),
        },
    )
