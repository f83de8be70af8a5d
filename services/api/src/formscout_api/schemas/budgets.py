"""Bodies of budgets, spending, the ledger, limits and companies' own model keys."""

from datetime import date, datetime
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints

from formscout.domain.budgets import EntryKind, LedgerEntry, LimitChange, Spend, SpendBy
from formscout.usecases.limits import Budget
from formscout_api.schemas.companies import MicroDollars
from formscout_api.schemas.shapes import Body, View

Note = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]


class BudgetOut(View):
    """A subscription's month; all amounts are micro-dollars."""

    subscription_id: int
    month: str = Field(examples=["2026-11"], description="By the clock in UTC.")
    limit: int
    spent: int
    reserved: int = Field(description="Held for calls under way.")
    left: int = Field(description="What may still be held.")
    may_spend: bool = Field(description="Whether anything can be held now.")
    own_spent: int = Field(description="By the company's own key: metered, not capped.")
    own_reserved: int
    overruns: int = Field(description="Calls that cost more than was held for them.")
    overrun_amount: int = Field(description="By how much, all of them together.")
    granted_limit: int = Field(description="Up to which the company's admins may set the limit.")
    closed: bool

    @classmethod
    def of(cls, budget: Budget) -> Self:
        """Shape it."""
        period = budget.period
        return cls(
            subscription_id=period.subscription_id,
            month=f"{period.month:%Y-%m}",
            limit=period.limit,
            spent=period.spent,
            reserved=period.reserved,
            left=period.left,
            may_spend=budget.may_spend,
            own_spent=period.own_spent,
            own_reserved=period.own_reserved,
            overruns=period.overruns,
            overrun_amount=period.overrun_amount,
            granted_limit=budget.subscription.granted_limit,
            closed=period.closed,
        )


class TokensOut(View):
    """Tokens of calls, by kind."""

    input_tokens: int
    output_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    cache_read_tokens: int


class SpendOut(View):
    """What was spent on one project, model or day, in micro-dollars."""

    key: str | None = Field(description="The project's id, the model's name, or the day; null: of no project.")
    spent: int
    own_spent: int
    calls: int
    tokens: TokensOut

    @classmethod
    def of(cls, spend: Spend) -> Self:
        """Shape it."""
        tokens = TokensOut.model_validate(spend.usage)
        return cls(key=spend.key, spent=spend.spent, own_spent=spend.own_spent, calls=spend.calls, tokens=tokens)


class SpendingOut(View):
    """A month's spending."""

    by: SpendBy
    items: list[SpendOut]


class LedgerEntryOut(View):
    """A line of the ledger: a month's limit, reserved and spent are the sums of its deltas, own-key lines counted apart."""

    id: int
    month: str
    kind: EntryKind
    limit_delta: int
    reserved_delta: int
    spent_delta: int
    own_key: bool
    reservation_id: int | None
    project_id: int | None
    model: str | None
    tokens: TokensOut
    created_at: datetime

    @classmethod
    def of(cls, entry: LedgerEntry) -> Self:
        """Shape it."""
        return cls(
            id=entry.id,
            month=f"{entry.month:%Y-%m}",
            kind=entry.kind,
            limit_delta=entry.limit_delta,
            reserved_delta=entry.reserved_delta,
            spent_delta=entry.spent_delta,
            own_key=entry.own_key,
            reservation_id=entry.reservation_id,
            project_id=entry.project_id,
            model=entry.model,
            tokens=TokensOut.model_validate(entry.usage),
            created_at=entry.created_at,
        )


class LimitIn(Body):
    """A limit to set."""

    limit: MicroDollars
    next_month: Annotated[bool, Field(strict=True)] = Field(default=False, description="Let it hold from the next month on, not at once.")
    note: Note = Field(default="", description="Why, for those who read the changes later.")


class LimitChangeOut(View):
    """Who changed a limit."""

    id: int
    month: date | None = Field(description="The month from which it held; null: the one after.")
    old_limit: int
    new_limit: int
    user_id: int | None = Field(description="Null: by somebody at the installation's console.")
    note: str
    created_at: datetime

    @classmethod
    def of(cls, change: LimitChange) -> Self:
        """Shape it."""
        return cls.model_validate(change)


class ModelKeyIn(Body):
    """A key to set."""

    key: Annotated[SecretStr, Field(max_length=300, description="The key of the model's service; it is sealed and never shown again.")]


class ModelKeyOut(View):
    """A company's own key, without the key."""

    company_id: int
    hint: str = Field(description="How the key ends.")
    user_id: int | None
    created_at: datetime
    refused_at: datetime | None = Field(description="When the model's service refused it; nothing is asked with it from then on.")
    refused_because: str | None
