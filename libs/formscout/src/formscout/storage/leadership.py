"""The store of leadership and of the clock's due rows: who leads, and which ticks were written."""

from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.tables.jobs import due, leadership


class LeadershipStore:
    """Leadership and due rows on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lead(self, name: str, *, holder: str, seconds: float) -> bool:
        """Take or keep the lead for `seconds`; False while somebody else's lease holds.

        A row, not an advisory lock: those stay with a leader that is frozen.
        """
        until = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        first = insert(leadership).values(name=name, holder=holder, fence=1, until=until)
        statement = first.on_conflict_do_update(
            index_elements=["name"],
            set_={
                "holder": holder,
                "until": until,
                "fence": leadership.c.fence + text("CASE WHEN leadership.holder = excluded.holder THEN 0 ELSE 1 END"),
            },
            where=(leadership.c.holder == holder) | (leadership.c.until < func.now()),
        ).returning(leadership.c.fence)
        return (await self._connection.execute(statement)).one_or_none() is not None

    async def resign(self, name: str, *, holder: str) -> None:
        """Give the lead up, so that another takes it at once."""
        await self._connection.execute(
            update(leadership).where(leadership.c.name == name, leadership.c.holder == holder).values(until=func.now()),
        )

    async def last_due(self, schedule: str) -> datetime | None:
        """Return the latest tick of a schedule that was written, or None."""
        latest: datetime | None = await self._connection.scalar(select(func.max(due.c.due_at)).where(due.c.schedule == schedule))
        return latest

    async def add_due(self, schedule: str, due_at: datetime) -> bool:
        """Write a tick; False when it was there already."""
        statement = insert(due).values(schedule=schedule, due_at=due_at).on_conflict_do_nothing().returning(due.c.id)
        return (await self._connection.execute(statement)).one_or_none() is not None
