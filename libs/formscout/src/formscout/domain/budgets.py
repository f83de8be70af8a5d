"""Budgets: what a subscription may spend on the language model in a month, and what it spent."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from formscout.domain.ids import ReservationId, SubscriptionId

MICRO_DOLLARS_PER_DOLLAR: Final = 1_000_000
"""Money is integer micro-dollars everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPeriod:
    """One subscription's month; `spent + reserved <= limit` always holds."""

    subscription_id: SubscriptionId
    month: date  # its first day, UTC
    limit: int
    spent: int
    reserved: int
    closed: bool

    @property
    def left(self) -> int:
        """Micro-dollars that may still be reserved."""
        return max(0, self.limit - self.spent - self.reserved)


class ReservationState(StrEnum):
    """Where a hold on money stands."""

    HELD = "held"  # committed before the call
    SETTLED = "settled"  # replaced by what the answer cost
    RELEASED = "released"  # the call was refused before any work


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """An upper bound held for one call to a model."""

    id: ReservationId
    subscription_id: SubscriptionId
    month: date
    amount: int
    state: ReservationState
    expires_at: datetime


def month_of(moment: datetime) -> date:
    """Return the first day of the moment's month, in the moment's own zone (pass UTC)."""
    return moment.date().replace(day=1)
