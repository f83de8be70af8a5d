"""The execution of jobs: a message came, so claim the fairest runnable job, run it under a lease, end it once, and claim on for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from formscout.domain.errors import LeaseLostError, StoreUnavailableError
from formscout.domain.jobs import LEASE_SECONDS, Claim, Deferred, Failed, Job, JobKind, Outcome, Queue
from formscout.queueing.heartbeat import Heart, Pulse
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.telemetry import metrics, traces
from formscout.telemetry.spans import Attributes

Handler = Callable[[Claim, Pulse], Awaitable[Outcome]]
"""Does a job's work and says how it ended; anything it raises counts as a crash of the worker."""

Finish = Callable[[Claim, Outcome], Awaitable[None]]
"""Writes a job's end with all that follows, in one transaction."""

CLAIM_ON_SECONDS: Final = 20.0
"""For how long after a message came its worker goes on claiming.

A message costs as much as two jobs that do nothing; among 20 s of them that is nothing. And no heartbeat touches the message between
short jobs, so it must be well below every visibility timeout and time limit.
"""

STORE_PAUSE_SECONDS: Final = 5.0
"""Before a job that a store went away under is tried again: as long as a PostgreSQL takes to restart."""

STORE_LOOK_SECONDS: Final = 0.5
"""Between two tries to put such a job back while the database itself is away."""

_WELL: Final = frozenset({"finished", "deferred"})
"""Outcomes that are no failure."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs the jobs of one queue in one process."""

    queue: Queue
    worker: str  # shown beside the jobs that it runs
    database: Database
    heart: Heart
    finish: Finish
    handlers: Mapping[JobKind, Handler] = field(default_factory=dict)
    draining: Callable[[], bool] = lambda: False
    lease_seconds: float = LEASE_SECONDS
    cap: int | None = None  # jobs that a company may have running on the queue, where it has no cap of its own
    claim_on_seconds: float = CLAIM_ON_SECONDS

    async def answer(self, *, delivery_tag: str | None = None) -> int:
        """Answer a message: run the fairest runnable job, and on, until none is left, the worker drains, or the time for it is over.

        Returns how many ran. After a long job nothing more is taken. A stray or duplicate message finds nothing and costs one look.
        """
        ends = time.monotonic() + self.claim_on_seconds
        ran = 0
        while not self.draining() and (ran == 0 or time.monotonic() < ends):
            # One statement, and no transaction held open: claims of a queue wait for each other.
            async with self.database.look() as connection:
                jobs = JobStore(connection)
                claim = await jobs.claim(self.queue, worker=self.worker, cap=self.cap, lease_seconds=self.lease_seconds)
            metrics.ANSWERS.inc(queue=self.queue, found="nothing" if claim is None else "job")
            if claim is None:
                break
            await self._run(claim, delivery_tag)
            ran += 1
        return ran

    async def _run(self, claim: Claim, delivery_tag: str | None) -> None:
        job = claim.job
        _count_start(job)
        with (
            traces.job_span(job.trace_parent, f"job {job.kind}", _told(job, self.worker), link=job.trace_link),
            structlog.contextvars.bound_contextvars(job_id=job.id, kind=job.kind, session_id=job.session_id, company_id=job.company_id),
        ):
            try:
                async with self.heart.watching(claim, delivery_tag=delivery_tag) as pulse:
                    began = time.monotonic()
                    outcome = await self.handlers[job.kind](claim, pulse)
                    await self.finish(claim, outcome)
                metrics.JOB_RUN.observe(time.monotonic() - began, queue=job.queue, kind=job.kind)
                _count_end(job, type(outcome).__name__.lower(), _code_of(outcome))
                _log.info("The job ended", outcome=type(outcome).__name__.lower(), seconds=round(time.monotonic() - began, 2))
            except LeaseLostError:
                _count_lost(job)
                _log.warning("Another worker holds this job now; nothing more is written")
            except asyncio.CancelledError:
                # Only the heartbeat cancels, and it means this job: the next one starts without it.
                task = asyncio.current_task()
                assert task is not None, "a job runs in a task"
                task.uncancel()
                _count_lost(job)
                _log.warning("The job was stopped, its lease being lost or about to end")
            except StoreUnavailableError as error:
                _count_end(job, "put_back", error.code)
                _log.warning("A store went away under the job; it is put back, no attempt spent", error=error.message)
                await self._put_back(claim)
            except Exception as error:  # noqa: BLE001 a door: whatever broke, the next job must not suffer from it
                _count_end(job, "crashed")
                _log.exception("The job crashed")
                await self._abandon(claim, error)

    async def _put_back(self, claim: Claim) -> None:
        """Queue the job again as soon as the database answers; when it is away for longer than the lease, that runs out by itself."""
        ends = time.monotonic() + claim.lease_seconds
        while time.monotonic() < ends and not self.draining():
            try:
                await self.finish(claim, Deferred(seconds=STORE_PAUSE_SECONDS, reason=StoreUnavailableError.code))
            except LeaseLostError:
                return  # it was long enough
            except StoreUnavailableError:
                await asyncio.sleep(STORE_LOOK_SECONDS)
            else:
                return

    async def _abandon(self, claim: Claim, error: Exception) -> None:
        try:
            async with self.database.begin() as connection:
                await JobStore(connection).abandon(claim, f"{type(error).__name__}: the worker's log has the trace.")
        except Exception:  # noqa: BLE001 the same door: the lease runs out by itself if the database is away
            _log.exception("The crash could not be written down")


def _told(job: Job, worker: str) -> Attributes | None:
    """Return what a job's span says of it."""
    if not traces.is_on():
        return None
    return {
        "formscout.job.id": job.id,
        "formscout.job.kind": job.kind,
        "formscout.job.attempt": job.attempts + 1,
        "formscout.job.waited_seconds": round(_waited(job), 3),
        "formscout.session.id": job.session_id,
        "formscout.company.id": job.company_id,
        "formscout.form_page.id": job.form_page_id,
        "formscout.worker": worker,
        "messaging.destination.name": job.queue,
    }


def _waited(job: Job) -> float:
    return max(0.0, (datetime.now(UTC) - job.available_at).total_seconds())


def _count_start(job: Job) -> None:
    metrics.JOB_WAIT.observe(_waited(job), queue=job.queue, kind=job.kind)
    metrics.JOB_STARTS.inc(queue=job.queue, kind=job.kind, attempt=str(job.attempts + 1))


def _count_end(job: Job, outcome: str, code: str = "none") -> None:
    metrics.JOB_ENDS.inc(queue=job.queue, kind=job.kind, outcome=outcome, code=metrics.code_label(code))
    traces.note({"formscout.job.outcome": outcome})
    if outcome not in _WELL:
        traces.fail(outcome if code == "none" else code)


def _count_lost(job: Job) -> None:
    metrics.LEASES_LOST.inc(queue=job.queue)
    _count_end(job, "lost", LeaseLostError.code)


def _code_of(outcome: Outcome) -> str:
    match outcome:
        case Failed(code=code) | Deferred(reason=code):
            return code
        case _:
            return "none"
