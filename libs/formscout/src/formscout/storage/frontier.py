"""The store of the frontier and of visits."""

from collections.abc import Collection, Sequence
from hashlib import sha256

import msgspec
from sqlalchemy import ColumnElement, func, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.errors import LeaseLostError
from formscout.domain.ids import CrawlSessionId, PageId
from formscout.domain.jobs import Claim
from formscout.domain.pages import FrontierPage, NewPage, PageSource, PageState, SkipReason, TemplateTally, VisitOutcome, VisitReport
from formscout.domain.paths import NavigationPath
from formscout.domain.slices import INSTANCES_THAT_COUNT, Waiting
from formscout.tables.pages import frontier_page, visit

_QUERY = r"\?[^#]*"
"""The query of an address template, which pages of one path differ by."""

_COLUMNS = ("id", "session_id", "key", "address", "template", "source", "depth", "path", "state", "fence", "attempts")

_HELD = """EXISTS (SELECT FROM job WHERE job.id = page.holder_job AND job.fence = page.holder_fence
    AND job.state = 'running' AND job.lease_until > now())"""

# A page is free when it waits, or when the slice that leased it no longer holds its job.
_FREE = f"page.session_id = :session_id AND (page.state = 'waiting' OR (page.state = 'leased' AND NOT {_HELD}))"

_LEASE = text(
    f"""
    WITH next AS (
        SELECT id FROM frontier_page page WHERE {_FREE}
        ORDER BY state, priority, depth, id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE frontier_page page SET state = 'leased', holder_job = :job_id, holder_fence = :job_fence, fence = page.fence + 1,
        attempts = page.attempts + 1
    FROM next WHERE page.id = next.id RETURNING {", ".join(f"page.{name}" for name in _COLUMNS)}
    """,  # noqa: S608 (only our own column names and conditions are set in)
)

_SKIP_FREE = text(
    f"UPDATE frontier_page page SET state = 'skipped', skip_reason = :reason, fence = fence + 1 WHERE {_FREE} RETURNING id",  # noqa: S608 (ours)
)

_WAITING = text(
    f"""
    SELECT coalesce(sum(pages), 0) AS pages, coalesce(sum(least(pages, {INSTANCES_THAT_COUNT})), 0) AS worth
    FROM (SELECT count(*) AS pages FROM frontier_page page WHERE {_FREE} GROUP BY template) AS of_template
    """,  # noqa: S608 (only our own conditions and a number of ours are set in)
)

_COUNT_HELD = text(
    f"SELECT count(*) FROM frontier_page page WHERE session_id = :session_id AND state = 'leased' AND {_HELD}",  # noqa: S608 (ours)
)


