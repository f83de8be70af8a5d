"""Limits and what was spent within them: who may set them, the audit of it, and what may be seen of a subscription's money."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Final

from formscout.domain.budgets import LARGEST_AMOUNT, PAUSED_BUDGET, BudgetPeriod, LedgerEntry, LimitChange, Spend, SpendBy
from formscout.domain.companies import Caller, Subscription
from formscout.domain.errors import ConflictError, ForbiddenError, InvalidInputError
from formscout.domain.ids import SubscriptionId, UserId
from formscout.storage.database import Database
from formscout.usecases.companies import require_manager, require_operator, visible_subscription
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

EXPORTED_AT_ONCE: Final = 1000
"""Lines read at a time, each batch in a transaction of its own: an export of a year holds nothing open while its reader is slow."""

EARLIEST_MONTH: Final = date(2000, 1, 1)
"""No ledger is older; a month before it is a slip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A subscription's month as it stands."""

    subscription: Subscription
    period: BudgetPeriod
    is_current: bool

    @property
    def may_spend(self) -> bool:
        """Whether anything can be held now."""
        return self.is_current and self.subscription.active and not self.period.closed and self.period.left > 0


async def get_budget(database: Database, caller: Caller, *, subscription_id: SubscriptionId, month: date | None = None) -> Budget:
    """Return how a subscription's month stands; one in which nothing was held yet has its limit and no spending."""
    async with unit_of_work(database) as work:
        subscription = await visible_subscription(work, caller, subscription_id)
        current = await work.budgets.this_month()
        meant = _checked_month(month, current)
        period = await work.budgets.period(subscription_id, meant)
        is_current = meant == current
        if period is None:
            limit = subscription.monthly_limit if is_current else 0
            period = BudgetPeriod(subscription_id=subscription_id, month=meant, limit=limit, spent=0, reserved=0, closed=not is_current)
        return Budget(subscription=subscription, period=period, is_current=is_current)


async def get_spend(database: Database, caller: Caller, *, subscription_id: SubscriptionId, month: date | None, by: SpendBy) -> list[Spend]:
    """Return what a subscription spent in a month, added up by project, model or day."""
    async with unit_of_work(database) as work:
        await visible_subscription(work, caller, subscription_id)
        return await work.ledger.spend(subscription_id, _checked_month(month, await work.budgets.this_month()), by)


async def list_ledger(
    database: Database, caller: Caller, *, subscription_id: SubscriptionId, month: date | None, after: int, limit: int
) -> list[LedgerEntry]:
    """Return lines of a month's ledger in the order in which they were committed."""
    async with unit_of_work(database) as work:
        await visible_subscription(work, caller, subscription_id)
        meant = _checked_month(month, await work.budgets.this_month())
        return await work.ledger.page(subscription_id, meant, after=after, limit=limit)


async def export_ledger(
    database: Database, caller: Caller, *, subscription_id: SubscriptionId, month: date | None, after: int = 0
) -> AsyncIterator[list[LedgerEntry]]:
    """Yield a month's ledger in batches, from after a line on."""
    if month is None:
        async with unit_of_work(database) as work:
            month = await work.budgets.this_month()  # of one month to its end, also over midnight
    while True:
        batch = await list_ledger(database, caller, subscription_id=subscription_id, month=month, after=after, limit=EXPORTED_AT_ONCE)
        if batch:
            yield batch
        if len(batch) < EXPORTED_AT_ONCE:
            return
        after = batch[-1].id


async def list_limit_changes(
    database: Database, caller: Caller, *, subscription_id: SubscriptionId, before: int | None, limit: int
) -> list[LimitChange]:
    """Return who changed a subscription's limit, newest first."""
    async with unit_of_work(database) as work:
        await visible_subscription(work, caller, subscription_id)
        return await work.ledger.changes(subscription_id, before=before, limit=limit)


