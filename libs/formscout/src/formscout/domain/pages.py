"""Pages of the frontier, and what came of visiting them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from formscout.domain.ids import CrawlSessionId, PageId
from formscout.domain.paths import NavigationPath


class PageSource(StrEnum):
    """Where a page became known."""

    BASE = "base"  # the network's base address
    LINK = "link"  # an element's attribute
    REDIRECT = "redirect"  # a response sent us there
    ROUTE = "route"  # the History API or the fragment
    PRESS = "press"  # pressing a control led there
    SITEMAP = "sitemap"  # robots.txt or a sitemap
    SCRIPT = "script"  # a string in a script that looks like a route


class PageState(StrEnum):
    """Where a page of the frontier stands."""

    WAITING = "waiting"  # known, not yet visited
    LEASED = "leased"  # a slice is visiting it
    DONE = "done"  # visited to its end; the visit says how
    SKIPPED = "skipped"  # never visited: its template's budget is spent, a hazard, or a limit was reached


class VisitOutcome(StrEnum):
    """How a visit ended; stable codes."""

    OK = "ok"
    HTTP_ERROR = "http_error"  # status 400 or above
    TIMEOUT = "timeout"  # did not answer in time
    NEVER_SETTLED = "never_settled"  # read as it was when the cap came
    UNREACHABLE = "unreachable"  # connection refused or reset
    ADDRESS_UNRESOLVED = "address_unresolved"
    ADDRESS_REFUSED = "address_refused"
    CERTIFICATE_INVALID = "certificate_invalid"
    LEFT_SCOPE = "left_scope"  # a redirect led off the application
    DOWNLOAD = "download"  # not a page but a file
    NOT_A_PAGE = "not_a_page"  # neither HTML nor a file to save
    TOO_LARGE = "too_large"  # more elements or bytes than a visit may hold
    DIALOG_LOOP = "dialog_loop"  # alert after alert
    SIGNED_OUT = "signed_out"  # the session was lost and could not be mended
    CRASHED = "crashed"  # the tab's renderer died
    DUPLICATE = "duplicate"  # the same state as a page already visited
    ERROR = "error"  # anything else; the sentence says what


NOBODY_THERE: Final = frozenset({VisitOutcome.UNREACHABLE, VisitOutcome.ADDRESS_UNRESOLVED})
"""How a visit ends when the application does not answer at all."""

LAST_VISITS: Final = 3
"""So many visits that found nobody at the very end of a session mean that the application went down, not that a page is broken."""


def ended_unanswered(latest: Sequence[VisitOutcome], *, visits: int) -> bool:
    """Tell whether the application was gone when a session's frontier ran empty.

    `latest` are the outcomes of its last `LAST_VISITS` visits out of `visits`. The first visit of a session was answered, or the session
    would have failed: in a small one the visits after it decide, at least two of them.
    """
    deciding = latest[: visits - 1]
    return len(deciding) > 1 and NOBODY_THERE.issuperset(deciding)


class SkipReason(StrEnum):
    """Why a page was never visited; stable codes."""

    TEMPLATE_BUDGET = "template_budget"  # enough pages of this template were looked at
    HAZARD = "hazard"  # the address' own words look like an action
    ROBOTS = "robots"  # excluded by robots.txt, which this session obeys
    LIMIT = "limit"  # the session reached one of its limits first
    SESSION_ENDED = "session_ended"  # the session failed or was cancelled first


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPage:
    """A page to be put on the frontier; the same `key` is kept once a session."""

    key: str  # the address normalised, or address and steps of a pressed state
    address: str
    template: str  # the address with its variable parts as {…}
    source: PageSource
    depth: int
    priority: int = 0  # lower comes first
    path: NavigationPath = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPage:
    """A page known in a session; while leased, `fence` guards every write for it."""

    id: PageId
    session_id: CrawlSessionId
    key: str
    address: str
    template: str
    source: PageSource
    depth: int
    path: NavigationPath
    state: PageState
    fence: int
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTally:
    """What the visits of all slices to pages of an address template came to."""

    template: str
    visits: int
    barren: int  # of them after the last that showed a form not known before
    path_barren: int = 0  # the same of all pages that differ only by the query; counted only where there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReport:
    """What a visit brings home; written in one transaction with the pages and forms that it found."""

    outcome: VisitOutcome
    sentence: str
    address: str  # where the browser stood in the end
    title: str = ""
    status: int | None = None  # HTTP status of the main document
    clicks: int = 0
    fingerprint: str | None = None  # of the state that was read; equal ones are the same state
    pages: tuple[NewPage, ...] = field(default=())
