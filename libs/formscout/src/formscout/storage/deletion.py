"""The store behind deletion: what is marked as deleted is hidden at once, and removed bit by bit with all that hangs on it."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.ids import CompanyId, CrawlSessionId, NetworkId, ProjectId
from formscout.tables import metadata
from formscout.tables.companies import company, subscription, user_account
from formscout.tables.crawls import crawl_session
from formscout.tables.jobs import due
from formscout.tables.networks import network
from formscout.tables.projects import project
from formscout.tables.schedules import network_schedule
from formscout.tables.snapshots import blob_sweep


class Deletable(StrEnum):
    """What can be deleted with all that hangs on it; the values are the nouns of messages."""

    NETWORK = "network"
    PROJECT = "project"
    COMPANY = "company"


_TABLE_OF: Final = {Deletable.NETWORK: network, Deletable.PROJECT: project, Deletable.COMPANY: company}
_LIVE: Final = ("queued", "running")


def _hanging_on(parent: Table, column: str) -> tuple[Table, ...]:
    """Return the tables whose rows belong to one of another table, those first that point at the others."""
    found = (table for table in reversed(metadata.sorted_tables) if column in table.c)
    return tuple(table for table in found if any(key.references(parent) for key in table.foreign_keys if key.parent.name == column))


_OF_SESSION: Final = _hanging_on(crawl_session, "session_id")
_OF_SUBSCRIPTION: Final = tuple(table for table in reversed(metadata.sorted_tables) if "subscription_id" in table.c)
_OF_COMPANY: Final = tuple(
    # The others are gone with the company's networks.
    table
    for table in _hanging_on(company, "company_id")
    if table not in (project, network) and "session_id" not in table.c and "network_id" not in table.c
)


class DeletionStore:
    """Deletion on one open transaction; each function is one batch."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def owner(self, what: Deletable, row_id: int) -> CompanyId | None:
        """Return whose it is, be it marked or not; None when it is not there any more."""
        table = _TABLE_OF[what]
        column = company.c.id if what is Deletable.COMPANY else table.c.company_id
        found = await self._connection.scalar(select(column).where(table.c.id == row_id))
        return None if found is None else CompanyId(found)

    async def mark(self, what: Deletable, row_id: int) -> None:
        """Hide it from everybody, with what it contains; what is marked keeps its moment."""
        table = _TABLE_OF[what]
        await self._connection.execute(
            update(table).where(table.c.id == row_id, table.c.deleted_at.is_(None)).values(deleted_at=func.now())
        )
        await self.mark_contained()
        gone = select(network.c.id).where(network.c.deleted_at.is_not(None))
        await self._connection.execute(delete(network_schedule).where(network_schedule.c.network_id.in_(gone)))

    async def mark_contained(self) -> None:
        """Mark the projects of deleted companies and the networks of deleted projects, also such as were being made at that moment."""
        for table, column, parent in ((project, project.c.company_id, company), (network, network.c.project_id, project)):
            gone = select(parent.c.id).where(parent.c.deleted_at.is_not(None))
            await self._connection.execute(
                update(table).where(column.in_(gone), table.c.deleted_at.is_(None)).values(deleted_at=func.now())
            )

    async def live_sessions(self, *, limit: int) -> list[CrawlSessionId]:
        """Return sessions of deleted networks that have not ended."""
        live = crawl_session.c.state.in_(_LIVE) & network.c.deleted_at.is_not(None)
        return await self._sessions(live, limit=limit)

    async def ended_sessions(self, *, limit: int) -> list[CrawlSessionId]:
        """Return sessions of deleted networks that have ended."""
        ended = crawl_session.c.state.not_in(_LIVE) & network.c.deleted_at.is_not(None)
        return await self._sessions(ended, limit=limit)

    async def empty_session(self, session_id: CrawlSessionId, *, limit: int) -> int:
        """Remove up to `limit` rows of what hangs on a session; returns how many, fewer when nothing is left."""
        return await self._empty(_OF_SESSION, "session_id", session_id, limit=limit)

    async def drop_session(self, session_id: CrawlSessionId) -> None:
        """Remove a session that is empty, and note that its blobs are to be deleted: both or neither."""
        await self.sweep(session_id)
        await self._connection.execute(delete(crawl_session).where(crawl_session.c.id == session_id))

    async def drop_networks(self, *, limit: int) -> int:
        """Remove deleted networks without sessions, with their credentials and ticks; returns how many."""
        empty = ~exists().where(crawl_session.c.network_id == network.c.id)
        dropped = [NetworkId(one) for one in await self._drop(network, empty, limit=limit)]
        ticks = [f"network:{network_id}" for network_id in dropped]
        await self._connection.execute(delete(due).where(due.c.schedule.in_(ticks)))
        return len(dropped)

    async def drop_projects(self, *, limit: int) -> int:
        """Remove deleted projects without networks; returns how many."""
        empty = ~exists().where(network.c.project_id == project.c.id)
        return len([ProjectId(one) for one in await self._drop(project, empty, limit=limit)])

    async def empty_company(self, *, limit: int) -> int:
        """Remove up to `limit` rows of budgets, users and subscriptions of a deleted company without projects; returns how many."""
        ready = company.c.deleted_at.is_not(None) & ~exists().where(project.c.company_id == company.c.id)
        company_id = await self._connection.scalar(select(company.c.id).where(ready).order_by(company.c.id).limit(1))
        if company_id is None:
            return 0
        for subscription_id in list(
            await self._connection.scalars(select(subscription.c.id).where(subscription.c.company_id == company_id))
        ):
            if removed := await self._empty(_OF_SUBSCRIPTION, "subscription_id", subscription_id, limit=limit):
                return removed
        return await self._empty(_OF_COMPANY, "company_id", company_id, limit=limit)

    async def drop_companies(self, *, limit: int) -> int:
        """Remove deleted companies that are empty, with whatever small things still hang on them; returns how many."""
        owners = (project.c.company_id, user_account.c.company_id, subscription.c.company_id)
        empty = and_(*(~exists().where(owner == company.c.id) for owner in owners))
        return len(await self._drop(company, empty, limit=limit))

    async def sweep(self, session_id: CrawlSessionId) -> None:
        """Note that a session's blobs are to be deleted."""
        values = {"due_at": func.now(), "passes": 0}
        statement = insert(blob_sweep).values(session_id=session_id, **values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["session_id"], set_=values))

    async def take_sweep(self, *, again_after: float) -> tuple[CrawlSessionId, int] | None:
        """Return a session whose blobs are to be deleted and how often they were; unless it is ended, it comes again."""
        first = select(blob_sweep.c.session_id).where(blob_sweep.c.due_at <= func.now()).order_by(blob_sweep.c.due_at).limit(1)
        taken = (
            update(blob_sweep)
            .where(blob_sweep.c.session_id == first.with_for_update(skip_locked=True).scalar_subquery())
            .values(due_at=_in(again_after))
            .returning(blob_sweep.c.session_id, blob_sweep.c.passes)
        )
        row = (await self._connection.execute(taken)).one_or_none()
        return None if row is None else (CrawlSessionId(row.session_id), row.passes)

    async def swept(self, session_id: CrawlSessionId, *, again_after: float | None) -> None:
        """Say that a session's blobs were deleted: for good (None), or to be looked at again after so many seconds."""
        mine = blob_sweep.c.session_id == session_id
        if again_after is None:
            await self._connection.execute(delete(blob_sweep).where(mine))
        else:
            values = {"due_at": _in(again_after), "passes": blob_sweep.c.passes + 1}
            await self._connection.execute(update(blob_sweep).where(mine).values(values))

    async def _sessions(self, condition: ColumnElement[bool], *, limit: int) -> list[CrawlSessionId]:
        statement = select(crawl_session.c.id).join(network, network.c.id == crawl_session.c.network_id).where(condition)
        return [CrawlSessionId(one) for one in await self._connection.scalars(statement.limit(limit))]

    async def _empty(self, tables: tuple[Table, ...], column: str, row_id: int, *, limit: int) -> int:
        left = limit
        for table in tables:
            # By their place in the table: quick to find without a key of one column, and true within one statement.
            chosen = f"SELECT ctid FROM {table.name} WHERE {column} = :row_id LIMIT :limit"  # noqa: S608 (our own names)
            statement = text(f"DELETE FROM {table.name} WHERE ctid = ANY (ARRAY({chosen}))")  # noqa: S608 (ours)
            removed = await self._connection.execute(statement, {"row_id": row_id, "limit": left})
            left -= removed.rowcount
            if left <= 0:
                break
        return limit - left

    async def _drop(self, table: Table, empty: ColumnElement[bool], *, limit: int) -> list[int]:
        gone = select(table.c.id).where(table.c.deleted_at.is_not(None), empty).order_by(table.c.id).limit(limit)
        found = list(await self._connection.scalars(gone))
        if found:
            await self._connection.execute(delete(table).where(table.c.id.in_(found)))
        return found


def _in(seconds: float) -> ColumnElement[datetime]:
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
