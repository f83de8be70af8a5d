"""What follows when a job ends: on its session, its form page, and the next slice."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Final

from formscout.domain.crawls import CrawlSession, CrawlState, Failure, FailureReason
from formscout.domain.errors import ConflictError, LeaseLostError, NotFoundError
from formscout.domain.forms import FormPageState
from formscout.domain.ids import CompanyId, CrawlSessionId, JobId
from formscout.domain.jobs import MAX_ATTEMPTS, Claim, Crash, Deferred, Failed, Finished, Job, JobKind, JobState, NewJob, Outcome, Queue
from formscout.storage.database import Database
from formscout.usecases.crawls import cancel_session, end_session, settle_session, stop_session
from formscout.usecases.scaling import hand_over, slices_at_work
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

CANCELLED: Final = "cancelled"
BY_OPERATOR: Final = "by_operator"
"""Codes of jobs that ended by request."""

OF_THE_WORKER: Final = frozenset({FailureReason.ATTEMPTS_EXHAUSTED, FailureReason.BROWSER_UNAVAILABLE})
"""Failures of a slice that say something about its machine, not about the session: a page that kills its workers is set down before it
spends a slice's attempts. Everything else, a refused sign-in above all, another slice would only try once more."""

_IS: Final = {
    JobState.RUNNING: "is running",
    JobState.SUCCEEDED: "has succeeded",
    JobState.FAILED: "has failed",
    JobState.CANCELLED: "was cancelled",
}


async def finish_job(database: Database, claim: Claim, outcome: Outcome) -> None:
    """End a claimed job, or put it back, with all that follows, in one transaction. Raises `LeaseLostError`.

    Whoever finishes anything of a session locks the session's row first, so that the last finisher ends the session.
    """
    job = claim.job
    async with unit_of_work(database) as work:
        cancelled = job.session_id is not None and (await work.crawls.lock(job.session_id)).cancel_requested
        match outcome:
            case Deferred() if cancelled:  # there is nothing to wait for
                await work.jobs.end(claim, JobState.CANCELLED)
                await _go_on(work, job)
            case Deferred(seconds=seconds, reason=reason):
                await work.jobs.put_back(claim, seconds=seconds, reason=reason)
                if job.kind is JobKind.DISCOVER_SLICE:
                    await work.frontier.give_all_back(claim)
            case Finished():
                await work.jobs.end(claim, JobState.SUCCEEDED)
                await _go_on(work, job)
            case Failed(code=code, message=message):
                await work.jobs.end(claim, JobState.FAILED, code=code, message=message)
                await _after_failure(work, job, code=code, message=message)


async def reconcile(database: Database) -> int:
    """Queue every job again whose worker fell silent, an attempt spent; set aside those whose attempts are spent, end what was cancelled.

    Returns how many ended so. Each end is a transaction of its own: it takes the session's lock before the job's.
    """
    spent: list[Job] = []
    async with unit_of_work(database) as work:
        for queue in Queue:
            spent += await work.jobs.requeue_expired(queue=queue, max_attempts=MAX_ATTEMPTS[queue])
    ended = 0
    for job in spent:
        with suppress(LeaseLostError):  # it ended meanwhile, its session with it, or another leader ends it
            await _give_up(database, job)
            ended += 1
    return ended


async def list_jobs(
    database: Database,
    *,
    queue: Queue | None = None,
    state: JobState | None = None,
    company_id: CompanyId | None = None,
    session_id: CrawlSessionId | None = None,
    after: int = 0,
    limit: int = 100,
) -> list[Job]:
    """Return jobs of every company, for operators; a filter that is None lets all pass."""
    async with unit_of_work(database) as work:
        return await work.jobs.page(queue=queue, state=state, company_id=company_id, session_id=session_id, after=after, limit=limit)


async def show_job(database: Database, job_id: JobId) -> tuple[Job, list[Crash]]:
    """Return a job and its latest crashes, for operators. Raises `NotFoundError`."""
    async with unit_of_work(database) as work:
        job = await work.jobs.find(job_id)
        if job is None:
            raise NotFoundError("job", job_id)
        return job, await work.jobs.crashes(job_id)


