"""A crawl session from its request to its end, whoever finishes last."""

import asyncio

import pytest
from tests.support import workers
from tests.support.sessions import ask, job_now, rows, run_out, scalar, session_now, take
from tests.support.tenants import Tenant

from formscout.domain.crawls import CrawlState, FailureReason, StopReason
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import FormPage, FormPageState
from formscout.domain.jobs import Claim, Deferred, Failed, Finished, JobState, Queue
from formscout.domain.pages import VisitOutcome
from formscout.storage.database import Database
from formscout.usecases import forms, slices
from formscout.usecases.crawls import cancel
from formscout.usecases.jobs import finish_job, reconcile
from formscout.usecases.unit_of_work import unit_of_work


async def describe(database: Database, claim: Claim) -> None:
    found = await forms.find_work(database, claim)
    assert found is not None
    described = {form.id: workers.description(form.title, purpose="login") for form in found.forms}
    await forms.keep_descriptions(database, claim, found.page, described)
    await workers.end(database, claim)


async def form_pages(database: Database, session_id: int) -> list[FormPage]:
    async with unit_of_work(database) as work:
        return await work.forms.pages(session_id)  # type: ignore[arg-type] # ids are numbers


async def test_a_network_that_is_being_crawled_is_joined_unless_forced(database: Database, tenant: Tenant) -> None:
    first = await ask(database, tenant)
    assert (await ask(database, tenant)).task_id == first.task_id
    taken = await workers.begin(database)
    assert (await ask(database, tenant)).task_id == first.task_id
    forced = await ask(database, tenant, force=True)
    assert forced.task_id != first.task_id
    await workers.visit(database, taken)
    await workers.end(database, taken)
    assert (await ask(database, tenant)).task_id == forced.task_id
    await workers.run_session(database)
    assert (await ask(database, tenant)).id > forced.id


async def test_requests_at_the_same_moment_join_one_session(database: Database, tenant: Tenant) -> None:
    sessions = await asyncio.gather(*(ask(database, tenant) for _ in range(10)))
    assert len({session.id for session in sessions}) == 1
    assert await scalar(database, "SELECT count(*) FROM job") == 1


async def test_analysis_that_finishes_last_ends_the_session(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"])
    await workers.end(database, taken)
    assert (await session_now(database, session.id)).state is CrawlState.RUNNING
    await workers.describe(database)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.forms_found, ended.progress) == (CrawlState.SUCCEEDED, 1, 100)
    assert ended.stopped_because is StopReason.FRONTIER_EMPTY


async def test_discovery_that_finishes_last_ends_the_session(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"])
    await workers.describe(database)
    assert (await session_now(database, session.id)).state is CrawlState.RUNNING
    await workers.end(database, taken)
    assert (await session_now(database, session.id)).state is CrawlState.SUCCEEDED


@pytest.mark.parametrize("attempt", range(5))
async def test_finishers_at_the_same_moment_end_the_session_once(database: Database, tenant: Tenant, attempt: int) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    titles = ["Sign in"] if attempt % 2 else ["Sign in", "Search"]
    await workers.visit(database, taken, titles=titles, links=[f"https://app.example.com/{number}" for number in range(5)])
    for number in range(5):
        await workers.visit(database, taken, titles=[f"Form {number}"])
    analyses = [await workers.claim(database, Queue.ANALYSIS) for _ in range(6)]
    await asyncio.gather(workers.end(database, taken), *(describe(database, one) for one in analyses))
    ended = await session_now(database, session.id)
    assert (ended.state, ended.pages_found, ended.forms_found) == (CrawlState.SUCCEEDED, 6, 5 + len(titles))
    assert await scalar(database, "SELECT count(*) FROM session_event WHERE kind = 'ended'") == 1
    assert await rows(database, "SELECT DISTINCT state FROM job") == [("succeeded",)]


@pytest.mark.parametrize(
    ("outcomes", "stopped"),
    [
        ("OUUU", StopReason.APPLICATION_DOWN),
        ("OOUNU", StopReason.APPLICATION_DOWN),
        ("OUU", StopReason.APPLICATION_DOWN),  # a small application: the two after the first decide
        ("OU", StopReason.FRONTIER_EMPTY),  # a single page may be broken by itself
        ("OOUU", StopReason.FRONTIER_EMPTY),
        ("OUUUO", StopReason.FRONTIER_EMPTY),  # it came back
        ("OHHH", StopReason.FRONTIER_EMPTY),  # errors are answers
    ],
)
async def test_an_application_that_was_gone_in_the_end_is_no_frontier_that_ran_empty(
    database: Database, tenant: Tenant, outcomes: str, stopped: StopReason
) -> None:
    kinds = {"O": VisitOutcome.OK, "U": VisitOutcome.UNREACHABLE, "N": VisitOutcome.ADDRESS_UNRESOLVED, "H": VisitOutcome.HTTP_ERROR}
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    links = [f"https://app.example.com/{number}" for number in range(len(outcomes) - 1)]
    await workers.visit(database, taken, titles=["Sign in"], links=links)
    for letter in outcomes[1:]:
        await workers.visit(database, taken, outcome=kinds[letter])
    await workers.end(database, taken)
    await workers.describe(database)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.forms_found, ended.stopped_because) == (CrawlState.SUCCEEDED, 1, stopped)
    assert ("stopped answering" in ended.sentence) is (stopped is StopReason.APPLICATION_DOWN)


