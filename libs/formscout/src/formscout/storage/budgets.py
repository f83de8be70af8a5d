"""The store of budgets: hold, settle, release and expire, each in one statement that keeps `spent + reserved` within the limit."""

from datetime import date
from typing import Final

from sqlalchemy import RowMapping, TextClause, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.budgets import BudgetAlert, BudgetPeriod, Closing, EntryKind, Refusal, Reservation, ReservationState, Spending
from formscout.domain.ids import CompanyId, ReservationId, SubscriptionId
from formscout.domain.prices import Usage
from formscout.tables.budgets import budget_check, budget_period

_MONTH: Final = "coalesce(CAST(:month AS date), date_trunc('month', now() AT TIME ZONE 'UTC')::date)"
"""The month by the database's clock: one clock for every process, so none that is wrong opens a month of its own."""

# The month's row is made, or the hold fitted into it, by one upsert: PostgreSQL locks the row that is there and judges the condition
# by what it holds then, so no two can pass the limit together. `xmax` is 0 in a row that was made and not found.
_RESERVE: Final = text(
    f"""
    WITH period AS (
        INSERT INTO budget_period AS p (subscription_id, month, limit_amount, reserved, own_reserved)
        SELECT s.id, m.month, s.monthly_limit,
               CASE WHEN CAST(:own_key AS boolean) THEN 0 ELSE CAST(:amount AS bigint) END,
               CASE WHEN CAST(:own_key AS boolean) THEN CAST(:amount AS bigint) ELSE 0 END
        FROM subscription s JOIN company c ON c.id = s.company_id
        CROSS JOIN (SELECT {_MONTH} AS month) AS m
        WHERE s.id = CAST(:subscription_id AS bigint) AND s.active AND c.deleted_at IS NULL
          AND (CAST(:own_key AS boolean) OR CAST(:amount AS bigint) <= s.monthly_limit
               OR EXISTS (SELECT FROM budget_period o WHERE o.subscription_id = s.id AND o.month = m.month))
        ON CONFLICT (subscription_id, month) DO UPDATE
        SET reserved = p.reserved + excluded.reserved, own_reserved = p.own_reserved + excluded.own_reserved
        WHERE NOT p.closed AND (excluded.reserved = 0 OR p.spent + p.reserved + excluded.reserved <= p.limit_amount)
        RETURNING p.subscription_id, p.month, p.limit_amount, (p.xmax = 0) AS opened
    ), hold AS (
        INSERT INTO reservation (subscription_id, month, project_id, model, own_key, amount, state, expires_at)
        SELECT subscription_id, month, CAST(:project_id AS bigint), CAST(:model AS text), CAST(:own_key AS boolean),
               CAST(:amount AS bigint), 'held', now() + make_interval(secs => CAST(:seconds AS double precision)) FROM period
        RETURNING id, subscription_id, month, project_id, model, own_key, amount, state, expires_at, created_at
    ), lines AS (
        INSERT INTO ledger_entry (subscription_id, month, kind, limit_delta, reserved_delta, own_key, reservation_id, project_id, model)
        SELECT subscription_id, month, kind, limit_delta, reserved_delta, own_key, reservation_id, project_id, model FROM (
            SELECT 0 AS place, subscription_id, month, 'open' AS kind, limit_amount AS limit_delta, 0 AS reserved_delta,
                   false AS own_key, CAST(NULL AS bigint) AS reservation_id, CAST(NULL AS bigint) AS project_id, CAST(NULL AS text) AS model
            FROM period WHERE opened
            UNION ALL
            SELECT 1, subscription_id, month, 'reserve', 0, amount, own_key, id, project_id, model FROM hold
        ) AS written ORDER BY place
    )
    SELECT * FROM hold
    """,  # noqa: S608 (our own text)
)

