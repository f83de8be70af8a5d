"""Budgets: what is spent and held never exceeds the limit, every hold ends once, and the ledger says the same."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from tests.support.money import assert_ledger_agrees, period_now, spending_of, this_month
from tests.support.sessions import execute, rows, scalar
from tests.support.tenants import Tenant, make_operator

from formscout.domain.budgets import PAUSED_BUDGET, Reservation, Spending
from formscout.domain.errors import BudgetExhaustedError, ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from formscout.domain.ids import ReservationId, SubscriptionId
from formscout.domain.prices import Usage
from formscout.domain.webhooks import EventType
from formscout.storage.database import Database
from formscout.usecases import limits
from formscout.usecases.budgets import (
    announce_budgets,
    charge,
    check_budget,
    release,
    reserve,
    reset_monthly_budgets,
    settle,
    settle_expired,
)
from formscout.usecases.unit_of_work import unit_of_work

LIMIT = 5_000_000
"""Micro-dollars of a test tenant's month."""

TOKENS = Usage(input_tokens=3, output_tokens=4, cache_write_5m_tokens=5, cache_write_1h_tokens=6, cache_read_tokens=7)


@pytest.fixture(autouse=True)
async def ledger_agrees(database: Database) -> AsyncIterator[None]:
    """Whatever a test did, the ledger adds up to what the months hold."""
    yield
    await assert_ledger_agrees(database)


async def hold(database: Database, tenant: Tenant, amount: int, *, own_key: bool = False, month: date | None = None) -> Reservation:
    return await reserve(database, spending_of(tenant, own_key=own_key), amount=amount, month=month)


async def spend(database: Database, tenant: Tenant, amount: int) -> None:
    """Hold and settle so much."""
    assert await settle(database, await hold(database, tenant, amount), spent=amount, usage=Usage()) is not None


async def amounts(database: Database, tenant: Tenant) -> tuple[int, int]:
    """Return what the month has spent and holds."""
    found = await period_now(database, tenant)
    return found.spent, found.reserved


async def let_expire(database: Database) -> None:
    await execute(database, "UPDATE reservation SET expires_at = now() - interval '1 second' WHERE state = 'held'")


async def listen(database: Database, tenant: Tenant) -> None:
    """Let the tenant have an endpoint that wants to know everything."""
    await execute(
        database,
        "INSERT INTO webhook_endpoint (company_id, address, event_types) VALUES (:id, 'https://hook.example.com/', :types)",
        id=tenant.company.id,
        types=[one.value for one in EventType],
    )


async def events(database: Database, key: str) -> list[tuple[Any, ...]]:  # Any: whatever the payload holds
    statement = "SELECT event_type, payload::jsonb -> 'data' -> :key FROM webhook_delivery ORDER BY id"
    return await rows(database, statement, key=key)


async def test_the_first_hold_of_a_month_makes_its_row(database: Database, tenant: Tenant) -> None:
    held = await hold(database, tenant, 100)
    found = await period_now(database, tenant)
    assert (found.limit, found.spent, found.reserved, found.left) == (LIMIT, 0, 100, LIMIT - 100)
    assert (held.month, held.project_id) == (found.month, tenant.project.id)
    await hold(database, tenant, 100)
    lines = await rows(database, "SELECT kind, limit_delta, reserved_delta, spent_delta FROM ledger_entry ORDER BY id")
    assert lines == [("open", LIMIT, 0, 0), ("reserve", 0, 100, 0), ("reserve", 0, 100, 0)]


