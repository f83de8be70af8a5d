"""Tables of budget periods, reservations, the ledger, limit changes, model keys and what budget checks found."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    false,
    text,
)

from formscout.tables.base import created_at, identity, metadata, moment

budget_period: Final = Table(
    "budget_period",
    metadata,
    Column("subscription_id", BigInteger, ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("limit_amount", BigInteger, nullable=False),  # all amounts in micro-dollars
    Column("spent", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("own_spent", BigInteger, nullable=False, server_default="0"),
    Column("own_reserved", BigInteger, nullable=False, server_default="0"),
    Column("overruns", Integer, nullable=False, server_default="0"),
    Column("overrun_amount", BigInteger, nullable=False, server_default="0"),
    Column("told", Integer, nullable=False, server_default="0"),  # the highest threshold that was announced
    Column("overruns_told", Integer, nullable=False, server_default="0"),
    moment("exhausted_at"),
    Column("closed", Boolean, nullable=False, server_default=false()),
    # No check that amounts are not negative: PostgreSQL tries it on the version of the row that a statement's snapshot saw, before it
    # notices that another transaction has changed the row meanwhile and computes anew. A correction would fail that is right.
    CheckConstraint("limit_amount >= 0", name="limit_not_negative"),
    Index("ix_budget_period_month", "month"),
)

reservation: Final = Table(
    "reservation",
    metadata,
    identity(),
    Column("subscription_id", BigInteger, nullable=False),
    Column("month", Date, nullable=False),
    Column("project_id", BigInteger),  # no key: what was spent on it outlives a project
    Column("model", Text, nullable=False),
    Column("own_key", Boolean, nullable=False, server_default=false()),
    Column("amount", BigInteger, nullable=False),
    Column("spent", BigInteger),  # null while held
    Column("state", Text, nullable=False),
    moment("expires_at", nullable=False),
    moment("expired_at"),  # when it was charged in full
    moment("ended_at"),
    created_at(),
    ForeignKeyConstraint(["subscription_id", "month"], ["budget_period.subscription_id", "budget_period.month"], ondelete="CASCADE"),
    CheckConstraint("amount > 0", name="amount_positive"),
    CheckConstraint("(state = 'held') = (spent IS NULL)", name="held_is_not_spent"),
    Index("ix_reservation_period", "subscription_id", "month"),
    Index("ix_reservation_held", "expires_at", postgresql_where=text("state = 'held'")),
)

ledger_entry: Final = Table(
    "ledger_entry",  # append-only: a trigger refuses changes, and deletions but with the company
    metadata,
    identity(),
    Column("subscription_id", BigInteger, nullable=False),
    Column("month", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("limit_delta", BigInteger, nullable=False, server_default="0"),
    Column("reserved_delta", BigInteger, nullable=False, server_default="0"),
    Column("spent_delta", BigInteger, nullable=False, server_default="0"),
    Column("own_key", Boolean, nullable=False, server_default=false()),
    Column("reservation_id", BigInteger),
    Column("project_id", BigInteger),
    Column("model", Text),
    Column("input_tokens", BigInteger, nullable=False, server_default="0"),
    Column("output_tokens", BigInteger, nullable=False, server_default="0"),
    Column("cache_write_5m_tokens", BigInteger, nullable=False, server_default="0"),
    Column("cache_write_1h_tokens", BigInteger, nullable=False, server_default="0"),
    Column("cache_read_tokens", BigInteger, nullable=False, server_default="0"),
    created_at(),
    ForeignKeyConstraint(["subscription_id", "month"], ["budget_period.subscription_id", "budget_period.month"], ondelete="CASCADE"),
    Index("ix_ledger_entry_period", "subscription_id", "month", "id"),
)

limit_change: Final = Table(
    "limit_change",
    metadata,
    identity(),
    Column("subscription_id", BigInteger, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("month", Date),  # that it holds from; null: the one after
    Column("old_limit", BigInteger, nullable=False),
    Column("new_limit", BigInteger, nullable=False),
    Column("user_id", BigInteger),  # no key: who did it outlives the user; null: whoever reaches the database
    Column("note", Text, nullable=False, server_default=""),
    created_at(),
)

model_key: Final = Table(
    "model_key",
    metadata,
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE"), primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("hint", Text, nullable=False),  # how it ends, to tell keys apart
    Column("user_id", BigInteger),  # who set it
    created_at(),
    moment("refused_at"),  # when the model's service said that it is no good
    Column("refused_because", Text),
    CheckConstraint("(refused_at IS NULL) = (refused_because IS NULL)", name="refused_with_reason"),
)

budget_check: Final = Table(
    "budget_check",
    metadata,
    identity(),
    Column("subscription_id", BigInteger, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("month", Date, nullable=False),
    Column("may_spend", Boolean, nullable=False),
    Column("left_amount", BigInteger, nullable=False),
    created_at(),
)
