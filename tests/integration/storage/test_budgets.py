"""Budgets: what is spent and held never exceeds the limit, and every hold is closed once."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.support.sessions import execute, rows, scalar
from tests.support.tenants import Tenant

from formscout.domain.budgets import BudgetPeriod, Reservation, month_of
from formscout.domain.errors import BudgetExhaustedError, NotFoundError
from formscout.domain.ids import SubscriptionId
from formscout.storage.database import Database
from formscout.usecases.budgets import check_budget, release, reserve, reset_monthly_budgets, settle, settle_expired
from formscout.usecases.unit_of_work import unit_of_work

LIMIT = 5_000_000
"""Micro-dollars of a test tenant's month."""


def this_month() -> date:
    return month_of(datetime.now(UTC))


async def period(database: Database, tenant: Tenant) -> BudgetPeriod | None:
    async with unit_of_work(database) as work:
        return await work.budgets.period(tenant.subscription.id, this_month())


async def amounts(database: Database, tenant: Tenant) -> tuple[int, int]:
    """Return what the month has spent and holds."""
    found = await period(database, tenant)
    assert found is not None
    return found.spent, found.reserved


async def test_the_first_hold_of_a_month_makes_its_row(database: Database, tenant: Tenant) -> None:
    assert await period(database, tenant) is None
    await reserve(database, tenant.subscription.id, amount=100)
    found = await period(database, tenant)
    assert found is not None
    assert (found.limit, found.spent, found.reserved, found.left) == (LIMIT, 0, 100, LIMIT - 100)


async def test_fifty_holds_at_the_same_moment_never_overspend(database: Database, tenant: Tenant) -> None:
    amount = LIMIT // 20 - 1  # twenty fit, with a little left

    async def hold() -> Reservation | BudgetExhaustedError:
        try:
            return await reserve(database, tenant.subscription.id, amount=amount)
        except BudgetExhaustedError as error:
            return error

    holds = await asyncio.gather(*(hold() for _ in range(50)))
    held = [one for one in holds if isinstance(one, Reservation)]
    assert len(held) == 20
    assert await amounts(database, tenant) == (0, 20 * amount)
    await asyncio.gather(*(settle(database, one.id, spent=amount) for one in held))
    assert await amounts(database, tenant) == (20 * amount, 0)


async def test_what_the_limit_does_not_cover_is_refused_and_leaves_nothing(database: Database, tenant: Tenant) -> None:
    await reserve(database, tenant.subscription.id, amount=LIMIT)
    with pytest.raises(BudgetExhaustedError, match=r"less than 1 micro-dollars"):
        await reserve(database, tenant.subscription.id, amount=1)
    assert await amounts(database, tenant) == (0, LIMIT)
    assert await scalar(database, "SELECT count(*) FROM reservation") == 1


async def test_an_unknown_subscription_holds_nothing(database: Database, tenant: Tenant) -> None:
    del tenant
    with pytest.raises(NotFoundError):
        await reserve(database, SubscriptionId(99), amount=1)


async def test_a_hold_is_settled_once_at_what_the_call_cost(database: Database, tenant: Tenant) -> None:
    hold = await reserve(database, tenant.subscription.id, amount=1_000)
    results = await asyncio.gather(*(settle(database, hold.id, spent=300) for _ in range(5)))
    assert sorted(results) == [False] * 4 + [True]
    assert not await release(database, hold.id)
    assert await amounts(database, tenant) == (300, 0)
    assert await rows(database, "SELECT kind, amount FROM ledger_entry ORDER BY id") == [("reserve", 1_000), ("settle", 300)]


async def test_a_call_that_was_refused_gives_its_hold_back(database: Database, tenant: Tenant) -> None:
    hold = await reserve(database, tenant.subscription.id, amount=LIMIT)
    assert await release(database, hold.id)
    assert not await release(database, hold.id)
    assert await amounts(database, tenant) == (0, 0)
    await reserve(database, tenant.subscription.id, amount=LIMIT)


async def test_a_hold_whose_time_is_over_is_settled_in_full(database: Database, tenant: Tenant) -> None:
    over = await reserve(database, tenant.subscription.id, amount=700)
    await execute(database, "UPDATE reservation SET expires_at = now() - interval '1 second'")
    await reserve(database, tenant.subscription.id, amount=50)
    assert sum(await asyncio.gather(*(settle_expired(database) for _ in range(3)))) == 1
    assert await amounts(database, tenant) == (700, 50)
    assert not await settle(database, over.id, spent=10), "the answer came too late"


async def test_reapers_at_the_same_moment_do_not_wait_for_each_other(database: Database, tenant: Tenant, stranger: Tenant) -> None:
    for _ in range(10):
        for subscription in (tenant.subscription, stranger.subscription):
            await reserve(database, subscription.id, amount=10)
    await execute(database, "UPDATE reservation SET expires_at = now() - interval '1 second'")
    assert sum(await asyncio.gather(*(settle_expired(database) for _ in range(5)))) == 20
    assert await amounts(database, tenant) == await amounts(database, stranger) == (100, 0)


async def test_a_check_writes_what_it_found(database: Database, tenant: Tenant) -> None:
    assert await check_budget(database, tenant.subscription.id)
    await reserve(database, tenant.subscription.id, amount=LIMIT)
    assert not await check_budget(database, tenant.subscription.id)
    assert await rows(database, "SELECT may_spend, left_amount FROM budget_check ORDER BY id") == [(True, LIMIT), (False, 0)]
    with pytest.raises(NotFoundError):
        await check_budget(database, SubscriptionId(99))


async def test_the_reset_closes_past_months_and_leaves_this_one(database: Database, tenant: Tenant) -> None:
    await reserve(database, tenant.subscription.id, amount=10)
    last = (this_month() - timedelta(days=1)).replace(day=1)
    async with unit_of_work(database) as work:
        await work.budgets.open_period(tenant.subscription.id, last)
        hold = await work.budgets.reserve(tenant.subscription.id, last, amount=500, seconds=60)
    assert hold is not None
    assert await reset_monthly_budgets(database) == 1
    assert await reset_monthly_budgets(database) == 0
    assert await rows(database, "SELECT month, closed FROM budget_period ORDER BY month") == [(last, True), (this_month(), False)]
    async with unit_of_work(database) as work:
        assert await work.budgets.reserve(tenant.subscription.id, last, amount=1, seconds=60) is None, "nothing is held in a closed month"
    assert await settle(database, hold.id, spent=400), "a call over midnight is paid where it was held"
    assert await scalar(database, "SELECT spent FROM budget_period WHERE closed") == 400
