"""What may be done with budgets: hold money before a call, settle or release it after, check it, and turn the month."""

from datetime import UTC, datetime
from typing import Final

from formscout.domain.budgets import Reservation, ReservationState, month_of
from formscout.domain.errors import BudgetExhaustedError, NotFoundError
from formscout.domain.ids import ReservationId, SubscriptionId
from formscout.storage.database import Database
from formscout.usecases.unit_of_work import unit_of_work

HOLD_SECONDS: Final = 900
"""How long a hold stands without word of its call: longer than any answer takes. Then it is settled in full."""


async def reserve(database: Database, subscription_id: SubscriptionId, *, amount: int) -> Reservation:
    """Hold `amount` micro-dollars for one call; the commit comes before the call.

    Raises `BudgetExhaustedError` when the month does not cover it, `NotFoundError` for an unknown subscription.
    """
    month = month_of(datetime.now(UTC))
    async with unit_of_work(database) as work:
        if not await work.budgets.open_period(subscription_id, month):
            raise NotFoundError("subscription", subscription_id)
        held = await work.budgets.reserve(subscription_id, month, amount=amount, seconds=HOLD_SECONDS)
    if held is None:
        raise BudgetExhaustedError(f"Subscription {subscription_id} has less than {amount} micro-dollars left in {month:%B %Y}.")
    return held


async def settle(database: Database, reservation_id: ReservationId, *, spent: int) -> bool:
    """Replace a hold by what the call cost; False when it was closed before."""
    async with unit_of_work(database) as work:
        return await work.budgets.close(reservation_id, spent=spent, state=ReservationState.SETTLED)


async def release(database: Database, reservation_id: ReservationId) -> bool:
    """Give a hold back: the call was refused before any work. False when it was closed before."""
    async with unit_of_work(database) as work:
        return await work.budgets.close(reservation_id, spent=0, state=ReservationState.RELEASED)


async def settle_expired(database: Database) -> int:
    """Settle the holds whose time is over in full, since what became of their calls is unknown; returns how many."""
    async with unit_of_work(database) as work:
        expired = await work.budgets.expired()
        for hold in expired:
            await work.budgets.close(hold.id, spent=hold.amount, state=ReservationState.SETTLED)
        return len(expired)


async def check_budget(database: Database, subscription_id: SubscriptionId) -> bool:
    """Write and return whether a subscription may still spend this month. Raises `NotFoundError`."""
    month = month_of(datetime.now(UTC))
    async with unit_of_work(database) as work:
        await work.budgets.open_period(subscription_id, month)
        period = await work.budgets.period(subscription_id, month)
        subscription = await work.companies.find_subscription(subscription_id)
        if period is None or subscription is None:
            raise NotFoundError("subscription", subscription_id)
        may_spend = subscription.active and period.left > 0
        await work.budgets.note_check(subscription_id, month, may_spend=may_spend, left=period.left)
        return may_spend


async def reset_monthly_budgets(database: Database) -> int:
    """Close the periods of past months; returns how many. A month's own row is made by its first hold, so a late reset harms nothing."""
    async with unit_of_work(database) as work:
        return await work.budgets.close_periods_before(month_of(datetime.now(UTC)))
