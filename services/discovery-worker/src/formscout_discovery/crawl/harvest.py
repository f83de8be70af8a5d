"""What one visit has brought home so far: a visit that is cut short keeps it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from formscout.domain.crawls import JudgedRequest
from formscout.domain.forms import FormSighting, NewFormPage
from formscout.domain.pages import NewPage, PageSource, VisitOutcome, VisitReport
from formscout.domain.urls import normalise
from formscout_discovery.crawl.links import Link
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.policy.priorities import priority
from formscout_discovery.policy.templates import template_of


@dataclass(slots=True, kw_only=True)
class Harvest:
    """Filled while the visit goes on, written once at its end."""

    address: str
    depth: int
    outcome: VisitOutcome = VisitOutcome.ERROR
    sentence: str = ""
    title: str = ""
    status: int | None = None
    fingerprint: str | None = None
    clicks: int = 0
    left: int = 0  # controls not pressed because a budget was spent
    pages: dict[str, NewPage] = field(default_factory=dict)
    form_pages: list[NewFormPage] = field(default_factory=list)
    sightings: list[FormSighting] = field(default_factory=list)
    requests: list[JudgedRequest] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)  # of the page and of where it redirected to
    claimed: list[str] = field(default_factory=list)  # fingerprints of forms that this visit is the first to meet

    def report(self) -> VisitReport:
        """Return what the record keeps of the visit itself."""
        return VisitReport(
            outcome=self.outcome,
            sentence=self.sentence,
            address=self.address,
            title=self.title,
            status=self.status,
            clicks=self.clicks,
            fingerprint=self.fingerprint,
            pages=tuple(self.pages.values()),
        )

    def add_links(self, work: Slice, links: Iterable[Link]) -> int:
        """Put what lies in scope and is new on the list of pages; return how many were new."""
        before = len(self.pages)
        for link in links:
            if link.hazard:
                skipped = link.skipped()
                if work.memory.first_listing(template_of(skipped.address), skipped.reason):
                    self.requests.append(skipped)
            else:
                self.add_page(work, link.address, source=link.source, label=link.label)
        return len(self.pages) - before

    def add_page(self, work: Slice, address: str, *, source: PageSource, label: str = "") -> bool:
        """Put one address on the list of pages if it is in scope, new, and its template not crowded."""
        if not work.plan.scope.navigates(address) or self.depth >= work.plan.limits.depth:
            return False
        key = normalise(address)
        if work.memory.visited(key) or key in self.keys:
            return False
        work.memory.learner.learn(key)
        template = work.memory.learner.template(key)
        instances = work.memory.instances(template)
        if not work.memory.admits(key, template):
            return False
        depth = self.depth + 1
        order = priority(key, source=source, depth=depth, label=label, instances=instances)
        self.pages[key] = NewPage(key=key, address=key, template=template, source=source, depth=depth, priority=order)
        return True
