"""Paid calls: held before, and written after, however the call ends."""

import asyncio

import pytest
from tests.support.money import assert_ledger_agrees, period_now, spending_of
from tests.support.sessions import rows, scalar
from tests.support.tenants import Tenant

from formscout.domain.errors import BudgetExhaustedError, InvalidInputError, UnknownModelError
from formscout.domain.prices import Usage, built_in
from formscout.storage.database import Database
from formscout.usecases.paying import paid_call

PRICES = built_in()
BOUND = 1_000 * 2 + 100 * 5
"""Micro-dollars of a prompt of 1,000 tokens, all of them written to the cache for an hour, and 100 of an answer."""


async def amounts(database: Database, tenant: Tenant) -> tuple[int, int]:
    found = await period_now(database, tenant)
    await assert_ledger_agrees(database)
    return found.spent, found.reserved


async def test_an_answer_costs_what_its_usage_says(database: Database, tenant: Tenant) -> None:
    async with paid_call(database, PRICES, spending_of(tenant), prompt_tokens=1_000, max_output_tokens=100) as call:
        assert await amounts(database, tenant) == (0, BOUND), "held before the call"
        assert call.answered(Usage(input_tokens=900, output_tokens=10, cache_read_tokens=100)) == 960
    assert await amounts(database, tenant) == (960, 0)


async def test_a_call_that_was_refused_costs_nothing(database: Database, tenant: Tenant) -> None:
    async def ask() -> None:
        async with paid_call(database, PRICES, spending_of(tenant), prompt_tokens=1_000, max_output_tokens=100) as call:
            call.refused()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ask()
    assert await amounts(database, tenant) == (0, 0)


async def test_a_call_of_which_nobody_knows_the_end_is_charged_in_full(database: Database, tenant: Tenant) -> None:
    with pytest.raises(TimeoutError):
        async with paid_call(database, PRICES, spending_of(tenant), prompt_tokens=1_000, max_output_tokens=100):
            raise TimeoutError
    assert await amounts(database, tenant) == (BOUND, 0)


async def test_a_caller_that_is_cancelled_leaves_no_hold(database: Database, tenant: Tenant) -> None:
    began = asyncio.Event()

    async def ask() -> None:
        async with paid_call(database, PRICES, spending_of(tenant), prompt_tokens=1_000, max_output_tokens=100):
            began.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(ask())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await amounts(database, tenant) == (BOUND, 0)


async def test_nothing_is_held_for_a_model_without_a_price_or_a_prompt_that_cannot_be(database: Database, tenant: Tenant) -> None:
    with pytest.raises(UnknownModelError):
        async with paid_call(database, PRICES, spending_of(tenant, model="gpt"), prompt_tokens=1, max_output_tokens=1):
            pass
    with pytest.raises(InvalidInputError):
        async with paid_call(database, PRICES, spending_of(tenant), prompt_tokens=-1, max_output_tokens=1):
            pass
    assert await scalar(database, "SELECT count(*) FROM budget_period") == 0


async def test_each_attempt_has_a_hold_of_its_own_and_the_end_of_the_money_stops_the_next(database: Database, tenant: Tenant) -> None:
    made = 0

    async def ask_on() -> None:
        nonlocal made
        while True:
            async with paid_call(database, PRICES, spending_of(tenant), prompt_tokens=400_000, max_output_tokens=0) as call:
                made += 1
                call.answered(Usage(input_tokens=400_000))

    with pytest.raises(BudgetExhaustedError):
        await ask_on()
    assert made == 11, "5,000,000 micro-dollars: after eleven of 400,000 no twelfth of at most 800,000 fits"
    assert await rows(database, "SELECT DISTINCT state FROM reservation") == [("settled",)]
