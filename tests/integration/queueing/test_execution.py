"""How messages are answered: the fairest jobs run under leases, each ends once, and one that crashes costs the others nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial

import pytest
from tests.support.sessions import add_jobs, execute, job_now, rows, scalar
from tests.support.tenants import make_tenant

from formscout.domain.errors import StoreUnavailableError
from formscout.domain.ids import JobId
from formscout.domain.jobs import Claim, Deferred, Failed, Finished, JobKind, JobState, NewJob, Outcome, Queue
from formscout.queueing.execution import Handler, Runner
from formscout.queueing.heartbeat import Heart, Pulse, Rhythm
from formscout.storage.database import Database
from formscout.usecases.jobs import finish_job, reconcile

NEW = NewJob(kind=JobKind.RESET_BUDGETS)
FIRST, SECOND = JobId(1), JobId(2)


@pytest.fixture
async def runner(database: Database, database_url: str, redis_url: str) -> AsyncIterator[Callable[[Handler], Runner]]:
    heart = Heart(Queue.BUDGET, database_url=database_url, redis_url=redis_url, rhythm=Rhythm(beat=0.05, answer=0.2, hold=0.6))
    heart.start()

    def make(handler: Handler) -> Runner:
        handlers = {JobKind.RESET_BUDGETS: handler}
        finish = partial(finish_job, database)
        return Runner(queue=Queue.BUDGET, worker="test@host", database=database, heart=heart, finish=finish, handlers=handlers)

    yield make
    heart.stop()


async def well(claim: Claim, pulse: Pulse) -> Outcome:
    del claim, pulse
    return Finished()


Make = Callable[[Handler], Runner]


async def test_a_message_lets_all_that_waits_run_one_after_the_other(database: Database, runner: Make) -> None:
    at_once, most = 0, 0

    async def handler(claim: Claim, pulse: Pulse) -> Outcome:
        nonlocal at_once, most
        del claim, pulse
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        return Finished()

    await add_jobs(database, *[NEW] * 5)
    assert await runner(handler).answer() == 5
    assert most == 1
    assert await rows(database, "SELECT state, fence FROM job") == [("succeeded", 1)] * 5


async def test_after_a_job_that_took_longer_nothing_more_is_taken(database: Database, runner: Make) -> None:
    await add_jobs(database, NEW, NEW)
    assert await replace(runner(well), claim_on_seconds=0).answer() == 1
    assert await rows(database, "SELECT state FROM job ORDER BY id") == [("succeeded",), ("queued",)]


async def test_a_worker_that_is_told_to_end_takes_nothing_more(database: Database, runner: Make) -> None:
    told = False

    async def handler(claim: Claim, pulse: Pulse) -> Outcome:
        nonlocal told
        del claim, pulse
        told = True
        return Finished()

    await add_jobs(database, NEW, NEW)
    assert await replace(runner(handler), draining=lambda: told).answer() == 1
    assert await rows(database, "SELECT state FROM job ORDER BY id") == [("succeeded",), ("queued",)]


async def test_each_further_claim_decides_anew_who_is_next(database: Database, runner: Make) -> None:
    big, small = [await make_tenant(database, name) for name in ("Big", "Small")]
    order = []

    async def handler(claim: Claim, pulse: Pulse) -> Outcome:
        del pulse
        order.append(claim.job.company_id)
        if len(order) == 1:  # while it works, another company asks for its first
            await add_jobs(database, replace(NEW, company_id=small.company.id))
        return Finished()

    await add_jobs(database, *[replace(NEW, company_id=big.company.id)] * 3)
    await runner(handler).answer()
    assert order == [big.company.id, small.company.id, big.company.id, big.company.id]


async def test_a_stray_message_finds_nothing(database: Database, runner: Make) -> None:
    del database
    assert await runner(well).answer() == 0


async def test_messages_at_the_same_moment_run_a_job_once(database: Database, runner: Make) -> None:
    await add_jobs(database, NEW)
    assert sum(await asyncio.gather(*(runner(well).answer() for _ in range(8)))) == 1
    assert await scalar(database, "SELECT fence FROM job") == 1


async def test_a_worker_that_drains_claims_nothing(database: Database, runner: Make) -> None:
    await add_jobs(database, NEW)
    assert await replace(runner(well), draining=lambda: True).answer() == 0
    assert (await job_now(database, FIRST)).state is JobState.QUEUED


@pytest.mark.parametrize(
    ("outcome", "state", "code"),
    [
        (Finished(), JobState.SUCCEEDED, None),
        (Failed(code="form_absent", message="No."), JobState.FAILED, "form_absent"),
        (Deferred(seconds=60, reason="later"), JobState.QUEUED, "later"),
    ],
)
async def test_a_job_ends_as_its_handler_says(database: Database, runner: Make, outcome: Outcome, state: JobState, code: str) -> None:
    async def handler(claim: Claim, pulse: Pulse) -> Outcome:
        del claim, pulse
        return outcome

    await add_jobs(database, NEW)
    await runner(handler).answer()
    ended = await job_now(database, FIRST)
    assert (ended.state, ended.error_code, ended.attempts, ended.lease_until) == (state, code, 0, None)


async def test_a_crash_spends_an_attempt_and_costs_the_next_job_nothing(database: Database, runner: Make) -> None:
    async def handler(claim: Claim, pulse: Pulse) -> Outcome:
        del pulse
        if claim.job.id == FIRST:
            raise RuntimeError("a secret that stays in the log")
        return Finished()

    await add_jobs(database, NEW, NEW)
    assert await runner(handler).answer() == 2
    await reconcile(database)
    crashed = await job_now(database, FIRST)
    assert (crashed.state, crashed.attempts, crashed.error) == (JobState.QUEUED, 1, "RuntimeError: the worker's log has the trace.")
    assert (await job_now(database, SECOND)).state is JobState.SUCCEEDED


@pytest.mark.parametrize("away", [0, 2], ids=["back at once", "away for two tries"])
async def test_a_job_that_a_store_went_away_under_is_put_back_and_costs_no_attempt(database: Database, runner: Make, away: int) -> None:
    left = [StoreUnavailableError("away")] * away

    async def handler(claim: Claim, pulse: Pulse) -> Outcome:
        del claim, pulse
        raise StoreUnavailableError("away")

    async def finish(claim: Claim, outcome: Outcome) -> None:
        if left:
            raise left.pop()
        await finish_job(database, claim, outcome)

    await add_jobs(database, NEW)
    assert await replace(runner(handler), finish=finish).answer() == 1
    job = await job_now(database, FIRST)
    assert (job.state, job.attempts, job.error_code) == (JobState.QUEUED, 0, "store_unavailable")
    assert job.available_at > job.created_at


async def test_a_job_that_was_taken_over_is_stopped_and_writes_nothing(database: Database, runner: Make) -> None:
    async def handler(claim: Claim, pulse: Pulse) -> Outcome:
        del claim
        await execute(database, "UPDATE job SET fence = fence + 1, worker = 'other'")
        while True:
            pulse.checkpoint()
            await asyncio.sleep(0.02)

    await add_jobs(database, NEW)
    assert await runner(handler).answer() == 1
    taken_over = await job_now(database, FIRST)
    assert (taken_over.state, taken_over.worker, taken_over.error) == (JobState.RUNNING, "other", None)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0, "what comes next in this task is not cancelled"


async def test_a_job_taken_over_just_before_its_end_is_not_ended_twice(database: Database, runner: Make) -> None:
    async def handler(claim: Claim, pulse: Pulse) -> Outcome:
        del claim, pulse
        await execute(database, "UPDATE job SET fence = fence + 1")
        return Finished()

    await add_jobs(database, NEW)
    assert await runner(handler).answer() == 1
    assert (await job_now(database, FIRST)).state is JobState.RUNNING
