"""The one MetaData that all tables hang on, with the column shapes they share."""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, MetaData, func, text

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)


def identity() -> Column[int]:
    """Return the primary key of a table whose rows the database numbers."""
    return Column("id", BigInteger, Identity(), primary_key=True)


def created_at() -> Column[datetime]:
    """Return the moment a row was written, by the database's clock."""
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


def moment(name: str, *, nullable: bool = True) -> Column[datetime]:
    """Return a column for a moment, kept in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def deleted_at() -> Column[datetime]:
    """Return the mark of a row that is deleted: hidden from everybody at once, and removed with all that hangs on it bit by bit."""
    return moment("deleted_at")


def deleted_index(table: str) -> Index:
    """Return the index that finds the few rows that bear the mark."""
    return Index(f"ix_{table}_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL"))