async def test_fifty_first_holds_at_the_same_moment_make_one_month_and_never_overspend(database: Database, tenant: Tenant) -> None:
    amount = LIMIT // 20 - 1  # twenty fit, with a little left

    async def attempt() -> Reservation | BudgetExhaustedError:
        try:
            return await hold(database, tenant, amount)
        except BudgetExhaustedError as error:
            return error

    holds = await asyncio.gather(*(attempt() for _ in range(50)))
    held = [one for one in holds if isinstance(one, Reservation)]
    assert len(held) == 20
    assert await amounts(database, tenant) == (0, 20 * amount)
    assert await scalar(database, "SELECT count(*) FROM ledger_entry WHERE kind = 'open'") == 1
    await asyncio.gather(*(settle(database, one, spent=amount, usage=Usage()) for one in held))
    assert await amounts(database, tenant) == (20 * amount, 0)


async def test_what_the_limit_does_not_cover_is_refused_and_leaves_nothing(database: Database, tenant: Tenant) -> None:
    await hold(database, tenant, LIMIT)
    with pytest.raises(BudgetExhaustedError, match=r"less than 1 micro-dollars"):
        await hold(database, tenant, 1)
    assert await amounts(database, tenant) == (0, LIMIT)
    assert await scalar(database, "SELECT count(*) FROM reservation") == 1


async def test_a_first_hold_above_the_limit_makes_no_month(database: Database, tenant: Tenant) -> None:
    with pytest.raises(BudgetExhaustedError):
        await hold(database, tenant, LIMIT + 1)
    assert await scalar(database, "SELECT count(*) FROM budget_period") == 0


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1, 2**63])
async def test_a_hold_that_cannot_be_is_refused_with_a_sentence(database: Database, tenant: Tenant, amount: int) -> None:
    with pytest.raises(InvalidInputError, match="cannot be"):
        await hold(database, tenant, amount)