_REFUSAL: Final = text(
    f"""
    WITH found AS (
        SELECT s.active, s.monthly_limit, p.closed, p.limit_amount, p.exhausted_at, s.id, m.month
        FROM subscription s JOIN company c ON c.id = s.company_id AND c.deleted_at IS NULL
        CROSS JOIN (SELECT {_MONTH} AS month) AS m
        LEFT JOIN budget_period p ON p.subscription_id = s.id AND p.month = m.month
        WHERE s.id = CAST(:subscription_id AS bigint)
    ), noted AS (
        UPDATE budget_period p SET exhausted_at = now() FROM found
        WHERE p.subscription_id = found.id AND p.month = found.month AND found.active AND NOT p.closed AND p.exhausted_at IS NULL
          AND CAST(:amount AS bigint) <= p.limit_amount
    )
    SELECT active, coalesce(closed, false) AS closed FROM found
    """,  # noqa: S608 (our own text)
)
"""Says why nothing was held, and notes when money ran out first; a hold that no month of this limit would cover is no sign of that."""

_CLOSE: Final = """
    WITH ended AS (
        UPDATE reservation SET state = CAST(:state AS text), ended_at = now(), {changes}
        WHERE id = CAST(:id AS bigint) AND {condition}
        RETURNING id, subscription_id, month, project_id, model, own_key, spent, {was_held} AS was_held,
                  CASE WHEN {was_held} THEN -amount ELSE 0 END AS reserved_delta,
                  spent - CASE WHEN {was_held} THEN 0 ELSE amount END AS spent_delta,
                  greatest(spent - amount, 0) AS overrun
    ), period AS (
        UPDATE budget_period p
        SET reserved = p.reserved + CASE WHEN ended.own_key THEN 0 ELSE ended.reserved_delta END,
            spent = p.spent + CASE WHEN ended.own_key THEN 0 ELSE ended.spent_delta END,
            own_reserved = p.own_reserved + CASE WHEN ended.own_key THEN ended.reserved_delta ELSE 0 END,
            own_spent = p.own_spent + CASE WHEN ended.own_key THEN ended.spent_delta ELSE 0 END,
            overruns = p.overruns + CASE WHEN ended.overrun > 0 AND NOT ended.own_key THEN 1 ELSE 0 END,
            overrun_amount = p.overrun_amount + CASE WHEN ended.own_key THEN 0 ELSE ended.overrun END
        FROM ended WHERE p.subscription_id = ended.subscription_id AND p.month = ended.month
        RETURNING p.month
    ), lines AS (
        INSERT INTO ledger_entry (subscription_id, month, kind, reserved_delta, spent_delta, own_key, reservation_id, project_id, model,
                                  input_tokens, output_tokens, cache_write_5m_tokens, cache_write_1h_tokens, cache_read_tokens)
        SELECT subscription_id, period.month, CASE WHEN was_held THEN CAST(:kind AS text) ELSE 'correct' END, reserved_delta, spent_delta,
               own_key, id, project_id, model, CAST(:input_tokens AS bigint), CAST(:output_tokens AS bigint),
               CAST(:cache_write_5m_tokens AS bigint), CAST(:cache_write_1h_tokens AS bigint), CAST(:cache_read_tokens AS bigint)
        FROM ended CROSS JOIN period
    )
    SELECT id, spent, CASE WHEN own_key THEN 0 ELSE overrun END AS overrun, NOT was_held AS late FROM ended
"""

# A line gets its id once its month's row is locked, here and in every other statement that writes one: so the lines of a month are
# committed in the order of their ids, and whoever reads on from the last one that it saw passes none over.
# Both lock the hold first and its month after it, as nobody does the other way round: no two of them can wait for each other.
_SETTLE: Final = text(
    _CLOSE.format(changes="spent = CAST(:spent AS bigint)", condition="state IN ('held', 'expired')", was_held="(expired_at IS NULL)")
)
_EXPIRE: Final = text(
    _CLOSE.format(
        changes="spent = amount, expired_at = now()",
        condition="state = 'held' AND (CAST(:now AS boolean) OR expires_at <= now())",
        was_held="true",
    )
)