async def retry_job(database: Database, job_id: JobId) -> Job:
    """Let a job that failed, was set aside, or waits for a later time run as soon as a worker is free, with all its attempts.

    A slice's session that failed goes on where it was: FAILURE becomes PROGRESS again, under the same ids, and ends once more. A form page
    that failed waits for its description again; a session that succeeded without it is in PROGRESS until then.
    Raises `NotFoundError`, and `ConflictError` where there is nothing to retry.
    """
    async with _in_hand(database, job_id) as (work, job, session):
        if job.state is JobState.QUEUED and job.available_at <= datetime.now(UTC):
            raise ConflictError(f"Job {job.id} waits for a worker already; it starts as soon as one is free.")
        if job.state in (JobState.RUNNING, JobState.SUCCEEDED, JobState.CANCELLED):
            raise ConflictError(f"Job {job.id} {_IS[job.state]}; only a job that failed, was set aside, or waits for later can be retried.")
        if session is not None:
            await _reopen(work, job, session)
        await work.jobs.requeue(job.id)
        return await _job(work, job.id)


async def cancel_job(database: Database, job_id: JobId) -> Job:
    """Cancel a job: one that waits never starts, a slice that runs stops within a visit. A slice's whole session is cancelled with it.

    Asking again changes nothing. Raises `NotFoundError`, and `ConflictError` for one that ended otherwise.
    """
    async with _in_hand(database, job_id) as (work, job, session):
        if job.state in (JobState.SUCCEEDED, JobState.FAILED):
            raise ConflictError(f"Job {job.id} {_IS[job.state]}; there is nothing left to cancel.")
        if job.state is JobState.RUNNING:
            await work.jobs.request_cancel_of(job.id)
        elif job.state is not JobState.CANCELLED:
            await work.jobs.take_out(job.id, JobState.CANCELLED, code=CANCELLED, message="Cancelled by an operator.")
        if session is not None and not session.state.is_final and job.state is not JobState.CANCELLED:
            if job.kind is JobKind.DISCOVER_SLICE:
                await cancel_session(work, session)
            elif job.state is not JobState.RUNNING:
                await _after_failure(work, job, code=CANCELLED, message="Cancelled by an operator.")
        return await _job(work, job.id)


async def set_job_aside(database: Database, job_id: JobId) -> Job:
    """Take a job out until an operator retries or cancels it; a worker that has it in hand stops. Its session waits meanwhile.

    Raises `NotFoundError`, and `ConflictError` for a job that has ended.
    """
    async with _in_hand(database, job_id) as (work, job, session):
        if job.state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED):
            raise ConflictError(f"Job {job.id} {_IS[job.state]}; only a job that waits or runs can be set aside.")
        if job.state is not JobState.SET_ASIDE:
            await work.jobs.take_out(job.id, JobState.SET_ASIDE, code=BY_OPERATOR, message="Set aside by an operator.")
            if session is not None and session.cancel_requested:
                await settle_session(work, session.id)  # it waited for this job's worker alone
        return await _job(work, job.id)


@asynccontextmanager
async def _in_hand(database: Database, job_id: JobId) -> AsyncIterator[tuple[UnitOfWork, Job, CrawlSession | None]]:
    """Lock a job's session, then the job, as everybody does; all of the block is one transaction."""
    async with unit_of_work(database) as work:
        found = await work.jobs.find(job_id)
        if found is None:
            raise NotFoundError("job", job_id)
        session = None if found.session_id is None else await work.crawls.lock(found.session_id)
        job = await work.jobs.lock(job_id)
        if job is None:
            raise NotFoundError("job", job_id)
        yield work, job, session


async def _job(work: UnitOfWork, job_id: JobId) -> Job:
    job = await work.jobs.find(job_id)
    assert job is not None, "it is locked"
    return job


