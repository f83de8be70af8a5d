"""A session's rows kept in memory, with the semantics that the crawl engine's `Record` demands of the real ones."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from formscout.domain.crawls import JudgedRequest
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import Findings, FormSighting, KnownForm, NewForm, NewFormPage
from formscout.domain.ids import CrawlSessionId, PageId
from formscout.domain.pages import FrontierPage, NewPage, PageSource, PageState, TemplateTally, VisitReport
from formscout.domain.snapshots import BlobRef, Snapshot
from formscout_discovery.crawl.ports import Directive, Refold
from formscout_discovery.policy.templates import template_of

SAMPLE_ADDRESSES = 10


@dataclass(slots=True, kw_only=True)
class KeptForm:
    """A form as the session has it."""

    form: NewForm
    page: NewFormPage
    addresses: list[str]
    instances: int = 1


@dataclass(slots=True)
class MemoryRecord:
    """One session; a second slice of it may use the same object."""

    max_pages: int = 500
    pages: dict[PageId, FrontierPage] = field(default_factory=dict)
    reports: dict[str, VisitReport] = field(default_factory=dict)
    forms: dict[str, KeptForm] = field(default_factory=dict)
    form_pages: list[NewFormPage] = field(default_factory=list)
    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    screenshots: dict[str, bytes] = field(default_factory=dict)
    requests: list[JudgedRequest] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)
    order_of_visits: list[str] = field(default_factory=list)
    lost: bool = False  # another worker holds the job now
    cancelled: bool = False
    _priorities: dict[PageId, int] = field(default_factory=dict)
    _keys: set[str] = field(default_factory=set)
    _visits: defaultdict[str, list[tuple[str, bool]]] = field(default_factory=lambda: defaultdict(list))  # and whether it was fruitful

    @classmethod
    def starting_at(cls, base: str, *, max_pages: int = 500) -> "MemoryRecord":
        """Return the record of a session that was just accepted."""
        record = cls(max_pages=max_pages)
        record.add(NewPage(key=base, address=base, template=template_of(base), source=PageSource.BASE, depth=0))
        return record

    def add(self, page: NewPage) -> None:
        """Put a page on the frontier; the same key only once."""
        if page.key in self._keys:
            return
        self._keys.add(page.key)
        number = PageId(len(self.pages) + 1)
        self._priorities[number] = page.priority
        self.pages[number] = FrontierPage(
            id=number,
            session_id=CrawlSessionId(1),
            key=page.key,
            address=page.address,
            template=page.template,
            source=page.source,
            depth=page.depth,
            path=page.path,
            state=PageState.WAITING,
            fence=0,
            attempts=0,
        )

    def lose_leases(self) -> None:
        """Do what the end of a lease does: pages that were being visited wait again."""
        for number, page in self.pages.items():
            if page.state is PageState.LEASED:
                self.pages[number] = replace(page, state=PageState.WAITING)

    async def next_page(self) -> FrontierPage | None:
        self._guard()
        waiting = [page for page in self.pages.values() if page.state is PageState.WAITING]
        if not waiting:
            return None
        page = min(waiting, key=lambda it: (self._priorities[it.id], it.depth, it.id))
        leased = replace(page, state=PageState.LEASED, fence=page.fence + 1, attempts=page.attempts + 1)
        self.pages[page.id] = leased
        return leased

    async def known_forms(self) -> Sequence[KnownForm]:
        self._guard()
        return self._known()

    def _known(self) -> list[KnownForm]:
        return [
            KnownForm(fingerprint=name, address_template=kept.form.address_template, signature=kept.form.signature)
            for name, kept in self.forms.items()
        ]

    async def tally_of_template(self, template: str) -> TemplateTally:
        self._guard()
        barren = len(list(takewhile(lambda visit: not visit[1], reversed(self._visits[template]))))
        return TemplateTally(template=template, visits=len(self._visits[template]), barren=barren)

    async def keep_snapshot(self, snapshot: Snapshot) -> BlobRef:
        self._guard()
        key = f"snapshot-{len(self.snapshots) + 1}"
        self.snapshots[key] = snapshot
        return BlobRef(key=key, digest=hashlib.sha256(key.encode()).hexdigest(), size=len(snapshot.nodes))

    async def keep_screenshot(self, png: bytes) -> BlobRef:
        self._guard()
        key = f"screenshot-{len(self.screenshots) + 1}"
        self.screenshots[key] = png
        return BlobRef(key=key, digest=hashlib.sha256(png).hexdigest(), size=len(png))

    async def finish_visit(
        self,
        page: FrontierPage,
        report: VisitReport,
        *,
        form_pages: Sequence[NewFormPage],
        sightings: Sequence[FormSighting],
        requests: Sequence[JudgedRequest],
        refold: Refold,
    ) -> Directive:
        self._guard()
        self._end(page, PageState.DONE)
        findings = refold(Findings(form_pages=form_pages, sightings=sightings), self._known())
        before = len(self.form_pages)
        self.reports[page.key] = report
        self.order_of_visits.append(page.address)
        for new in report.pages:
            self.add(new)
        for form_page in findings.form_pages:
            self._add_form_page(form_page)
        self._visits[page.template].append((page.address, len(self.form_pages) > before))
        for sighting in findings.sightings:
            self._sight(sighting.fingerprint, sighting.address)
        self.requests.extend(requests)
        if self.cancelled:
            return Directive.CANCELLED
        return Directive.LIMIT_REACHED if len(self.reports) >= self.max_pages else Directive.GO_ON

    async def skip_page(self, page: FrontierPage, reason: str) -> None:
        self._guard()
        self._end(page, PageState.SKIPPED)
        self.skipped[page.address] = reason

    async def give_page_back(self, page: FrontierPage) -> None:
        self._guard()
        self._end(page, PageState.WAITING)
        self.given_back.append(page.address)

    async def try_page_again(self, page: FrontierPage, *, crashed: bool) -> None:
        del crashed
        self._guard()
        self._end(page, PageState.WAITING)

    async def say(self, sentence: str) -> None:
        self._guard()
        self.sentences.append(sentence)

    def _guard(self) -> None:
        if self.lost:
            raise LeaseLostError("Another worker holds the slice's job.")

    def _end(self, page: FrontierPage, state: PageState) -> None:
        held = self.pages[page.id]
        if held.state is not PageState.LEASED or held.fence != page.fence:
            raise LeaseLostError(f"Page {page.id} is no longer leased with fence {page.fence}.")
        self.pages[page.id] = replace(held, state=state)

    def _add_form_page(self, form_page: NewFormPage) -> None:
        fresh = [form for form in form_page.forms if form.fingerprint not in self.forms]
        for form in form_page.forms:
            if form.fingerprint in self.forms:
                self._sight(form.fingerprint, form.address)
        if fresh:
            self.form_pages.append(form_page)
        for form in fresh:
            self.forms[form.fingerprint] = KeptForm(form=form, page=form_page, addresses=[])

    def _sight(self, fingerprint: str, address: str) -> None:
        kept = self.forms[fingerprint]
        kept.instances += 1
        if address != kept.form.address and address not in kept.addresses and len(kept.addresses) < SAMPLE_ADDRESSES:
            kept.addresses.append(address)
