"""Crawl sessions: one run of discovery over a network each."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from formscout.domain.ids import CompanyId, CrawlSessionId, NetworkId, ProductId, ProjectId, TaskId, UserId
from formscout.domain.networks import RobotsPolicy
from formscout.domain.slices import DEFAULT_SLICES


class CrawlState(StrEnum):
    """Where a crawl session stands."""

    QUEUED = "queued"  # accepted, no slice has started
    RUNNING = "running"  # visiting pages or describing forms
    SUCCEEDED = "succeeded"  # frontier empty or a limit reached, every form page described or failed with a code
    FAILED = "failed"  # could not go on; `failure` says why
    CANCELLED = "cancelled"  # ended by request

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self in (CrawlState.SUCCEEDED, CrawlState.FAILED, CrawlState.CANCELLED)


class CrawlMode(StrEnum):
    """What a crawl may send."""

    OBSERVE = "observe"  # nothing that changes the application
    SUBMIT = "submit"  # also sends forms that are no hazard; throw-away environments only


class FailureReason(StrEnum):
    """Why a crawl session as a whole failed; stable codes."""

    ADDRESS_UNRESOLVED = "address_unresolved"  # the host's name does not resolve
    ADDRESS_REFUSED = "address_refused"  # the outbound guard refuses where it leads
    CERTIFICATE_INVALID = "certificate_invalid"  # TLS could not be verified
    UNREACHABLE = "unreachable"  # nothing answered at the base address
    SIGN_IN_FORM_NOT_FOUND = "sign_in_form_not_found"  # credentials given, no form that takes them
    SIGN_IN_FAILED = "sign_in_failed"  # the form was sent and the application did not let us in
    CREDENTIALS_UNREADABLE = "credentials_unreadable"  # sealed with a key that the worker does not have
    BROWSER_UNAVAILABLE = "browser_unavailable"  # Chromium would not start
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"  # the worker died too often on it


class StopReason(StrEnum):
    """Why a session that ended well visited no more."""

    FRONTIER_EMPTY = "frontier_empty"  # everything known was looked at
    MAX_PAGES = "max_pages"
    MAX_MINUTES = "max_minutes"
    APPLICATION_DOWN = "application_down"  # it stopped answering, half way or for the last visits; what was found stands


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOptions:
    """The bounds and manner of one session, fixed when it is accepted."""

    max_pages: int = 500  # visits
    max_minutes: int = 60
    max_slices: int = DEFAULT_SLICES  # at once, a browser each
    mode: CrawlMode = CrawlMode.OBSERVE
    robots: RobotsPolicy = RobotsPolicy.IGNORE


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a session failed: a stable code and a sentence for people."""

    code: FailureReason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSession:
    """One run of discovery over a network."""

    id: CrawlSessionId
    task_id: TaskId
    company_id: CompanyId
    project_id: ProjectId
    network_id: NetworkId
    user_id: UserId
    product_id: ProductId
    state: CrawlState
    options: CrawlOptions = field(default_factory=CrawlOptions)
    progress: int  # 0-100, never falls
    sentence: str  # what is going on, for people
    pages_found: int  # form pages
    forms_found: int  # forms described
    visits: int
    clicks: int
    attempt: int
    cancel_requested: bool
    stopped_because: StopReason | None
    failure: Failure | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    version: int  # grows with every change; the API's ETag


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlStatus:
    """How a session stands, as clients poll it."""

    session_id: CrawlSessionId
    company_id: CompanyId
    version: int
    state: CrawlState
    progress: int
    sentence: str
    pages_found: int
    forms_found: int
    attempt: int
    queue_position: int | None  # which one it is while it waits, in the fair order; 1: next; None when far off
    estimated_wait_seconds: float | None  # by what slices lately took; None when not known
    slices_running: int  # browsers at work on it
    heartbeat_at: datetime | None
    failure_code: FailureReason | None
    failure_message: str | None


class RequestVerdict(StrEnum):
    """What the request judge did with a request that is no plain GET."""

    HELD_BACK = "held_back"  # answered 403 in the browser, never sent
    LET_THROUGH = "let_through"  # only reads, was sent by the page itself when opened, or allowed by the network
    SKIPPED = "skipped"  # an address with no control whose words look like an action; never visited


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRequest:
    """Requests of one kind that the judge spoke on, counted."""

    verdict: RequestVerdict
    method: str
    address: str  # without query values
    reason: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEvent:
    """Something that happened in a session; `sequence` counts from 1 within it."""

    session_id: CrawlSessionId
    sequence: int
    at: datetime
    kind: str
    data: dict[str, str | int]
