"""The ledger as a table: its columns, and the cells of a line, the same over HTTP and at the console."""

from typing import Final

from formscout.domain.budgets import LedgerEntry
from formscout.domain.prices import Usage

_PLAIN: Final = ("kind", "limit_delta", "reserved_delta", "spent_delta", "own_key", "reservation_id", "project_id", "model")

LEDGER_COLUMNS: Final = ("id", "created_at", "subscription_id", "month", *_PLAIN, *Usage.__slots__)
"""Amounts are micro-dollars."""


def cells_of(entry: LedgerEntry) -> tuple[str, ...]:
    """Return a line's cells; what it does not have is empty. No text in it is anybody's, so no spreadsheet finds a formula."""
    head = (str(entry.id), entry.created_at.isoformat(), str(entry.subscription_id), f"{entry.month:%Y-%m}")
    plain = (_text(getattr(entry, name)) for name in _PLAIN)
    return (*head, *plain, *(str(getattr(entry.usage, kind)) for kind in Usage.__slots__))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else f"{value}"