async def set_limit(
    database: Database,
    caller: Caller,
    *,
    subscription_id: SubscriptionId,
    limit: int,
    next_month: bool = False,
    note: str = "",
) -> Subscription:
    """Set a subscription's limit from this month on, or from the next, and write who did it.

    An operator grants any limit; an admin sets its company's own up to what was granted. Raises `ConflictError` when this month has spent
    and holds more already.
    """
    async with unit_of_work(database) as work:
        found = await visible_subscription(work, caller, subscription_id, lock=True)
        require_manager(caller, "change limits")
        if not 0 <= limit <= LARGEST_AMOUNT:
            raise InvalidInputError(f"A limit of {limit} micro-dollars cannot be: it is 0 to {LARGEST_AMOUNT}.")
        if not caller.is_operator and limit > found.granted_limit:
            raise ForbiddenError(
                f"Only an operator may set a limit above the {found.granted_limit} micro-dollars that were granted. "
                "Give at most that, or ask whoever runs this installation."
            )
        return await _set_limit(work, caller, found, limit=limit, next_month=next_month, note=note)


async def change_subscription(
    database: Database,
    caller: Caller,
    *,
    subscription_id: SubscriptionId,
    monthly_limit: int | None = None,
    active: bool | None = None,
) -> Subscription:
    """Change a subscription's limit (micro-dollars, from this month on) or switch it; operators only."""
    async with unit_of_work(database) as work:
        found = await visible_subscription(work, caller, subscription_id, lock=True)
        require_operator(caller, "change subscriptions")
        if active is not None and active != found.active:
            found = await work.companies.change_subscription(replace(found, active=active))
            if active:
                await work.jobs.wake(PAUSED_BUDGET, company_id=found.company_id)
        if monthly_limit is not None:
            found = await _set_limit(work, caller, found, limit=monthly_limit, next_month=False, note="")
        return found


async def _set_limit(work: UnitOfWork, caller: Caller, found: Subscription, *, limit: int, next_month: bool, note: str) -> Subscription:
    month = None if next_month else await work.budgets.this_month()
    if month is not None:
        was = await work.ledger.change_limit(found.id, month, new_limit=limit)
        if was is None:
            period = await work.budgets.period(found.id, month)
            assert period is not None, "it is locked"
            raise ConflictError(
                f"Subscription {found.id} has spent {period.spent} and holds {period.reserved} micro-dollars this month, above {limit}. "
                f"Set at least {period.spent + period.reserved}, or let the limit hold from the next month on; "
                "an operator can switch the subscription off meanwhile."
            )
    granted = limit if caller.is_operator else found.granted_limit
    changed = await work.companies.change_subscription(replace(found, monthly_limit=limit, granted_limit=granted))
    user_id = caller.user_id if caller.user_id > 0 else None
    await work.ledger.note_change(
        found.id,
        month=month,
        old_limit=found.monthly_limit,
        new_limit=limit,
        user_id=None if user_id is None else UserId(user_id),
        note=note,
    )
    if month is not None:
        await work.jobs.wake(PAUSED_BUDGET, company_id=found.company_id)
    return changed


def _checked_month(month: date | None, current: date) -> date:
    """Return the month that is meant, the current one by default; raise `InvalidInputError` for one that has not begun."""
    if month is None:
        return current
    if month > current:
        raise InvalidInputError(f"{month:%Y-%m} has not begun: it is {current:%Y-%m} (UTC). Ask for this month or one before.")
    if month < EARLIEST_MONTH:
        raise InvalidInputError(f"No ledger is as old as {month:%Y-%m}. Ask for a month from {EARLIEST_MONTH:%Y-%m} on.")
    return month.replace(day=1)


def parse_month(text: str | None) -> date | None:
    """Return the month that `2026-11` stands for; raise `InvalidInputError` for anything else."""
    if text is None:
        return None
    try:
        found = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).date()
    except ValueError:
        found = None
    if found is None or f"{found:%Y-%m}" != text:
        raise InvalidInputError(f"{text[:20]!r} is no month. Write it as year and month, such as 2026-11.")
    return found
