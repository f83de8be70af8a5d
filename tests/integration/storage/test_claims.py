"""Whose job comes next: fair among companies whatever the number of workers, under their caps, and as quick behind any backlog."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import text
from tests.support import workers
from tests.support.sessions import add_jobs, ask, execute, take
from tests.support.tenants import Tenant, make_tenant

from formscout.domain.crawls import CrawlSession
from formscout.domain.ids import CompanyId
from formscout.domain.jobs import JobKind, NewJob, Queue
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.storage.requests import find_status
from formscout.tables.turns import FAR
from formscout.usecases.unit_of_work import unit_of_work

FLOOD = 10_000
"""Jobs of a company that hands in far more than its part."""

BACKLOG = 20_000
"""Jobs enough that reading all of them shows in the counts, few enough to write them in a second."""

A_FEW_ROWS = 200
"""What a claim, a look of the dispatcher or one of the reconciler may read: a few rows a company and a few a job that it hands out.

How many exactly depends on what PostgreSQL has tidied up by then; of the backlog it is a hundredth, and reading that is what must not be.
"""


async def write(database: Database, company: CompanyId | None, count: int) -> None:
    """Write so many jobs of a company, the one after the other."""
    await execute(
        database,
        "INSERT INTO job (kind, queue, state, company_id, available_at) "
        "SELECT 'check_budget', 'budget', 'queued', :company, now() - interval '1 hour' + n * interval '1 microsecond' "
        "FROM generate_series(1, :count) n",
        company=company,
        count=count,
    )


async def set_share(database: Database, company: CompanyId, *, weight: int = 1, max_running: int | None = None) -> None:
    async with unit_of_work(database) as work:
        await work.companies.change(company, name="Acme", weight=weight, max_running=max_running)


async def served(database: Database, claims: int, *, then_end: bool = False) -> Counter[CompanyId | None]:
    """Claim so often, one after the other, and count whose jobs came; `then_end`: each ends before the next claim."""
    found: Counter[CompanyId | None] = Counter()
    for _ in range(claims):
        claim = await take(database, Queue.BUDGET)
        assert claim is not None
        found[claim.job.company_id] += 1
        if then_end:
            await workers.end(database, claim)
    return found


async def test_claims_at_the_same_moment_are_as_fair_as_one_after_the_other(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    third = await make_tenant(database, "Initech")
    companies = [one.company.id for one in (tenant, stranger, third)]
    for company, count in zip(companies, (200, 50, 30), strict=True):
        await write(database, company, count)
    claims = await asyncio.gather(*(take(database, Queue.BUDGET) for _ in range(30)))
    assert Counter(claim.job.company_id for claim in claims if claim) == dict.fromkeys(companies, 10)


@pytest.mark.parametrize("one_worker", [False, True])
async def test_work_is_shared_by_weight(database: Database, tenant: Tenant, stranger: Tenant, *, one_worker: bool) -> None:
    await set_share(database, tenant.company.id, weight=3)
    for company in (tenant.company.id, stranger.company.id):
        await write(database, company, 40)
    found = await served(database, 24, then_end=one_worker)
    assert found == {tenant.company.id: 18, stranger.company.id: 6}


@pytest.mark.parametrize("busy", [1, 10])
async def test_a_flood_delays_anothers_job_by_one_running_slice(database: Database, tenant: Tenant, stranger: Tenant, busy: int) -> None:
    """Whoever is free first takes it: with one worker, too, where nobody has work in hand at the moment of the claim."""
    await write(database, tenant.company.id, FLOOD)
    await served(database, 20, then_end=True)  # it had all workers for itself for a while
    running = [await take(database, Queue.BUDGET) for _ in range(busy)]
    await add_jobs(database, NewJob(kind=JobKind.CHECK_BUDGET, company_id=stranger.company.id))
    assert running[-1] is not None
    await workers.end(database, running[-1])
    assert await served(database, 1) == {stranger.company.id: 1}


async def test_who_was_away_has_no_credit(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    await write(database, tenant.company.id, 100)
    await served(database, 50, then_end=True)
    await write(database, stranger.company.id, 100)
    assert await served(database, 10, then_end=True) == {tenant.company.id: 5, stranger.company.id: 5}


async def test_the_installations_own_work_is_neither_starved_nor_capped(database: Database, tenant: Tenant) -> None:
    await write(database, tenant.company.id, FLOOD)
    await write(database, None, 10)
    async with unit_of_work(database) as work:
        claims = [await work.jobs.claim(Queue.BUDGET, worker="test@host", cap=1) for _ in range(12)]
    assert Counter(claim.job.company_id for claim in claims if claim) == {None: 10, tenant.company.id: 1}


async def test_a_company_at_its_cap_waits_and_goes_on_when_a_job_ends(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    await set_share(database, tenant.company.id, max_running=2)
    await write(database, tenant.company.id, 5)
    held = [await take(database, Queue.BUDGET) for _ in range(3)]
    assert [claim is not None for claim in held] == [True, True, False]
    await write(database, stranger.company.id, 1)
    assert await served(database, 1) == {stranger.company.id: 1}
    assert held[0] is not None
    await workers.end(database, held[0])
    assert await served(database, 1) == {tenant.company.id: 1}


async def test_its_own_cap_stands_above_the_installations(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    await set_share(database, tenant.company.id, max_running=3)
    for company in (tenant.company.id, stranger.company.id):
        await write(database, company, 5)
    async with unit_of_work(database) as work:
        claims = [await work.jobs.claim(Queue.BUDGET, worker="test@host", cap=1) for _ in range(6)]
        ready = await work.jobs.runnable({Queue.BUDGET: 10}, cap=1)
    assert Counter(claim.job.company_id for claim in claims if claim) == {tenant.company.id: 3, stranger.company.id: 1}
    assert ready == {Queue.BUDGET: []}, "a message for what a cap holds back would find nothing"


async def test_a_job_that_somebody_holds_is_passed_by(database: Database, tenant: Tenant) -> None:
    """A cancel has its row locked: the next job comes, and nobody waits."""
    await write(database, tenant.company.id, 2)
    async with database.begin() as cancelling:
        held = (await cancelling.execute(text("SELECT id FROM job ORDER BY available_at LIMIT 1 FOR UPDATE"))).scalar_one()
        claim = await take(database, Queue.BUDGET)
    assert claim is not None
    assert claim.job.id != held


@pytest.fixture
async def backlog(database: Database, tenant: Tenant, stranger: Tenant) -> Database:
    """Write many jobs that wait, that are delayed and that have ended, and a few that run."""
    for company in (tenant.company.id, stranger.company.id, None):
        await write(database, company, BACKLOG // 3)
    await execute(
        database,
        "INSERT INTO job (kind, queue, state, available_at, started_at, ended_at) "
        "SELECT 'check_budget', 'budget', CASE WHEN n % 2 = 0 THEN 'queued' ELSE 'succeeded' END, now() + interval '1 hour', now(), now() "
        "FROM generate_series(1, :count) n",
        count=BACKLOG,
    )
    await served(database, 5)
    await execute(database, "ANALYZE job")
    return database


async def rows_read(database: Database, look: Callable[[JobStore], Awaitable[object]]) -> int:
    """Return how many rows of `job` a look reads; reading the table from one end to the other is none that may be made."""
    read = text("SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'job'")
    async with database.begin() as connection:
        before = (await connection.execute(read)).one()  # earlier transactions of the connection count until the server has noted them
        assert await look(JobStore(connection))
        after = (await connection.execute(read)).one()
    assert after.seq_scan == before.seq_scan
    return int(after.idx_tup_fetch - before.idx_tup_fetch)


async def test_a_claim_and_a_look_for_what_could_start_read_a_few_rows_of_a_backlog(backlog: Database) -> None:
    assert await rows_read(backlog, lambda jobs: jobs.claim(Queue.BUDGET, worker="test@host")) <= A_FEW_ROWS
    assert await rows_read(backlog, lambda jobs: jobs.runnable(dict.fromkeys(Queue, 20))) <= A_FEW_ROWS


async def test_the_reconciler_reads_the_jobs_in_hand_alone(backlog: Database) -> None:
    await execute(backlog, "UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'running'")

    async def mend(jobs: JobStore) -> bool:
        return await jobs.requeue_expired(queue=Queue.BUDGET, max_attempts=5) == []

    assert await rows_read(backlog, mend) <= A_FEW_ROWS


LOOKS = {
    "leases that ran out": "SELECT id FROM job WHERE state = 'running' AND lease_until <= now() AND queue = 'budget' LIMIT 100",
    "a company's oldest job": """
        SELECT * FROM job WHERE queue = 'budget' AND state = 'queued' AND coalesce(company_id, 0) = 1 AND available_at <= now()
        ORDER BY available_at, id LIMIT 1 FOR UPDATE SKIP LOCKED""",
    "the next company": """
        SELECT coalesce(company_id, 0), available_at, id FROM job WHERE queue = 'budget' AND state = 'queued'
        AND coalesce(company_id, 0) > 1 ORDER BY coalesce(company_id, 0), available_at, id LIMIT 1""",
    "what lately ended": """
        SELECT ended_at FROM job WHERE queue = 'budget' AND started_at IS NOT NULL AND ended_at > now() - interval '1 hour'
        ORDER BY ended_at DESC LIMIT 100""",
}


@pytest.mark.parametrize("statement", LOOKS.values(), ids=LOOKS.keys())
async def test_an_index_gives_what_is_looked_for_in_its_order(backlog: Database, statement: str) -> None:
    """By PostgreSQL's own choice, without what the functions forbid it."""
    async with backlog.begin() as connection:
        plan = "\n".join((await connection.execute(text(f"EXPLAIN {statement}"))).scalars())
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "Sort" not in plan, plan


