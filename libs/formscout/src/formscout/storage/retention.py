"""The store behind retention: finds what is old enough to go, and takes it away a batch at a time."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Table, delete, exists, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.crawls import CrawlState
from formscout.domain.ids import CrawlSessionId
from formscout.domain.jobs import JobState
from formscout.tables.crawls import crawl_session, session_event
from formscout.tables.forms import form_page
from formscout.tables.jobs import due, job

SECONDS_A_DAY: Final = 24 * 60 * 60

_LATER: Final = crawl_session.alias("later")

# What people look at: the latest session of a network that succeeded is kept whole, however old it is.
_IS_LATEST_SUCCESS: Final = (crawl_session.c.state == CrawlState.SUCCEEDED) & ~exists().where(
    _LATER.c.network_id == crawl_session.c.network_id,
    _LATER.c.state == CrawlState.SUCCEEDED,
    (_LATER.c.ended_at > crawl_session.c.ended_at) | ((_LATER.c.ended_at == crawl_session.c.ended_at) & (_LATER.c.id > crawl_session.c.id)),
)

_AGEING_JOBS: Final = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
"""Not those that were set aside: they wait for an operator."""


class RetentionStore:
    """Ageing on one open transaction; each function is one batch."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def old_sessions(self, *, days: float, limit: int) -> list[CrawlSessionId]:
        """Return sessions that ended so long ago, the oldest first, but for each network's latest success."""
        return await self._sessions(_older(crawl_session.c.ended_at, days) & ~_IS_LATEST_SUCCESS, limit=limit)

    async def with_old_snapshots(self, *, days: float, limit: int) -> list[CrawlSessionId]:
        """Return such sessions that still have their snapshots."""
        old = _older(crawl_session.c.ended_at, days) & crawl_session.c.has_snapshots
        return await self._sessions(old & ~_IS_LATEST_SUCCESS, limit=limit)

    async def with_old_events(self, *, days: float, limit: int) -> list[CrawlSessionId]:
        """Return sessions that ended so long ago and still have all their events."""
        return await self._sessions(_older(crawl_session.c.ended_at, days) & crawl_session.c.has_events, limit=limit)

    async def forget_snapshots(self, session_id: CrawlSessionId) -> None:
        """Say that a session's snapshots are gone; their blobs are swept for themselves."""
        await self._connection.execute(update(form_page).where(form_page.c.session_id == session_id).values(screenshot=None))
        await self._connection.execute(update(crawl_session).where(crawl_session.c.id == session_id).values(has_snapshots=False))

    async def drop_events(self, session_id: CrawlSessionId, *, limit: int) -> int:
        """Remove up to `limit` events of a session that has ended, but for its last one; returns how many, and notes when none is left."""
        last = select(func.max(session_event.c.sequence)).where(session_event.c.session_id == session_id).scalar_subquery()
        chosen = (session_event.c.session_id == session_id) & (session_event.c.sequence < last)
        removed = await self._drop(session_event, chosen, limit=limit)
        if not removed:
            await self._connection.execute(update(crawl_session).where(crawl_session.c.id == session_id).values(has_events=False))
        return removed

    async def drop_jobs(self, *, days: float, limit: int) -> int:
        """Remove up to `limit` jobs that ended so long ago; returns how many."""
        return await self._drop(job, _older(job.c.ended_at, days) & job.c.state.in_(_AGEING_JOBS), limit=limit)

    async def drop_ticks(self, *, days: float, limit: int) -> int:
        """Remove up to `limit` ticks that were due so long ago, but for each schedule's latest: it says where the clock stands."""
        later = due.alias("later")
        is_latest = ~exists().where(later.c.schedule == due.c.schedule, later.c.due_at > due.c.due_at)
        return await self._drop(due, _older(due.c.due_at, days) & ~is_latest, limit=limit)

    async def _sessions(self, condition: ColumnElement[bool], *, limit: int) -> list[CrawlSessionId]:
        statement = select(crawl_session.c.id).where(condition).order_by(crawl_session.c.ended_at).limit(limit)
        return [CrawlSessionId(one) for one in await self._connection.scalars(statement)]

    async def _drop(self, table: Table, condition: ColumnElement[bool], *, limit: int) -> int:
        key = table.primary_key.columns
        # What somebody else has in hand, another scheduler too, is left for the next pass.
        batch = select(*key).where(condition).limit(limit).with_for_update(skip_locked=True)
        return len((await self._connection.execute(delete(table).where(tuple_(*key).in_(batch)).returning(*key))).all())


def _older(moment: ColumnElement[datetime], days: float) -> ColumnElement[bool]:
    return moment < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, days * SECONDS_A_DAY)
