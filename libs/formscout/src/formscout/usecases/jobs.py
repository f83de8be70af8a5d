"""What follows when a job ends: on its session, its form page, and the next slice."""

from contextlib import suppress

from formscout.domain.crawls import CrawlState, Failure, FailureReason
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import FormPageState
from formscout.domain.ids import JobId
from formscout.domain.jobs import MAX_ATTEMPTS, Claim, Deferred, Failed, Finished, Job, JobKind, JobState, Outcome, Queue
from formscout.storage.database import Database
from formscout.usecases.crawls import end_session, settle_session, stop_session
from formscout.usecases.scaling import hand_over
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work


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
            case Finished():
                await work.jobs.end(claim, JobState.SUCCEEDED)
                await _go_on(work, job)
            case Failed(code=code, message=message):
                await work.jobs.end(claim, JobState.FAILED, code=code, message=message)
                await _after_failure(work, job, code=code, message=message)


async def reconcile(database: Database) -> int:
    """Queue every job again whose worker fell silent, an attempt spent; fail those whose attempts are spent, or that were to be cancelled.

    Returns how many ended so. Each failure is a transaction of its own: it takes the session's lock before the job's.
    """
    spent: list[Job] = []
    async with unit_of_work(database) as work:
        for queue in Queue:
            spent += await work.jobs.requeue_expired(queue=queue, max_attempts=MAX_ATTEMPTS[queue])
    failed = 0
    for job in spent:
        message = f"The worker died {job.attempts} times on this job; its log has the reason."
        with suppress(LeaseLostError):  # it ended meanwhile, its session with it, or another leader fails it
            await finish_job(database, Claim(job=job), Failed(code=FailureReason.ATTEMPTS_EXHAUSTED, message=message))
            failed += 1
    return failed


async def list_jobs(database: Database, *, queue: Queue | None, state: JobState | None, after: int = 0, limit: int = 100) -> list[Job]:
    """Return jobs of every company, for operators."""
    async with unit_of_work(database) as work:
        return await work.jobs.page(queue=queue, state=state, after=after, limit=limit)


async def find_job(database: Database, job_id: JobId) -> Job | None:
    """Return a job, for operators."""
    async with unit_of_work(database) as work:
        return await work.jobs.find(job_id)


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
    elif job.kind is JobKind.DISCOVER_SLICE:
        failure = Failure(code=FailureReason(code), message=message)
        await end_session(work, job.session_id, CrawlState.FAILED, sentence=message, failure=failure)
    elif job.kind is JobKind.ANALYZE_FORM_PAGE and job.form_page_id is not None:
        if await work.forms.end_page(job.form_page_id, FormPageState.FAILED, code=code):
            await work.crawls.count(job.session_id, form_pages_open=-1)
        await settle_session(work, job.session_id)
