"""What moves money: hold it before a call, settle or release it after, charge what nobody accounts for, check, and turn the month.

The protocol for whoever calls a model, of which `usecases.paying` does all but the call: `reserve` an upper bound, which is committed when
it returns; make one attempt; then `settle` by the answer's usage, `release` what was refused before any work, or `charge` when nobody
knows. Each is one statement, one round trip, and may be asked for twice: the second does nothing.
"""

from datetime import date
from typing import Final

import structlog

from formscout.domain.budgets import (
    HOLD_SECONDS,
    LARGEST_AMOUNT,
    PAUSED_BUDGET,
    THRESHOLDS,
    BudgetAlert,
    Closing,
    Refusal,
    Reservation,
    ReservationState,
    Spending,
)
from formscout.domain.errors import BudgetExhaustedError, ConflictError, InvalidInputError, NotFoundError
from formscout.domain.ids import ReservationId, SubscriptionId
from formscout.domain.prices import MOST_TOKENS, Usage
from formscout.domain.webhooks import EventType
from formscout.storage.budgets import BudgetStore
from formscout.storage.database import Database
from formscout.telemetry import metrics
from formscout.usecases.deliveries import announce_event
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

REAPED_AT_ONCE: Final = 100
"""Holds looked up at a time; each is charged in a statement of its own, of a millisecond."""

REAP_BATCHES: Final = 50
"""Batches a pass at most: some seconds, so that the reaper looks up in between."""

TURNED_AT_ONCE: Final = 500
"""Months closed in one transaction, so that none holds locks for long."""

ALERTS_AT_ONCE: Final = 100
"""Months announced in one transaction."""

_log = structlog.get_logger(__name__)


async def reserve(
    database: Database, spending: Spending, *, amount: int, seconds: float = HOLD_SECONDS, month: date | None = None
) -> Reservation:
    """Hold `amount` micro-dollars for one attempt at a call; committed when it returns, so before the call.

    `month` is for tests of other months: it is the one by the database's clock. Raises `BudgetExhaustedError` when the month does not
    cover it, `NotFoundError` for an unknown subscription, `ConflictError` for one that is switched off or whose month is closed.
    """
    if not 0 < amount <= LARGEST_AMOUNT:
        raise InvalidInputError(f"A hold of {amount} micro-dollars cannot be: it is 1 to {LARGEST_AMOUNT}.")
    async with database.look() as connection:
        held = await BudgetStore(connection).reserve(spending, amount=amount, seconds=seconds, month=month)
    if isinstance(held, Reservation):
        metrics.BUDGET_HOLDS.inc(outcome="held")
        return held
    metrics.BUDGET_HOLDS.inc(outcome=held)
    raise _refused(held, spending.subscription_id, amount)


async def settle(database: Database, hold: Reservation, *, spent: int, usage: Usage) -> Closing | None:
    """Replace a hold by what the call cost; None when its end was written before. A hold that expired meanwhile is corrected.

    A cost above the hold is written in full, for it has to be paid: it is counted with the month, logged, and announced.
    """
    _check_cost(spent, usage)
    async with database.look() as connection:
        closing = await BudgetStore(connection).settle(hold.id, spent=spent, usage=usage)
    if closing is None:
        return None
    key = "own" if hold.own_key else "platform"
    metrics.BUDGET_HOLDS.inc(outcome="late" if closing.late else "settled")
    metrics.MODEL_SPEND.inc(spent, model=hold.model, key=key)
    for kind in Usage.__slots__:
        metrics.MODEL_TOKENS.inc(getattr(usage, kind), model=hold.model, kind=kind.removesuffix("_tokens"))
    if closing.overrun:
        metrics.BUDGET_OVERRUNS.inc(model=hold.model)
        metrics.BUDGET_OVERRUN_AMOUNT.inc(closing.overrun, model=hold.model)
        _log.warning(
            "A call cost more than was held for it",
            subscription_id=hold.subscription_id,
            reservation_id=hold.id,
            model=hold.model,
            held=hold.amount,
            spent=spent,
        )
    return closing


async def release(database: Database, hold: Reservation) -> bool:
    """Give a hold back: the call was refused before any work. False when its end was written before."""
    async with database.look() as connection:
        closing = await BudgetStore(connection).settle(hold.id, spent=0, usage=Usage(), state=ReservationState.RELEASED)
    if closing is not None:
        metrics.BUDGET_HOLDS.inc(outcome="released")
    return closing is not None


async def charge(database: Database, reservation_id: ReservationId) -> bool:
    """Charge a hold in full now, since nobody will know what became of its call; a later `settle` corrects it after all."""
    async with database.look() as connection:
        closing = await BudgetStore(connection).expire(reservation_id, now=True)
    if closing is not None:
        metrics.BUDGET_HOLDS.inc(outcome="expired")
    return closing is not None


