"""Due times on the real database: each asked for once, in whose name it was set, whatever was missed and whoever looks."""

import asyncio
from datetime import UTC, datetime

import pytest
from tests.support import workers
from tests.support.sessions import ask, execute, rows, scalar, session_now
from tests.support.tenants import KEYS, Tenant

from formscout.domain.companies import Caller, Role
from formscout.domain.crawls import CrawlMode, CrawlOptions
from formscout.domain.errors import ForbiddenError, InvalidInputError, NotFoundError
from formscout.domain.schedules import DueOutcome, Schedule
from formscout.storage.database import Database
from formscout.usecases import limits, networks, schedules
from formscout.usecases.schedules import ScheduleDraft, due_networks, run_due
from formscout_scheduler import recurrence
from formscout_scheduler.recurrence import DEFECT, Recurrence

YEARLY = ScheduleDraft(cron="0 0 1 1 *")
"""Far from its next due time whenever the tests run, but for one second of a year."""

THIS_YEAR = datetime(datetime.now(UTC).year, 1, 1, tzinfo=UTC)
NEXT_YEAR = THIS_YEAR.replace(year=THIS_YEAR.year + 1)


async def set_yearly(database: Database, tenant: Tenant) -> Schedule:
    return await schedules.set_schedule(database, tenant.caller, network_id=tenant.network.id, draft=YEARLY)


async def come(database: Database, *, years: int = 0) -> datetime:
    """Let the due time of every schedule have come at the turn of this year, or some years before; returns it."""
    due_at = THIS_YEAR.replace(year=THIS_YEAR.year - years)
    await execute(database, "UPDATE network_schedule SET next_due_at = :due_at, look_at = :due_at", due_at=due_at)
    return due_at


async def schedule_now(database: Database, tenant: Tenant) -> Schedule:
    return await schedules.get_schedule(database, tenant.caller, network_id=tenant.network.id)


async def test_a_due_time_is_a_request_like_any_other(database: Database, tenant: Tenant) -> None:
    draft = ScheduleDraft(
        cron="0 0 1 1 *", user_id=tenant.member.id, options=CrawlOptions(max_pages=7, max_minutes=3, mode=CrawlMode.SUBMIT)
    )
    await schedules.set_schedule(database, tenant.caller, network_id=tenant.network.id, draft=draft)
    assert await Recurrence(database=database).run() == 0, "it is not due yet"
    due_at = await come(database)
    assert await Recurrence(database=database).run() == 1
    now = await schedule_now(database, tenant)
    assert (now.last_outcome, now.last_due_at, now.note) == (DueOutcome.STARTED, due_at, None)
    assert now.next_due_at == NEXT_YEAR
    assert now.last_session_id is not None
    session = await session_now(database, now.last_session_id)
    assert (session.user_id, session.product_id, session.network_id) == (tenant.member.id, tenant.product.id, tenant.network.id)
    assert session.options == draft.options
    assert await rows(database, "SELECT kind, state, company_id FROM job") == [("discover_slice", "queued", tenant.company.id)]
    assert await rows(database, "SELECT schedule, due_at FROM due") == [(f"network:{tenant.network.id}", due_at)]


async def test_of_several_missed_ticks_the_latest_runs_once(database: Database, tenant: Tenant) -> None:
    await set_yearly(database, tenant)
    await come(database, years=7)
    for _ in range(3):
        await Recurrence(database=database).run()
    assert await rows(database, "SELECT due_at FROM due") == [(THIS_YEAR,)]
    assert await scalar(database, "SELECT count(*) FROM crawl_session") == 1
    assert (await schedule_now(database, tenant)).next_due_at == NEXT_YEAR


async def test_schedulers_at_the_same_moment_ask_once(database: Database, tenant: Tenant) -> None:
    await set_yearly(database, tenant)
    for years in range(4, 0, -1):
        await come(database, years=years)
        await execute(database, "UPDATE crawl_session SET state = 'cancelled'")
        await execute(database, "DELETE FROM due")
        before = await scalar(database, "SELECT count(*) FROM crawl_session")
        outcomes = await asyncio.gather(*(run_due(database, tenant.network.id) for _ in range(6)))
        assert sorted(outcomes, key=str) == [None] * 5 + [DueOutcome.STARTED]
        assert await scalar(database, "SELECT count(*) FROM crawl_session") == before + 1


