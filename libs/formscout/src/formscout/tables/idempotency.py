"""The table of answers that were given to requests with an `Idempotency-Key`."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from formscout.tables.base import created_at, metadata

idempotency: Final = Table(
    "idempotency",
    metadata,
    # A key belongs to the user who sent it: nobody else, of the same company either, can read its answer.
    Column("user_id", BigInteger, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),  # a second request waits on this index for the first one's end
    Column("fingerprint", LargeBinary, nullable=False),  # SHA-256 of what was asked
    # The answer: written in the transaction of its effect, so a row that others see has one.
    Column("status", Integer),
    Column("headers", JSONB),
    Column("key_id", Text),
    Column("ciphertext", LargeBinary),  # the body, sealed: it may hold a new key's secret
    created_at(),
    Index("ix_idempotency_created_at", "created_at"),
)
