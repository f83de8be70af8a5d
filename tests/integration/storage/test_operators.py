"""What operators do with jobs: look at them, retry, cancel and set them aside, and what follows for their sessions."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from tests.support import workers
from tests.support.sessions import add_jobs, ask, execute, job_now, pass_time, run_out, session_now, take
from tests.support.tenants import Tenant
from typer.testing import CliRunner, Result

from formscout.cli.app import app
from formscout.domain.crawls import CrawlState, FailureReason
from formscout.domain.errors import ConflictError, LeaseLostError, NotFoundError
from formscout.domain.forms import FormPageState
from formscout.domain.ids import CrawlSessionId, JobId
from formscout.domain.jobs import CRASH_PAUSES, MAX_ATTEMPTS, Failed, Job, JobKind, JobState, NewJob, Queue, pause_after
from formscout.domain.pages import SkipReason
from formscout.storage.database import Database
from formscout.usecases import slices
from formscout.usecases.crawls import cancel
from formscout.usecases.jobs import cancel_job, finish_job, list_jobs, reconcile, retry_job, set_job_aside, show_job
from formscout.usecases.unit_of_work import unit_of_work

FIRST = JobId(1)


async def crash(database: Database, queue: Queue, *, times: int) -> Job:
    """Let the job that comes next lose so many workers; returns it as it then stands."""
    for _ in range(times):
        taken = await workers.claim(database, queue)
        if taken.job.kind is JobKind.DISCOVER_SLICE:
            await slices.begin_slice(database, taken)
        await run_out(database, taken)
        await reconcile(database)
        await pass_time(database)
    return await job_now(database, taken.job.id)


async def poison(database: Database, tenant: Tenant) -> tuple[CrawlSessionId, Job]:
    """Ask for a discovery whose slice loses every worker, a page visited and a form page found before; returns the slice's job."""
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"], links=["https://app.example.com/a", "https://app.example.com/b"])
    await run_out(database, taken)
    await reconcile(database)
    return session.id, await crash(database, Queue.DISCOVERY, times=MAX_ATTEMPTS[Queue.DISCOVERY] - 1)


async def test_a_job_that_crashes_again_waits_longer_each_time_up_to_a_bound(database: Database, tenant: Tenant) -> None:
    await add_jobs(database, NewJob(kind=JobKind.CHECK_BUDGET, company_id=tenant.company.id))
    waits = []
    for _ in range(MAX_ATTEMPTS[Queue.BUDGET] - 1):
        await run_out(database, await workers.claim(database, Queue.BUDGET))
        await reconcile(database)
        waits.append(await pause_left(database))
        await pass_time(database)
    assert waits == sorted(waits)
    assert [round(one) for one in waits] == [pause_after(times) for times in range(1, 5)]
    assert pause_after(1000) == CRASH_PAUSES[-1]


async def pause_left(database: Database) -> float:
    """Return for how long the first job waits, as it was written: from its last crash on."""
    async with database.begin() as connection:
        asked = "SELECT extract(epoch FROM job.available_at - (SELECT max(at) FROM job_crash)) FROM job WHERE id = 1"
        return float((await connection.execute(text(asked))).scalar_one())


async def test_a_job_whose_attempts_are_spent_is_set_aside_with_all_that_is_known(database: Database, tenant: Tenant) -> None:
    session_id, _ = await poison(database, tenant)
    job, crashes = await show_job(database, FIRST)
    assert (job.state, job.error_code) == (JobState.SET_ASIDE, "attempts_exhausted")
    assert [(one.attempt, one.worker) for one in crashes] == [(3, "test@host"), (2, "test@host"), (1, "test@host")]
    assert all(one.heartbeat_at is not None and one.heartbeat_at <= one.at for one in crashes)
    assert [one.id for one in await list_jobs(database, state=JobState.SET_ASIDE)] == [job.id]
    failed = await session_now(database, session_id)
    assert failed.state is CrawlState.FAILED
    assert failed.failure is not None
    assert failed.failure.code is FailureReason.ATTEMPTS_EXHAUSTED


