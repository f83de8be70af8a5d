"""What a sender of webhooks reads and writes: each function is one transaction, guarded by the delivery's fence."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from formscout.domain.errors import LeaseLostError
from formscout.domain.webhooks import Attempt, AttemptError, DeliveryClaim, DeliveryState, Verdict, judge_attempt
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.usecases.deliveries import announce_disabled
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work
from formscout.usecases.webhooks import open_secret

KEPT_DAYS: Final = 30
"""How long a delivery that ended can be looked at and sent again."""

PRUNED_AT_ONCE: Final = 1000
"""Rows a transaction, so that none holds locks for long."""

OURS: Final = frozenset({AttemptError.SENDER_LOST, AttemptError.SECRET_UNREADABLE})
"""Failures of which the receiver knows nothing: they do not count against its endpoint."""


async def claim_deliveries(database: Database, *, holder: str, limit: int) -> Sequence[DeliveryClaim]:
    """Take up to `limit` deliveries that are due."""
    async with unit_of_work(database) as work:
        return await work.deliveries.claim(holder=holder, limit=limit)


async def signing_secrets(database: Database, keys: KeyRing, claim: DeliveryClaim) -> list[str]:
    """Return the secrets that a delivery is signed with, the newest first. Raises `SecretUnreadableError`."""
    async with unit_of_work(database) as work:
        sealed = await work.webhooks.secrets(claim.endpoint.id)
    return [open_secret(keys, claim.endpoint.id, one) for one in sealed]


async def settle_attempt(database: Database, claim: DeliveryClaim, attempt: Attempt, *, dice: float) -> Verdict:
    """Write what came of an attempt, with all that follows; returns what was decided. Raises `LeaseLostError`."""
    async with unit_of_work(database) as work:
        return await _settle(work, claim, attempt, dice=dice)


async def settle_lost(database: Database) -> int:
    """Let the deliveries of senders that fell silent wait for another attempt, or give them up; returns how many."""
    async with unit_of_work(database) as work:
        lost = await work.deliveries.release_expired()
    message = "The sender died in mid-attempt; it may have been delivered."
    for claim in lost:
        attempt = Attempt(at=datetime.now(UTC), seconds=0, error=AttemptError.SENDER_LOST, message=message)
        with suppress(LeaseLostError):  # its endpoint was deleted meanwhile
            await settle_attempt(database, claim, attempt, dice=0)
    return len(lost)


async def give_back(database: Database, claim: DeliveryClaim) -> None:
    """Let a claimed delivery wait again at once: its sender was told to stop."""
    async with unit_of_work(database) as work:
        await work.deliveries.give_back(claim)


async def prune_deliveries(database: Database) -> int:
    """Delete the deliveries that ended long ago; returns how many."""
    pruned = PRUNED_AT_ONCE
    total = 0
    while pruned == PRUNED_AT_ONCE:
        async with unit_of_work(database) as work:
            pruned = await work.deliveries.prune(days=KEPT_DAYS, limit=PRUNED_AT_ONCE)
        total += pruned
    return total


async def _settle(work: UnitOfWork, claim: DeliveryClaim, attempt: Attempt, *, dice: float) -> Verdict:
    # The endpoint before its delivery, as everybody locks them.
    endpoint = await work.webhooks.find(claim.endpoint.id, lock=True)
    if endpoint is None:
        raise LeaseLostError(f"Webhook {claim.endpoint.id} was deleted.")
    verdict = judge_attempt(attempt, attempts=claim.delivery.attempts, failing_since=endpoint.failing_since, dice=dice)
    if endpoint.disabled_at is not None and verdict.state is DeliveryState.WAITING:
        verdict = replace(verdict, state=DeliveryState.FAILED)  # switched off meanwhile: nothing is tried again
    await work.deliveries.settle(claim, attempt, verdict)
    if verdict.state is DeliveryState.DELIVERED:
        await work.webhooks.note_success(endpoint.id)
    elif attempt.error not in OURS:
        await work.webhooks.note_failure(endpoint.id)
    if verdict.disable is not None and await work.webhooks.disable(endpoint.id, verdict.disable):
        await work.deliveries.drop_waiting(endpoint.id)
        await announce_disabled(work, endpoint, because=verdict.disable)
    return verdict
