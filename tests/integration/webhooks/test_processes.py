"""Real scheduler processes as senders: one that is killed in mid-delivery loses nothing."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.integration.webhooks.conftest import Hooks
from tests.support.processes import Service, Start, running
from tests.support.receivers import Receiver, answering, silent
from tests.support.sessions import execute, rows
from tests.support.tenants import KEY_ENTRY

from formscout.domain.webhooks import AttemptError, DeliveryState

SETTINGS = {"FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY, "FORMSCOUT_WEBHOOKS_ALLOW_PRIVATE": "true", "FORMSCOUT_WEBHOOK_SECONDS": "0.1"}


@pytest.fixture
def start(database_url: str, redis_url: str, tmp_path: Path) -> Iterator[Start]:
    """Return what starts a scheduler on the test's stores; all are ended with the test."""
    with ExitStack() as services:

        def run(name: str, **settings: str) -> Service:
            stores = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, **SETTINGS, **settings}
            return services.enter_context(running(("formscout_scheduler.beat",), stores, log=tmp_path / f"{name}.log"))

        yield run


async def test_a_sender_killed_in_mid_delivery_loses_nothing_and_a_follower_sends_too(
    hooks: Hooks, receiver: Receiver, start: Start
) -> None:
    receiver.behaviours = [silent]
    webhook, secret = await hooks.make(receiver.address())
    await hooks.test(webhook)
    first = start("first")
    await receiver.wait_for(1)
    # The other one never leads: the dead one's lead is kept for it. Sending is nobody's privilege.
    await execute(hooks.database, "UPDATE leadership SET until = now() + interval '1 hour'")
    first.kill()
    assert (await hooks.one(webhook)).state is DeliveryState.SENDING
    second = start("second", FORMSCOUT_LEADER_SECONDS="3600")
    await execute(hooks.database, "UPDATE webhook_delivery SET lease_until = now() - interval '1 second'")
    arrived = await receiver.wait_for(2)
    await hooks.wait_until_delivered(webhook)  # before the process is waited for: the receiver answers on this loop
    assert second.stop() == 0
    assert arrived[0].event_id == arrived[1].event_id, "the receiver can tell that it is the same"
    assert arrived[0].verified(secret) == arrived[1].verified(secret)
    delivery = await hooks.one(webhook)
    assert (delivery.history[0].error, delivery.history[-1].error) == (AttemptError.SENDER_LOST, None)
    assert "Traceback" not in second.said
    assert secret not in first.said + second.said


async def test_a_scheduler_without_leave_sends_nothing_inside(hooks: Hooks, receiver: Receiver, start: Start) -> None:
    receiver.usual = answering(200)
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    scheduler = start("strict", FORMSCOUT_WEBHOOKS_ALLOW_PRIVATE="false")
    await hooks.wait_until_tried(webhook)
    assert scheduler.stop() == 0
    assert receiver.connections == 0
    assert await rows(hooks.database, "SELECT error_code FROM webhook_delivery") == [("address_refused",)]
