"""Routes of webhooks and their deliveries."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from formscout.domain.ids import CompanyId, DeliveryId, WebhookId
from formscout.domain.webhooks import DeliveryState
from formscout.usecases import deliveries
from formscout.usecases import webhooks as usecases
from formscout_api.dependencies import SIGNED, Listed, Signed, Wired, company_of, page_of
from formscout_api.idempotency import OnceRoute
from formscout_api.schemas.shapes import Page, PathId
from formscout_api.schemas.webhooks import DeliveryOut, NewWebhookOut, RotationIn, WebhookIn, WebhookOut, WebhookPatch

USUAL_ROTATION: Final = RotationIn()
"""What is meant by a request without a body."""

router = APIRouter(prefix="/api/webhooks", tags=["webhooks"], dependencies=SIGNED, route_class=OnceRoute)


@router.post("", status_code=HTTPStatus.CREATED)
async def post_webhook(body: WebhookIn, caller: Signed, wiring: Wired, response: Response) -> NewWebhookOut:
    """Make a webhook (admins); its secret is shown this once."""
    webhook, secret = await usecases.create_webhook(
        wiring.database,
        caller,
        keys=wiring.keys,
        allow_private=wiring.webhooks_allow_private,
        company_id=company_of(caller, body.company_id),
        address=body.address,
        description=body.description,
        event_types=body.event_types,
    )
    response.headers["Location"] = f"/api/webhooks/{webhook.id}"
    return NewWebhookOut(**WebhookOut.model_validate(webhook).model_dump(), secret=secret)


@router.get("")
async def get_webhooks(
    caller: Signed,
    wiring: Wired,
    place: Listed,
    company_id: Annotated[PathId | None, Query(description="Only this company's.")] = None,
) -> Page[WebhookOut]:
    """List the webhooks that the key sees (admins)."""
    company = None if company_id is None else CompanyId(company_id)
    found = await usecases.list_webhooks(wiring.database, caller, company_id=company, after=place.start, limit=place.wanted)
    return page_of(found, place, WebhookOut.model_validate)


@router.get("/{webhook_id}")
async def get_webhook(webhook_id: PathId, caller: Signed, wiring: Wired) -> WebhookOut:
    """Show a webhook, without its secret (admins)."""
    return WebhookOut.model_validate(await usecases.get_webhook(wiring.database, caller, webhook_id=WebhookId(webhook_id)))


@router.patch("/{webhook_id}")
async def patch_webhook(webhook_id: PathId, body: WebhookPatch, caller: Signed, wiring: Wired) -> WebhookOut:
    """Change a webhook, or switch it off and on (admins): what is left out stays."""
    webhook = await usecases.change_webhook(
        wiring.database,
        caller,
        allow_private=wiring.webhooks_allow_private,
        webhook_id=WebhookId(webhook_id),
        changes=body.changes(),
    )
    return WebhookOut.model_validate(webhook)


@router.delete("/{webhook_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_webhook(webhook_id: PathId, caller: Signed, wiring: Wired) -> None:
    """Delete a webhook with its deliveries (admins)."""
    await usecases.delete_webhook(wiring.database, caller, webhook_id=WebhookId(webhook_id))


@router.post("/{webhook_id}/rotate-secret")
async def rotate_secret(webhook_id: PathId, caller: Signed, wiring: Wired, body: RotationIn = USUAL_ROTATION) -> NewWebhookOut:
    """Give a webhook a new secret (admins), shown this once; the old one signs beside it for a day, or as long as is said."""
    webhook, secret = await usecases.rotate_secret(
        wiring.database, caller, keys=wiring.keys, webhook_id=WebhookId(webhook_id), overlap=body.overlap
    )
    return NewWebhookOut(**WebhookOut.model_validate(webhook).model_dump(), secret=secret)


@router.post("/{webhook_id}/test", status_code=HTTPStatus.ACCEPTED)
async def test_webhook(webhook_id: PathId, caller: Signed, wiring: Wired) -> DeliveryOut:
    """Send a webhook an event of type `webhook.test` (admins); its delivery tells how that went."""
    return DeliveryOut.of(await deliveries.send_test(wiring.database, caller, webhook_id=WebhookId(webhook_id)))


@router.get("/{webhook_id}/deliveries")
async def get_deliveries(
    webhook_id: PathId,
    caller: Signed,
    wiring: Wired,
    place: Listed,
    state: DeliveryState | None = None,
) -> Page[DeliveryOut]:
    """List a webhook's deliveries, newest first (admins)."""
    found = await deliveries.list_deliveries(
        wiring.database, caller, webhook_id=WebhookId(webhook_id), state=state, before=place.after, limit=place.wanted
    )
    return page_of(found, place, DeliveryOut.of)


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=HTTPStatus.ACCEPTED)
async def redeliver(webhook_id: PathId, delivery_id: PathId, caller: Signed, wiring: Wired) -> DeliveryOut:
    """Send a delivery again (admins), under the event's same id; one that is being sent stays as it is."""
    found = await deliveries.redeliver(wiring.database, caller, webhook_id=WebhookId(webhook_id), delivery_id=DeliveryId(delivery_id))
    return DeliveryOut.of(found)
