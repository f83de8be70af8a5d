"""The session's rows as a slice sees them: the engine's `Record` on the use cases."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from formscout.domain.crawls import JudgedRequest
from formscout.domain.errors import LeaseLostError, StoreUnavailableError
from formscout.domain.forms import Findings, FormSighting, KnownForm, NewFormPage
from formscout.domain.ids import PageId
from formscout.domain.jobs import Claim
from formscout.domain.pages import FrontierPage, SkipReason, TemplateTally, VisitReport
from formscout.domain.slices import PAGES_A_SLICE
from formscout.domain.snapshots import BlobRef, Snapshot
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.telemetry import metrics
from formscout.usecases import slices
from formscout_discovery.crawl.ports import Directive

PATIENCE: Final = 0.4
"""The part of a lease that a write is tried for while PostgreSQL is away: with the third of a lease between two beats it is less than
the five sixths after which the heartbeat stops the work, so that a slice which gives up still puts its job back."""

LOOK_SECONDS: Final = 0.5
"""Between two tries."""

Result = TypeVar("Result")

log = logging.getLogger(__name__)


class SessionRecord:
    """The rows of one session, written under the fence of one slice's claim.

    A PostgreSQL that is away for a moment (restarted, cut off, out of room) costs a moment: what was read of a page is written when it
    is back, not read again.
    """

    def __init__(self, database: Database, snapshots: SnapshotStore, claim: Claim, *, pages_a_slice: int = PAGES_A_SLICE) -> None:
        self._database = database
        self._snapshots = snapshots
        self._claim = claim
        self._session_id = slices.session_of(claim)
        self._pages_a_slice = pages_a_slice
        self._known = 0  # forms with higher ids are news
        self._begun: dict[PageId, float] = {}  # when each page in hand was handed out, monotonic seconds
        self._leasing = asyncio.Lock()

    async def next_page(self) -> FrontierPage | None:
        """Lease the page that comes next."""
        again = False

        async def lease() -> FrontierPage | None:
            nonlocal again
            in_hand, again = (tuple(self._begun) if again else None), True
            return await slices.next_page(self._database, self._claim, in_hand=in_hand)

        async with self._leasing:  # one tab after the other, so that what is in hand is known
            page = await self._patiently(lease)
            if page is not None:
                self._begun[page.id] = time.monotonic()
        return page

    async def known_forms(self) -> Sequence[KnownForm]:
        """Return the forms that the session has."""
        forms, self._known = await self._patiently(partial(slices.known_forms, self._database, self._claim))
        return forms

    async def tally_of_template(self, template: str) -> TemplateTally:
        """Return what the visits of all slices to pages of an address template came to."""
        return await self._patiently(partial(slices.tally_of_template, self._database, self._claim, template))

    async def keep_snapshot(self, snapshot: Snapshot) -> BlobRef:
        """Store a snapshot."""
        return await self._snapshots.put_snapshot(self._session_id, snapshot)

    async def keep_screenshot(self, png: bytes) -> BlobRef:
        """Store a screenshot."""
        return await self._snapshots.put_screenshot(self._session_id, png)

    async def finish_visit(
        self,
        page: FrontierPage,
        report: VisitReport,
        *,
        form_pages: Sequence[NewFormPage],
        sightings: Sequence[FormSighting],
        requests: Sequence[JudgedRequest],
        refold: Callable[[Findings, Sequence[KnownForm]], Findings],
    ) -> Directive:
        """Write what a visit brought home, and say how to go on."""
        findings = Findings(form_pages=form_pages, sightings=sightings)

        def folded(_findings: Findings, news: Sequence[KnownForm]) -> Findings:
            """Fold what a try before has folded: folding hands over what the slice had put by, and that only once."""
            nonlocal findings
            findings = refold(findings, news)
            return findings

        seconds, again = time.monotonic() - self._begun[page.id], False

        async def write() -> slices.Finish:
            nonlocal again
            if again and (finished := await slices.finished_before(self._database, self._claim, page)) is not None:
                return finished
            again = True
            return await slices.finish_visit(
                self._database,
                self._claim,
                page,
                report,
                form_pages=form_pages,
                sightings=sightings,
                requests=requests,
                seconds=seconds,
                refold=folded,
                known=self._known,
                pages_a_slice=self._pages_a_slice,
            )

        finish = await self._patiently(write)
        _count(report, finish, requests, seconds=time.monotonic() - self._begun.pop(page.id))
        session = finish.session
        self._known = max(self._known, finish.known)  # tabs end their visits in any order
        if session.cancel_requested:
            return Directive.CANCELLED
        if session.stopped_because is not None or session.visits >= session.options.max_pages:
            return Directive.LIMIT_REACHED
        return Directive.GO_ON

    async def skip_page(self, page: FrontierPage, reason: str) -> None:
        """End a leased page without a visit."""
        await self._patiently(partial(slices.skip_page, self._database, self._claim, page, SkipReason(reason)))
        metrics.PAGES_SKIPPED.inc(reason=reason)
        del self._begun[page.id]

    async def give_page_back(self, page: FrontierPage) -> None:
        """Let a leased page wait again."""
        await self._patiently(partial(slices.give_page_back, self._database, self._claim, page))
        del self._begun[page.id]

    async def try_page_again(self, page: FrontierPage, *, crashed: bool) -> None:
        """Let a leased page wait again, an attempt spent; `crashed`: its tab died."""
        await self._patiently(partial(slices.try_page_again, self._database, self._claim, page))
        if crashed:
            metrics.TAB_CRASHES.inc()
        del self._begun[page.id]

    async def say(self, sentence: str) -> None:
        """Set the session's sentence for people."""
        await self._patiently(partial(slices.say, self._database, self._claim, sentence))

    async def _patiently(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do the work, and again for a while when PostgreSQL is away. Raises `LeaseLostError`, `StoreUnavailableError`."""
        ends = time.monotonic() + PATIENCE * self._claim.lease_seconds
        away: StoreUnavailableError | None = None
        while True:
            try:
                return await work()
            except LeaseLostError:
                if away is not None:
                    # The try before may have been written, only its answer lost: then the page is not ours any more, but the job is.
                    raise away from None
                raise
            except StoreUnavailableError as error:
                if time.monotonic() > ends:
                    raise
                away = error
                log.warning("PostgreSQL is away; what a slice read is kept and written when it is back")
            await asyncio.sleep(LOOK_SECONDS)


def _count(report: VisitReport, finish: slices.Finish, requests: Sequence[JudgedRequest], *, seconds: float) -> None:
    metrics.VISITS.inc(outcome=report.outcome)
    metrics.VISIT_SECONDS.observe(seconds)
    metrics.CLICKS.inc(report.clicks)
    metrics.FORM_PAGES.inc(finish.form_pages)
    metrics.FORMS.inc(finish.forms)
    for request in requests:
        metrics.REQUESTS_JUDGED.inc(request.count, verdict=request.verdict)