async def test_a_tick_that_is_written_is_never_run_again(database: Database, tenant: Tenant) -> None:
    await set_yearly(database, tenant)
    await come(database)
    assert await run_due(database, tenant.network.id) is DueOutcome.STARTED
    await come(database)  # as a copy of the row that was read before would have it
    assert await run_due(database, tenant.network.id) is None
    now = await schedule_now(database, tenant)
    assert (now.last_outcome, now.next_due_at) == (DueOutcome.STARTED, NEXT_YEAR)
    assert await scalar(database, "SELECT count(*) FROM crawl_session") == 1


async def test_a_network_that_is_being_discovered_is_joined(database: Database, tenant: Tenant) -> None:
    session = await ask(database, tenant)
    await set_yearly(database, tenant)
    await come(database)
    assert await run_due(database, tenant.network.id) is DueOutcome.JOINED
    now = await schedule_now(database, tenant)
    assert now.last_session_id == session.id
    assert "being discovered already" in (now.note or "")
    assert await scalar(database, "SELECT count(*) FROM crawl_session") == 1


async def test_after_its_session_has_ended_the_next_due_time_starts_another(database: Database, tenant: Tenant) -> None:
    await set_yearly(database, tenant)
    await come(database, years=1)
    assert await run_due(database, tenant.network.id) is DueOutcome.STARTED
    await workers.run_session(database)
    await execute(database, "DELETE FROM due")  # as if this year's tick had not been the one that was caught up
    await come(database)
    assert await run_due(database, tenant.network.id) is DueOutcome.STARTED
    assert await scalar(database, "SELECT count(*) FROM crawl_session") == 2


