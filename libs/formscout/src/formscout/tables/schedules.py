"""The table of schedules, one row a network that is discovered by itself."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from formscout.tables.base import metadata, moment

network_schedule: Final = Table(
    "network_schedule",
    metadata,
    Column("network_id", BigInteger, ForeignKey("network.id", ondelete="CASCADE"), primary_key=True),
    Column("cron", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("user_id", BigInteger, ForeignKey("user_account.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("product_id", BigInteger, ForeignKey("product.id"), nullable=False),
    Column("options", JSONB, nullable=False),
    moment("next_due_at"),
    # When to look at it: its due time, or later when that could not be done at once. The one column that is searched.
    moment("look_at"),
    moment("last_due_at"),
    Column("last_session_id", BigInteger),  # no foreign key: a session may age out
    Column("last_outcome", Text),
    Column("note", Text),
    Index("ix_network_schedule_look_at", "look_at", "network_id"),
)
