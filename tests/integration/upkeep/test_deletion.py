"""Deletion on the real stores: hidden at once, removed to the last row and blob, whoever works on it and whatever breaks off."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support import workers
from tests.support.money import spending_of
from tests.support.sessions import ask, execute, rows, run_out, scalar
from tests.support.tenants import KEYS, Tenant, make_operator

from formscout.domain.companies import Caller
from formscout.domain.errors import LeaseLostError, NotFoundError, SnapshotDamagedError, StoreUnavailableError
from formscout.domain.ids import CrawlSessionId
from formscout.domain.jobs import Queue
from formscout.domain.networks import Credentials, SignIn, SignInKind
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.tables import metadata
from formscout.usecases import budgets, deletion, jobs, limits, model_keys, networks, schedules, slices
from formscout.usecases.deletion import LATE_SECONDS, remove_deleted, sweep_blobs
from formscout_scheduler.removal import Removal

PLENTY: Final = 10_000
"""More batches than any of these deletions takes."""

OF_NOBODY: Final = frozenset({"leadership", "product", "blob_sweep", "queue_turn"})
"""Tables whose rows belong to no company."""

FILLED: Final = frozenset(
    {
        *("company", "subscription", "user_account", "api_key", "idempotency", "project", "network", "network_credentials"),
        *("network_schedule", "due", "crawl_session", "crawl_browser_state", "session_event", "judged_request", "frontier_page", "visit"),
        *("form_page", "form", "field", "job", "blob", "budget_period", "reservation", "ledger_entry", "budget_check"),
        *("limit_change", "model_key"),
    },
)
"""Tables in which `fill` leaves a row at least."""


@pytest.fixture
async def operator(database: Database) -> Caller:
    """Return an operator."""
    return (await make_operator(database))[1]


@pytest.fixture
def blobs(database: Database) -> SnapshotStore:
    """Return the store that the test's workers write to."""
    return SnapshotStore.connect("database:", database)


async def fill(database: Database, tenant: Tenant) -> CrawlSessionId:
    """Let a company have something in every table; returns its session, which has ended."""
    session = await ask(database, tenant)
    await workers.run_session(database)
    sign_in = SignIn(kind=SignInKind.PASSWORD, username="robot")
    draft = networks.NetworkDraft(name="Signed in", base_url="https://app.example.com/", sign_in=sign_in)
    credentials = Credentials(password="hunter2")
    await networks.create_network(database, tenant.caller, keys=KEYS, project_id=tenant.project.id, draft=draft, credentials=credentials)
    await schedules.set_schedule(database, tenant.caller, network_id=tenant.network.id, draft=schedules.ScheduleDraft(cron="0 3 * * *"))
    await execute(database, "INSERT INTO due (schedule, due_at) VALUES (:name, now())", name=f"network:{tenant.network.id}")
    await execute(database, "INSERT INTO crawl_browser_state VALUES (:id, 'test', 'sealed', now())", id=session.id)
    await execute(database, "INSERT INTO idempotency (user_id, key, fingerprint) VALUES (:id, 'k', 'f')", id=tenant.admin.id)
    await budgets.check_budget(database, tenant.subscription.id)
    await limits.set_limit(database, tenant.caller, subscription_id=tenant.subscription.id, limit=1_000)
    await model_keys.set_model_key(database, tenant.caller, keys=KEYS, company_id=tenant.company.id, secret="k" * 40)
    await budgets.reserve(database, spending_of(tenant), amount=5)
    return session.id


async def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:  # Any: whatever the columns hold
    """Return every row that belongs to a company."""
    queries = {table.name: f'SELECT * FROM "{table.name}"' for table in metadata.sorted_tables if table.name not in OF_NOBODY}  # noqa: S608 (ours)
    queries["user_account"] += " WHERE company_id IS NOT NULL"
    queries["api_key"] += " JOIN user_account ON user_account.id = user_id WHERE company_id IS NOT NULL"
    return {name: sorted(await rows(database, query), key=repr) for name, query in queries.items()}


async def remove_all(database: Database, blobs: SnapshotStore) -> None:
    """Let the scheduler work until nothing is left to remove."""
    assert not await remove_deleted(database, batches=PLENTY)
    while await sweep_blobs(database, blobs):
        pass


