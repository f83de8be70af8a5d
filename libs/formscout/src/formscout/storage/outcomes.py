"""The store of what came of jobs and crawl sessions lately: counted from their rows, since whoever did the work may be gone by now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.crawls import CrawlState
from formscout.tables.crawls import crawl_session
from formscout.tables.jobs import job

SETTLE_SECONDS: Final = 10
"""A row bears the time at which its transaction began, and is seen when it ends: the latest ones are left to the next look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJobs:
    """How many jobs ended in one way."""

    queue: str
    state: str
    code: str | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of the database's time: after the first moment, up to the second."""

    after: datetime
    until: datetime

    def holds(self, moment: ColumnElement[datetime]) -> ColumnElement[bool]:
        """Return the condition that a moment lies in it."""
        return (moment > self.after) & (moment <= self.until)


class OutcomeStore:
    """Outcomes on one open connection, each kind found by an index."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def settled(self, seconds: float) -> datetime:
        """Return the moment so long ago: up to it all ends are written."""
        then = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        moment: datetime = (await self._connection.execute(select(then))).scalar_one()
        return moment

    async def ended_jobs(self, span: Span) -> list[EndedJobs]:
        """Return what became of the jobs that ended in the span."""
        ways = (job.c.queue, job.c.state, job.c.error_code)
        statement = select(*ways, func.count()).where(span.holds(job.c.ended_at)).group_by(*ways)
        rows = await self._connection.execute(statement)
        return [EndedJobs(queue=queue, state=state, code=code, count=count) for queue, state, code, count in rows]

    async def begun_sessions(self, span: Span) -> list[float]:
        """Return how many seconds each session waited, from its acceptance, that a worker first took up in the span."""
        began = crawl_session.c.started_at
        waited = func.extract("epoch", began - crawl_session.c.created_at)
        return [float(seconds) for (seconds,) in await self._connection.execute(select(waited).where(span.holds(began)))]

    async def succeeded_sessions(self, span: Span) -> list[Mapping[str, float]]:
        """Return `visits` and `seconds`, from acceptance to end, of each session that ended well in the span."""
        ended = crawl_session.c.ended_at
        took = func.extract("epoch", ended - crawl_session.c.created_at)
        well = span.holds(ended) & (crawl_session.c.state == CrawlState.SUCCEEDED)
        rows = await self._connection.execute(select(crawl_session.c.visits, took).where(well))
        return [{"visits": visits, "seconds": float(seconds)} for visits, seconds in rows]
