"""A company that wants to be told, a receiver, and senders that work on the test's rows."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import pytest
from tests.support.receivers import WAIT_SECONDS, Receiver, receiving
from tests.support.sessions import execute
from tests.support.tenants import KEYS, Tenant, make_tenant

from formscout.domain.ids import WebhookId
from formscout.domain.webhooks import SUBSCRIBABLE, DeliveryState, EventType, WebhookDelivery
from formscout.security.addresses import resolve_by_system
from formscout.storage.database import Database
from formscout.usecases.deliveries import list_deliveries, send_test
from formscout.usecases.webhooks import create_webhook
from formscout_scheduler.posting import Limits, Poster
from formscout_scheduler.webhooks import WebhookSender

PATIENT = Limits(connect=60.0, whole=120.0)
"""For receivers that answer: however slow the machine is, no test is about that."""

HASTY = Limits(connect=1.0, whole=1.0)
"""For receivers that never answer: a test waits that long."""


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """Makes endpoints and senders, and lets senders look until nothing is due."""

    database: Database
    tenant: Tenant
    posters: list[Poster] = field(default_factory=list)

    async def make(self, address: str, *, event_types: Sequence[EventType] = SUBSCRIBABLE) -> tuple[WebhookId, str]:
        """Make an endpoint at an address inside; return its id and its secret."""
        webhook, secret = await create_webhook(
            self.database,
            self.tenant.caller,
            keys=KEYS,
            allow_private=True,
            company_id=self.tenant.company.id,
            address=address,
            event_types=event_types,
        )
        return webhook.id, secret

    async def test(self, webhook_id: WebhookId) -> WebhookDelivery:
        """Write a delivery."""
        return await send_test(self.database, self.tenant.caller, webhook_id=webhook_id)

    async def deliveries(self, webhook_id: WebhookId) -> list[WebhookDelivery]:
        """Return an endpoint's deliveries, oldest first."""
        found = await list_deliveries(self.database, self.tenant.caller, webhook_id=webhook_id, state=None, before=None, limit=200)
        return found[::-1]

    async def one(self, webhook_id: WebhookId) -> WebhookDelivery:
        """Return an endpoint's only delivery."""
        (found,) = await self.deliveries(webhook_id)
        return found

    def sender(self, *, limits: Limits = PATIENT, allow_private: bool = True, holder: str = "test", **settings: int) -> WebhookSender:
        """Return a sender."""
        poster = Poster(allow_private=allow_private, resolve=resolve_by_system, limits=limits)
        self.posters.append(poster)
        return WebhookSender(database=self.database, keys=KEYS, poster=poster, holder=holder, **settings)

    async def send(self, sender: WebhookSender) -> int:
        """Let a sender look, and wait for what it began; returns how many attempts that were."""
        begun = await sender.turn()
        while sender._in_hand:
            await asyncio.gather(*sender._in_hand)
        return begun

    async def wait_until_tried(self, webhook_id: WebhookId) -> None:
        """Wait until a sender has written what came of an attempt at an endpoint's only delivery."""
        await self._wait_until(webhook_id, lambda delivery: bool(delivery.history))

    async def wait_until_delivered(self, webhook_id: WebhookId) -> None:
        """Wait until an endpoint's only delivery has got through."""
        await self._wait_until(webhook_id, lambda delivery: delivery.state is DeliveryState.DELIVERED)

    async def _wait_until(self, webhook_id: WebhookId, reached: Callable[[WebhookDelivery], bool]) -> None:
        ends = time.monotonic() + WAIT_SECONDS
        while not reached(await self.one(webhook_id)):
            assert time.monotonic() < ends, await self.one(webhook_id)
            await asyncio.sleep(0.05)

    async def pass_time(self) -> None:
        """Let what waits be due."""
        await execute(self.database, "UPDATE webhook_delivery SET next_at = now() WHERE state = 'waiting'")


@pytest.fixture
async def hooks(database: Database) -> AsyncIterator[Hooks]:
    """Make a company with everything."""
    made = Hooks(database=database, tenant=await make_tenant(database, "Acme"))
    yield made
    for poster in made.posters:
        await poster.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Run a receiver that takes what comes."""
    async with receiving() as running:
        yield running
