"""The store of crawl sessions, their events and what the request judge said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, RowMapping, case, exists, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.crawls import (
    CrawlOptions,
    CrawlSession,
    CrawlState,
    Failure,
    FailureReason,
    JudgedRequest,
    RequestVerdict,
    SessionEvent,
    StopReason,
)
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import FormPageState
from formscout.domain.ids import CompanyId, CrawlSessionId, NetworkId, ProductId, ProjectId, UserId
from formscout.domain.networks import RobotsPolicy, Sealed
from formscout.domain.pages import PageState
from formscout.tables.companies import company, subscription, user_account
from formscout.tables.crawls import crawl_browser_state, crawl_session, judged_request, session_event
from formscout.tables.forms import form_page
from formscout.tables.networks import network
from formscout.tables.pages import frontier_page
from formscout.tables.projects import project

_LIVE = crawl_session.c.state.in_((CrawlState.QUEUED, CrawlState.RUNNING))


# Whoever deletes a network hides its sessions with it at once; their rows go later.
_SHOWN = ~exists().where(network.c.id == crawl_session.c.network_id, network.c.deleted_at.is_not(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the ids of a request for a discovery lead to, each None where there is no such thing in the company."""

    company: int | None
    project: int | None
    network: int | None
    user: int | None
    subscription: int | None
    base_url: str | None
    robots: RobotsPolicy