async def test_a_form_page_that_fails_does_not_hold_the_session_up(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"])
    await workers.end(database, taken)
    await finish_job(database, await workers.claim(database, Queue.ANALYSIS), Failed(code="snapshot_damaged", message="Gone."))
    assert (await session_now(database, session.id)).state is CrawlState.SUCCEEDED
    assert [(page.state, page.error_code) for page in await form_pages(database, session.id)] == [
        (FormPageState.FAILED, "snapshot_damaged"),
    ]


async def test_a_slice_that_cannot_go_on_fails_the_session_with_its_work(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"], links=["https://app.example.com/a"])
    analysis = await workers.claim(database, Queue.ANALYSIS)
    await finish_job(database, taken, Failed(code=FailureReason.SIGN_IN_FAILED, message="The application did not let us in."))
    ended = await session_now(database, session.id)
    assert ended.state is CrawlState.FAILED
    assert ended.failure is not None
    assert ended.failure.code is FailureReason.SIGN_IN_FAILED
    with pytest.raises(LeaseLostError):
        await describe(database, analysis)
    assert await take(database, Queue.DISCOVERY) is None


async def test_a_session_that_waits_is_cancelled_at_once(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    assert (await cancel(database, tenant.caller, session.task_id)).state is CrawlState.CANCELLED
    assert await take(database, Queue.DISCOVERY) is None
    assert (await cancel(database, tenant.caller, session.task_id)).state is CrawlState.CANCELLED
    assert await scalar(database, "SELECT count(*) FROM session_event WHERE kind = 'ended'") == 1


async def test_a_session_that_runs_is_cancelled_after_the_visit_in_hand(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"], links=["https://app.example.com/a", "https://app.example.com/b"])
    page = await slices.next_page(database, taken)
    assert page is not None
    assert (await cancel(database, tenant.caller, session.task_id)).state is CrawlState.RUNNING
    async with unit_of_work(database) as work:
        assert await work.jobs.renew(taken), "the heartbeat tells the worker"
    assert await slices.next_page(database, taken) is None
    await finish_job(database, taken, Finished())
    ended = await session_now(database, session.id)
    assert (ended.state, ended.pages_found) == (CrawlState.CANCELLED, 1)
    assert await take(database, Queue.DISCOVERY) is None
    assert await take(database, Queue.ANALYSIS) is None


async def test_a_running_session_whose_slice_waits_is_cancelled_at_once(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, links=["https://app.example.com/a"])
    await workers.end(database, taken)
    assert (await cancel(database, tenant.caller, session.task_id)).state is CrawlState.CANCELLED
    assert await take(database, Queue.DISCOVERY) is None


async def test_a_cancelled_session_whose_worker_died_ends_without_another_slice(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await cancel(database, tenant.caller, session.task_id)
    await run_out(database, taken)
    await reconcile(database)
    assert (await session_now(database, session.id)).state is CrawlState.CANCELLED
    assert await take(database, Queue.DISCOVERY) is None


async def test_a_cancelled_session_does_not_wait_for_a_slice_that_is_put_off(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await cancel(database, tenant.caller, session.task_id)
    await finish_job(database, taken, Deferred(seconds=3600, reason="later"))
    assert (await session_now(database, session.id)).state is CrawlState.CANCELLED
    assert (await job_now(database, taken.job.id)).state is JobState.CANCELLED


async def test_no_page_is_open_in_a_session_that_was_cancelled(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    await cancel(database, tenant.caller, session.task_id)
    assert await rows(database, "SELECT pages_open, pages_known FROM crawl_session") == [(0, 1)]


async def test_cancelling_and_visiting_at_the_same_moment_do_not_wait_for_each_other(database: Database, tenant: Tenant) -> None:
    """Both write the session and its slice: in different orders PostgreSQL would end one of them as a deadlock."""
    for _ in range(5):
        session = await ask(database, tenant)
        taken = await workers.begin(database)

        async def visit(claim: Claim = taken) -> None:
            for _ in range(8):
                page = await slices.next_page(database, claim)
                if page is None:
                    return
                await slices.say(database, claim, "Visiting…")
                await slices.give_page_back(database, claim, page)

        await asyncio.gather(*(visit() for _ in range(4)), *(cancel(database, tenant.caller, session.task_id) for _ in range(3)))
        await workers.end(database, taken)
        assert (await session_now(database, session.id)).state is CrawlState.CANCELLED