async def test_nothing_is_held_for_who_is_not_there_is_deleted_or_switched_off(
    database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    _, operator = await make_operator(database)
    with pytest.raises(NotFoundError):
        await reserve(database, Spending(subscription_id=SubscriptionId(99), project_id=None, model="m"), amount=1)
    await limits.change_subscription(database, operator, subscription_id=tenant.subscription.id, active=False)
    with pytest.raises(ConflictError, match="switched off"):
        await hold(database, tenant, 1)
    await execute(database, "UPDATE company SET deleted_at = now() WHERE id = :id", id=stranger.company.id)
    with pytest.raises(NotFoundError):
        await hold(database, stranger, 1)
    assert await scalar(database, "SELECT count(*) FROM ledger_entry") == 0


async def test_a_hold_is_settled_once_at_what_the_call_cost(database: Database, tenant: Tenant) -> None:
    held = await hold(database, tenant, 1_000)
    closings = await asyncio.gather(*(settle(database, held, spent=300, usage=TOKENS) for _ in range(5)))
    assert sum(one is not None for one in closings) == 1
    assert not await release(database, held)
    assert not await charge(database, held.id)
    assert await amounts(database, tenant) == (300, 0)
    line = await rows(
        database,
        "SELECT kind, reserved_delta, spent_delta, project_id, model, input_tokens, output_tokens, cache_write_5m_tokens,"
        " cache_write_1h_tokens, cache_read_tokens FROM ledger_entry ORDER BY id DESC LIMIT 1",
    )
    assert line == [("settle", -1_000, 300, tenant.project.id, held.model, 3, 4, 5, 6, 7)]


@pytest.mark.parametrize(("spent", "usage"), [(-1, Usage()), (10**15 + 1, Usage()), (1, Usage(input_tokens=-1))])
async def test_a_cost_that_cannot_be_leaves_the_hold(database: Database, tenant: Tenant, spent: int, usage: Usage) -> None:
    held = await hold(database, tenant, 10)
    with pytest.raises(InvalidInputError):
        await settle(database, held, spent=spent, usage=usage)
    assert await amounts(database, tenant) == (0, 10)


async def test_a_call_that_was_refused_gives_its_hold_back(database: Database, tenant: Tenant) -> None:
    held = await hold(database, tenant, LIMIT)
    assert await release(database, held)
    assert not await release(database, held)
    assert await amounts(database, tenant) == (0, 0)
    await hold(database, tenant, LIMIT)


async def test_a_hold_whose_time_is_over_is_charged_in_full_until_its_cost_is_known(database: Database, tenant: Tenant) -> None:
    over = await hold(database, tenant, 700)
    await let_expire(database)
    await hold(database, tenant, 50)
    assert sum(await asyncio.gather(*(settle_expired(database) for _ in range(3)))) == 1
    assert await amounts(database, tenant) == (700, 50)
    late = await settle(database, over, spent=10, usage=TOKENS)
    assert late is not None
    assert late.late
    assert await amounts(database, tenant) == (10, 50), "the answer came late, and is what is paid"
    assert await settle(database, over, spent=10, usage=TOKENS) is None


async def test_a_hold_that_expired_is_given_back_when_its_call_was_refused_after_all(database: Database, tenant: Tenant) -> None:
    held = await hold(database, tenant, 700)
    assert await charge(database, held.id)
    assert await amounts(database, tenant) == (700, 0)
    assert await release(database, held)
    assert await amounts(database, tenant) == (0, 0)


async def test_reapers_at_the_same_moment_share_the_holds_of_all(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    for _ in range(10):
        for one in (tenant, stranger):
            await hold(database, one, 10)
    await let_expire(database)
    assert sum(await asyncio.gather(*(settle_expired(database) for _ in range(5)))) == 20
    assert await amounts(database, tenant) == await amounts(database, stranger) == (100, 0)


async def test_a_call_that_cost_more_than_its_hold_is_paid_counted_and_told(database: Database, tenant: Tenant) -> None:
    await listen(database, tenant)
    first, second = await hold(database, tenant, 100), await hold(database, tenant, LIMIT - 100)
    closing = await settle(database, first, spent=150, usage=Usage())
    assert closing is not None
    assert closing.overrun == 50
    await settle(database, second, spent=LIMIT - 100, usage=Usage())
    found = await period_now(database, tenant)
    assert (found.spent, found.overruns, found.overrun_amount, found.left) == (LIMIT + 50, 1, 50, 0)
    await announce_budgets(database)
    await announce_budgets(database)
    assert ("budget.overrun", 50) in await events(database, "overrun_amount")
    assert len([one for one in await events(database, "overruns") if one[0] == "budget.overrun"]) == 1


async def test_a_companys_own_key_is_metered_and_not_capped(database: Database, tenant: Tenant) -> None:
    await hold(database, tenant, LIMIT)
    own = await hold(database, tenant, 3 * LIMIT, own_key=True)
    await settle(database, own, spent=2 * LIMIT, usage=TOKENS)
    found = await period_now(database, tenant)
    assert (found.reserved, found.spent, found.own_reserved, found.own_spent, found.overruns) == (LIMIT, 0, 0, 2 * LIMIT, 0)
    await announce_budgets(database)
    assert (await period_now(database, tenant)).told == 0


async def test_thresholds_are_told_once_a_month_and_again_for_a_greater_limit(database: Database, tenant: Tenant) -> None:
    await listen(database, tenant)

    async def told() -> list[int]:
        await asyncio.gather(*(announce_budgets(database) for _ in range(3)))
        return [threshold for kind, threshold in await events(database, "threshold") if kind == "budget.threshold"]

    await spend(database, tenant, LIMIT // 2 - 1)
    assert await told() == []
    await spend(database, tenant, 1)
    assert await told() == [50]
    await spend(database, tenant, LIMIT // 2)
    assert await told() == [50, 80, 100]
    _, operator = await make_operator(database)
    await limits.set_limit(database, operator, subscription_id=tenant.subscription.id, limit=2 * LIMIT)
    assert await told() == [50, 80, 100], "half of the new limit is spent, and half was told"
    await spend(database, tenant, 3 * LIMIT // 5)
    assert await told() == [50, 80, 100, 80]


async def test_a_hold_that_was_refused_for_lack_of_money_tells_the_end_of_the_budget(database: Database, tenant: Tenant) -> None:
    await listen(database, tenant)
    await spend(database, tenant, LIMIT - 5)
    await announce_budgets(database)
    with pytest.raises(BudgetExhaustedError):
        await hold(database, tenant, 10 * LIMIT)  # no month of this limit could
    await announce_budgets(database)
    assert [one for _, one in await events(database, "threshold")] == [50, 80]
    with pytest.raises(BudgetExhaustedError):
        await hold(database, tenant, 6)
    await announce_budgets(database)
    assert [one for _, one in await events(database, "threshold")] == [50, 80, 100]


async def test_a_check_writes_what_it_found_and_tells(database: Database, tenant: Tenant) -> None:
    await listen(database, tenant)
    assert await check_budget(database, tenant.subscription.id)
    await spend(database, tenant, LIMIT)
    assert not await check_budget(database, tenant.subscription.id)
    assert await rows(database, "SELECT may_spend, left_amount FROM budget_check ORDER BY id") == [(True, LIMIT), (False, 0)]
    assert [one for _, one in await events(database, "threshold")] == [50, 80, 100]
    with pytest.raises(NotFoundError):
        await check_budget(database, SubscriptionId(99))


async def test_the_reset_closes_past_months_and_leaves_this_one(database: Database, tenant: Tenant) -> None:
    await hold(database, tenant, 10)
    current = await this_month(database)
    last = (current - timedelta(days=1)).replace(day=1)
    held = await hold(database, tenant, 500, month=last)
    assert await reset_monthly_budgets(database) == 1
    assert await reset_monthly_budgets(database) == 0
    assert await rows(database, "SELECT month, closed FROM budget_period ORDER BY month") == [(last, True), (current, False)]
    with pytest.raises(ConflictError, match="closed"):
        await hold(database, tenant, 1, month=last)
    assert await settle(database, held, spent=400, usage=Usage()), "a call over midnight is paid where it was held"
    assert await scalar(database, "SELECT spent FROM budget_period WHERE closed") == 400


async def test_a_missed_first_of_the_month_is_caught_up_and_two_resets_at_once_close_each_month_once(
    database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    month = await this_month(database)
    for _ in range(3):
        month = (month - timedelta(days=1)).replace(day=1)
        for one in (tenant, stranger):
            await hold(database, one, 1, month=month)
    assert sum(await asyncio.gather(*(reset_monthly_budgets(database) for _ in range(4)))) == 6


async def test_a_clock_that_went_ahead_and_came_back_spends_nothing_until_the_reset_opens_the_month(
    database: Database, tenant: Tenant
) -> None:
    current = await this_month(database)
    await hold(database, tenant, 10)
    await reset_monthly_budgets(database, month=(current + timedelta(days=32)).replace(day=1))
    with pytest.raises(ConflictError, match="clock went back"):
        await hold(database, tenant, 1)
    await reset_monthly_budgets(database)
    await hold(database, tenant, 1)
    assert await amounts(database, tenant) == (0, 11)


async def test_the_reset_and_a_raised_limit_wake_what_waits_for_money(database: Database, tenant: Tenant) -> None:
    _, operator = await make_operator(database)
    waiting = "SELECT count(*) FROM job WHERE available_at > now() + interval '1 minute'"

    async def put_back() -> None:
        await execute(
            database,
            "INSERT INTO job (kind, queue, state, company_id, error_code, available_at) SELECT 'analyze_form_page', 'analysis', 'queued', "
            ":company, code, now() + interval '1 day' FROM unnest(CAST(:codes AS text[])) AS code",
            company=tenant.company.id,
            codes=[PAUSED_BUDGET, "something_else"],
        )

    await put_back()
    await reset_monthly_budgets(database)
    assert await scalar(database, waiting) == 1
    await put_back()
    await limits.set_limit(database, operator, subscription_id=tenant.subscription.id, limit=LIMIT + 1)
    assert await scalar(database, waiting) == 2


async def test_a_limit_holds_at_once_and_is_written_with_who_set_it(database: Database, tenant: Tenant) -> None:
    await hold(database, tenant, 100)
    await limits.set_limit(database, tenant.caller, subscription_id=tenant.subscription.id, limit=150, note="half is enough")
    with pytest.raises(BudgetExhaustedError):
        await hold(database, tenant, 51)
    await hold(database, tenant, 50)
    changes = await limits.list_limit_changes(database, tenant.caller, subscription_id=tenant.subscription.id, before=None, limit=5)
    assert [(one.old_limit, one.new_limit, one.user_id, one.note) for one in changes] == [(LIMIT, 150, tenant.admin.id, "half is enough")]


async def test_a_limit_below_what_is_spent_and_held_is_refused_but_for_the_next_month(database: Database, tenant: Tenant) -> None:
    await spend(database, tenant, 60)
    await hold(database, tenant, 40)
    with pytest.raises(ConflictError, match="Set at least 100"):
        await limits.set_limit(database, tenant.caller, subscription_id=tenant.subscription.id, limit=99)
    changed = await limits.set_limit(database, tenant.caller, subscription_id=tenant.subscription.id, limit=99, next_month=True)
    assert changed.monthly_limit == 99
    assert (await period_now(database, tenant)).limit == LIMIT
    following = (await this_month(database) + timedelta(days=32)).replace(day=1)
    with pytest.raises(BudgetExhaustedError):
        await hold(database, tenant, 100, month=following)
    await hold(database, tenant, 99, month=following)
    assert (await period_now(database, tenant, following)).limit == 99


async def test_who_may_set_which_limit(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    subscription_id = tenant.subscription.id
    _, operator = await make_operator(database)
    with pytest.raises(ForbiddenError, match="granted"):
        await limits.set_limit(database, tenant.caller, subscription_id=subscription_id, limit=LIMIT + 1)
    with pytest.raises(NotFoundError):
        await limits.set_limit(database, stranger.caller, subscription_id=subscription_id, limit=1)
    for wrong in (-1, 10**15 + 1):
        with pytest.raises(InvalidInputError):
            await limits.set_limit(database, operator, subscription_id=subscription_id, limit=wrong)
    await limits.set_limit(database, operator, subscription_id=subscription_id, limit=2 * LIMIT)
    await limits.set_limit(database, tenant.caller, subscription_id=subscription_id, limit=0)
    await limits.set_limit(database, tenant.caller, subscription_id=subscription_id, limit=2 * LIMIT)
    assert await scalar(database, "SELECT count(*) FROM limit_change") == 3


async def test_a_limit_and_the_first_hold_of_a_month_at_the_same_moment_agree(database: Database, tenant: Tenant) -> None:
    async def raise_limit(month: date) -> None:
        async with unit_of_work(database) as work:
            found = await work.companies.find_subscription(tenant.subscription.id, lock=True)
            assert found is not None
            await work.ledger.change_limit(found.id, month, new_limit=99)

    for number in range(1, 11):
        month = date(2031, number, 1)
        await asyncio.gather(hold(database, tenant, 5, month=month), raise_limit(month), hold(database, tenant, 5, month=month))
        assert (await period_now(database, tenant, month)).limit == 99


async def test_no_line_of_the_ledger_is_changed_or_deleted(database: Database, tenant: Tenant) -> None:
    await hold(database, tenant, 5)
    for statement in ("UPDATE ledger_entry SET reserved_delta = 4 WHERE kind = 'reserve'", "DELETE FROM ledger_entry"):
        with pytest.raises(DBAPIError, match="append-only"):
            await execute(database, statement)
    assert await scalar(database, "SELECT count(*) FROM ledger_entry") == 2


async def test_an_unknown_hold_cannot_be_ended(database: Database, tenant: Tenant) -> None:
    del tenant
    assert not await charge(database, ReservationId(99))
