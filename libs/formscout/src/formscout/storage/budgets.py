"""The store of budgets: hold, settle and release, each in one statement that keeps `spent + reserved` within the limit."""

from datetime import date

from sqlalchemy import Date, RowMapping, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.budgets import BudgetPeriod, Reservation, ReservationState
from formscout.domain.ids import ReservationId, SubscriptionId
from formscout.tables.budgets import budget_check, budget_period, ledger_entry, reservation
from formscout.tables.companies import subscription


class BudgetStore:
    """Budget periods, reservations and the ledger on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def open_period(self, subscription_id: SubscriptionId, month: date) -> bool:
        """Make the month's row unless it is there, its limit from the subscription; False when there is no such subscription."""
        limits = select(subscription.c.id, literal(month, Date), subscription.c.monthly_limit)
        source = limits.where(subscription.c.id == subscription_id)
        statement = postgresql.insert(budget_period).from_select(["subscription_id", "month", "limit_amount"], source)
        await self._connection.execute(statement.on_conflict_do_nothing())
        return await self.period(subscription_id, month) is not None

    async def period(self, subscription_id: SubscriptionId, month: date) -> BudgetPeriod | None:
        """Return the month's row, or None."""
        mine = (budget_period.c.subscription_id == subscription_id) & (budget_period.c.month == month)
        row = (await self._connection.execute(select(budget_period).where(mine))).mappings().one_or_none()
        return None if row is None else BudgetPeriod(limit=row["limit_amount"], **{k: v for k, v in row.items() if k != "limit_amount"})

    async def reserve(self, subscription_id: SubscriptionId, month: date, *, amount: int, seconds: float) -> Reservation | None:
        """Hold `amount` for `seconds`; None when the month does not cover it. The period's row exists."""
        table = budget_period.c
        fits = (table.spent + table.reserved + amount <= table.limit_amount) & ~table.closed
        mine = (table.subscription_id == subscription_id) & (table.month == month)
        held = update(budget_period).where(mine, fits).values(reserved=table.reserved + amount).returning(table.month)
        if (await self._connection.execute(held)).one_or_none() is None:
            return None
        statement = (
            insert(reservation)
            .values(
                subscription_id=subscription_id,
                month=month,
                amount=amount,
                state=ReservationState.HELD,
                expires_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds),
            )
            .returning(*_RESERVATION)
        )
        made = _reservation((await self._connection.execute(statement)).mappings().one())
        await self._enter(made, "reserve", amount)
        return made

    async def close(self, reservation_id: ReservationId, *, spent: int, state: ReservationState) -> bool:
        """Settle a hold at `spent`, or release it at 0; False when it was closed before."""
        held = (reservation.c.id == reservation_id) & (reservation.c.state == ReservationState.HELD)
        row = (
            (await self._connection.execute(update(reservation).where(held).values(state=state).returning(*_RESERVATION)))
            .mappings()
            .one_or_none()
        )
        if row is None:
            return False
        closed = _reservation(row)
        table = budget_period.c
        mine = (table.subscription_id == closed.subscription_id) & (table.month == closed.month)
        amounts = {"reserved": table.reserved - closed.amount, "spent": table.spent + spent}
        await self._connection.execute(update(budget_period).where(mine).values(**amounts))
        await self._enter(closed, "release" if state is ReservationState.RELEASED else "settle", spent)
        return True

    async def expired(self, *, limit: int = 100) -> list[Reservation]:
        """Return holds whose time is over; a caller settles them in full, since what became of the call is unknown."""
        over = (reservation.c.state == ReservationState.HELD) & (reservation.c.expires_at < func.now())
        # In order, so that two reapers lock the periods of the holds in the same order.
        statement = select(*_RESERVATION).where(over).order_by(reservation.c.subscription_id, reservation.c.month, reservation.c.id)
        rows = (await self._connection.execute(statement.limit(limit).with_for_update(skip_locked=True))).mappings()
        return [_reservation(row) for row in rows]

    async def close_periods_before(self, month: date) -> int:
        """Close every period older than `month`; returns how many."""
        old = (budget_period.c.month < month) & ~budget_period.c.closed
        result = await self._connection.execute(update(budget_period).where(old).values(closed=True).returning(budget_period.c.month))
        return len(result.all())

    async def note_check(self, subscription_id: SubscriptionId, month: date, *, may_spend: bool, left: int) -> None:
        """Write what a budget check found."""
        values = {"subscription_id": subscription_id, "month": month, "may_spend": may_spend, "left_amount": left}
        await self._connection.execute(insert(budget_check).values(**values))

    async def _enter(self, hold: Reservation, kind: str, amount: int) -> None:
        values = {"subscription_id": hold.subscription_id, "month": hold.month, "reservation_id": hold.id, "kind": kind, "amount": amount}
        await self._connection.execute(insert(ledger_entry).values(**values))


_RESERVATION = tuple(column for column in reservation.c if column.name != "created_at")


def _reservation(row: RowMapping) -> Reservation:
    return Reservation(**{**row, "state": ReservationState(row["state"])})