async def _reopen(work: UnitOfWork, job: Job, session: CrawlSession) -> None:
    """Let a job's session go on, so that the job has something to work for."""
    if session.state is CrawlState.CANCELLED:
        raise ConflictError(f"Session {session.id} of job {job.id} was cancelled; ask for a new discovery instead.")
    if job.kind is JobKind.DISCOVER_SLICE and session.state is CrawlState.SUCCEEDED:
        raise ConflictError(f"Session {session.id} of job {job.id} ended well without it; ask for a new discovery instead.")
    if job.kind is JobKind.ANALYZE_FORM_PAGE:
        assert job.form_page_id is not None, "an analysis job names its form page"
        if session.state is CrawlState.FAILED:
            raise ConflictError(f"Session {session.id} of job {job.id} failed; retry its slice first (`formscout jobs list --session`).")
        if await work.forms.reopen_page(job.form_page_id) and not session.state.is_final:
            await work.crawls.count(session.id, form_pages_open=1)
    if session.state.is_final:
        await work.frontier.reopen(session.id)
        await work.crawls.reopen(session.id, sentence="Taken up again by an operator; waiting for a worker…")
        await work.crawls.note(session.id, "reopened", {"job": job.id})
        waiting = [page.id for page in await work.forms.pages(session.id) if page.state is FormPageState.PENDING]
        await work.jobs.add(
            [
                NewJob(
                    kind=JobKind.ANALYZE_FORM_PAGE,
                    company_id=job.company_id,
                    session_id=session.id,
                    form_page_id=one,
                    trace_parent=job.trace_parent,
                )
                for one in waiting
                if one != job.form_page_id
            ]
        )


async def _give_up(database: Database, job: Job) -> None:
    """End a job that shall not run again, with what follows: set aside, or cancelled if that was asked for. Raises `LeaseLostError`."""
    message = f"The worker died {job.attempts} times on this job; its log has the reason."
    async with unit_of_work(database) as work:
        if job.session_id is not None:
            await work.crawls.lock(job.session_id)
        if job.cancel_requested:
            await work.jobs.end(Claim(job=job), JobState.CANCELLED, code=CANCELLED, message="Cancelled; its worker died before it stopped.")
            await _after_failure(work, job, code=CANCELLED, message=message)
        else:
            await work.jobs.end(Claim(job=job), JobState.SET_ASIDE, code=FailureReason.ATTEMPTS_EXHAUSTED, message=message)
            await _after_failure(work, job, code=FailureReason.ATTEMPTS_EXHAUSTED, message=message)


async def _go_on(work: UnitOfWork, job: Job) -> None:
    if job.session_id is None:
        return
    if job.kind is JobKind.DISCOVER_SLICE:
        session = await work.crawls.lock(job.session_id)
        if session.stopped_because is not None:
            await stop_session(work, session.id, session.stopped_because)  # a page that was leased then, and whose slice died, is free now
        elif not session.cancel_requested:
            pages_open, _ = await work.crawls.open_work(session.id)
            await hand_over(work, session, pages_open=pages_open)
    await settle_session(work, job.session_id)


async def _after_failure(work: UnitOfWork, job: Job, *, code: str, message: str) -> None:
    if job.session_id is None:
        return
    if (await work.crawls.lock(job.session_id)).cancel_requested:
        await settle_session(work, job.session_id)
    elif job.kind is JobKind.DISCOVER_SLICE and code in OF_THE_WORKER and await slices_at_work(work, job.session_id):
        return  # another slice goes on: it takes up the pages of this one, too, and the last to end ends the session
    elif job.kind is JobKind.DISCOVER_SLICE:
        failure = Failure(code=FailureReason(code), message=message)
        await end_session(work, job.session_id, CrawlState.FAILED, sentence=message, failure=failure)
    elif job.kind is JobKind.ANALYZE_FORM_PAGE and job.form_page_id is not None:
        if await work.forms.end_page(job.form_page_id, FormPageState.FAILED, code=code):
            await work.crawls.count(job.session_id, form_pages_open=-1)
        await settle_session(work, job.session_id)