async def test_a_retried_slice_takes_its_failed_session_up_where_it_was(database: Database, tenant: Tenant) -> None:
    session_id, job = await poison(database, tenant)
    before = await session_now(database, session_id)
    assert await take(database, Queue.ANALYSIS) is None, "the session's end ended it"
    retried = await retry_job(database, job.id)
    assert (retried.state, retried.attempts, retried.error) == (JobState.QUEUED, 0, None)
    session = await session_now(database, session_id)
    assert (session.state, session.failure, session.ended_at, session.visits) == (CrawlState.RUNNING, None, None, 1)
    assert session.progress == before.progress
    assert session.version > before.version
    taken = await workers.begin(database)
    assert taken.job.id == job.id
    await workers.visit(database, taken)
    await workers.visit(database, taken)
    await workers.end(database, taken)
    await workers.describe(database)
    ended = await session_now(database, session_id)
    assert (ended.state, ended.visits, ended.pages_found, ended.forms_found, ended.progress) == (CrawlState.SUCCEEDED, 3, 1, 1, 100)
    async with unit_of_work(database) as work:
        kinds = [event.kind for event in await work.crawls.events(session_id, after=0)]
    assert [kind for kind in kinds if kind in ("ended", "reopened")] == ["ended", "reopened", "ended"]


async def test_the_time_that_a_failed_session_lay_does_not_count(database: Database, tenant: Tenant) -> None:
    session_id, job = await poison(database, tenant)
    await execute(
        database,
        "UPDATE crawl_session SET started_at = now() - interval '2 days' - interval '7 minutes', ended_at = now() - interval '2 days'",
    )
    await retry_job(database, job.id)
    taken = await workers.begin(database)
    assert await slices.next_page(database, taken) is not None, "7 of 60 minutes are used up"
    assert (await session_now(database, session_id)).stopped_because is None


