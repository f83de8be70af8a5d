"""Webhook deliveries: written with what they tell, claimed and settled by senders, shown and sent again."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import msgspec

from formscout.domain.companies import Caller
from formscout.domain.crawls import CrawlSession, CrawlState
from formscout.domain.errors import ConflictError, NotFoundError
from formscout.domain.ids import CompanyId, DeliveryId, WebhookId
from formscout.domain.webhooks import DeliveryState, EventType, WebhookDelivery, WebhookEndpoint
from formscout.storage.database import Database
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work
from formscout.usecases.webhooks import managed_webhook

TYPE_OF_END: Final = {
    CrawlState.SUCCEEDED: EventType.SESSION_SUCCEEDED,
    CrawlState.FAILED: EventType.SESSION_FAILED,
    CrawlState.CANCELLED: EventType.SESSION_CANCELLED,
}

_ENABLE_FIRST: Final = 'The webhook is disabled; send PATCH with {"enabled": true} first.'


async def announce_end(work: UnitOfWork, session: CrawlSession) -> None:
    """Write the deliveries that tell of a session's end, in the transaction that ends it."""
    event_type = TYPE_OF_END[session.state]
    at = session.ended_at or datetime.now(UTC)
    payload = payload_of(event_type, at=at, data=end_data(session))
    await work.deliveries.announce(session.company_id, event_type, event_id=new_event_id(), payload=payload)


async def list_deliveries(
    database: Database, caller: Caller, *, webhook_id: WebhookId, state: DeliveryState | None, before: int | None, limit: int
) -> list[WebhookDelivery]:
    """Return an endpoint's deliveries, newest first."""
    async with unit_of_work(database) as work:
        await managed_webhook(work, caller, webhook_id)
        return await work.deliveries.page(webhook_id, state=state, before=before, limit=limit)


async def redeliver(database: Database, caller: Caller, *, webhook_id: WebhookId, delivery_id: DeliveryId) -> WebhookDelivery:
    """Send a delivery again from the first attempt, under the event's same id; one that is being sent stays as it is."""
    async with unit_of_work(database) as work:
        endpoint = await managed_webhook(work, caller, webhook_id)
        found = await work.deliveries.find(delivery_id)
        if found is None or found.endpoint_id != webhook_id:
            raise NotFoundError("delivery", delivery_id)
        _require_enabled(endpoint)
        await work.deliveries.send_again(webhook_id, delivery_id=delivery_id)
        return await work.deliveries.find(delivery_id) or found


async def redeliver_failed(database: Database, caller: Caller, *, webhook_id: WebhookId, since: datetime) -> int:
    """Send all deliveries of an endpoint again that were written since then and given up; returns how many."""
    async with unit_of_work(database) as work:
        _require_enabled(await managed_webhook(work, caller, webhook_id))
        return await work.deliveries.send_failed_again(webhook_id, since=since)


async def send_test(database: Database, caller: Caller, *, webhook_id: WebhookId) -> WebhookDelivery:
    """Write a delivery of type `webhook.test` to one endpoint, whatever its types."""
    async with unit_of_work(database) as work:
        endpoint = await managed_webhook(work, caller, webhook_id)
        _require_enabled(endpoint)
        payload = payload_of(
            EventType.WEBHOOK_TEST, at=datetime.now(UTC), data={"webhook_id": webhook_id, "company_id": endpoint.company_id}
        )
        return await work.deliveries.add(webhook_id, EventType.WEBHOOK_TEST, event_id=new_event_id(), payload=payload)


async def announce_disabled(work: UnitOfWork, endpoint: WebhookEndpoint, *, because: str) -> None:
    """Tell the company's other endpoints that one was switched off."""
    data = {"webhook_id": endpoint.id, "company_id": endpoint.company_id, "because": because}
    payload = payload_of(EventType.WEBHOOK_DISABLED, at=datetime.now(UTC), data=data)
    await work.deliveries.announce(endpoint.company_id, EventType.WEBHOOK_DISABLED, event_id=new_event_id(), payload=payload)


async def announce_event(work: UnitOfWork, company_id: CompanyId, event_type: EventType, data: dict[str, Any]) -> None:  # Any: a document
    """Write the deliveries that tell a company of something, in the transaction that makes it so."""
    payload = payload_of(event_type, at=datetime.now(UTC), data=data)
    await work.deliveries.announce(company_id, event_type, event_id=new_event_id(), payload=payload)


def end_data(session: CrawlSession) -> dict[str, Any]:  # Any: a document
    """Return what is told of a session's end: ids, counts, codes and where the rest is; no address, no text of a page."""
    return {
        "session_id": session.id,
        "task_id": str(session.task_id),
        "company_id": session.company_id,
        "project_id": session.project_id,
        "network_id": session.network_id,
        "state": session.state,
        "pages_found": session.pages_found,
        "forms_found": session.forms_found,
        "visits": session.visits,
        "stopped_because": session.stopped_because,
        "failure_code": None if session.failure is None else session.failure.code,
        "status_url": f"/api/crawl/status/{session.task_id}",
    }


def payload_of(event_type: EventType, *, at: datetime, data: dict[str, Any]) -> str:  # Any: as above
    """Return the text that is signed and sent."""
    return msgspec.json.encode({"type": event_type, "timestamp": at, "data": data}).decode()


def new_event_id() -> str:
    """Return an id for an event: random, so that no caller chooses it, and without the dot that parts what is signed."""
    return f"evt_{uuid4().hex}"


def _require_enabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.disabled_at is not None:
        raise ConflictError(_ENABLE_FIRST)
