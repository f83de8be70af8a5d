"""The table of projects."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from formscout.tables.base import created_at, deleted_at, deleted_index, identity, metadata

project: Final = Table(
    "project",
    metadata,
    identity(),
    Column("company_id", BigInteger, ForeignKey("company.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    created_at(),
    deleted_at(),
    deleted_index("project"),
)
