"""Tables of webhook endpoints, their sealed secrets and their deliveries."""

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from formscout.tables.base import created_at, identity, metadata, moment

webhook_endpoint: Final = Table(
    "webhook_endpoint",
    metadata,
    identity(),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("address", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("event_types", ARRAY(Text), nullable=False),
    created_at(),
    moment("disabled_at"),
    Column("disabled_because", Text),
    moment("failing_since"),
    CheckConstraint("(disabled_at IS NULL) = (disabled_because IS NULL)", name="disabled_with_reason"),
)

webhook_secret: Final = Table(
    "webhook_secret",
    metadata,
    identity(),
    Column("endpoint_id", BigInteger, ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key_id", Text, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    created_at(),
    moment("expires_at"),  # null: the one that is valid until further notice
)

webhook_delivery: Final = Table(
    "webhook_delivery",
    metadata,
    identity(),
    Column("endpoint_id", BigInteger, ForeignKey("webhook_endpoint.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("payload", Text, nullable=False),  # text, not JSONB: the bytes that are signed must not change between attempts
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", created_at().type, nullable=False, server_default=func.now()),
    moment("lease_until"),
    Column("holder", Text),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("last_status", Integer),
    Column("error_code", Text),
    Column("error", Text),
    Column("history", JSONB, nullable=False, server_default=text("'[]'::jsonb")),
    created_at(),
    moment("ended_at"),
    # By endpoint first: a sender steps from endpoint to endpoint, so that one with a long queue costs no more than one with a short one.
    Index("ix_webhook_delivery_waiting", "endpoint_id", "next_at", "id", postgresql_where=text("state = 'waiting'")),
    Index("ix_webhook_delivery_sending", "endpoint_id", "lease_until", postgresql_where=text("state = 'sending'")),
    Index("ix_webhook_delivery_endpoint_id", "endpoint_id", "id"),
    Index("uq_webhook_delivery_event", "event_id", "endpoint_id", unique=True),
    Index("ix_webhook_delivery_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
)
