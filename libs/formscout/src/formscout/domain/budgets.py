"""Budgets: what a subscription may spend on the language model in a month, and what it spent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from formscout.domain.ids import CompanyId, LedgerEntryId, ProjectId, ReservationId, SubscriptionId, UserId
from formscout.domain.prices import Usage

LARGEST_AMOUNT: Final = 10**15
"""Micro-dollars, a billion dollars: the largest limit, hold and cost; a hundred times it still is a bigint."""

HOLD_SECONDS: Final = 900
"""How long a hold stands without word of its call: longer than any answer takes. Then it is charged in full."""

THRESHOLDS: Final = (50, 80, 100)
"""Per cent of a month's limit at which a company is told, each once a month and limit."""

PAUSED_BUDGET: Final = "paused_budget"
"""Why a job waits that has no money: it is woken when the month begins or the limit rises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetPeriod:
    """One subscription's month; `spent + reserved <= limit` but for calls that cost more than their hold, which are counted."""

    subscription_id: SubscriptionId
    month: date  # its first day, UTC
    limit: int
    spent: int
    reserved: int
    own_spent: int = 0  # by the company's own key: metered, never capped
    own_reserved: int = 0
    overruns: int = 0  # calls that cost more than was held for them
    overrun_amount: int = 0  # by how much, all of them together
    told: int = 0  # the highest threshold that was announced
    exhausted_at: datetime | None = None  # when a hold was refused first for lack of money, since the limit was set
    closed: bool = False

    @property
    def left(self) -> int:
        """Micro-dollars that may still be reserved."""
        return max(0, self.limit - self.spent - self.reserved)


class ReservationState(StrEnum):
    """Where a hold on money stands."""

    HELD = "held"  # committed before the call
    SETTLED = "settled"  # replaced by what the answer cost
    RELEASED = "released"  # the call was refused before any work
    EXPIRED = "expired"  # nobody said what became of the call: charged in full, until somebody does


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Whose money a call takes, and what for."""

    subscription_id: SubscriptionId
    project_id: ProjectId | None
    model: str
    own_key: bool = False  # the call is made with the company's own key: metered, not capped


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """An upper bound held for one call to a model."""

    id: ReservationId
    subscription_id: SubscriptionId
    month: date
    project_id: ProjectId | None
    model: str
    own_key: bool
    amount: int
    state: ReservationState
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """How a hold ended."""

    reservation_id: ReservationId
    spent: int
    overrun: int  # by how much the call cost more than was held; 0 for nearly all
    late: bool  # it had expired, and what was charged then is corrected


class Refusal(StrEnum):
    """Why nothing is held."""

    NO_SUBSCRIPTION = "no_subscription"
    INACTIVE = "inactive"
    CLOSED = "closed"  # the month was closed: a clock went back
    EXHAUSTED = "exhausted"


class EntryKind(StrEnum):
    """What a line of the ledger is."""

    OPEN = "open"  # a month begins with its limit
    LIMIT = "limit"  # the limit was changed
    RESERVE = "reserve"  # held before a call
    SETTLE = "settle"  # the hold became what the call cost
    RELEASE = "release"  # the hold was given back
    EXPIRE = "expire"  # the hold was charged in full
    CORRECT = "correct"  # a hold that had expired became what the call cost after all


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A line of the ledger, never changed: the sums of the three deltas are the month's limit, spent and reserved."""

    id: LedgerEntryId
    subscription_id: SubscriptionId
    month: date
    kind: EntryKind
    limit_delta: int
    reserved_delta: int
    spent_delta: int
    own_key: bool
    reservation_id: ReservationId | None
    project_id: ProjectId | None
    model: str | None
    usage: Usage
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChange:
    """Who changed a limit, when, and from what."""

    id: int
    subscription_id: SubscriptionId
    month: date | None  # that it holds from; None: the one after
    old_limit: int
    new_limit: int
    user_id: UserId | None  # None: by whoever reaches the database
    note: str
    created_at: datetime


class SpendBy(StrEnum):
    """What spending is added up by."""

    PROJECT = "project"
    MODEL = "model"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What was spent on one project, model or day."""

    key: str | None  # the project's id, the model's name, or the day; None: of no project
    spent: int
    own_spent: int
    calls: int
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetTotals:
    """A month of all subscriptions together."""

    limit: int
    spent: int
    reserved: int
    own_spent: int
    overdue: int  # holds whose time is over and that nobody has charged yet
    levels: Mapping[int, int]  # how many subscriptions have reached which threshold at most, 0 for none


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetAlert:
    """A month that somebody is to be told about."""

    period: BudgetPeriod
    company_id: CompanyId
    level: int  # the highest threshold that is reached
    new_overruns: int