async def test_a_connection_that_planned_on_an_empty_table_reads_no_more(database: Database, tenant: Tenant) -> None:
    async with database.begin() as connection:
        jobs = JobStore(connection)
        for _ in range(10):
            assert await jobs.claim(Queue.BUDGET, worker="test@host") is None
        await write(database, tenant.company.id, BACKLOG)
        await jobs.claim(Queue.BUDGET, worker="test@host")
        read = "SELECT seq_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'job'"
        whole, fetched = (await connection.execute(text(read))).one()
    assert whole == 0
    assert fetched <= A_FEW_ROWS


async def place(database: Database, session: CrawlSession) -> tuple[int | None, float | None]:
    status = await find_status(database, session.task_id)
    assert status is not None
    return status.queue_position, status.estimated_wait_seconds


async def test_a_waiting_session_knows_its_place_in_the_fair_order(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    flood = [await ask(database, tenant, force=True) for _ in range(4)]
    late = await ask(database, stranger)
    assert [(await place(database, one))[0] for one in flood] == [2, 3, 4, 5], "the other company's one job comes between"
    assert await place(database, late) == (2, None), "nothing ran yet, so nobody knows how long it takes"
    first = await take(database, Queue.DISCOVERY)
    assert first is not None
    assert (await place(database, late))[0] == 1, "the flood has work in hand now"
    assert await place(database, flood[0]) == (None, None), "it runs"
    assert [(await place(database, one))[0] for one in flood[1:]] == [2, 3, 4]


async def test_the_wait_is_told_by_what_slices_lately_took(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.end(database, taken)
    await execute(database, "UPDATE job SET started_at = ended_at - interval '40 seconds' WHERE ended_at IS NOT NULL")
    for _ in range(3):
        await ask(database, tenant, force=True)
    for _ in range(2):
        assert await take(database, Queue.DISCOVERY) is not None
    late = await ask(database, stranger)
    position, seconds = await place(database, late)
    assert position == 1
    assert seconds == pytest.approx(20)


async def test_a_place_is_worked_out_by_a_few_rows_and_not_at_all_far_off(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    near = await ask(database, stranger)
    await write(database, tenant.company.id, BACKLOG)
    await execute(database, "UPDATE job SET queue = 'discovery', kind = 'discover_slice'")
    far = await ask(database, tenant, force=True)
    await execute(database, "ANALYZE job")
    async with database.begin() as connection:
        places = [(await connection.execute(text("SELECT queue_place(:id)"), {"id": one.id})).scalar_one() for one in (near, far)]
        read = "SELECT seq_scan, seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'job'"
        whole, _, fetched = (await connection.execute(text(read))).one()
    assert places == [[2, None], None]
    assert whole == 0
    assert fetched <= 2 * FAR + A_FEW_ROWS
