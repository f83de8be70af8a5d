"""Jobs: the truth about every piece of work that runs behind a queue."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from formscout.domain.ids import CompanyId, CrawlSessionId, FormPageId, JobId, SubscriptionId

LEASE_SECONDS: Final = 30
"""How long a claim holds without a heartbeat; platform rules, §3."""


class Queue(StrEnum):
    """The Celery queues; a worker serves exactly one."""

    DISCOVERY = "discovery"
    ANALYSIS = "analysis"
    BUDGET = "budget"


class JobKind(StrEnum):
    """What a job does."""

    DISCOVER_SLICE = "discover_slice"  # a bounded stretch of work on a crawl session
    ANALYZE_FORM_PAGE = "analyze_form_page"  # describe the forms of one form page
    CHECK_BUDGET = "check_budget"  # write whether a subscription may still spend
    RESET_BUDGETS = "reset_budgets"  # close last month's periods


QUEUE_OF: Final = {
    JobKind.DISCOVER_SLICE: Queue.DISCOVERY,
    JobKind.ANALYZE_FORM_PAGE: Queue.ANALYSIS,
    JobKind.CHECK_BUDGET: Queue.BUDGET,
    JobKind.RESET_BUDGETS: Queue.BUDGET,
}

MAX_ATTEMPTS: Final = {Queue.DISCOVERY: 3, Queue.ANALYSIS: 3, Queue.BUDGET: 5}
"""Crashes a job may cost before it fails; only a lease that ran out spends one (platform rules, §1)."""


CRASH_PAUSES: Final = (0, 5, 20, 60)
"""Seconds that a job waits after its first, second… crash in a row; the last one for all that follow.

None after the first: most often a machine went away, and the lease was waited for already. What crashes again crashes for a reason, and
must not keep the workers from the others' work.
"""


def pause_after(crashes: int) -> int:
    """Return how many seconds a job waits that has crashed so often in a row."""
    return CRASH_PAUSES[min(max(crashes, 1), len(CRASH_PAUSES)) - 1]


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"  # runnable once `available_at` has come
    RUNNING = "running"  # claimed; the lease says for how long
    SUCCEEDED = "succeeded"  # ended with its result
    FAILED = "failed"  # ended with an error code
    CANCELLED = "cancelled"  # ended by request
    SET_ASIDE = "set_aside"  # its attempts are spent, or an operator took it out: nothing happens until one retries it

    @property
    def is_final(self) -> bool:
        """Whether nothing will happen any more by itself."""
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be written; what it works on is named by exactly the ids its kind needs."""

    kind: JobKind
    company_id: CompanyId | None = None  # None: the installation's own work
    session_id: CrawlSessionId | None = None
    form_page_id: FormPageId | None = None
    subscription_id: SubscriptionId | None = None
    trace_parent: str | None = None  # a `traceparent`: of the span below which its runs go
    trace_link: str | None = None  # of the span that writes the row, where it is another one


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row of the `job` table."""

    id: JobId
    kind: JobKind
    queue: Queue
    state: JobState
    company_id: CompanyId | None
    session_id: CrawlSessionId | None
    form_page_id: FormPageId | None
    subscription_id: SubscriptionId | None
    fence: int  # grows with each claim; a write with an older one is refused
    attempts: int  # crashes spent
    cancel_requested: bool
    available_at: datetime
    created_at: datetime
    lease_until: datetime | None
    heartbeat_at: datetime | None
    worker: str | None
    error_code: str | None
    error: str | None
    trace_parent: str | None
    trace_link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A worker that fell silent, or broke, on a job."""

    at: datetime  # when it was found out
    attempt: int  # the how-manieth in a row
    worker: str | None
    heartbeat_at: datetime | None  # the last sign of life
    error: str | None  # None: it said nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job in hand: every write for it carries this fence."""

    job: Job
    lease_seconds: float = LEASE_SECONDS  # what each renewal lengthens it to

    @property
    def fence(self) -> int:
        """The fence that this claim took."""
        return self.job.fence


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The job ended with its result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The job ended without its result, and trying again would not help."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Not now: the same job again after `seconds`, no attempt spent."""

    seconds: float
    reason: str


Outcome = Finished | Failed | Deferred
