"""What the crawl engine needs of a browser and of a record, as small protocols that the engine owns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from formscout.domain.crawls import JudgedRequest
from formscout.domain.errors import FormscoutError
from formscout.domain.forms import Findings, FormSighting, KnownForm, NewFormPage
from formscout.domain.pages import FrontierPage, TemplateTally, VisitOutcome, VisitReport
from formscout.domain.paths import Locators
from formscout.domain.snapshots import BlobRef, Snapshot
from formscout_discovery.policy.requests import Cause

__all__ = ["Arrival", "Browser", "Cause", "Directive", "PageLostError", "Record", "Tab", "Turns"]


class PageLostError(FormscoutError):
    """The page died, hung or grew too large between arriving and reading it; `outcome` says which."""

    code: ClassVar[str] = "page_lost"

    def __init__(self, outcome: VisitOutcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome


class BrowserLostError(FormscoutError):
    """The browser itself died or hangs; that says nothing about the pages that it was visiting."""

    code: ClassVar[str] = "browser_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Where opening an address or pressing a control led."""

    outcome: VisitOutcome  # OK, or why this is no page to read
    address: str  # in the browser, fragment included
    status: int | None = None  # HTTP status of the main document, None for a change within the page
    settled: bool = True  # network and DOM came to rest before the cap
    routes: tuple[str, ...] = ()  # addresses that the History API, fragments, redirects or new tabs showed on the way
    sentence: str = ""  # for people, when the outcome is not OK


class Tab(Protocol):
    """One tab of the browser; its page meets no secret but the application's own."""

    @property
    def address(self) -> str:
        """The address now shown, fragment included."""
        ...

    async def open(self, address: str, *, cause: Cause = Cause.OPENING) -> Arrival:
        """Go to the address and wait until the page has settled; never raises for what a page does."""
        ...

    async def press(self, locators: Locators, *, cause: Cause = Cause.PRESSING) -> Arrival | None:
        """Click the element and settle; None when it is not there, is covered, or takes no click."""
        ...

    async def hover(self, locators: Locators) -> Arrival | None:
        """Move the pointer over the element and settle."""
        ...

    async def choose(self, locators: Locators, value: str) -> Arrival | None:
        """Choose an option by value, or tick (`true`) or untick (`false`) a box, and settle."""
        ...

    async def fill(self, locators: Locators, text: str) -> bool:
        """Type into a field; for sign-in alone. False when it cannot be filled."""
        ...

    async def submit(self, locators: Locators | None, *, cause: Cause) -> Arrival | None:
        """Press the button, or Enter in the focused field when None, wait for what it leads to."""
        ...

    async def back(self) -> Arrival | None:
        """Go one step back in the tab's history and settle; None when there is none."""
        ...

    async def dismiss(self) -> Arrival | None:
        """Press Escape, which closes what lies on top, and settle."""
        ...

    async def capture(self) -> Snapshot:
        """Freeze the page as it stands, all frames and shadow roots, values left out.

        Raises `PageLostError` when there is no page to read any more.
        """
        ...

    async def screenshot(self, outline: Sequence[int] = (), *, of: Snapshot | None = None) -> bytes:
        """Return a PNG of the page with field values masked; the boxes of the given node ids of `of` are outlined.

        Raises `PageLostError` when there is no page to show any more.
        """
        ...

    def requests(self) -> tuple[JudgedRequest, ...]:
        """Return the requests judged since the last call: held back and let through, counted by kind."""
        ...

    async def close(self) -> None:
        """Close the tab; `beforeunload` is accepted."""
        ...


class Turns(Protocol):
    """When pages of a host may be loaded."""

    async def wait(self, address: str) -> None:
        """Wait until a page of the address's host may be loaded."""
        ...

    async def answered(self, address: str, status: int | None, retry_after: str) -> bool:
        """Note an answer, with its `Retry-After` as the server wrote it; True when the page is worth another try."""
        ...


class Browser(Protocol):
    """One signed-in browser state; tabs share its cookies and storage."""

    async def new_tab(self) -> Tab:
        """Open a tab. Raises `BrowserLostError`."""
        ...

    async def answers(self) -> bool:
        """Tell whether the browser is there and answers, within seconds."""
        ...

    async def state(self) -> bytes:
        """Return cookies and storage, serialised; it is a secret. Raises `BrowserLostError`."""
        ...


class Directive(StrEnum):
    """What the record tells a slice after each write."""

    GO_ON = "go_on"
    CANCELLED = "cancelled"  # the session was cancelled: stop within this visit
    LIMIT_REACHED = "limit_reached"  # max_pages or max_minutes: visit no more


Refold = Callable[[Findings, Sequence[KnownForm]], Findings]
"""Says what a visit's findings are once other slices' forms are known; no more than computes."""


class Record(Protocol):
    """The session's rows as a slice sees them; each method is one transaction, guarded by the slice's fence.

    Every method raises `LeaseLostError` once another worker holds the slice's job.
    """

    async def next_page(self) -> FrontierPage | None:
        """Lease the page that comes next, or None when nothing waits now."""
        ...

    async def known_forms(self) -> Sequence[KnownForm]:
        """Return the forms that the session has, those of other slices too."""
        ...

    async def tally_of_template(self, template: str) -> TemplateTally:
        """Return what the visits of all slices to pages of this address template came to."""
        ...

    async def keep_snapshot(self, snapshot: Snapshot) -> BlobRef:
        """Store a snapshot, compressed."""
        ...

    async def keep_screenshot(self, png: bytes) -> BlobRef:
        """Store a screenshot."""
        ...

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
        """Write everything that a visit brought home at once; pages and forms already known are left as they are.

        `refold` is told the forms that other slices wrote meanwhile; what it then returns is written.
        """
        ...

    async def skip_page(self, page: FrontierPage, reason: str) -> None:
        """End a leased page without a visit; `reason` is one of `SkipReason`'s values."""
        ...

    async def give_page_back(self, page: FrontierPage) -> None:
        """Let a leased page wait again, as if its visit had not begun."""
        ...

    async def try_page_again(self, page: FrontierPage, *, crashed: bool) -> None:
        """Let a leased page wait again, an attempt spent; `crashed`: its tab died."""
        ...

    async def say(self, sentence: str) -> None:
        """Set the session's sentence for people."""
        ...