class FrontierStore:
    """The frontier on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, session_id: CrawlSessionId, pages: Sequence[NewPage]) -> int:
        """Put pages on the frontier; those whose key is known are left as they are. Returns how many are new."""
        if not pages:
            return 0
        # Sorted, so that two slices that find the same pages take their locks in the same order.
        ordered = sorted(pages, key=digest_of)
        rows = [{"session_id": session_id, "state": PageState.WAITING, **_values(page)} for page in ordered]
        statement = postgresql.insert(frontier_page).values(rows).on_conflict_do_nothing(index_elements=["session_id", "key_digest"])
        return len((await self._connection.execute(statement.returning(frontier_page.c.id))).all())

    async def lease(self, session_id: CrawlSessionId, claim: Claim) -> FrontierPage | None:
        """Lease the page that comes next to the slice that holds this job, or return None."""
        values = {"session_id": session_id, "job_id": claim.job.id, "job_fence": claim.fence}
        row = (await self._connection.execute(_LEASE, values)).mappings().one_or_none()
        if row is None:
            return None
        kept = dict(row)
        path = kept["path"] if isinstance(kept["path"], list) else msgspec.json.decode(kept["path"])
        kept.update(path=msgspec.convert(path, NavigationPath), source=PageSource(kept["source"]), state=PageState(kept["state"]))
        return FrontierPage(**kept)

    async def done(self, page: FrontierPage) -> None:
        """End a leased page that was visited. Raises `LeaseLostError`."""
        await self._end(page, state=PageState.DONE)

    async def is_done(self, page: FrontierPage) -> bool:
        """Tell whether a page was ended as visited under this lease."""
        mine = (frontier_page.c.id == page.id) & (frontier_page.c.fence == page.fence) & (frontier_page.c.state == PageState.DONE)
        return (await self._connection.execute(select(1).where(mine))).first() is not None

    async def skip(self, page: FrontierPage, reason: SkipReason) -> None:
        """End a leased page that was not visited. Raises `LeaseLostError`."""
        await self._end(page, state=PageState.SKIPPED, skip_reason=reason)

    async def give_back(self, page: FrontierPage) -> None:
        """Let a leased page wait again, its attempt not spent. Raises `LeaseLostError`."""
        await self._end(page, state=PageState.WAITING, attempts=frontier_page.c.attempts - 1)

    async def try_again(self, page: FrontierPage) -> None:
        """Let a leased page wait again, its attempt spent. Raises `LeaseLostError`."""
        await self._end(page, state=PageState.WAITING)

    async def give_all_back(self, claim: Claim, *, but: Collection[PageId] = ()) -> None:
        """Let every page wait again that this claim has leased, their attempts not spent: no page is to blame that the slice let go."""
        held = (frontier_page.c.holder_job == claim.job.id) & (frontier_page.c.holder_fence == claim.fence)
        which = (frontier_page.c.session_id == claim.job.session_id) & (frontier_page.c.state == PageState.LEASED) & held
        if but:
            which &= frontier_page.c.id.not_in(but)
        values = {"state": PageState.WAITING, "attempts": frontier_page.c.attempts - 1, "fence": frontier_page.c.fence + 1}
        await self._connection.execute(update(frontier_page).where(which).values(**values))

    async def skip_free(self, session_id: CrawlSessionId, reason: SkipReason) -> int:
        """End every page that waits, or whose slice died on it, and return how many there were."""
        return len((await self._connection.execute(_SKIP_FREE, {"session_id": session_id, "reason": reason})).all())

    async def skip_open(self, session_id: CrawlSessionId, reason: SkipReason) -> int:
        """End every page that still waits, or is leased, and return how many there were."""
        opened = frontier_page.c.state.in_((PageState.WAITING, PageState.LEASED))
        statement = update(frontier_page).where(frontier_page.c.session_id == session_id, opened)
        ended = statement.values(state=PageState.SKIPPED, skip_reason=reason, fence=frontier_page.c.fence + 1)
        return len((await self._connection.execute(ended.returning(frontier_page.c.id))).all())

    async def reopen(self, session_id: CrawlSessionId) -> None:
        """Let the pages wait again that the session's end cut off, as if they had not been begun."""
        cut_off = (frontier_page.c.state == PageState.SKIPPED) & (frontier_page.c.skip_reason == SkipReason.SESSION_ENDED)
        statement = update(frontier_page).where(frontier_page.c.session_id == session_id, cut_off)
        await self._connection.execute(statement.values(state=PageState.WAITING, skip_reason=None, attempts=0))

    async def add_visit(self, page: FrontierPage, report: VisitReport, *, seconds: float, form_pages: int = 0) -> None:
        """Write what came of a visit that took `seconds` and showed so many form pages not known before."""
        start = func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        values = {name: getattr(report, name) for name in ("outcome", "sentence", "address", "title", "status", "clicks", "fingerprint")}
        await self._connection.execute(
            insert(visit).values(
                session_id=page.session_id,
                page_id=page.id,
                template=page.template,
                form_pages=form_pages,
                started_at=start,
                ended_at=func.now(),
                **values,
            ),
        )

    async def waiting(self, session_id: CrawlSessionId) -> Waiting:
        """Count the pages that could be leased now."""
        row = (await self._connection.execute(_WAITING, {"session_id": session_id})).one()
        return Waiting(pages=int(row.pages), worth=int(row.worth))

    async def tally(self, session_id: CrawlSessionId, template: str) -> TemplateTally:
        """Count the visits to pages of an address template, and how many of them came after the last that showed a new form."""
        where = visit.c.session_id == session_id
        visits, barren = await self._tally(where & (visit.c.template == template))
        if "?" not in template:
            return TemplateTally(template=template, visits=visits, barren=barren)
        without_query = func.regexp_replace(visit.c.template, _QUERY, "")
        _, path_barren = await self._tally(where & (without_query == func.regexp_replace(template, _QUERY, "")))
        return TemplateTally(template=template, visits=visits, barren=barren, path_barren=path_barren)

    async def _tally(self, which: ColumnElement[bool]) -> tuple[int, int]:
        found = func.coalesce(func.max(visit.c.id).filter(visit.c.form_pages > 0), 0)
        last = select(found).where(which).scalar_subquery()
        statement = select(func.count(), func.count().filter(visit.c.id > last)).select_from(visit).where(which)
        row = (await self._connection.execute(statement)).one()
        return row[0], row[1]

    async def last_outcomes(self, session_id: CrawlSessionId, *, limit: int) -> list[VisitOutcome]:
        """Return how the last visits ended, the latest first."""
        statement = select(visit.c.outcome).where(visit.c.session_id == session_id).order_by(visit.c.id.desc()).limit(limit)
        return [VisitOutcome(outcome) for outcome in (await self._connection.execute(statement)).scalars()]

    async def leased(self, session_id: CrawlSessionId) -> int:
        """Count the pages that are being visited: those of a slice that died are not."""
        held: int = (await self._connection.execute(_COUNT_HELD, {"session_id": session_id})).scalar_one()
        return held

    async def skipped(self, session_id: CrawlSessionId) -> dict[str, int]:
        """Count the pages never visited, by reason."""
        reason = frontier_page.c.skip_reason
        which = (frontier_page.c.session_id == session_id) & (frontier_page.c.state == PageState.SKIPPED)
        rows = await self._connection.execute(select(reason, func.count()).where(which).group_by(reason).order_by(reason))
        return {row[0]: row[1] for row in rows}

    async def visits(self, session_id: CrawlSessionId, *, after: PageId | int = 0, limit: int = 1000) -> list[dict[str, object]]:
        """Return visits in order of id, as the inventory lists them: address, title, outcome, HTTP status, sentence."""
        columns = (visit.c.id, visit.c.address, visit.c.title, visit.c.outcome, visit.c.status, visit.c.sentence)
        statement = select(*columns).where(visit.c.session_id == session_id, visit.c.id > after).order_by(visit.c.id).limit(limit)
        return [dict(row) for row in (await self._connection.execute(statement)).mappings()]

    async def _end(self, page: FrontierPage, **values: object) -> None:
        mine = (frontier_page.c.id == page.id) & (frontier_page.c.fence == page.fence) & (frontier_page.c.state == PageState.LEASED)
        result = await self._connection.execute(update(frontier_page).where(mine).values(**values).returning(frontier_page.c.id))
        if result.one_or_none() is None:
            raise LeaseLostError(f"Page {page.id} is no longer leased with fence {page.fence}.")


def _values(page: NewPage) -> dict[str, object]:
    return {
        "key": page.key,
        "key_digest": digest_of(page),
        "address": page.address,
        "template": page.template,
        "source": page.source,
        "depth": page.depth,
        "priority": page.priority,
        "path": msgspec.to_builtins(page.path),
    }


def digest_of(page: NewPage) -> str:
    """Return what a page is known by in its session: addresses are longer than an index entry may be."""
    return sha256(page.key.encode()).hexdigest()
