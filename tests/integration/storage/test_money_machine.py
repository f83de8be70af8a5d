"""Money under any order of events: Hypothesis plays callers, reapers, clocks, admins and crashes; a judge looks at each commit.

`MONEY_EXAMPLES=2000 pytest tests/integration/storage/test_money_machine.py` looks further, at random.
"""

import asyncio
import os
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from datetime import date
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy.exc import DBAPIError
from tests.support.accountant import appoint
from tests.support.money import assert_ledger_agrees, period_now, spending_of
from tests.support.sessions import execute, scalar
from tests.support.tenants import Tenant, make_tenant

from formscout.domain.budgets import Reservation
from formscout.domain.errors import BudgetExhaustedError, ConflictError
from formscout.domain.prices import Usage
from formscout.storage.budgets import BudgetStore
from formscout.storage.database import Database
from formscout.usecases.budgets import announce_budgets, charge, release, reserve, reset_monthly_budgets, settle, settle_expired
from formscout.usecases.unit_of_work import unit_of_work

EXAMPLES: Final = 15
"""Orders of some 30 events each, in a run of all tests."""

LIMIT: Final = 100

AMOUNT = st.integers(1, 60)
PICK = st.integers(0, 5)
"""Which of the latest holds is meant, those that ended among them."""

MONTHS: Final = [date(2030, number, 1) for number in range(1, 13)]

Step = Coroutine[Any, Any, object]  # Any: what a coroutine is made of


class _Crash(Exception):  # noqa: N818 (it is no error of ours)
    """The process dies before the commit."""


