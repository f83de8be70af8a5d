"""Jobs: claimed once, fenced, leased, and counted by their crashes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.support import workers
from tests.support.sessions import add_jobs, ask, execute, job_now, pass_time, run_out, scalar, session_now, take
from tests.support.tenants import Tenant

from formscout.domain.crawls import CrawlState, FailureReason, StopReason
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import FormPageState
from formscout.domain.jobs import MAX_ATTEMPTS, Claim, Deferred, Failed, Finished, JobKind, JobState, NewJob, Queue
from formscout.domain.pages import SkipReason
from formscout.storage.database import Database
from formscout.usecases import forms, slices
from formscout.usecases.jobs import finish_job, reconcile
from formscout.usecases.unit_of_work import unit_of_work

FAR = 10**6
"""Seconds in which no test ends."""


async def test_twenty_claimers_take_two_hundred_jobs_each_once(database: Database) -> None:
    await add_jobs(database, *[NewJob(kind=JobKind.RESET_BUDGETS)] * 200)

    async def claim_all() -> list[int]:
        taken: list[int] = []
        while (claim := await take(database, Queue.BUDGET)) is not None:
            taken.append(claim.job.id)
        return taken

    batches = await asyncio.gather(*(claim_all() for _ in range(20)))
    claims = [one for taken in batches for one in taken]
    assert sorted(claims) == list(range(1, 201))
    assert await scalar(database, "SELECT count(*) FROM job WHERE state = 'running' AND fence = 1") == 200


async def test_the_company_with_the_least_in_hand_comes_first(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    many, few = tenant.company.id, stranger.company.id
    kinds = [NewJob(kind=JobKind.CHECK_BUDGET, company_id=company) for company in (many, many, many, many, few, few)]
    await add_jobs(database, *kinds)
    order = [claim.job.company_id for _ in range(6) if (claim := await take(database, Queue.BUDGET))]
    assert order == [many, few, many, few, many, many]


async def test_the_oldest_job_of_a_company_comes_first(database: Database) -> None:
    await add_jobs(database, *[NewJob(kind=JobKind.RESET_BUDGETS)] * 3)
    assert [claim.job.id for _ in range(3) if (claim := await take(database, Queue.BUDGET))] == [1, 2, 3]


async def test_a_queue_gives_only_its_own_jobs(database: Database) -> None:
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    assert await take(database, Queue.ANALYSIS) is None
    assert await take(database, Queue.DISCOVERY) is None


STALE_WRITES: dict[str, Callable[[Database, Claim], Awaitable[object]]] = {
    "finished": lambda database, claim: finish_job(database, claim, Finished()),
    "failed": lambda database, claim: finish_job(database, claim, Failed(code=FailureReason.UNREACHABLE, message="Gone.")),
    "deferred": lambda database, claim: finish_job(database, claim, Deferred(seconds=1, reason="later")),
    "begun": slices.begin_slice,
    "next page": slices.next_page,
    "said": lambda database, claim: slices.say(database, claim, "Late."),
    "stopped": lambda database, claim: slices.stop_visiting(database, claim, StopReason.APPLICATION_DOWN),
}


@pytest.mark.parametrize("write", STALE_WRITES.values(), ids=STALE_WRITES.keys())
async def test_a_stale_claim_writes_nothing(database: Database, tenant: Tenant, write: Callable[..., Awaitable[object]]) -> None:
    session = await ask(database, tenant)
    stale = await workers.begin(database)
    await run_out(database, stale)
    await reconcile(database)
    held = await workers.begin(database)
    before = await everything(database)
    with pytest.raises(LeaseLostError):
        await write(database, stale)
    assert await everything(database) == before
    assert held.fence > stale.fence
    assert (await session_now(database, session.id)).state is CrawlState.RUNNING


async def everything(database: Database) -> list[str]:
    """Return the rows that a slice writes, as text."""
    return [
        await scalar(database, f"SELECT coalesce(string_agg(it::text, ';' ORDER BY it::text), '') FROM {table} it")  # noqa: S608 (ours)
        for table in ("job", "crawl_session", "frontier_page", "visit", "form_page", "session_event")
    ]


async def test_a_stale_visit_is_not_written(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    stale = await workers.begin(database)
    page = await slices.next_page(database, stale)
    assert page is not None
    await run_out(database, stale)
    await reconcile(database)
    await workers.begin(database)
    before = await everything(database)
    for write in (slices.give_page_back(database, stale, page), slices.skip_page(database, stale, page, SkipReason.ROBOTS)):
        with pytest.raises(LeaseLostError):
            await write
    assert await everything(database) == before


async def test_a_slice_whose_lease_ran_out_takes_no_page_though_nobody_saw_it_yet(database: Database, tenant: Tenant) -> None:
    """Its own pages are free by then: it would visit them twice."""
    await ask(database, tenant)
    claim = await workers.begin(database)
    await slices.next_page(database, claim)
    await run_out(database, claim)
    with pytest.raises(LeaseLostError):
        await slices.next_page(database, claim)


async def test_renewing_keeps_the_lease_and_tells_of_a_cancel(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    await run_out(database, claim)
    async with unit_of_work(database) as work:
        assert not await work.jobs.renew(claim)
        await work.jobs.request_cancel(slices.session_of(claim))
        assert await work.jobs.renew(claim)
    assert await reconcile(database) == 0
    assert (await job_now(database, claim.job.id)).attempts == 0


async def test_a_slice_that_is_put_back_gives_its_pages_back_their_attempts_not_spent(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    page = await slices.next_page(database, claim)
    assert page is not None
    await finish_job(database, claim, Deferred(seconds=0, reason="store_unavailable"))
    again = await slices.next_page(database, await workers.begin(database))
    assert again is not None
    assert (again.id, again.session_id, again.attempts) == (page.id, session.id, 1)
    with pytest.raises(LeaseLostError):
        await slices.skip_page(database, claim, page, SkipReason.LIMIT)


async def test_a_page_that_is_tried_again_has_spent_an_attempt(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    page = await slices.next_page(database, claim)
    assert page is not None
    await slices.try_page_again(database, claim, page)
    again = await slices.next_page(database, claim)
    assert again is not None
    assert (again.id, again.attempts) == (page.id, 2)


async def test_a_lease_and_its_renewals_last_as_long_as_the_claim_asks(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    left = "SELECT extract(epoch FROM lease_until - now()) FROM job"
    async with unit_of_work(database) as work:
        claim = await work.jobs.claim(Queue.DISCOVERY, worker="test@host", lease_seconds=7_000)
    assert claim is not None
    assert 6_000 < await scalar(database, left) <= 7_000
    await run_out(database, claim)
    async with unit_of_work(database) as work:
        await work.jobs.renew(claim)
    assert 6_000 < await scalar(database, left) <= 7_000


async def test_a_lease_that_ran_out_is_queued_again_an_attempt_spent(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    await run_out(database, claim)
    assert await reconcile(database) == 0
    again = await job_now(database, claim.job.id)
    assert (again.state, again.attempts) == (JobState.QUEUED, 1)
    assert (await workers.claim(database, Queue.DISCOVERY)).job.id == claim.job.id


async def test_a_lease_that_holds_is_left_alone(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    await reconcile(database)
    assert (await job_now(database, claim.job.id)).state is JobState.RUNNING


async def test_a_session_whose_slice_spent_its_attempts_fails(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    for _ in range(MAX_ATTEMPTS[Queue.DISCOVERY]):
        assert (await session_now(database, session.id)).state in (CrawlState.QUEUED, CrawlState.RUNNING)
        await run_out(database, await workers.begin(database))
        await reconcile(database)
        await pass_time(database)
    ended = await session_now(database, session.id)
    assert ended.state is CrawlState.FAILED
    assert ended.failure is not None
    assert ended.failure.code is FailureReason.ATTEMPTS_EXHAUSTED
    assert await take(database, Queue.DISCOVERY) is None


async def test_a_form_page_whose_analysis_spent_its_attempts_fails_and_the_session_succeeds(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    slice_claim = await workers.begin(database)
    await workers.visit(database, slice_claim, titles=["Sign in"])
    await workers.end(database, slice_claim)
    for _ in range(MAX_ATTEMPTS[Queue.ANALYSIS]):
        await run_out(database, await workers.claim(database, Queue.ANALYSIS))
        await reconcile(database)
        await pass_time(database)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.pages_found, ended.forms_found, ended.progress) == (CrawlState.SUCCEEDED, 1, 0, 100)
    async with unit_of_work(database) as work:
        (page,) = await work.forms.pages(session.id)
    assert (page.state, page.error_code) == (FormPageState.FAILED, "attempts_exhausted")


async def test_a_finished_visit_resets_the_count(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    for round_ in range(2 * MAX_ATTEMPTS[Queue.DISCOVERY]):
        claim = await workers.begin(database)
        await workers.visit(database, claim, links=[f"https://app.example.com/{round_}"])
        await run_out(database, claim)
        await reconcile(database)
    assert (await session_now(database, session.id)).state is CrawlState.RUNNING
    assert (await job_now(database, claim.job.id)).attempts == 1


async def test_a_deferral_waits_its_time_and_spends_no_attempt(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    claim = await workers.begin(database)
    await finish_job(database, claim, Deferred(seconds=FAR, reason="over_cap"))
    deferred = await job_now(database, claim.job.id)
    assert (deferred.state, deferred.attempts, deferred.error_code) == (JobState.QUEUED, 0, "over_cap")
    assert await take(database, Queue.DISCOVERY) is None
    await reconcile(database)
    assert await take(database, Queue.DISCOVERY) is None


async def test_a_hand_over_spends_no_attempt(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    await workers.visit(database, claim, links=["https://app.example.com/more"])
    await workers.end(database, claim)
    next_claim = await workers.claim(database, Queue.DISCOVERY)
    assert next_claim.job.id != claim.job.id
    assert (next_claim.job.session_id, next_claim.job.attempts) == (session.id, 0)


async def test_the_reconciler_goes_on_past_a_job_whose_session_ended_meanwhile(database: Database, tenant: Tenant) -> None:
    """Two leaders for a moment: each has read the same spent jobs, one has failed them."""
    sessions = [await ask(database, tenant, force=True) for _ in range(4)]
    for _ in range(MAX_ATTEMPTS[Queue.DISCOVERY]):
        for _ in sessions:
            await run_out(database, await workers.begin(database))
        await asyncio.gather(*(reconcile(database) for _ in range(3)))
        await pass_time(database)
    assert {(await session_now(database, one.id)).state for one in sessions} == {CrawlState.FAILED}


async def test_work_of_a_deleted_session_is_a_lost_lease(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    claim = await workers.begin(database)
    await execute(database, "DELETE FROM network WHERE id = :id", id=session.network_id)
    for write in (slices.next_page(database, claim), finish_job(database, claim, Finished())):
        with pytest.raises(LeaseLostError):
            await write


async def test_an_analysis_of_a_page_described_before_ends_without_a_second_description(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    slice_claim = await workers.begin(database)
    await workers.visit(database, slice_claim, titles=["Sign in"])
    first = await workers.claim(database, Queue.ANALYSIS)
    found = await forms.find_work(database, first)
    assert found is not None
    described = {form.id: workers.description(form.title, purpose="login") for form in found.forms}
    await forms.keep_descriptions(database, first, found.page, described)
    await run_out(database, first)  # it died between its two writes
    await reconcile(database)
    second = await workers.claim(database, Queue.ANALYSIS)
    assert await forms.find_work(database, second) is None
    await forms.keep_descriptions(database, second, found.page, described)
    await workers.end(database, second)
    await workers.end(database, slice_claim)
    ended = await session_now(database, session.id)
    assert (ended.state, ended.pages_found, ended.forms_found) == (CrawlState.SUCCEEDED, 1, 1)
