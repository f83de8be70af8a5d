"""The session's rows as a slice sees them: the engine's `Record` on the use cases."""

import time
from collections.abc import Sequence

from formscout.domain.crawls import JudgedRequest
from formscout.domain.forms import FormSighting, KnownForm, NewFormPage
from formscout.domain.ids import PageId
from formscout.domain.jobs import Claim
from formscout.domain.pages import FrontierPage, SkipReason, VisitReport
from formscout.domain.snapshots import BlobRef, Snapshot
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases import slices
from formscout_discovery.crawl.ports import Directive


class SessionRecord:
    """The rows of one session, written under the fence of one slice's claim."""

    def __init__(self, database: Database, snapshots: SnapshotStore, claim: Claim) -> None:
        self._database = database
        self._snapshots = snapshots
        self._claim = claim
        self._session_id = slices.session_of(claim)
        self._begun: dict[PageId, float] = {}  # when each leased page was handed out, monotonic seconds

    async def next_page(self) -> FrontierPage | None:
        """Lease the page that comes next."""
        page = await slices.next_page(self._database, self._claim)
        if page is not None:
            self._begun[page.id] = time.monotonic()
        return page

    async def known_forms(self) -> Sequence[KnownForm]:
        """Return the forms that the session has."""
        return await slices.known_forms(self._database, self._claim)

    async def visits_of_template(self, template: str) -> int:
        """Count the visited pages of an address template."""
        return await slices.visits_of_template(self._database, self._claim, template)

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
    ) -> Directive:
        """Write what a visit brought home, and say how to go on."""
        session = await slices.finish_visit(
            self._database,
            self._claim,
            page,
            report,
            form_pages=form_pages,
            sightings=sightings,
            requests=requests,
            seconds=time.monotonic() - self._begun.pop(page.id),
        )
        if session.cancel_requested:
            return Directive.CANCELLED
        if session.stopped_because is not None or session.visits >= session.options.max_pages:
            return Directive.LIMIT_REACHED
        return Directive.GO_ON

    async def skip_page(self, page: FrontierPage, reason: str) -> None:
        """End a leased page without a visit."""
        await slices.skip_page(self._database, self._claim, page, SkipReason(reason))

    async def say(self, sentence: str) -> None:
        """Set the session's sentence for people."""
        await slices.say(self._database, self._claim, sentence)