async def test_one_network_that_cannot_run_stops_no_other_and_its_owner_sees_why(
    database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    await set_yearly(database, stranger)
    await set_yearly(database, tenant)
    await execute(database, "UPDATE subscription SET active = false WHERE id = :id", id=stranger.subscription.id)
    await come(database)
    await Recurrence(database=database).run()
    bad, good = await schedule_now(database, stranger), await schedule_now(database, tenant)
    assert (bad.last_outcome, bad.last_session_id) == (DueOutcome.REFUSED, None)
    assert f"no subscription to product {stranger.product.id}" in (bad.note or "")
    assert bad.next_due_at == NEXT_YEAR, "it is asked for again then"
    assert good.last_outcome is DueOutcome.STARTED


async def test_a_schedule_that_breaks_the_scheduler_stops_no_other_and_stays_due(
    database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    await set_yearly(database, stranger)
    await set_yearly(database, tenant)
    due_at = await come(database)
    await execute(database, "UPDATE network_schedule SET time_zone = 'Mars/Olympus' WHERE network_id = :id", id=stranger.network.id)
    scheduler = Recurrence(database=database)
    assert await scheduler.run() == 2
    assert await scheduler.run() == 0, "it is not looked at in each turn"
    bad, good = await schedule_now(database, stranger), await schedule_now(database, tenant)
    assert (bad.last_outcome, bad.note, bad.next_due_at) == (DueOutcome.WAITING, DEFECT, due_at)
    assert good.last_outcome is DueOutcome.STARTED
    await execute(database, "UPDATE network_schedule SET time_zone = 'UTC', look_at = now() WHERE network_id = :id", id=stranger.network.id)
    await scheduler.run()
    assert (await schedule_now(database, stranger)).last_outcome is DueOutcome.STARTED


async def test_more_networks_than_a_batch_are_all_run(database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrence, "BATCH", 3)
    await set_yearly(database, tenant)
    await execute(
        database,
        """WITH many AS (
            INSERT INTO network (company_id, project_id, name, base_url, environment, scope, politeness, sign_in)
            SELECT company_id, project_id, name, base_url, environment, scope, politeness, sign_in FROM network, generate_series(1, :more)
            RETURNING id
        ) INSERT INTO network_schedule (network_id, cron, time_zone, user_id, product_id, options)
        SELECT many.id, cron, time_zone, user_id, product_id, options FROM network_schedule, many""",
        more=7,
    )
    await come(database)
    assert await Recurrence(database=database).run() == 8
    assert await scalar(database, "SELECT count(DISTINCT network_id) FROM crawl_session") == 8


async def test_who_sets_it_and_for_what_is_checked_at_the_door(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    member = Caller(user_id=tenant.member.id, company_id=tenant.company.id, role=Role.MEMBER)
    operator = Caller(user_id=tenant.admin.id, company_id=None, role=Role.OPERATOR)

    async def refused(caller: Caller, error: type[Exception], said: str, **more: object) -> None:
        draft = ScheduleDraft(**{"cron": "0 3 * * *", **more})  # type: ignore[arg-type]  # fields of the draft
        with pytest.raises(error, match=said):
            await schedules.set_schedule(database, caller, network_id=tenant.network.id, draft=draft)

    await refused(member, ForbiddenError, "Only an admin or an operator may set")
    await refused(stranger.caller, NotFoundError, "no network")
    await refused(operator, InvalidInputError, "say with user_id")
    await refused(tenant.caller, NotFoundError, "no user", user_id=stranger.admin.id)
    await refused(tenant.caller, NotFoundError, "no subscription to product", product_id=stranger.product.id)
    await refused(tenant.caller, InvalidInputError, "no cron line", cron="every night")
    assert await scalar(database, "SELECT count(*) FROM network_schedule") == 0
    await limits.change_subscription(database, operator, subscription_id=tenant.subscription.id, active=False)
    await refused(tenant.caller, InvalidInputError, "0 active subscriptions")


async def test_a_network_without_an_address_does_not_recur(database: Database, tenant: Tenant) -> None:
    bare = await networks.create_network(
        database, tenant.caller, keys=KEYS, project_id=tenant.project.id, draft=networks.NetworkDraft(name="Later")
    )
    with pytest.raises(InvalidInputError, match="has no address yet"):
        await schedules.set_schedule(database, tenant.caller, network_id=bare.id, draft=YEARLY)


async def test_setting_it_again_forgets_what_was_and_dropping_it_ends_it(database: Database, tenant: Tenant) -> None:
    await set_yearly(database, tenant)
    await come(database)
    await run_due(database, tenant.network.id)
    again = await set_yearly(database, tenant)
    assert (await schedule_now(database, tenant)) == again
    assert again.last_outcome is None
    for _ in range(2):
        await schedules.drop_schedule(database, tenant.caller, network_id=tenant.network.id)
    with pytest.raises(NotFoundError, match="no schedule of network"):
        await schedule_now(database, tenant)
    assert await due_networks(database, limit=10) == []


async def test_finding_due_networks_reads_an_index_and_not_every_network(database: Database, tenant: Tenant) -> None:
    await execute(
        database,
        """WITH many AS (
            INSERT INTO network (company_id, project_id, name, base_url, environment, scope, politeness, sign_in)
            SELECT company_id, project_id, name, base_url, environment, scope, politeness, sign_in FROM network, generate_series(1, 5000)
            RETURNING id
        ) INSERT INTO network_schedule (network_id, cron, time_zone, user_id, product_id, options, next_due_at, look_at)
        SELECT id, '0 3 * * *', 'UTC', :user, :product, '{}', at, at
        FROM many, LATERAL (SELECT now() + interval '1 h' * id / 100 AS at)""",
        user=tenant.member.id,
        product=tenant.product.id,
    )
    await execute(database, "ANALYZE network_schedule")
    query = "SELECT network_id FROM network_schedule WHERE look_at <= now() ORDER BY look_at, network_id LIMIT 100"
    plan = "\n".join(line for (line,) in await rows(database, f"EXPLAIN {query}"))
    assert "ix_network_schedule_look_at" in plan, plan
    assert "Seq Scan" not in plan
    assert await due_networks(database, limit=100) == []
