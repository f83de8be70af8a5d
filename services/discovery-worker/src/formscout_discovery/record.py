"""The session's rows as a slice sees them: the engine's `Record` on the use cases."""

import time
from collections.abc import Callable, Sequence

from formscout.domain.crawls import JudgedRequest
from formscout.domain.forms import Findings, FormSighting, KnownForm, NewFormPage
from formscout.domain.ids import PageId
from formscout.domain.jobs import Claim
from formscout.domain.pages import FrontierPage, SkipReason, TemplateTally, VisitReport
from formscout.domain.slices import PAGES_A_SLICE
from formscout.domain.snapshots import BlobRef, Snapshot
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases import slices
from formscout_discovery.crawl.ports import Directive


class SessionRecord:
    """The rows of one session, written under the fence of one slice's claim."""

    def __init__(self, database: Database, snapshots: SnapshotStore, claim: Claim, *, pages_a_slice: int = PAGES_A_SLICE) -> None:
        self._database = database
        self._snapshots = snapshots
        self._claim = claim
        self._session_id = slices.session_of(claim)
        self._pages_a_slice = pages_a_slice
        self._known = 0  # forms with higher ids are news
        self._begun: dict[PageId, float] = {}  # when each leased page was handed out, monotonic seconds

    async def next_page(self) -> FrontierPage | None:
        """Lease the page that comes next."""
        page = await slices.next_page(self._database, self._claim)
        if page is not None:
            self._begun[page.id] = time.monotonic()
        return page

    async def known_forms(self) -> Sequence[KnownForm]:
        """Return the forms that the session has."""
        forms, self._known = await slices.known_forms(self._database, self._claim)
        return forms

    async def tally_of_template(self, template: str) -> TemplateTally:
        """Return what the visits of all slices to pages of an address template came to."""
        return await slices.tally_of_template(self._database, self._claim, template)

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
        finish = await slices.finish_visit(
            self._database,
            self._claim,
            page,
            report,
            form_pages=form_pages,
            sightings=sightings,
            requests=requests,
            seconds=time.monotonic() - self._begun.pop(page.id),
            refold=refold,
            known=self._known,
            pages_a_slice=self._pages_a_slice,
        )
        session = finish.session
        self._known = max(self._known, finish.known)  # tabs end their visits in any order
        if session.cancel_requested:
            return Directive.CANCELLED
        if session.stopped_because is not None or session.visits >= session.options.max_pages:
            return Directive.LIMIT_REACHED
        return Directive.GO_ON

    async def skip_page(self, page: FrontierPage, reason: str) -> None:
        """End a leased page without a visit."""
        await slices.skip_page(self._database, self._claim, page, SkipReason(reason))

    async def give_page_back(self, page: FrontierPage) -> None:
        """Let a leased page wait again."""
        self._begun.pop(page.id)
        await slices.give_page_back(self._database, self._claim, page)

    async def try_page_again(self, page: FrontierPage) -> None:
        """Let a leased page wait again, an attempt spent."""
        self._begun.pop(page.id)
        await slices.try_page_again(self._database, self._claim, page)

    async def say(self, sentence: str) -> None:
        """Set the session's sentence for people."""
        await slices.say(self._database, self._claim, sentence)
