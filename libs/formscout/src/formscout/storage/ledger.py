"""The store of the ledger: its lines, what they add up to, and who changed limits."""

from datetime import date
from typing import Final

from sqlalchemy import RowMapping, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.budgets import THRESHOLDS, BudgetPeriod, BudgetTotals, EntryKind, LedgerEntry, LimitChange, Spend, SpendBy
from formscout.domain.ids import SubscriptionId, UserId
from formscout.domain.prices import Usage
from formscout.tables.budgets import ledger_entry, limit_change

_KEY_OF: Final = {
    SpendBy.PROJECT: "project_id::text",
    SpendBy.MODEL: "model",
    SpendBy.DAY: "((created_at AT TIME ZONE 'UTC')::date)::text",
}

_TOKENS: Final = tuple(Usage.__slots__)


class LedgerStore:
    """The ledger on one open connection; lines are written by what moves money, and by nothing else."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def page(self, subscription_id: SubscriptionId, month: date, *, after: int, limit: int) -> list[LedgerEntry]:
        """Return up to `limit` lines of a month with ids above `after`, in order of id, which is the order of their commits."""
        mine = (ledger_entry.c.subscription_id == subscription_id) & (ledger_entry.c.month == month) & (ledger_entry.c.id > after)
        statement = select(ledger_entry).where(mine).order_by(ledger_entry.c.id).limit(limit)
        return [_entry(row) for row in (await self._connection.execute(statement)).mappings()]

    async def sums(self, subscription_id: SubscriptionId, month: date) -> BudgetPeriod:
        """Return what a month's lines add up to, as the month's row should have it."""
        statement = text(
            "SELECT coalesce(sum(limit_delta), 0) AS limit_amount,"
            " coalesce(sum(spent_delta) FILTER (WHERE NOT own_key), 0) AS spent,"
            " coalesce(sum(reserved_delta) FILTER (WHERE NOT own_key), 0) AS reserved,"
            " coalesce(sum(spent_delta) FILTER (WHERE own_key), 0) AS own_spent,"
            " coalesce(sum(reserved_delta) FILTER (WHERE own_key), 0) AS own_reserved"
            " FROM ledger_entry WHERE subscription_id = :subscription_id AND month = :month",
        )
        row = (await self._connection.execute(statement, {"subscription_id": subscription_id, "month": month})).one()
        return BudgetPeriod(
            subscription_id=subscription_id,
            month=month,
            limit=int(row.limit_amount),
            spent=int(row.spent),
            reserved=int(row.reserved),
            own_spent=int(row.own_spent),
            own_reserved=int(row.own_reserved),
        )

    async def spend(self, subscription_id: SubscriptionId, month: date, by: SpendBy) -> list[Spend]:
        """Return what a month's spending adds up to; of days those on which a call ended."""
        sums = ", ".join(f"sum({name}) AS {name}" for name in _TOKENS)
        statement = text(
            f"SELECT {_KEY_OF[by]} AS key, coalesce(sum(spent_delta) FILTER (WHERE NOT own_key), 0) AS spent,"  # noqa: S608 (ours)
            " coalesce(sum(spent_delta) FILTER (WHERE own_key), 0) AS own_spent,"
            f" count(*) FILTER (WHERE kind IN ('settle', 'expire')) AS calls, {sums} FROM ledger_entry"
            " WHERE subscription_id = :subscription_id AND month = :month AND kind IN ('settle', 'expire', 'correct')"
            " GROUP BY 1 ORDER BY 1",
        )
        rows = (await self._connection.execute(statement, {"subscription_id": subscription_id, "month": month})).mappings()
        return [
            Spend(
                key=row["key"],
                spent=int(row["spent"]),
                own_spent=int(row["own_spent"]),
                calls=row["calls"],
                usage=Usage(**{name: int(row[name]) for name in _TOKENS}),
            )
            for row in rows
        ]

    async def totals(self) -> BudgetTotals:
        """Return this month's budgets of all subscriptions together, and the holds that are overdue."""
        row = (await self._connection.execute(_TOTALS)).mappings().one()
        levels = {level: row[f"at_{level}"] for level in (0, *THRESHOLDS)}
        plain = {name: int(row[name]) for name in BudgetTotals.__slots__ if name != "levels"}
        return BudgetTotals(levels=levels, **plain)

    async def note_change(
        self, subscription_id: SubscriptionId, *, month: date | None, old_limit: int, new_limit: int, user_id: UserId | None, note: str
    ) -> None:
        """Write who changed a limit."""
        values = {"subscription_id": subscription_id, "month": month, "old_limit": old_limit, "new_limit": new_limit, "note": note}
        await self._connection.execute(insert(limit_change).values(user_id=user_id, **values))

    async def changes(self, subscription_id: SubscriptionId, *, before: int | None, limit: int) -> list[LimitChange]:
        """Return up to `limit` changes of a limit, newest first."""
        table = limit_change.c
        statement = select(limit_change).where(table.subscription_id == subscription_id).order_by(table.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(table.id < before)
        return [LimitChange(**row) for row in (await self._connection.execute(statement)).mappings()]

    async def change_limit(self, subscription_id: SubscriptionId, month: date, *, new_limit: int) -> BudgetPeriod | None:
        """Change a month's limit with its line, and make the month first if it is not there; the subscription is locked, and exists.

        Returns the month as it was. None when it has spent and holds more than the new limit: what is spent cannot be taken back. A limit
        that rises may always be set. Thresholds above what is spent now are announced anew.
        """
        key = {"subscription_id": subscription_id, "month": month}
        await self._connection.execute(_OPEN, key)
        row = (await self._connection.execute(_LOCK, key)).mappings().one()
        was = BudgetPeriod(limit=row["limit_amount"], **{name: row[name] for name in BudgetPeriod.__slots__ if name != "limit"})
        if new_limit < was.limit and was.spent + was.reserved > new_limit:
            return None
        if new_limit != was.limit:
            await self._connection.execute(_SET_LIMIT, key | {"new_limit": new_limit})
            line = {**key, "kind": EntryKind.LIMIT.value, "limit_delta": new_limit - was.limit}
            await self._connection.execute(insert(ledger_entry).values(**line))
        return was


_TOTALS: Final = text(
    """
    SELECT coalesce(sum(limit_amount), 0) AS limit, coalesce(sum(spent), 0) AS spent, coalesce(sum(reserved), 0) AS reserved,
           coalesce(sum(own_spent), 0) AS own_spent,
           count(*) FILTER (WHERE level = 0) AS at_0, count(*) FILTER (WHERE level = 50) AS at_50,
           count(*) FILTER (WHERE level = 80) AS at_80, count(*) FILTER (WHERE level = 100) AS at_100,
           (SELECT count(*) FROM reservation WHERE state = 'held' AND expires_at <= now()) AS overdue
    FROM (SELECT p.*, CASE WHEN limit_amount = 0 THEN 0
                           WHEN exhausted_at IS NOT NULL OR spent >= limit_amount THEN 100
                           WHEN spent * 100 >= limit_amount * 80 THEN 80
                           WHEN spent * 100 >= limit_amount * 50 THEN 50 ELSE 0 END AS level
          FROM budget_period p WHERE month = date_trunc('month', now() AT TIME ZONE 'UTC')::date) AS months
    """,
)

_OPEN: Final = text(
    """
    WITH made AS (
        INSERT INTO budget_period (subscription_id, month, limit_amount)
        SELECT id, CAST(:month AS date), monthly_limit FROM subscription WHERE id = :subscription_id
        ON CONFLICT DO NOTHING RETURNING subscription_id, month, limit_amount
    )
    INSERT INTO ledger_entry (subscription_id, month, kind, limit_delta) SELECT subscription_id, month, 'open', limit_amount FROM made
    """,
)

_LOCK: Final = text("SELECT * FROM budget_period WHERE subscription_id = :subscription_id AND month = :month FOR NO KEY UPDATE")

_SET_LIMIT: Final = text(
    """
    UPDATE budget_period
    SET limit_amount = CAST(:new_limit AS bigint), exhausted_at = NULL,
        told = least(told, CASE WHEN CAST(:new_limit AS bigint) = 0 THEN 0
                                WHEN spent >= CAST(:new_limit AS bigint) THEN 100
                                WHEN spent * 100 >= CAST(:new_limit AS bigint) * 80 THEN 80
                                WHEN spent * 100 >= CAST(:new_limit AS bigint) * 50 THEN 50
                                ELSE 0 END)
    WHERE subscription_id = :subscription_id AND month = :month
    """,
)


def _entry(row: RowMapping) -> LedgerEntry:
    plain = {name: value for name, value in row.items() if name not in _TOKENS}
    usage = Usage(**{name: row[name] for name in _TOKENS})
    return LedgerEntry(**{**plain, "kind": EntryKind(row["kind"]), "usage": usage})