class CrawlStore:
    """Crawl sessions on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def target(
        self,
        *,
        company_id: CompanyId,
        project_id: ProjectId,
        network_id: NetworkId,
        user_id: UserId,
        product_id: ProductId,
    ) -> Target:
        """Look all ids of a request up, and lock the network so that two requests for it come one by one."""
        anchor = select(literal(company_id, BigInteger).label("wanted")).cte("anchor")
        owner = anchor.c.wanted
        of_company = (subscription.c.company_id == owner) & (subscription.c.product_id == product_id) & subscription.c.active
        source = (
            anchor.outerjoin(company, (company.c.id == owner) & company.c.deleted_at.is_(None))
            .outerjoin(project, (project.c.id == project_id) & (project.c.company_id == owner) & project.c.deleted_at.is_(None))
            .outerjoin(user_account, (user_account.c.id == user_id) & (user_account.c.company_id == owner))
            .outerjoin(subscription, of_company)
        )
        ids = (
            company.c.id.label("company"),
            project.c.id.label("project"),
            user_account.c.id.label("user"),
            subscription.c.id.label("subscription"),
        )
        found = (await self._connection.execute(select(*ids).select_from(source))).mappings().one()
        mine = (network.c.id == network_id) & (network.c.company_id == company_id) & (network.c.project_id == project_id)
        there = mine & network.c.deleted_at.is_(None)
        locked = select(network.c.base_url, network.c.politeness).where(there).with_for_update(key_share=True)
        row = (await self._connection.execute(locked)).one_or_none()
        return Target(
            **found,
            network=None if row is None else network_id,
            base_url=None if row is None else row.base_url,
            robots=RobotsPolicy.IGNORE if row is None else RobotsPolicy(row.politeness.get("robots", RobotsPolicy.IGNORE)),
        )

    async def find(self, session_id: CrawlSessionId) -> CrawlSession | None:
        """Return a session, or None; those of a deleted network are not there."""
        statement = select(crawl_session).where(crawl_session.c.id == session_id, _SHOWN)
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else session_of_row(row)

    async def find_by_task(self, task_id: UUID) -> CrawlSession | None:
        """Return the session that a task id names, or None."""
        statement = select(crawl_session).where(crawl_session.c.task_id == task_id, _SHOWN)
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else session_of_row(row)

    async def page(
        self,
        *,
        company_id: CompanyId | None,
        network_id: NetworkId | None = None,
        state: CrawlState | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[CrawlSession]:
        """Return up to `limit` sessions with ids below `before`, newest first; a filter that is None lets all pass."""
        statement = select(crawl_session).where(_SHOWN).order_by(crawl_session.c.id.desc()).limit(limit)
        filters = ((crawl_session.c.company_id, company_id), (crawl_session.c.network_id, network_id), (crawl_session.c.state, state))
        for column, wanted in filters:
            if wanted is not None:
                statement = statement.where(column == wanted)
        if before is not None:
            statement = statement.where(crawl_session.c.id < before)
        return [session_of_row(row) for row in (await self._connection.execute(statement)).mappings()]

    async def lock(self, session_id: CrawlSessionId) -> CrawlSession:
        """Lock a session's row, so that whoever finishes something of it comes after the other.

        Raises `LeaseLostError` when it was deleted under the work on it.
        """
        statement = select(crawl_session).where(crawl_session.c.id == session_id).with_for_update()
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        if row is None:
            raise LeaseLostError(f"Session {session_id} was deleted.")
        return session_of_row(row)

    async def start(self, session_id: CrawlSessionId, *, sentence: str) -> None:
        """Mark a session running, a slice having begun; its first start is kept."""
        await self._change(
            session_id,
            state=CrawlState.RUNNING,
            started_at=func.coalesce(crawl_session.c.started_at, func.now()),
            heartbeat_at=func.now(),
            attempt=crawl_session.c.attempt + 1,
            sentence=sentence,
        )

    async def say(self, session_id: CrawlSessionId, sentence: str) -> None:
        """Set the sentence for people."""
        await self._change(session_id, sentence=sentence, heartbeat_at=func.now())

    async def count(
        self,
        session_id: CrawlSessionId,
        *,
        visits: int = 0,
        clicks: int = 0,
        pages_known: int = 0,
        pages_open: int = 0,
        pages_found: int = 0,
        form_pages_open: int = 0,
        forms_found: int = 0,
    ) -> None:
        """Add to a session's counters; the keywords are the differences."""
        table = crawl_session.c
        await self._change(
            session_id,
            visits=table.visits + visits,
            clicks=table.clicks + clicks,
            pages_known=table.pages_known + pages_known,
            pages_open=table.pages_open + pages_open,
            pages_found=table.pages_found + pages_found,
            form_pages_open=table.form_pages_open + form_pages_open,
            forms_found=table.forms_found + forms_found,
            heartbeat_at=func.now(),
        )

    async def refresh_progress(self, session_id: CrawlSessionId) -> None:
        """Work the percent and the sentence out of the counters; the percent never falls.

        Visiting makes up the first nine tenths: it takes by far the longest. 100 is for the end alone.
        """
        table = crawl_session.c
        pages = func.least(table.visits + table.pages_open, table.options["max_pages"].as_integer())
        visiting = 90 * table.visits / func.greatest(pages, table.visits, 1)
        described = table.pages_found - table.form_pages_open
        analyzing = 90 + 9 * described / func.greatest(table.pages_found, 1)
        percent = case((table.pages_open > 0, visiting), else_=analyzing)
        words = case(
            (
                table.pages_open > 0,
                func.format(
                    "Visiting pages… %s visited, %s waiting, %s form pages found.", table.visits, table.pages_open, table.pages_found
                ),
            ),
            else_=func.format("Analyzing forms… %s of %s form pages described.", described, table.pages_found),
        )
        await self._change(session_id, progress=func.least(99, func.greatest(table.progress, func.floor(percent))), sentence=words)

    async def end(
        self,
        session_id: CrawlSessionId,
        state: CrawlState,
        *,
        sentence: str,
        stopped_because: StopReason | None = None,
        failure: Failure | None = None,
    ) -> bool:
        """End a session; one that ended stays as it is: then False is returned."""
        return await self._change(
            session_id,
            state=state,
            sentence=sentence,
            ended_at=func.now(),
            progress=100 if state is CrawlState.SUCCEEDED else crawl_session.c.progress,
            stopped_because=func.coalesce(crawl_session.c.stopped_because, stopped_because),
            failure_code=failure.code if failure else None,
            failure_message=failure.message if failure else None,
        )

    async def stop_visiting(self, session_id: CrawlSessionId, reason: StopReason) -> None:
        """Say why no further page will be visited; the first reason stands."""
        await self._change(session_id, stopped_because=func.coalesce(crawl_session.c.stopped_because, reason))

    async def request_cancel(self, session_id: CrawlSessionId) -> None:
        """Ask for the session's end."""
        await self._change(session_id, cancel_requested=True)

    async def note(self, session_id: CrawlSessionId, kind: str, data: dict[str, str | int]) -> None:
        """Write an event with the next sequence number; the session's row is locked by it."""
        taken = update(crawl_session).where(crawl_session.c.id == session_id).values(last_event=crawl_session.c.last_event + 1)
        sequence = (await self._connection.execute(taken.returning(crawl_session.c.last_event))).scalar_one()
        await self._connection.execute(insert(session_event).values(session_id=session_id, sequence=sequence, kind=kind, data=data))

    async def events(self, session_id: CrawlSessionId, *, after: int, limit: int = 500) -> list[SessionEvent]:
        """Return a session's events with sequence numbers above `after`, in order."""
        statement = (
            select(session_event)
            .where(session_event.c.session_id == session_id, session_event.c.sequence > after)
            .order_by(session_event.c.sequence)
            .limit(limit)
        )
        rows = (await self._connection.execute(statement)).mappings()
        return [SessionEvent(at=row["created_at"], **{k: v for k, v in row.items() if k != "created_at"}) for row in rows]

    async def judged(self, session_id: CrawlSessionId, requests: Sequence[JudgedRequest]) -> None:
        """Add up what the request judge said."""
        if not requests:
            return
        totals: dict[tuple[str, str, str, str], int] = {}
        for one in requests:
            key = (one.verdict, one.method, one.address, one.reason)
            totals[key] = totals.get(key, 0) + one.count
        # Sorted, so that two slices that add to the same rows take their locks in the same order.
        rows = [
            {"session_id": session_id, "verdict": verdict, "method": method, "address": address, "reason": reason, "count": count}
            for (verdict, method, address, reason), count in sorted(totals.items())
        ]
        first = postgresql.insert(judged_request)
        added = {"count": judged_request.c.count + first.excluded.count}
        await self._connection.execute(first.on_conflict_do_update(constraint=judged_request.primary_key, set_=added), rows)

    async def judgements(self, session_id: CrawlSessionId) -> list[JudgedRequest]:
        """Return what the request judge said in a session, counted by kind."""
        columns = [column for column in judged_request.c if column.name != "session_id"]
        statement = select(*columns).where(judged_request.c.session_id == session_id).order_by(*columns[:-1])
        rows = (await self._connection.execute(statement)).mappings()
        return [JudgedRequest(**{**row, "verdict": RequestVerdict(row["verdict"])}) for row in rows]

    async def put_browser_state(self, session_id: CrawlSessionId, sealed: Sealed) -> None:
        """Keep the signed-in state of the browser, sealed."""
        values = {"key_id": sealed.key_id, "ciphertext": sealed.ciphertext, "changed_at": func.now()}
        statement = postgresql.insert(crawl_browser_state).values(session_id=session_id, **values)
        await self._connection.execute(statement.on_conflict_do_update(index_elements=["session_id"], set_=values))

    async def browser_state(self, session_id: CrawlSessionId) -> Sealed | None:
        """Return the kept state of the browser, or None."""
        state = crawl_browser_state.c
        row = (await self._connection.execute(select(state.key_id, state.ciphertext).where(state.session_id == session_id))).one_or_none()
        return None if row is None else Sealed(key_id=row.key_id, ciphertext=row.ciphertext)

    async def open_work(self, session_id: CrawlSessionId) -> tuple[int, int]:
        """Return how many pages wait or are being visited, and how many form pages wait for their description."""
        table = crawl_session.c
        row = (await self._connection.execute(select(table.pages_open, table.form_pages_open).where(table.id == session_id))).one()
        return row.pages_open, row.form_pages_open

    async def reopen(self, session_id: CrawlSessionId, *, sentence: str) -> None:
        """Let a locked session that has ended go on: no failure, the time since its end not counted, its open work counted anew."""
        table = crawl_session.c
        pages = select(func.count()).where(
            frontier_page.c.session_id == session_id, frontier_page.c.state.in_((PageState.WAITING, PageState.LEASED))
        )
        described = select(func.count()).where(form_page.c.session_id == session_id, form_page.c.state == FormPageState.PENDING)
        values = {
            "state": case((table.started_at.is_(None), CrawlState.QUEUED), else_=CrawlState.RUNNING),
            "started_at": func.now() - (table.ended_at - table.started_at),
            "ended_at": None,
            "progress": func.least(table.progress, 99),
            "pages_open": pages.scalar_subquery(),
            "form_pages_open": described.scalar_subquery(),
            "failure_code": None,
            "failure_message": None,
            "sentence": sentence,
            "version": table.version + 1,
        }
        await self._connection.execute(update(crawl_session).where(table.id == session_id).values(values))

    async def _change(self, session_id: CrawlSessionId, **values: object) -> bool:
        alive = (crawl_session.c.id == session_id) & _LIVE
        statement = update(crawl_session).where(alive).values(version=crawl_session.c.version + 1, **values)
        return bool((await self._connection.execute(statement)).rowcount)


def session_of_row(row: RowMapping | Mapping[str, Any]) -> CrawlSession:  # Any: whatever the columns hold
    """Return the session that a row of `crawl_session` holds."""
    code = row["failure_code"]
    stopped = row["stopped_because"]
    names = CrawlSession.__dataclass_fields__.keys() - {"state", "options", "failure", "stopped_because"}
    return CrawlSession(
        **{name: row[name] for name in names},
        state=CrawlState(row["state"]),
        options=msgspec.convert(row["options"], CrawlOptions),
        failure=Failure(code=FailureReason(code), message=row["failure_message"]) if code else None,
        stopped_because=StopReason(stopped) if stopped else None,
    )