async def settle_expired(database: Database) -> int:
    """Charge the holds whose time is over in full, since what became of their calls is unknown; returns how many. Reapers share them."""
    charged = 0
    for _ in range(REAP_BATCHES):
        async with database.look() as connection:
            store = BudgetStore(connection)
            overdue = await store.overdue(limit=REAPED_AT_ONCE)
            for reservation_id in overdue:
                if await store.expire(reservation_id) is not None:
                    charged += 1
        if len(overdue) < REAPED_AT_ONCE:
            break
    if charged:
        metrics.BUDGET_HOLDS.inc(charged, outcome="expired")
    return charged


async def check_budget(database: Database, subscription_id: SubscriptionId) -> bool:
    """Write and return whether a subscription may still spend this month, and tell what is to be told. Raises `NotFoundError`."""
    async with unit_of_work(database) as work:
        month = await work.budgets.this_month()
        subscription = await work.companies.find_subscription(subscription_id)
        if subscription is None:
            raise NotFoundError("subscription", subscription_id)
        period = await work.budgets.period(subscription_id, month)
        left = subscription.monthly_limit if period is None else period.left
        may_spend = subscription.active and left > 0 and not (period is not None and period.closed)
        await work.budgets.note_check(subscription_id, month, may_spend=may_spend, left=left)
        await _announce(work, subscription_id)
        return may_spend


async def reset_monthly_budgets(database: Database, *, month: date | None = None) -> int:
    """Close the periods of past months and wake what waits for money; returns how many were closed. Again, it changes nothing.

    A month's own row is made by its first hold, so a late reset, or none at all, keeps nobody from spending.
    """
    closed = 0
    while True:
        async with unit_of_work(database) as work:
            turned, ended = await work.budgets.turn(limit=TURNED_AT_ONCE, month=month)
        closed += ended
        if turned < TURNED_AT_ONCE:
            break
    async with unit_of_work(database) as work:
        await work.jobs.wake(PAUSED_BUDGET)
    return closed


async def announce_budgets(database: Database) -> int:
    """Tell companies of months that reached a threshold, and of calls that cost more than their hold; returns of how many months."""
    told = 0
    while True:
        async with unit_of_work(database) as work:
            batch = await _announce(work, None)
        told += batch
        if batch < ALERTS_AT_ONCE:
            return told


async def _announce(work: UnitOfWork, subscription_id: SubscriptionId | None) -> int:
    alerts = await work.budgets.lock_alerts(limit=ALERTS_AT_ONCE, subscription_id=subscription_id)
    for alert in alerts:
        await _tell(work, alert)
        await work.budgets.note_told(alert)
    return len(alerts)


async def _tell(work: UnitOfWork, alert: BudgetAlert) -> None:
    period = alert.period
    data = {
        "subscription_id": period.subscription_id,
        "company_id": alert.company_id,
        "month": f"{period.month:%Y-%m}",
        "limit": period.limit,
        "spent": period.spent,
        "reserved": period.reserved,
        "budget_url": f"/api/subscriptions/{period.subscription_id}/budget?month={period.month:%Y-%m}",
    }
    for threshold in THRESHOLDS:
        if period.told < threshold <= alert.level and not period.closed:
            metrics.BUDGET_ALERTS.inc(threshold=str(threshold))
            _log.info("A month's budget has reached a threshold", threshold=threshold, subscription_id=period.subscription_id)
            await announce_event(work, alert.company_id, EventType.BUDGET_THRESHOLD, data | {"threshold": threshold})
    if alert.new_overruns > 0:
        counts = {"overruns": period.overruns, "overrun_amount": period.overrun_amount}
        await announce_event(work, alert.company_id, EventType.BUDGET_OVERRUN, data | counts)


def _refused(refusal: Refusal, subscription_id: SubscriptionId, amount: int) -> NotFoundError | ConflictError | BudgetExhaustedError:
    match refusal:
        case Refusal.NO_SUBSCRIPTION:
            return NotFoundError("subscription", subscription_id)
        case Refusal.INACTIVE:
            return ConflictError(
                f"Subscription {subscription_id} is switched off, so nothing is spent on it. An operator can switch it on."
            )
        case Refusal.CLOSED:
            return ConflictError(
                f"The month is closed for subscription {subscription_id}, so nothing is spent: the database's clock went back. "
                "Set it right; `formscout budget reset` opens the month that it is."
            )
        case Refusal.EXHAUSTED:
            return BudgetExhaustedError(
                f"Subscription {subscription_id} has less than {amount} micro-dollars left this month. "
                "It goes on with the next month, or when its limit is raised."
            )


def _check_cost(spent: int, usage: Usage) -> None:
    if not 0 <= spent <= LARGEST_AMOUNT:
        raise InvalidInputError(f"A call cannot cost {spent} micro-dollars: it is 0 to {LARGEST_AMOUNT}.")
    if not all(0 <= getattr(usage, kind) <= MOST_TOKENS for kind in Usage.__slots__):
        raise InvalidInputError(f"A call takes 0 to {MOST_TOKENS} tokens of a kind, not {usage}.")