_ALERTS: Final = text(
    """
    SELECT p.*, s.company_id, p.overruns - p.overruns_told AS new_overruns, level.level
    FROM budget_period p JOIN subscription s ON s.id = p.subscription_id
    CROSS JOIN LATERAL (SELECT CASE WHEN p.limit_amount = 0 THEN 0
                                    WHEN p.exhausted_at IS NOT NULL OR p.spent >= p.limit_amount THEN 100
                                    WHEN p.spent * 100 >= p.limit_amount * 80 THEN 80
                                    WHEN p.spent * 100 >= p.limit_amount * 50 THEN 50
                                    ELSE 0 END AS level) AS level
    WHERE p.month >= (date_trunc('month', now() AT TIME ZONE 'UTC') - interval '1 month')::date
      AND ((level.level > p.told AND NOT p.closed) OR p.overruns > p.overruns_told)
      AND (CAST(:subscription_id AS bigint) IS NULL OR p.subscription_id = CAST(:subscription_id AS bigint))
    ORDER BY p.subscription_id, p.month LIMIT :limit FOR NO KEY UPDATE OF p SKIP LOCKED
    """,
)

_TURN: Final = text(
    f"""
    WITH turned AS (
        SELECT subscription_id, month FROM budget_period
        WHERE (month < {_MONTH} AND NOT closed) OR (month = {_MONTH} AND closed)
        ORDER BY month, subscription_id LIMIT :limit FOR NO KEY UPDATE
    )
    UPDATE budget_period p SET closed = p.month < {_MONTH} FROM turned
    WHERE p.subscription_id = turned.subscription_id AND p.month = turned.month RETURNING p.closed
    """,  # noqa: S608 (our own text)
)
"""Closes what is past, and opens the month that it is, should a clock that went ahead have closed it."""