async def test_a_company_goes_with_all_that_it_has_and_no_row_of_another(
    database: Database, tenant: Tenant, operator: Caller, blobs: SnapshotStore, make_stranger: Callable[[], Awaitable[Tenant]]
) -> None:
    await fill(database, tenant)
    before = await everything(database)
    stranger = await make_stranger()
    await fill(database, stranger)
    both = await everything(database)
    assert {name for name, found in both.items() if len(found) > len(before[name])} >= FILLED
    await deletion.delete_company(database, operator, company_id=stranger.company.id)
    await remove_all(database, blobs)
    assert await everything(database) == before


async def test_a_network_goes_and_its_company_and_the_ledger_stay(database: Database, tenant: Tenant, blobs: SnapshotStore) -> None:
    await fill(database, tenant)
    kept = ("company", "subscription", "user_account", "api_key", "project", "budget_period", "reservation", "ledger_entry")
    before = await everything(database)
    await deletion.delete_network(database, tenant.caller, network_id=tenant.network.id)
    await remove_all(database, blobs)
    after = await everything(database)
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert [name for name in ("crawl_session", "form_page", "blob", "due", "network_schedule") if after[name]] == []
    assert len(after["network"]) == 1, "the project's other network"
    assert len(after["network_credentials"]) == 1


async def test_a_project_goes_with_its_networks(database: Database, tenant: Tenant, blobs: SnapshotStore) -> None:
    await fill(database, tenant)
    await deletion.delete_project(database, tenant.caller, project_id=tenant.project.id)
    await remove_all(database, blobs)
    after = await everything(database)
    assert [name for name in ("project", "network", "network_credentials", "crawl_session", "blob") if after[name]] == []
    assert len(after["company"]) == 1


async def test_deleting_again_changes_nothing_until_it_is_gone(database: Database, tenant: Tenant, blobs: SnapshotStore) -> None:
    await deletion.delete_network(database, tenant.caller, network_id=tenant.network.id)
    marked = await scalar(database, "SELECT deleted_at FROM network")
    await deletion.delete_network(database, tenant.caller, network_id=tenant.network.id)
    assert await scalar(database, "SELECT deleted_at FROM network") == marked
    await remove_all(database, blobs)
    with pytest.raises(NotFoundError):
        await deletion.delete_network(database, tenant.caller, network_id=tenant.network.id)


async def test_a_session_that_runs_is_cancelled_and_its_worker_s_late_writes_are_refused(
    database: Database, tenant: Tenant, blobs: SnapshotStore
) -> None:
    session = await ask(database, tenant)
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"], links=["https://app.example.com/more"])
    describing = await workers.claim(database, Queue.ANALYSIS)
    await deletion.delete_network(database, tenant.caller, network_id=tenant.network.id)
    with pytest.raises(NotFoundError):
        await ask(database, tenant)
    assert await remove_deleted(database, batches=1)
    assert await rows(database, "SELECT state, sentence FROM crawl_session") == [("cancelled", deletion.CANCELLED_SENTENCE)]
    assert set(await rows(database, "SELECT state FROM job")) == {("cancelled",)}, "and none is claimed any more"
    for _ in range(2):  # while its rows are there, and when they are gone
        for write in (slices.next_page(database, taken), slices.say(database, taken, "Late"), workers.end(database, taken)):
            with pytest.raises(LeaseLostError):
                await write
        with pytest.raises(LeaseLostError):
            await workers.end(database, describing)
        await remove_all(database, blobs)
    assert await scalar(database, "SELECT count(*) FROM crawl_session") == 0
    # A blob that the worker had under way arrives last of all: the second look takes it.
    late = await blobs.put_screenshot(session.id, workers.PNG)
    assert await rows(database, "SELECT session_id, passes FROM blob_sweep") == [(session.id, 1)]
    assert not await sweep_blobs(database, blobs)
    await execute(database, "UPDATE blob_sweep SET due_at = due_at - make_interval(secs => :late)", late=LATE_SECONDS)
    assert await sweep_blobs(database, blobs)
    assert await scalar(database, "SELECT count(*) FROM blob WHERE key = :key", key=late.key) == 0
    assert await scalar(database, "SELECT count(*) FROM blob_sweep") == 0