async def test_a_retried_analysis_reopens_the_session_until_its_page_is_described(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"])
    await workers.end(database, taken)
    job = await crash(database, Queue.ANALYSIS, times=MAX_ATTEMPTS[Queue.ANALYSIS])
    ended = await session_now(database, session.id)
    assert (job.state, ended.state, ended.forms_found) == (JobState.SET_ASIDE, CrawlState.SUCCEEDED, 0)
    await retry_job(database, job.id)
    assert (await session_now(database, session.id)).state is CrawlState.RUNNING
    await workers.describe(database)
    again = await session_now(database, session.id)
    assert (again.state, again.forms_found, again.progress) == (CrawlState.SUCCEEDED, 1, 100)


async def test_a_queued_slice_that_is_cancelled_never_starts_and_its_session_ends(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    assert (await cancel_job(database, FIRST)).state is JobState.CANCELLED
    assert (await session_now(database, session.id)).state is CrawlState.CANCELLED
    assert await take(database, Queue.DISCOVERY) is None
    assert (await cancel_job(database, FIRST)).state is JobState.CANCELLED, "asking again changes nothing"


async def test_a_running_slice_that_is_cancelled_visits_no_further_page(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, links=["https://app.example.com/a"])
    asked = await cancel_job(database, FIRST)
    assert (asked.state, asked.cancel_requested) == (JobState.RUNNING, True)
    assert await slices.next_page(database, taken) is None
    await workers.end(database, taken)
    assert (await session_now(database, session.id)).state is CrawlState.CANCELLED


async def test_a_cancelled_job_whose_worker_dies_is_cancelled_not_set_aside(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await cancel_job(database, FIRST)
    await run_out(database, taken)
    await reconcile(database)
    assert (await job_now(database, FIRST)).state is JobState.CANCELLED
    assert (await session_now(database, session.id)).state is CrawlState.CANCELLED


async def test_a_cancelled_analysis_fails_its_page_alone(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"])
    await workers.end(database, taken)
    await cancel_job(database, JobId(2))
    ended = await session_now(database, session.id)
    assert (ended.state, ended.forms_found) == (CrawlState.SUCCEEDED, 0)
    async with unit_of_work(database) as work:
        (page,) = await work.forms.pages(session.id)
    assert (page.state, page.error_code) == (FormPageState.FAILED, "cancelled")


async def test_a_job_set_aside_stops_its_worker_and_its_session_waits_for_the_retry(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, links=["https://app.example.com/a"])
    assert (await set_job_aside(database, FIRST)).state is JobState.SET_ASIDE
    with pytest.raises(LeaseLostError):
        await slices.next_page(database, taken)
    assert await take(database, Queue.DISCOVERY) is None
    assert (await session_now(database, session.id)).state is CrawlState.RUNNING
    await retry_job(database, FIRST)
    again = await workers.begin(database)
    await workers.visit(database, again)
    await workers.end(database, again)
    assert (await session_now(database, session.id)).state is CrawlState.SUCCEEDED


async def test_pages_that_a_failure_cut_off_are_told_from_those_past_a_limit(database: Database, tenant: Tenant) -> None:
    session_id, _ = await poison(database, tenant)
    async with unit_of_work(database) as work:
        assert await work.frontier.skipped(session_id) == {SkipReason.SESSION_ENDED: 2}


Act = Callable[[Database, JobId], Awaitable[Job]]


async def test_setting_a_cancelled_session_s_slice_aside_ends_the_session(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await cancel(database, tenant.caller, session.task_id)
    await set_job_aside(database, taken.job.id)
    assert (await session_now(database, session.id)).state is CrawlState.CANCELLED


@pytest.mark.parametrize("act", [retry_job, cancel_job, set_job_aside, show_job])
async def test_a_job_that_is_not_there_is_said_so(database: Database, act: Act) -> None:
    with pytest.raises(NotFoundError, match="no job 4711"):
        await act(database, JobId(4711))


@pytest.mark.parametrize(
    ("act", "state", "says"),
    [
        (retry_job, "queued", "waits for a worker already"),
        (retry_job, "running", "is running"),
        (retry_job, "succeeded", "has succeeded"),
        (retry_job, "cancelled", "was cancelled"),
        (cancel_job, "succeeded", "nothing left to cancel"),
        (cancel_job, "failed", "nothing left to cancel"),
        (set_job_aside, "succeeded", "has succeeded"),
        (set_job_aside, "failed", "has failed"),
        (set_job_aside, "cancelled", "was cancelled"),
    ],
)
async def test_what_cannot_be_done_with_a_job_is_said_and_changes_nothing(database: Database, act: Act, state: str, says: str) -> None:
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    await execute(database, "UPDATE job SET state = :state, available_at = now() - interval '1 minute'", state=state)
    before = await job_now(database, FIRST)
    with pytest.raises(ConflictError, match=says):
        await act(database, FIRST)
    assert await job_now(database, FIRST) == before


async def test_a_slice_of_a_session_that_ended_well_or_was_cancelled_is_not_retried(database: Database, tenant: Tenant) -> None:
    session_id, job = await poison(database, tenant)
    for state, says in ((CrawlState.SUCCEEDED, "ended well"), (CrawlState.CANCELLED, "was cancelled")):
        await execute(database, "UPDATE crawl_session SET state = :state WHERE id = :id", state=state, id=session_id)
        with pytest.raises(ConflictError, match=says):
            await retry_job(database, job.id)


async def test_an_analysis_of_a_failed_session_is_retried_after_its_slice(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"], links=["https://app.example.com/a"])
    analysis = await crash(database, Queue.ANALYSIS, times=MAX_ATTEMPTS[Queue.ANALYSIS])
    await finish_job(database, taken, Failed(code=FailureReason.BROWSER_UNAVAILABLE, message="No browser."))
    with pytest.raises(ConflictError, match="retry its slice first"):
        await retry_job(database, analysis.id)
    await retry_job(database, taken.job.id)
    await retry_job(database, analysis.id)
    again = await workers.begin(database)
    await workers.visit(database, again)
    await workers.end(database, again)
    await workers.describe(database)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.visits, ended.forms_found) == (CrawlState.SUCCEEDED, 2, 1)


async def test_operators_and_workers_at_the_same_moment_do_not_wait_for_each_other(database: Database, tenant: Tenant) -> None:
    """All lock the session, then the job: in different orders PostgreSQL would end one of them as a deadlock."""
    for _ in range(5):
        await ask(database, tenant, force=True)
        taken = await workers.begin(database)
        acts = (
            cancel_job(database, taken.job.id),
            set_job_aside(database, taken.job.id),
            workers.end(database, taken),
            reconcile(database),
        )
        done = await asyncio.gather(*acts, return_exceptions=True)
        assert all(one is None or isinstance(one, (Job, int, ConflictError, LeaseLostError)) for one in done)
        await cancel_or_leave(database, taken.job.id)


async def cancel_or_leave(database: Database, job_id: JobId) -> None:
    try:
        await cancel_job(database, job_id)
    except ConflictError:
        return


async def test_the_command_shows_a_job_with_its_crashes_and_does_what_it_is_told(
    database: Database, database_url: str, tenant: Tenant
) -> None:
    await poison(database, tenant)

    async def jobs(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["jobs", *arguments], env={"DATABASE_URL": database_url})

    shown = (await jobs("show", "1")).output
    assert "set_aside" in shown
    assert shown.count("on test@host: it fell silent") == 3
    assert "set_aside" in (await jobs("list", "--state", "set_aside", "--session", "1")).output
    assert (await jobs("retry", "1")).output == "Job 1 is queued.\n"
    refused = await jobs("retry", "1")
    assert isinstance(refused.exception, ConflictError)
    assert (await jobs("set-aside", "1")).output == "Job 1 is set aside.\n"
    assert (await jobs("cancel", "1")).output == "Job 1 is cancelled.\n"
    assert isinstance((await jobs("cancel", "4711")).exception, NotFoundError)
