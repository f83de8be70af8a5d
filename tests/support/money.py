"""Money for tests: whose it is, how it stands, and whether the ledger agrees with it."""

from datetime import date
from typing import Final

from tests.support.tenants import Tenant

from formscout.domain.budgets import BudgetPeriod, Spending
from formscout.storage.budgets import BudgetStore
from formscout.storage.database import Database
from formscout.storage.ledger import LedgerStore

MODEL: Final = "claude-haiku-4-5"
"""A dollar a million input tokens, so a micro-dollar a token."""


def spending_of(tenant: Tenant, *, own_key: bool = False, model: str = MODEL) -> Spending:
    """Return what a call of the tenant's project is paid from."""
    return Spending(subscription_id=tenant.subscription.id, project_id=tenant.project.id, model=model, own_key=own_key)


async def this_month(database: Database) -> date:
    """Return the month by the database's clock."""
    async with database.look() as connection:
        return await BudgetStore(connection).this_month()


async def period_now(database: Database, tenant: Tenant, month: date | None = None) -> BudgetPeriod:
    """Return a month of the tenant's budget, this one by default; it was opened."""
    meant = month or await this_month(database)
    async with database.look() as connection:
        found = await BudgetStore(connection).period(tenant.subscription.id, meant)
    assert found is not None, f"nothing was held in {meant}"
    return found


async def assert_ledger_agrees(database: Database) -> None:
    """Check every month: its amounts are the sums of its lines, and what is reserved is what is held."""
    async with database.begin() as connection:  # one snapshot would be stricter; callers are at rest
        months = (await connection.exec_driver_sql("SELECT subscription_id, month FROM budget_period")).all()
        for subscription_id, month in months:
            row = await BudgetStore(connection).period(subscription_id, month)
            sums = await LedgerStore(connection).sums(subscription_id, month)
            assert row is not None
            names = ("limit", "spent", "reserved", "own_spent", "own_reserved")
            assert {name: getattr(row, name) for name in names} == {name: getattr(sums, name) for name in names}
        held = await connection.exec_driver_sql(
            "SELECT count(*) FROM budget_period p WHERE reserved + own_reserved <> (SELECT coalesce(sum(amount), 0) FROM reservation r"
            " WHERE r.subscription_id = p.subscription_id AND r.month = p.month AND r.state = 'held')",
        )
        assert held.scalar_one() == 0, "what is reserved is what is held"
