"""Tables of blobs, where no object store is configured, and of sessions whose blobs are to be deleted."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from formscout.tables.base import created_at, metadata, moment

blob: Final = Table(
    "blob",
    metadata,
    Column("key", Text(collation="C"), primary_key=True),  # byte by byte, so that a session's keys lie side by side
    Column("content", LargeBinary, nullable=False),
    created_at(),
)

blob_sweep: Final = Table(
    "blob_sweep",
    metadata,
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),  # no foreign key: the session is gone
    moment("due_at", nullable=False),
    Column("passes", Integer, nullable=False, server_default="0"),
    Index("ix_blob_sweep_due_at", "due_at"),
)