async def test_a_worker_that_died_meanwhile_leaves_nothing_to_reconcile(database: Database, tenant: Tenant, blobs: SnapshotStore) -> None:
    await ask(database, tenant)
    taken = await workers.begin(database)
    await run_out(database, taken)
    await deletion.delete_network(database, tenant.caller, network_id=tenant.network.id)
    await asyncio.gather(remove_deleted(database, batches=PLENTY), *(jobs.reconcile(database) for _ in range(3)))
    await remove_all(database, blobs)
    assert await scalar(database, "SELECT count(*) FROM job") == 0


async def test_removal_that_breaks_off_anywhere_goes_on(
    database: Database, tenant: Tenant, blobs: SnapshotStore, operator: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "BATCH_ROWS", 1)
    monkeypatch.setattr(deletion, "PAUSE_SECONDS", 0)
    await fill(database, tenant)
    await ask(database, tenant)
    await deletion.delete_company(database, operator, company_id=tenant.company.id)
    turns = 0
    while await remove_deleted(database, batches=1):  # each is all that one life of a scheduler manages
        await sweep_blobs(database, blobs)
        turns += 1
    assert turns > 10
    await remove_all(database, blobs)
    assert [name for name, found in (await everything(database)).items() if found] == []


async def test_two_schedulers_remove_beside_each_other(database: Database, tenant: Tenant, blobs: SnapshotStore, operator: Caller) -> None:
    await fill(database, tenant)
    await ask(database, tenant)
    await deletion.delete_company(database, operator, company_id=tenant.company.id)
    removal = Removal(database=database, snapshots=blobs)
    await asyncio.gather(*(removal.remove() for _ in range(3)))
    await remove_all(database, blobs)
    assert [name for name, found in (await everything(database)).items() if found] == []


async def test_what_was_being_made_in_the_moment_of_deletion_goes_too(
    database: Database, tenant: Tenant, blobs: SnapshotStore, operator: Caller
) -> None:
    await deletion.delete_company(database, operator, company_id=tenant.company.id)
    # As a request leaves it that looked before the mark and wrote after it.
    await execute(database, "UPDATE network SET deleted_at = NULL")
    await execute(database, "UPDATE project SET deleted_at = NULL")
    await remove_all(database, blobs)
    assert [name for name, found in (await everything(database)).items() if found] == []


async def test_rows_go_first_and_a_crash_before_the_blobs_forgets_none(
    database: Database, tenant: Tenant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SnapshotStore.connect(tmp_path.as_uri(), database)
    session = await ask(database, tenant)
    ref = await store.put_screenshot(session.id, workers.PNG)
    await deletion.delete_network(database, tenant.caller, network_id=tenant.network.id)
    assert not await remove_deleted(database, batches=PLENTY)
    assert await scalar(database, "SELECT count(*) FROM crawl_session") == 0
    assert await store.read(ref) == workers.PNG

    async def away(_session_id: CrawlSessionId) -> None:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as broken:
        broken.setattr(store, "delete_session", away)
        with pytest.raises(StoreUnavailableError):
            await sweep_blobs(database, store)
    assert not await sweep_blobs(database, store), "it is not tried in each turn"
    await execute(database, "UPDATE blob_sweep SET due_at = now()")
    assert await sweep_blobs(database, store)
    with pytest.raises(SnapshotDamagedError, match="is gone"):
        await store.read(ref)


async def test_what_a_batch_looks_for_is_found_by_indexes(database: Database, tenant: Tenant) -> None:
    await ask(database, tenant)
    many = "SELECT company_id, id, :network, :user, :product, 'succeeded', '{}', '', gen_random_uuid()"
    columns = "company_id, project_id, network_id, user_id, product_id, state, options, sentence, task_id"
    await execute(
        database,
        f"INSERT INTO crawl_session ({columns}) {many} FROM project, generate_series(1, 20000)",
        network=tenant.network.id,
        user=tenant.member.id,
        product=tenant.product.id,
    )
    await execute(database, "ANALYZE crawl_session, network")
    query = """SELECT crawl_session.id FROM crawl_session JOIN network ON network.id = network_id
        WHERE state IN ('queued', 'running') AND network.deleted_at IS NOT NULL LIMIT 500"""
    plan = "\n".join(line for (line,) in await rows(database, f"EXPLAIN (ANALYZE, COSTS OFF) {query}"))
    assert "Seq Scan on crawl_session" not in plan, plan
