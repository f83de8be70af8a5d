"""Bodies of crawl sessions: asking for one, its status, its place in the lists."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from formscout.domain.crawls import CrawlMode, CrawlOptions, CrawlSession, CrawlState, CrawlStatus, FailureReason, StopReason
from formscout.domain.ids import CompanyId, NetworkId, ProductId, ProjectId, UserId
from formscout.domain.networks import RobotsPolicy
from formscout.domain.slices import MOST_SLICES
from formscout.usecases.crawls import CrawlRequest
from formscout_api.schemas.shapes import Body, Id, View

TaskState = Literal["PENDING", "PROGRESS", "SUCCESS", "FAILURE", "REVOKED"]

TASK_STATE: dict[CrawlState, TaskState] = {
    CrawlState.QUEUED: "PENDING",
    CrawlState.RUNNING: "PROGRESS",
    CrawlState.SUCCEEDED: "SUCCESS",
    CrawlState.FAILED: "FAILURE",
    CrawlState.CANCELLED: "REVOKED",
}
"""A session's state in Celery's words, which clients know."""

ResultStatus = Literal["success", "failed", "cancelled"]

RESULT_STATUS: dict[CrawlState, ResultStatus] = {
    CrawlState.SUCCEEDED: "success",
    CrawlState.FAILED: "failed",
    CrawlState.CANCELLED: "cancelled",
}

EXAMPLE_TASK = "0b7d7a52-6f0e-4c1b-9a55-0d8f6f0f8a11"


class DiscoveryIn(Body):
    """A discovery to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"project_id": 1, "network_id": 1, "user_id": 3, "company_id": 1, "product_id": 1},
                {"project_id": 1, "network_id": 1, "user_id": 3, "company_id": 1, "product_id": 1, "max_pages": 50, "robots": "obey"},
            ],
        },
    )

    project_id: Id
    network_id: Id
    user_id: Id
    company_id: Id
    product_id: Id
    max_pages: Annotated[int, Field(strict=True, ge=1, le=100_000, description="Visits at most.")] = CrawlOptions().max_pages
    max_minutes: Annotated[int, Field(strict=True, ge=1, le=24 * 60)] = CrawlOptions().max_minutes
    max_slices: Annotated[
        int,
        Field(strict=True, ge=1, le=MOST_SLICES, description="Browsers at once, as pages are found; one where an account is signed in."),
    ] = CrawlOptions().max_slices
    mode: CrawlMode = Field(default=CrawlMode.OBSERVE, description="`observe` changes nothing; `submit` is for throw-away environments.")
    robots: RobotsPolicy | None = Field(
        default=None, description="The network's own policy when left out. robots.txt is not fetched yet, so `obey` excludes nothing."
    )
    force: Annotated[bool, Field(strict=True, description="Start another session beside one that is running.")] = False

    def request(self) -> CrawlRequest:
        """Return what is asked for."""
        return CrawlRequest(
            project_id=ProjectId(self.project_id),
            network_id=NetworkId(self.network_id),
            user_id=UserId(self.user_id),
            company_id=CompanyId(self.company_id),
            product_id=ProductId(self.product_id),
            options=CrawlOptions(max_pages=self.max_pages, max_minutes=self.max_minutes, max_slices=self.max_slices, mode=self.mode),
            robots=self.robots,
            force=self.force,
        )


class DiscoveryAccepted(View):
    """A discovery that was accepted, or the running one that was joined."""

    session_id: int = Field(examples=[1])
    task_id: UUID = Field(examples=[EXAMPLE_TASK])
    status: Literal["queued"]
    message: str
    status_url: str = Field(examples=[f"/api/crawl/status/{EXAMPLE_TASK}"])
    events_url: str = Field(examples=[f"/api/crawl/events/{EXAMPLE_TASK}"])
    cancel_url: str = Field(examples=[f"/api/crawl/cancel/{EXAMPLE_TASK}"])


class ResultOut(View):
    """What a session that ended has found."""

    status: ResultStatus
    pages_found: int = Field(description="Form pages.")
    forms_found: int = Field(description="Forms described.")


class FailureOut(View):
    """Why a session failed."""

    code: FailureReason
    message: str


class StatusOut(View):
    """How a discovery stands."""

    task_id: UUID = Field(examples=[EXAMPLE_TASK])
    session_id: int
    state: TaskState
    progress: int = Field(ge=0, le=100, description="Percent; never falls.")
    status: str = Field(
        description="What is going on, for people.", examples=["Visiting pages… 12 visited, 30 waiting, 5 form pages found."]
    )
    result: ResultOut | None = Field(description="Null until the session ends.")
    pages_found: int
    forms_found: int
    attempt: int = Field(description="How often a worker has taken it up.")
    slices_running: int = Field(description="Browsers at work on it, up to `max_slices`.")
    queue_position: int | None = Field(description="By the fair order among companies; 1: next; null once it runs, and beyond 1000.")
    estimated_wait_seconds: float | None = Field(description="By what slices took in the last hour; null when not known.")
    heartbeat_at: datetime | None
    error: FailureOut | None


class CancelOut(View):
    """What asking to cancel led to."""

    task_id: UUID
    session_id: int
    state: TaskState
    message: str


class OptionsOut(View):
    """The bounds and manner of a session."""

    max_pages: int
    max_minutes: int
    max_slices: int
    mode: CrawlMode
    robots: RobotsPolicy


class SessionOut(View):
    """A crawl session."""

    id: int
    task_id: UUID
    company_id: int
    project_id: int
    network_id: int
    user_id: int
    product_id: int
    state: CrawlState
    options: OptionsOut
    progress: int
    sentence: str
    pages_found: int
    forms_found: int
    visits: int
    clicks: int
    attempt: int
    cancel_requested: bool
    stopped_because: StopReason | None
    failure: FailureOut | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None


def accepted(session: CrawlSession, *, joined: bool) -> dict[str, Any]:  # Any: a document in the shape of DiscoveryAccepted
    """Shape the answer to a request; plain, for it is on the path that many requests take."""
    task_id = str(session.task_id)
    message = (
        "Joined the discovery of this network that is running." if joined else "Discovery accepted; it starts as soon as a worker is free."
    )
    return {
        "session_id": session.id,
        "task_id": task_id,
        "status": "queued",
        "message": message,
        "status_url": f"/api/crawl/status/{task_id}",
        "events_url": f"/api/crawl/events/{task_id}",
        "cancel_url": f"/api/crawl/cancel/{task_id}",
    }


def status_of(status: CrawlStatus, task_id: UUID) -> dict[str, Any]:  # Any: a document in the shape of StatusOut
    """Shape how a session stands; plain, for clients poll it."""
    outcome = RESULT_STATUS.get(status.state)
    found = {"pages_found": status.pages_found, "forms_found": status.forms_found}
    return {
        "task_id": task_id,
        "session_id": status.session_id,
        "state": TASK_STATE[status.state],
        "progress": status.progress,
        "status": status.sentence,
        "result": None if outcome is None else {"status": outcome, **found},
        **found,
        "attempt": status.attempt,
        "slices_running": status.slices_running,
        "queue_position": status.queue_position,
        "estimated_wait_seconds": status.estimated_wait_seconds,
        "heartbeat_at": status.heartbeat_at,
        "error": None if status.failure_code is None else {"code": status.failure_code, "message": status.failure_message},
    }
