"""The sender of webhooks: runs in every replica, and shares the deliveries that are due with the others by their leases."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from formscout.domain.errors import LeaseLostError, SecretUnreadableError, StoreUnavailableError
from formscout.domain.webhooks import Attempt, AttemptError, DeliveryClaim
from formscout.security.encryption import KeyRing
from formscout.security.webhooks import signed_headers
from formscout.storage.database import Database
from formscout.telemetry import metrics
from formscout.usecases.sending import claim_deliveries, give_back, settle_attempt, settle_lost, signing_secrets
from formscout_scheduler.posting import Poster

PARALLEL: Final = 32
"""Attempts in hand of one sender: they wait for receivers nearly all the time."""

DRAIN_SECONDS: Final = 5.0
"""What attempts in hand get to end when told to stop; those that do not are given back."""

_dice = random.SystemRandom()
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSender:
    """Sends what is due, at least once: a delivery whose sender dies is sent again under the same event id."""

    database: Database
    keys: KeyRing
    poster: Poster
    holder: str
    parallel: int = PARALLEL
    drain_seconds: float = DRAIN_SECONDS
    _in_hand: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _ended: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self, stopping: asyncio.Event, *, seconds: float) -> None:
        """Look every `seconds`, and when an attempt has ended, until told to stop."""
        stopped = asyncio.create_task(stopping.wait())
        metrics.WEBHOOKS_IN_HAND.follow(lambda: len(self._in_hand))
        try:
            while not stopping.is_set():
                self._ended.clear()
                try:
                    await self.turn()
                except StoreUnavailableError as error:
                    _log.warning("A store does not answer; trying again", error=type(error).__name__)
                except Exception:  # noqa: BLE001 a door: one row that breaks a turn must not stop the others
                    _log.exception("A turn of the webhook sender broke off; trying again")
                ended = asyncio.create_task(self._ended.wait())
                await asyncio.wait({stopped, ended}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                ended.cancel()
        finally:
            stopped.cancel()
            await self._drain()

    async def turn(self) -> int:
        """Look once: take back what dead senders held, and begin what is due; returns how many attempts were begun."""
        if lost := await settle_lost(self.database):
            _log.warning("Webhook deliveries were taken back from a silent sender", count=lost)
        free = self.parallel - len(self._in_hand)
        if free <= 0:
            return 0
        claims = await claim_deliveries(self.database, holder=self.holder, limit=free)
        for claim in claims:
            task = asyncio.create_task(self._deliver(claim))
            self._in_hand.add(task)
            task.add_done_callback(self._forget)
        return len(claims)

    async def _drain(self) -> None:
        if not self._in_hand:
            return
        _, late = await asyncio.wait(self._in_hand, timeout=self.drain_seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._ended.set()

    async def _deliver(self, claim: DeliveryClaim) -> None:
        """Make one attempt and write what came of it; a door: whatever breaks, the lease brings the delivery back."""
        log = _log.bind(delivery_id=claim.delivery.id, webhook_id=claim.endpoint.id, attempt=claim.delivery.attempts)
        try:
            attempt = await self._attempt(claim)
            metrics.WEBHOOK_ATTEMPTS.inc(outcome=attempt.error or "delivered")
            metrics.WEBHOOK_SECONDS.observe(attempt.seconds)
            verdict = await settle_attempt(self.database, claim, attempt, dice=_dice.random())
        except asyncio.CancelledError:
            with suppress(StoreUnavailableError):
                await give_back(self.database, claim)
            raise
        except LeaseLostError:
            log.warning("A webhook delivery was in other hands when its attempt ended")
        except StoreUnavailableError as error:
            log.warning("What came of a webhook delivery could not be written; it is sent again", error=type(error).__name__)
        except Exception:
            log.exception("An attempt to deliver a webhook broke off; it is tried again")
        else:
            log.info("A webhook delivery was tried", state=verdict.state, status=attempt.status, error=attempt.error)
            if verdict.disable is not None:
                log.warning("A webhook was disabled", because=verdict.disable)

    async def _attempt(self, claim: DeliveryClaim) -> Attempt:
        body = claim.delivery.payload.encode()
        now = datetime.now(UTC)
        try:
            secrets = await signing_secrets(self.database, self.keys, claim)
        except SecretUnreadableError as error:
            _log.error("A webhook's secret cannot be read", webhook_id=claim.endpoint.id, reason=error.message)
            message = "Its secret cannot be read here; rotate it, or ask whoever runs this installation."
            return Attempt(at=now, seconds=0, error=AttemptError.SECRET_UNREADABLE, message=message)
        headers = signed_headers(claim.delivery.event_id, int(now.timestamp()), body, secrets=secrets)
        return await self.poster.post(claim.endpoint.address, headers, body)