class BudgetStore:
    """Budget periods and reservations on one open connection; what moves money needs no transaction around it."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def reserve(self, spending: Spending, *, amount: int, seconds: float, month: date | None = None) -> Reservation | Refusal:
        """Hold `amount` for `seconds`, or say why not; the month is the database clock's unless a test says otherwise."""
        values = {"subscription_id": spending.subscription_id, "amount": amount, "month": month}
        more = {"project_id": spending.project_id, "model": spending.model, "own_key": spending.own_key, "seconds": seconds}
        row = (await self._connection.execute(_RESERVE, values | more)).mappings().one_or_none()
        if row is not None:
            return _reservation(row)
        found = (await self._connection.execute(_REFUSAL, values)).one_or_none()
        if found is None:
            return Refusal.NO_SUBSCRIPTION
        if not found.active:
            return Refusal.INACTIVE
        return Refusal.CLOSED if found.closed else Refusal.EXHAUSTED

    async def settle(
        self, reservation_id: ReservationId, *, spent: int, usage: Usage, state: ReservationState = ReservationState.SETTLED
    ) -> Closing | None:
        """Replace a hold by what was spent, also one that expired meanwhile; None when its end was written before."""
        kind = EntryKind.RELEASE if state is ReservationState.RELEASED else EntryKind.SETTLE
        return await self._close(_SETTLE, reservation_id, usage, spent=spent, state=state.value, kind=kind.value)

    async def expire(self, reservation_id: ReservationId, *, now: bool = False) -> Closing | None:
        """Charge a hold in full whose time is over, or at once; None when its end was written before, or its time is not over."""
        return await self._close(
            _EXPIRE, reservation_id, Usage(), now=now, state=ReservationState.EXPIRED.value, kind=EntryKind.EXPIRE.value
        )

    async def overdue(self, *, limit: int) -> list[ReservationId]:
        """Return holds whose time is over."""
        statement = text("SELECT id FROM reservation WHERE state = 'held' AND expires_at <= now() ORDER BY expires_at LIMIT :limit")
        return [ReservationId(one) for one in await self._connection.scalars(statement, {"limit": limit})]

    async def find(self, reservation_id: ReservationId) -> Reservation | None:
        """Return a hold, or None."""
        statement = text(
            "SELECT id, subscription_id, month, project_id, model, own_key, amount, state, expires_at, created_at"
            " FROM reservation WHERE id = :id",
        )
        row = (await self._connection.execute(statement, {"id": reservation_id})).mappings().one_or_none()
        return None if row is None else _reservation(row)

    async def this_month(self) -> date:
        """Return the first day of the month by the database's clock, in UTC."""
        month: date = (await self._connection.execute(text(f"SELECT {_MONTH}"), {"month": None})).scalar_one()
        return month

    async def today(self) -> date:
        """Return the day by the database's clock, in UTC."""
        day: date = (await self._connection.execute(text("SELECT (now() AT TIME ZONE 'UTC')::date"))).scalar_one()
        return day

    async def period(self, subscription_id: SubscriptionId, month: date) -> BudgetPeriod | None:
        """Return the month's row, or None."""
        mine = (budget_period.c.subscription_id == subscription_id) & (budget_period.c.month == month)
        row = (await self._connection.execute(select(budget_period).where(mine))).mappings().one_or_none()
        return None if row is None else _period(row)

    async def turn(self, *, limit: int, month: date | None = None) -> tuple[int, int]:
        """Close up to `limit` periods that are past; returns how many rows changed, and how many of them were closed."""
        turned = (await self._connection.execute(_TURN, {"limit": limit, "month": month})).scalars().all()
        return len(turned), sum(turned)

    async def lock_alerts(self, *, limit: int, subscription_id: SubscriptionId | None = None) -> list[BudgetAlert]:
        """Return the months of which a company has to be told something, locked until the transaction ends."""
        rows = (await self._connection.execute(_ALERTS, {"limit": limit, "subscription_id": subscription_id})).mappings()
        return [
            BudgetAlert(period=_period(row), company_id=CompanyId(row["company_id"]), level=row["level"], new_overruns=row["new_overruns"])
            for row in rows
        ]

    async def note_told(self, alert: BudgetAlert) -> None:
        """Write that a company was told; the row is locked."""
        statement = text(
            "UPDATE budget_period SET told = greatest(told, :level), overruns_told = overruns"
            " WHERE subscription_id = :subscription_id AND month = :month",
        )
        period = alert.period
        level = period.told if period.closed else alert.level
        await self._connection.execute(statement, {"level": level, "subscription_id": period.subscription_id, "month": period.month})

    async def note_check(self, subscription_id: SubscriptionId, month: date, *, may_spend: bool, left: int) -> None:
        """Write what a budget check found."""
        values = {"subscription_id": subscription_id, "month": month, "may_spend": may_spend, "left_amount": left}
        await self._connection.execute(insert(budget_check).values(**values))

    async def _close(self, statement: TextClause, reservation_id: ReservationId, usage: Usage, **values: object) -> Closing | None:
        tokens = {name: getattr(usage, name) for name in Usage.__slots__}
        parameters = {"id": reservation_id, **tokens, **values}
        row = (await self._connection.execute(statement, parameters)).one_or_none()
        if row is None:
            return None
        return Closing(reservation_id=ReservationId(row.id), spent=row.spent, overrun=row.overrun, late=row.late)


_PERIOD: Final = tuple(BudgetPeriod.__slots__)


def _period(row: RowMapping) -> BudgetPeriod:
    return BudgetPeriod(limit=row["limit_amount"], **{name: row[name] for name in _PERIOD if name != "limit"})


def _reservation(row: RowMapping) -> Reservation:
    return Reservation(**{**row, "state": ReservationState(row["state"])})
