"""Tables of budget periods, reservations, the ledger and what budget checks found."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, ForeignKey, ForeignKeyConstraint, Index, Table, Text, false, text

from formscout.tables.base import created_at, identity, metadata, moment

budget_period: Final = Table(
    "budget_period",
    metadata,
    Column("subscription_id", BigInteger, ForeignKey("subscription.id", ondelete="CASCADE"), primary_key=True),
    Column("month", Date, primary_key=True),
    Column("limit_amount", BigInteger, nullable=False),  # all amounts in micro-dollars
    Column("spent", BigInteger, nullable=False, server_default="0"),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("closed", Boolean, nullable=False, server_default=false()),
    CheckConstraint("spent >= 0 AND reserved >= 0", name="amounts_not_negative"),
)

reservation: Final = Table(
    "reservation",
    metadata,
    identity(),
    Column("subscription_id", BigInteger, nullable=False),
    Column("month", Date, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    moment("expires_at", nullable=False),
    created_at(),
    ForeignKeyConstraint(["subscription_id", "month"], ["budget_period.subscription_id", "budget_period.month"], ondelete="CASCADE"),
    CheckConstraint("amount > 0", name="amount_positive"),
    Index("ix_reservation_period", "subscription_id", "month"),
    Index("ix_reservation_held", "expires_at", postgresql_where=text("state = 'held'")),
)

ledger_entry: Final = Table(
    "ledger_entry",
    metadata,
    identity(),
    Column("subscription_id", BigInteger, ForeignKey("subscription.id", ondelete="CASCADE"), nullable=False),
    Column("month", Date, nullable=False),
    Column("reservation_id", BigInteger, ForeignKey("reservation.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),  # reserve, settle, release
    Column("amount", BigInteger, nullable=False),
    created_at(),
    Index("ix_ledger_entry_period", "subscription_id", "month"),
    Index("ix_ledger_entry_reservation_id", "reservation_id"),
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
