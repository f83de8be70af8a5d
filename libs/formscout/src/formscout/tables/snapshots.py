"""The table that holds blobs where no object store is configured."""

from typing import Final

from sqlalchemy import Column, LargeBinary, Table, Text

from formscout.tables.base import created_at, metadata

blob: Final = Table(
    "blob",
    metadata,
    Column("key", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    created_at(),
)
