"""What the clock writes: ticks that are due, each once, with the job that it causes; and who may write them."""

from datetime import datetime
from typing import Final

from formscout.domain.jobs import JobKind, NewJob
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.storage.leadership import LeadershipStore

LEADERSHIP: Final = "scheduler"
"""The lead that the scheduler's replicas take from each other."""


async def last_tick(database: Database, schedule: str) -> datetime | None:
    """Return when a schedule's latest written tick was due, or None."""
    async with database.begin() as connection:
        return await LeadershipStore(connection).last_due(schedule)


async def tick(database: Database, schedule: str, *, due_at: datetime, kind: JobKind) -> bool:
    """Write a tick and its job in one transaction; False when the tick was written before."""
    async with database.begin() as connection:
        fresh = await LeadershipStore(connection).add_due(schedule, due_at)
        if fresh:
            await JobStore(connection).add([NewJob(kind=kind)])
        return fresh


async def lead(database: Database, name: str, *, holder: str, seconds: float) -> bool:
    """Take or keep the lead; False while somebody else has it.

    In one statement alone: a replica that froze between it and its commit would keep the row locked.
    """
    async with database.look() as connection:
        return await LeadershipStore(connection).lead(name, holder=holder, seconds=seconds)


async def resign(database: Database, name: str, *, holder: str) -> None:
    """Give the lead up, so that another takes it at once."""
    async with database.look() as connection:
        await LeadershipStore(connection).resign(name, holder=holder)