class Money(RuleBasedStateMachine):
    """Any order of everything that moves money; a statement that breaks a promise fails at its commit."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    database: ClassVar[Database]
    tenant: ClassVar[Tenant]

    def __init__(self) -> None:
        super().__init__()
        self.holds: list[Reservation] = []
        self.clock = 1

    @property
    def month(self) -> date:
        return MONTHS[self.clock]

    def _do(self, *steps: Step | None) -> list[Any]:  # Any: what each step returns
        async def all_of_them() -> list[Any]:  # Any: as above
            return list(await asyncio.gather(*(step for step in steps if step is not None)))

        return self.loop.run_until_complete(all_of_them())

    def _hold(self, pick: int) -> Reservation | None:
        return self.holds[-1 - pick] if pick < len(self.holds) else None

    @initialize()
    def start_without_a_month(self) -> None:
        self._do(execute(self.database, "TRUNCATE budget_period, reservation, ledger_entry, limit_change CASCADE"))
        self._do(execute(self.database, "UPDATE subscription SET monthly_limit = 100, granted_limit = 1000, active = true"))

    async def _reserve(self, amount: int, *, own_key: bool = False) -> bool:
        try:
            hold = await reserve(self.database, spending_of(self.tenant, own_key=own_key), amount=amount, month=self.month)
        except (BudgetExhaustedError, ConflictError):
            return False
        self.holds.append(hold)
        return True

    async def _settle(self, hold: Reservation, spent: int) -> None:
        await settle(self.database, hold, spent=spent, usage=Usage(input_tokens=spent))

    async def _set_limit(self, limit: int) -> None:
        async with unit_of_work(self.database) as work:
            await work.companies.find_subscription(self.tenant.subscription.id, lock=True)
            await work.ledger.change_limit(self.tenant.subscription.id, self.month, new_limit=limit)

    async def _expire_all(self) -> None:
        await execute(self.database, "UPDATE reservation SET expires_at = now() - interval '1 second' WHERE state = 'held'")
        await settle_expired(self.database)

    async def _die_before_the_commit(self, amount: int, hold: Reservation | None) -> None:
        with suppress(_Crash):
            async with self.database.begin() as connection:
                store = BudgetStore(connection)
                if hold is None:
                    await store.reserve(spending_of(self.tenant), amount=amount, seconds=60, month=self.month)
                else:
                    await store.settle(hold.id, spent=amount, usage=Usage())
                raise _Crash

    @rule(amount=AMOUNT, own_key=st.booleans())
    def reserve(self, amount: int, own_key: bool) -> None:
        found = self._do(self._left())[0]
        held = self._do(self._reserve(amount, own_key=own_key))[0]
        assert held == (found is not None and (own_key or amount <= found)), "what fits is held, and nothing else"

    async def _left(self) -> int | None:
        """Return what may be held now, or None when the month is closed."""
        statement = (
            "SELECT CASE WHEN coalesce(closed, false) THEN NULL ELSE coalesce(limit_amount - spent - reserved, monthly_limit) END"
            " FROM subscription LEFT JOIN budget_period p ON p.subscription_id = id AND month = :month WHERE id = :id"
        )
        left: int | None = await scalar(self.database, statement, month=self.month, id=self.tenant.subscription.id)
        return left

    @rule(pick=PICK, spent=st.integers(0, 80))
    def settle(self, pick: int, spent: int) -> None:
        if hold := self._hold(pick):
            self._do(self._settle(hold, spent))

    @rule(pick=PICK)
    def release(self, pick: int) -> None:
        if hold := self._hold(pick):
            self._do(release(self.database, hold))

    @rule(pick=PICK)
    def charge(self, pick: int) -> None:
        if hold := self._hold(pick):
            self._do(charge(self.database, hold.id))

    @rule()
    def reap(self) -> None:
        self._do(self._expire_all())

    @rule(by=st.sampled_from([1, 1, -1]))
    def let_the_month_turn(self, by: int) -> None:
        self.clock = min(max(self.clock + by, 0), len(MONTHS) - 1)
        self._do(reset_monthly_budgets(self.database, month=self.month))

    @rule(limit=st.integers(0, 300))
    def set_limit(self, limit: int) -> None:
        self._do(self._set_limit(limit))

    @rule(amount=AMOUNT, pick=PICK)
    def crash(self, amount: int, pick: int) -> None:
        self._do(self._die_before_the_commit(amount, self._hold(pick)))

    @rule(amounts=st.lists(AMOUNT, min_size=2, max_size=4), spent=st.integers(0, 80), limit=st.integers(0, 300), pick=PICK)
    def at_once(self, amounts: list[int], spent: int, limit: int, pick: int) -> None:
        hold = self._hold(pick)
        ends = [] if hold is None else [self._settle(hold, spent), release(self.database, hold), charge(self.database, hold.id)]
        others = [self._set_limit(limit), reset_monthly_budgets(self.database, month=self.month), announce_budgets(self.database)]
        self._do(*(self._reserve(amount) for amount in amounts), *ends, *others)

    def teardown(self) -> None:
        """Let every hold expire: nothing stays held, and the ledger adds up."""
        self._do(self._expire_all())
        self._do(assert_ledger_agrees(self.database))
        assert self._do(scalar(self.database, "SELECT coalesce(sum(reserved + own_reserved), 0) FROM budget_period"))[0] == 0


@pytest.fixture(scope="module")
def machine(database_url: str) -> Iterator[type[Money]]:
    """Return the machine on a loop of its own: Hypothesis calls its rules from no coroutine."""
    loop = asyncio.new_event_loop()
    database = Database.connect(database_url, pool_size=8)
    Money.loop, Money.database = loop, database
    Money.tenant = loop.run_until_complete(make_tenant(database, "Acme"))
    loop.run_until_complete(appoint(database))
    yield Money
    loop.run_until_complete(database.close())
    loop.close()


def test_any_order_of_events_keeps_every_month_within_its_limit_and_its_ledger(machine: type[Money]) -> None:
    asked = os.environ.get("MONEY_EXAMPLES")
    effort = settings(
        max_examples=int(asked or EXAMPLES),
        derandomize=asked is None,  # the same examples each time, unless somebody goes hunting
        phases=[Phase.generate],
        stateful_step_count=30,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),  # how quick the machine is proves nothing
    )
    run_state_machine_as_test(machine, settings=effort)


def test_the_judge_sees_money_that_no_line_tells_of(machine: type[Money]) -> None:
    """A check that cannot fail proves nothing."""
    money = machine()
    money.start_without_a_month()
    money.reserve(amount=5, own_key=False)
    for change in ("spent = spent + 1", "limit_amount = limit_amount + 1", "reserved = reserved + 200, limit_amount = limit_amount"):
        with pytest.raises(DBAPIError, match=r"the ledger says|overspent"):
            money._do(execute(machine.database, f"UPDATE budget_period SET {change}"))  # noqa: S608 (ours)
    assert money._do(period_now(machine.database, machine.tenant, money.month))[0].reserved == 5
