"""What may be done with webhook endpoints: make, change, disable and delete them, and let their secrets rotate."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from formscout.domain.companies import Caller
from formscout.domain.errors import ConflictError, InvalidInputError, NotFoundError
from formscout.domain.ids import CompanyId, WebhookId
from formscout.domain.networks import Sealed
from formscout.domain.webhooks import ENDPOINTS_OF_A_COMPANY, SUBSCRIBABLE, DisabledBecause, EventType, WebhookEndpoint
from formscout.security.encryption import KeyRing
from formscout.security.receivers import require_receiver
from formscout.security.webhooks import make_secret
from formscout.storage.database import Database
from formscout.usecases.companies import require_manager, visible_company
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChanges:
    """What shall be different; None stays as it is."""

    address: str | None = None
    description: str | None = None
    event_types: Sequence[EventType] | None = None
    enabled: bool | None = None


async def create_webhook(
    database: Database,
    caller: Caller,
    *,
    keys: KeyRing,
    allow_private: bool,
    company_id: CompanyId,
    address: str,
    description: str = "",
    event_types: Sequence[EventType] = SUBSCRIBABLE,
) -> tuple[WebhookEndpoint, str]:
    """Make an endpoint of a company; return it with its secret, which is shown this once."""
    async with unit_of_work(database) as work:
        await visible_company(work, caller, company_id)
        require_manager(caller, "make webhooks")
        types = _checked(event_types)
        receiver = require_receiver(address, allow_private=allow_private)
        if await work.webhooks.count(company_id) >= ENDPOINTS_OF_A_COMPANY:
            raise ConflictError(f"Company {company_id} has {ENDPOINTS_OF_A_COMPANY} webhooks already; delete one first.")
        endpoint = await work.webhooks.add(company_id, address=receiver, description=description, event_types=types)
        return endpoint, await _new_secret(work, keys, endpoint.id, overlap=timedelta())


async def list_webhooks(
    database: Database, caller: Caller, *, company_id: CompanyId | None, after: int, limit: int
) -> list[WebhookEndpoint]:
    """Return endpoints in order of id: of the company named, else of all that the caller sees."""
    async with unit_of_work(database) as work:
        require_manager(caller, "see webhooks")
        if company_id is not None:
            await visible_company(work, caller, company_id)
        seen = company_id if caller.is_operator else caller.company_id
        return await work.webhooks.page(seen, after=after, limit=limit)


async def get_webhook(database: Database, caller: Caller, *, webhook_id: WebhookId) -> WebhookEndpoint:
    """Return an endpoint that the caller sees."""
    async with unit_of_work(database) as work:
        return await managed_webhook(work, caller, webhook_id)


async def change_webhook(
    database: Database, caller: Caller, *, allow_private: bool, webhook_id: WebhookId, changes: WebhookChanges
) -> WebhookEndpoint:
    """Change an endpoint; switching it off gives up what waits for it, switching it on forgets its failures."""
    async with unit_of_work(database) as work:
        found = await managed_webhook(work, caller, webhook_id, lock=True)
        changed = replace(
            found,
            address=found.address if changes.address is None else require_receiver(changes.address, allow_private=allow_private),
            description=found.description if changes.description is None else changes.description,
            event_types=found.event_types if changes.event_types is None else _checked(changes.event_types),
        )
        await work.webhooks.replace(changed)
        if changes.enabled is False and await work.webhooks.disable(webhook_id, DisabledBecause.OWNER):
            await work.deliveries.drop_waiting(webhook_id)
        if changes.enabled:
            await work.webhooks.enable(webhook_id)
        return await managed_webhook(work, caller, webhook_id)


async def delete_webhook(database: Database, caller: Caller, *, webhook_id: WebhookId) -> None:
    """Delete an endpoint with its secrets and deliveries."""
    async with unit_of_work(database) as work:
        await managed_webhook(work, caller, webhook_id)
        await work.webhooks.remove(webhook_id)


async def rotate_secret(
    database: Database, caller: Caller, *, keys: KeyRing, webhook_id: WebhookId, overlap: timedelta
) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret, which is shown this once; those before it sign beside it for `overlap` more."""
    async with unit_of_work(database) as work:
        found = await managed_webhook(work, caller, webhook_id, lock=True)
        return found, await _new_secret(work, keys, webhook_id, overlap=overlap)


def open_secret(keys: KeyRing, webhook_id: WebhookId, sealed: Sealed) -> str:
    """Open a sealed secret; raise `SecretUnreadableError` if that cannot be."""
    return keys.open(sealed, purpose=_purpose(webhook_id)).decode()


async def managed_webhook(work: UnitOfWork, caller: Caller, webhook_id: WebhookId, *, lock: bool = False) -> WebhookEndpoint:
    """Return the endpoint if the caller sees and manages it; raise `NotFoundError` or `ForbiddenError` if not."""
    found = await work.webhooks.find(webhook_id, lock=lock)
    if found is None or not caller.may_see(found.company_id) or await work.companies.find(found.company_id) is None:
        raise NotFoundError("webhook", webhook_id)
    require_manager(caller, "see and change webhooks")
    return found


async def _new_secret(work: UnitOfWork, keys: KeyRing, webhook_id: WebhookId, *, overlap: timedelta) -> str:
    secret = make_secret()
    await work.webhooks.add_secret(webhook_id, keys.seal(secret.encode(), purpose=_purpose(webhook_id)), overlap=overlap)
    return secret


def _purpose(webhook_id: WebhookId) -> str:
    return f"webhook:{webhook_id}"


def _checked(event_types: Sequence[EventType]) -> tuple[EventType, ...]:
    """Return the types in their own order, each once; raise if there is none, or one that nobody can subscribe to."""
    if not event_types or not set(event_types) <= set(SUBSCRIBABLE):
        raise InvalidInputError(f"Name one or more event types of: {', '.join(SUBSCRIBABLE)}.")
    return tuple(one for one in SUBSCRIBABLE if one in event_types)
