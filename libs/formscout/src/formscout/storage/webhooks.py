"""The store of webhook endpoints and their sealed secrets."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import RowMapping, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.ids import CompanyId, WebhookId
from formscout.domain.networks import Sealed
from formscout.domain.webhooks import DisabledBecause, EventType, WebhookEndpoint
from formscout.tables.companies import company
from formscout.tables.webhooks import webhook_endpoint, webhook_secret

OF_THE_LIVING: Final = webhook_endpoint.c.company_id.not_in(select(company.c.id).where(company.c.deleted_at.is_not(None)))
"""Of a company that is not deleted: what hangs on one that is, is removed bit by bit, and not there meanwhile."""


def endpoint_of_row(row: RowMapping) -> WebhookEndpoint:
    """Return the endpoint that a row holds."""
    because = row["disabled_because"]
    return WebhookEndpoint(
        **{
            **row,
            "event_types": tuple(EventType(one) for one in row["event_types"]),
            "disabled_because": None if because is None else DisabledBecause(because),
        },
    )


class WebhookStore:
    """Webhook endpoints on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, company_id: CompanyId, *, address: str, description: str, event_types: Sequence[EventType]) -> WebhookEndpoint:
        """Write an endpoint."""
        values = {"company_id": company_id, "address": address, "description": description, "event_types": list(event_types)}
        row = (await self._connection.execute(insert(webhook_endpoint).values(values).returning(webhook_endpoint))).mappings().one()
        return endpoint_of_row(row)

    async def count(self, company_id: CompanyId) -> int:
        """Count a company's endpoints."""
        statement = select(func.count()).where(webhook_endpoint.c.company_id == company_id)
        return int((await self._connection.execute(statement)).scalar_one())

    async def find(self, endpoint_id: WebhookId, *, lock: bool = False) -> WebhookEndpoint | None:
        """Return the endpoint of any company, or None; with `lock`, nobody else changes it until the transaction ends."""
        statement = select(webhook_endpoint).where(webhook_endpoint.c.id == endpoint_id, OF_THE_LIVING)
        if lock:
            statement = statement.with_for_update(key_share=True)  # its deliveries may be written meanwhile
        row = (await self._connection.execute(statement)).mappings().one_or_none()
        return None if row is None else endpoint_of_row(row)

    async def page(self, company_id: CompanyId | None, *, after: int, limit: int) -> list[WebhookEndpoint]:
        """Return up to `limit` endpoints of a company, or of all, with ids above `after`, in order of id."""
        mine = (webhook_endpoint.c.id > after) & OF_THE_LIVING
        statement = select(webhook_endpoint).where(mine).order_by(webhook_endpoint.c.id).limit(limit)
        if company_id is not None:
            statement = statement.where(webhook_endpoint.c.company_id == company_id)
        return [endpoint_of_row(row) for row in (await self._connection.execute(statement)).mappings()]

    async def replace(self, changed: WebhookEndpoint) -> WebhookEndpoint:
        """Write what its owner may change; the endpoint exists."""
        statement = (
            update(webhook_endpoint)
            .where(webhook_endpoint.c.id == changed.id)
            .values(address=changed.address, description=changed.description, event_types=list(changed.event_types))
            .returning(webhook_endpoint)
        )
        return endpoint_of_row((await self._connection.execute(statement)).mappings().one())

    async def disable(self, endpoint_id: WebhookId, because: DisabledBecause) -> bool:
        """Switch an endpoint off; False when it was off already, or is gone."""
        alive = (webhook_endpoint.c.id == endpoint_id) & webhook_endpoint.c.disabled_at.is_(None)
        values = {"disabled_at": func.now(), "disabled_because": because}
        return bool((await self._connection.execute(update(webhook_endpoint).where(alive).values(values))).rowcount)

    async def enable(self, endpoint_id: WebhookId) -> None:
        """Switch an endpoint on; its failures are forgotten."""
        values = {"disabled_at": None, "disabled_because": None, "failing_since": None}
        await self._connection.execute(update(webhook_endpoint).where(webhook_endpoint.c.id == endpoint_id).values(values))

    async def note_failure(self, endpoint_id: WebhookId) -> None:
        """Remember since when nothing gets through; the first failure stands."""
        first = (webhook_endpoint.c.id == endpoint_id) & webhook_endpoint.c.failing_since.is_(None)
        await self._connection.execute(update(webhook_endpoint).where(first).values(failing_since=func.now()))

    async def note_success(self, endpoint_id: WebhookId) -> None:
        """Forget the failures before."""
        failing = (webhook_endpoint.c.id == endpoint_id) & webhook_endpoint.c.failing_since.is_not(None)
        await self._connection.execute(update(webhook_endpoint).where(failing).values(failing_since=None))

    async def remove(self, endpoint_id: WebhookId) -> None:
        """Delete an endpoint with its secrets and deliveries."""
        await self._connection.execute(delete(webhook_endpoint).where(webhook_endpoint.c.id == endpoint_id))

    async def add_secret(self, endpoint_id: WebhookId, sealed: Sealed, *, overlap: timedelta) -> None:
        """Write a secret; those before it are valid for `overlap` more at most, and forgotten once they are not."""
        table = webhook_secret.c
        mine = table.endpoint_id == endpoint_id
        ends = func.now() + overlap
        await self._connection.execute(delete(webhook_secret).where(mine, table.expires_at <= func.now()))
        await self._connection.execute(
            update(webhook_secret).where(mine, or_(table.expires_at.is_(None), table.expires_at > ends)).values(expires_at=ends),
        )
        values = {"endpoint_id": endpoint_id, "key_id": sealed.key_id, "ciphertext": sealed.ciphertext}
        await self._connection.execute(insert(webhook_secret).values(values))

    async def secrets(self, endpoint_id: WebhookId) -> list[Sealed]:
        """Return the secrets that are valid now, the newest first."""
        table = webhook_secret.c
        valid = (table.endpoint_id == endpoint_id) & or_(table.expires_at.is_(None), table.expires_at > func.now())
        rows = await self._connection.execute(select(table.key_id, table.ciphertext).where(valid).order_by(table.id.desc()))
        return [Sealed(**row) for row in rows.mappings()]
