"""The store of webhook deliveries: written with what they tell, claimed under a lease, and settled, each in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, RowMapping, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.errors import LeaseLostError
from formscout.domain.ids import CompanyId, DeliveryId, WebhookId
from formscout.domain.webhooks import (
    HISTORY_LENGTH,
    Attempt,
    AttemptError,
    DeliveryClaim,
    DeliveryState,
    EventType,
    Verdict,
    WebhookDelivery,
)
from formscout.storage.webhooks import OF_THE_LIVING, endpoint_of_row
from formscout.tables.webhooks import webhook_delivery, webhook_endpoint

LEASE_SECONDS: Final = 40
"""An attempt takes 15 s at most and then writes what came of it: more than twice that is enough for a slow database, too, and what a sender
had in hand when it died is sent again within a minute."""

IN_HAND_OF_AN_ENDPOINT: Final = 2
"""Attempts at one receiver at once: one that hangs does not keep its own next delivery waiting, and is not stormed either."""

IN_HAND_OF_A_COMPANY: Final = 8
"""Attempts for one company at once: a quarter of what one sender holds, so that slow receivers of one leave room for the others.

Two senders that claim at the same moment may pass it together; each endpoint's own bound they never pass.
"""

_waiting = (webhook_delivery.c.state == DeliveryState.WAITING) & (webhook_delivery.c.next_at <= func.now())

# Steps from endpoint to endpoint in the index of what waits, so that a long queue of one costs one step; the order is that index's own,
# so that no other one is taken, in which deliveries that ended a month ago stand in the way. Locked endpoints are
# passed by: another sender is claiming theirs at this moment. The weakest lock that excludes it: deliveries may be written meanwhile.
CANDIDATES: Final = text(
    """
    WITH RECURSIVE steps(endpoint_id) AS (
        (SELECT endpoint_id FROM webhook_delivery WHERE state = 'waiting' ORDER BY endpoint_id, next_at, id LIMIT 1)
        UNION ALL
        SELECT (SELECT later.endpoint_id FROM webhook_delivery later
                WHERE later.state = 'waiting' AND later.endpoint_id > steps.endpoint_id
                ORDER BY later.endpoint_id, later.next_at, later.id LIMIT 1)
        FROM steps WHERE steps.endpoint_id IS NOT NULL
    ), in_hand AS (
        SELECT company_id, count(*) AS sending FROM webhook_delivery JOIN webhook_endpoint ON webhook_endpoint.id = endpoint_id
        WHERE state = 'sending' GROUP BY company_id
    )
    SELECT webhook_endpoint.id, webhook_endpoint.company_id, :of_company - coalesce(in_hand.sending, 0) AS free
    FROM steps JOIN webhook_endpoint ON webhook_endpoint.id = steps.endpoint_id
    LEFT JOIN in_hand ON in_hand.company_id = webhook_endpoint.company_id
    CROSS JOIN LATERAL (SELECT next_at FROM webhook_delivery WHERE state = 'waiting' AND next_at <= now()
                        AND webhook_delivery.endpoint_id = steps.endpoint_id ORDER BY next_at, id LIMIT 1) AS first
    WHERE webhook_endpoint.disabled_at IS NULL
      AND NOT EXISTS (SELECT FROM company WHERE company.id = webhook_endpoint.company_id AND company.deleted_at IS NOT NULL)
      AND coalesce(in_hand.sending, 0) < :of_company
      AND (SELECT count(*) FROM webhook_delivery busy
           WHERE busy.endpoint_id = webhook_endpoint.id AND busy.state = 'sending') < :of_endpoint
    ORDER BY coalesce(in_hand.sending, 0), first.next_at, webhook_endpoint.id
    LIMIT :limit FOR NO KEY UPDATE OF webhook_endpoint SKIP LOCKED
    """,
)


def _delivery(row: RowMapping) -> WebhookDelivery:
    code = row["error_code"]
    return WebhookDelivery(
        **{
            **row,
            "event_type": EventType(row["event_type"]),
            "state": DeliveryState(row["state"]),
            "error_code": None if code is None else AttemptError(code),
            "history": tuple(msgspec.convert(one, Attempt) for one in row["history"]),
        },
    )


class DeliveryStore:
    """Webhook deliveries on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def announce(self, company_id: CompanyId, event_type: EventType, *, event_id: str, payload: str) -> None:
        """Write a delivery to each of the company's endpoints that want to know; one that has this event gets no second one."""
        wanted = (
            (webhook_endpoint.c.company_id == company_id)
            & OF_THE_LIVING
            & webhook_endpoint.c.disabled_at.is_(None)
            & webhook_endpoint.c.event_types.any(event_type)
        )
        columns = (literal(event_id), literal(event_type.value), literal(payload), literal(DeliveryState.WAITING.value))
        rows = select(webhook_endpoint.c.id, *columns).where(wanted)
        names = ["endpoint_id", "event_id", "event_type", "payload", "state"]
        await self._connection.execute(upsert(webhook_delivery).from_select(names, rows).on_conflict_do_nothing())

    async def add(self, endpoint_id: WebhookId, event_type: EventType, *, event_id: str, payload: str) -> WebhookDelivery:
        """Write a delivery to one endpoint, whatever it wants to know."""
        values = {"endpoint_id": endpoint_id, "event_id": event_id, "event_type": event_type, "payload": payload}
        statement = insert(webhook_delivery).values(**values, state=DeliveryState.WAITING).returning(webhook_delivery)
        return _delivery((await self._connection.execute(statement)).mappings().one())

    async def claim(self, *, holder: str, limit: int) -> list[DeliveryClaim]:
        """Take up to `limit` deliveries that are due under a lease and a new fence: those of the companies with the least in hand first.

        The endpoints are locked first and counted in a statement of its own, whose snapshot sees what other senders claimed before:
        so the bound for each endpoint is exact, however many senders there are.
        """
        bounds = {"of_company": IN_HAND_OF_A_COMPANY, "of_endpoint": IN_HAND_OF_AN_ENDPOINT, "limit": limit}
        candidates = (await self._connection.execute(CANDIDATES, bounds)).all()
        free = {one.company_id: one.free for one in candidates}
        claims: list[DeliveryClaim] = []
        for endpoint_id, company_id, _ in candidates:
            at_most = min(limit - len(claims), free[company_id])
            if at_most > 0:
                taken = await self._claim_of(WebhookId(endpoint_id), holder=holder, limit=at_most)
                free[company_id] -= len(taken)
                claims += taken
        return claims

    async def release_expired(self) -> list[DeliveryClaim]:
        """Take back the deliveries whose sender fell silent, still `sending`, under a new fence; the caller settles them."""
        table = webhook_delivery.c
        expired = select(table.id).where(table.state == DeliveryState.SENDING, table.lease_until <= func.now())
        # A CTE of its own: inside the update's condition the planner may run a locking subquery more than once.
        found = expired.limit(100).with_for_update(skip_locked=True).cte("expired")
        taken = (
            update(webhook_delivery)
            .where(table.id == found.c.id)
            .values(fence=table.fence + 1, lease_until=_seconds_from_now(LEASE_SECONDS))
            .returning(webhook_delivery)
        )
        return await self._with_endpoints((await self._connection.execute(taken)).mappings().all())

    async def settle(self, claim: DeliveryClaim, attempt: Attempt, verdict: Verdict) -> None:
        """Write what came of an attempt. Raises `LeaseLostError` when another sender has the delivery now."""
        table = webhook_delivery.c
        history = [msgspec.to_builtins(one) for one in (*claim.delivery.history, attempt)][-HISTORY_LENGTH:]
        ended = verdict.state.is_final
        statement = (
            update(webhook_delivery)
            .where(table.id == claim.delivery.id, table.fence == claim.delivery.fence, table.state == DeliveryState.SENDING)
            .values(
                state=verdict.state,
                next_at=table.next_at if ended else _seconds_from_now(verdict.delay),
                lease_until=None,
                holder=None,
                last_status=attempt.status,
                error_code=attempt.error,
                error=attempt.message or None,
                history=history,
                ended_at=func.now() if ended else None,
            )
        )
        if not (await self._connection.execute(statement)).rowcount:
            raise LeaseLostError(f"Delivery {claim.delivery.id} is in other hands.")

    async def give_back(self, claim: DeliveryClaim) -> None:
        """Let a claimed delivery wait again at once, its attempt not counted; nothing happens when it is in other hands."""
        table = webhook_delivery.c
        mine = (table.id == claim.delivery.id) & (table.fence == claim.delivery.fence) & (table.state == DeliveryState.SENDING)
        values = {
            "state": DeliveryState.WAITING,
            "next_at": func.now(),
            "lease_until": None,
            "holder": None,
            "attempts": table.attempts - 1,
        }
        await self._connection.execute(update(webhook_delivery).where(mine).values(values))

    async def drop_waiting(self, endpoint_id: WebhookId) -> int:
        """Give up what waits for an endpoint that was switched off; return how many that were."""
        mine = (webhook_delivery.c.endpoint_id == endpoint_id) & (webhook_delivery.c.state == DeliveryState.WAITING)
        values: dict[str, Any] = {  # Any: whatever the columns hold
            "state": DeliveryState.FAILED,
            "error_code": AttemptError.ENDPOINT_DISABLED,
            "error": "The endpoint was switched off before it was told.",
            "ended_at": func.now(),
        }
        return int((await self._connection.execute(update(webhook_delivery).where(mine).values(values))).rowcount)

    async def send_again(self, endpoint_id: WebhookId, *, delivery_id: DeliveryId) -> None:
        """Let a delivery of an endpoint wait for a first attempt, now; one in a sender's hands stays there."""
        await self._send_again(endpoint_id, (webhook_delivery.c.id == delivery_id) & (webhook_delivery.c.state != DeliveryState.SENDING))

    async def send_failed_again(self, endpoint_id: WebhookId, *, since: datetime) -> int:
        """Let what was written since then and was given up wait for a first attempt, now; returns how many that are."""
        given_up = webhook_delivery.c.state == DeliveryState.FAILED
        return await self._send_again(endpoint_id, given_up & (webhook_delivery.c.created_at >= since))

    async def find(self, delivery_id: DeliveryId) -> WebhookDelivery | None:
        """Return the delivery of any endpoint, or None."""
        statement = select(webhook_delivery).where(webhook_delivery.c.id == delivery_id)
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else _delivery(row)

    async def page(
        self,
        endpoint_id: WebhookId,
        *,
        state: DeliveryState | None = None,
        before: int | None = None,
        limit: int,
    ) -> list[WebhookDelivery]:
        """Return up to `limit` deliveries of an endpoint with ids below `before`, newest first; a filter that is None lets all pass."""
        table = webhook_delivery.c
        statement = select(webhook_delivery).where(table.endpoint_id == endpoint_id).order_by(table.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(table.state == state)
        if before is not None:
            statement = statement.where(table.id < before)
        return [_delivery(row) for row in (await self._connection.execute(statement)).mappings()]

    async def prune(self, *, days: int, limit: int) -> int:
        """Delete up to `limit` deliveries that ended so many days ago; return how many."""
        old = select(webhook_delivery.c.id).where(webhook_delivery.c.ended_at < func.now() - func.make_interval(0, 0, 0, days)).limit(limit)
        return int((await self._connection.execute(delete(webhook_delivery).where(webhook_delivery.c.id.in_(old)))).rowcount)

    async def _send_again(self, endpoint_id: WebhookId, which: ColumnElement[bool]) -> int:
        values: dict[str, Any] = {"state": DeliveryState.WAITING, "attempts": 0, "next_at": func.now(), "ended_at": None}  # Any: as above
        statement = update(webhook_delivery).where(webhook_delivery.c.endpoint_id == endpoint_id, which).values(values)
        return int((await self._connection.execute(statement)).rowcount)

    async def _claim_of(self, endpoint_id: WebhookId, *, holder: str, limit: int) -> list[DeliveryClaim]:
        """Take what is due for one endpoint, which the caller has locked."""
        table = webhook_delivery.c
        busy = select(func.count()).where(table.endpoint_id == endpoint_id, table.state == DeliveryState.SENDING)
        free = min(IN_HAND_OF_AN_ENDPOINT - int((await self._connection.execute(busy)).scalar_one()), limit)
        if free <= 0:
            return []
        due = select(table.id).where(table.endpoint_id == endpoint_id, _waiting).order_by(table.next_at, table.id).limit(free)
        found = due.with_for_update(skip_locked=True).cte("due")
        statement = (
            update(webhook_delivery)
            .where(table.id == found.c.id)
            .values(
                state=DeliveryState.SENDING,
                attempts=table.attempts + 1,
                fence=table.fence + 1,
                holder=holder,
                lease_until=_seconds_from_now(LEASE_SECONDS),
            )
            .returning(webhook_delivery)
        )
        return await self._with_endpoints((await self._connection.execute(statement)).mappings().all())

    async def _with_endpoints(self, rows: Sequence[RowMapping]) -> list[DeliveryClaim]:
        deliveries = [_delivery(row) for row in rows]
        ids = {one.endpoint_id for one in deliveries}
        if not ids:
            return []
        found = (await self._connection.execute(select(webhook_endpoint).where(webhook_endpoint.c.id.in_(ids)))).mappings()
        endpoints = {row["id"]: endpoint_of_row(row) for row in found}
        return [DeliveryClaim(delivery=one, endpoint=endpoints[one.endpoint_id]) for one in deliveries if one.endpoint_id in endpoints]


def _seconds_from_now(seconds: float) -> Any:  # Any: an expression of SQLAlchemy's
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
