"""Deliveries to a real receiver: verified there, retried on the schedule, and never held up by another receiver."""

import asyncio
import json
from datetime import timedelta

import pytest
from tests.integration.webhooks.conftest import HASTY, PATIENT, Hooks
from tests.support import workers
from tests.support.receivers import Receiver, answering, endless, raw, receiving, silent
from tests.support.sessions import ask, execute, rows, scalar
from tests.support.tenants import KEYS

from formscout.domain.errors import NotFoundError
from formscout.domain.webhooks import RETRY_DELAYS, AttemptError, DeliveryState, DisabledBecause, EventType
from formscout.security.encryption import KeyRing, make_key_entry
from formscout.storage.deliveries import CANDIDATES
from formscout.usecases.deliveries import redeliver
from formscout.usecases.sending import claim_deliveries, prune_deliveries, settle_attempt
from formscout.usecases.webhooks import get_webhook, rotate_secret
from formscout_scheduler.webhooks import WebhookSender


async def test_a_session_s_end_arrives_and_verifies_with_the_library(hooks: Hooks, receiver: Receiver) -> None:
    webhook, secret = await hooks.make(receiver.address("/in?key=1"))
    session = await ask(hooks.database, hooks.tenant)
    await workers.run_session(hooks.database)
    assert await hooks.send(hooks.sender()) == 1
    (arrived,) = receiver.arrived
    payload = arrived.verified(secret)
    assert (payload["type"], payload["data"]["session_id"]) == ("session.succeeded", session.id)
    assert arrived.target == "/in?key=1"
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.headers["user-agent"].startswith("Formscout-Webhooks/")
    delivery = await hooks.one(webhook)
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DeliveryState.DELIVERED, 1, 204)
    assert delivery.event_id == arrived.event_id
    assert [(one.status, one.error) for one in delivery.history] == [(204, None)]
    assert await hooks.send(hooks.sender()) == 0


async def test_while_a_secret_rotates_receivers_verify_with_either(hooks: Hooks, receiver: Receiver) -> None:
    webhook, old = await hooks.make(receiver.address())
    overlap = timedelta(hours=1)
    _, new = await rotate_secret(hooks.database, hooks.tenant.caller, keys=KEYS, webhook_id=webhook, overlap=overlap)
    await hooks.test(webhook)
    await hooks.send(hooks.sender())
    (arrived,) = receiver.arrived
    assert arrived.verified(old) == arrived.verified(new)
    assert arrived.headers["webhook-signature"].count("v1,") == 2


async def test_a_failing_receiver_is_tried_on_the_schedule_with_the_same_event_and_given_up(hooks: Hooks, receiver: Receiver) -> None:
    receiver.usual = answering(500, body=b"<p>\x00 Not \n today")
    webhook, secret = await hooks.make(receiver.address())
    await hooks.test(webhook)
    sender = hooks.sender()
    for attempt in range(1, 11):
        assert await hooks.send(sender) == 1
        assert await hooks.send(sender) == 0, "the next attempt waits"
        delivery = await hooks.one(webhook)
        if attempt < 10:
            assert delivery.state is DeliveryState.WAITING
            delay = (delivery.next_at - delivery.history[-1].at).total_seconds()
            assert delay >= RETRY_DELAYS[attempt]
            await hooks.pass_time()
    assert (delivery.state, delivery.attempts, delivery.error_code) == (DeliveryState.FAILED, 10, AttemptError.STATUS)
    assert (delivery.last_status, delivery.error, delivery.history[-1].excerpt) == (500, "It answered 500.", "<p> Not today")
    await hooks.pass_time()
    assert await hooks.send(sender) == 0
    assert {one.event_id for one in receiver.arrived} == {delivery.event_id}
    assert len({one.body for one in receiver.arrived}) == 1
    receiver.arrived[-1].verified(secret)


async def test_a_delivery_that_was_given_up_is_sent_again_by_hand(hooks: Hooks, receiver: Receiver) -> None:
    receiver.usual = answering(410)
    webhook, _ = await hooks.make(receiver.address())
    first = await hooks.test(webhook)
    await hooks.send(hooks.sender())
    await execute(hooks.database, "UPDATE webhook_endpoint SET disabled_at = NULL, disabled_because = NULL")
    receiver.usual = answering(200)
    await redeliver(hooks.database, hooks.tenant.caller, webhook_id=webhook, delivery_id=first.id)
    assert await hooks.send(hooks.sender()) == 1
    delivery = await hooks.one(webhook)
    assert (delivery.state, delivery.attempts, len(delivery.history)) == (DeliveryState.DELIVERED, 1, 2)
    assert {one.event_id for one in receiver.arrived} == {first.event_id}


async def test_410_disables_the_endpoint_gives_up_what_waits_and_tells_the_company_s_others(hooks: Hooks, receiver: Receiver) -> None:
    async with receiving(answering(410)) as gone:
        webhook, _ = await hooks.make(gone.address())
        other, secret = await hooks.make(receiver.address(), event_types=[EventType.WEBHOOK_DISABLED])
        for _ in range(3):
            await hooks.test(webhook)
        sender = hooks.sender()
        while await hooks.send(sender):
            pass
    endpoint = await get_webhook(hooks.database, hooks.tenant.caller, webhook_id=webhook)
    assert endpoint.disabled_because is DisabledBecause.GONE
    codes = [one.error_code for one in await hooks.deliveries(webhook)]
    assert set(codes) == {AttemptError.GONE, AttemptError.ENDPOINT_DISABLED}
    (notice,) = receiver.arrived
    assert notice.verified(secret)["data"] == {"webhook_id": webhook, "company_id": hooks.tenant.company.id, "because": "gone"}
    assert len(await hooks.deliveries(other)) == 1


async def test_days_of_only_failures_disable_an_endpoint(hooks: Hooks, receiver: Receiver) -> None:
    receiver.usual = answering(503)
    webhook, _ = await hooks.make(receiver.address())
    for _ in range(2):
        await hooks.test(webhook)
    await execute(hooks.database, "UPDATE webhook_endpoint SET failing_since = now() - interval '5 days'")
    await execute(hooks.database, "UPDATE webhook_delivery SET attempts = 9 WHERE id = 1")
    while await hooks.send(hooks.sender()):
        pass
    endpoint = await get_webhook(hooks.database, hooks.tenant.caller, webhook_id=webhook)
    assert endpoint.disabled_because is DisabledBecause.FAILING
    assert [one.state for one in await hooks.deliveries(webhook)] == [DeliveryState.FAILED, DeliveryState.FAILED]


async def test_a_success_forgets_the_failures_before(hooks: Hooks, receiver: Receiver) -> None:
    receiver.behaviours = [answering(500)]
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    await hooks.send(hooks.sender())
    failing = await get_webhook(hooks.database, hooks.tenant.caller, webhook_id=webhook)
    assert failing.failing_since is not None
    await hooks.pass_time()
    await hooks.send(hooks.sender())
    assert (await get_webhook(hooks.database, hooks.tenant.caller, webhook_id=webhook)).failing_since is None


async def test_a_receiver_says_when_to_come_again(hooks: Hooks, receiver: Receiver) -> None:
    receiver.behaviours = [answering(429, "Retry-After: 3000")]
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    await hooks.send(hooks.sender())
    delivery = await hooks.one(webhook)
    assert (delivery.next_at - delivery.history[-1].at).total_seconds() >= 3000


@pytest.mark.parametrize(
    ("behaviour", "error", "status"),
    [
        (silent, AttemptError.TIMED_OUT, None),
        (endless, AttemptError.STATUS, 500),
        (raw(b""), AttemptError.NO_ANSWER, None),
        (raw(b"HTTP/1.1 2"), AttemptError.NO_ANSWER, None),
        (raw(b"SSH-2.0-OpenSSH_9.9\r\n"), AttemptError.NO_ANSWER, None),
        (raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000), AttemptError.NO_ANSWER, None),
        (raw(b"HTTP/1.1 503 Cut\r\nContent-Length: 100\r\n\r\nhalf"), AttemptError.STATUS, 503),
        (answering(302, "Location: http://10.0.0.1/"), AttemptError.REDIRECTED, 302),
        (answering(299), None, 299),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), None, 200),
    ],
    ids=["silent", "endless", "closes", "cut", "not-http", "huge-header", "cut-body", "redirects", "odd-success", "cut-success"],
)
async def test_whatever_a_receiver_does_has_a_code(
    hooks: Hooks, receiver: Receiver, behaviour: object, error: AttemptError | None, status: int | None
) -> None:
    receiver.behaviours = [behaviour]  # type: ignore[list-item] # the parameters' types are lost in the list
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    await hooks.send(hooks.sender(limits=HASTY if behaviour is silent else PATIENT))
    delivery = await hooks.one(webhook)
    assert (delivery.error_code, delivery.last_status) == (error, status)
    assert delivery.state is (DeliveryState.WAITING if error else DeliveryState.DELIVERED)
    assert len(delivery.history[0].excerpt) <= 200


async def test_a_redirection_to_a_place_inside_is_not_followed(hooks: Hooks, receiver: Receiver) -> None:
    async with receiving() as inside:
        receiver.usual = answering(307, f"Location: {inside.address('/admin')}")
        webhook, _ = await hooks.make(receiver.address())
        await hooks.test(webhook)
        await hooks.send(hooks.sender())
        assert inside.connections == 0
    assert (await hooks.one(webhook)).error_code is AttemptError.REDIRECTED


async def test_nobody_listens(hooks: Hooks) -> None:
    async with receiving() as closed:
        address = closed.address()
    webhook, _ = await hooks.make(address)
    await hooks.test(webhook)
    await hooks.send(hooks.sender())
    assert (await hooks.one(webhook)).error_code is AttemptError.CONNECTION_FAILED


async def test_a_slow_receiver_holds_no_other_up_and_is_not_stormed(hooks: Hooks, receiver: Receiver) -> None:
    async with receiving(silent) as slow:
        stuck, _ = await hooks.make(slow.address())
        for _ in range(10):
            await hooks.test(stuck)
        quick, _ = await hooks.make(receiver.address())
        for _ in range(10):
            await hooks.test(quick)
        stopping = asyncio.Event()
        sender = hooks.sender(drain_seconds=0)
        running = asyncio.create_task(sender.run(stopping, seconds=0.05))
        await receiver.wait_for(10)
        await slow.wait_for(2)
        assert slow.open_most == 2
        assert receiver.open_most <= 2
        stopping.set()
        await running
    states = await rows(hooks.database, "SELECT state, count(*) FROM webhook_delivery WHERE endpoint_id = :id GROUP BY 1", id=stuck)
    assert states == [("waiting", 10)], "told to stop, it gave back what was in its hands"
    assert await scalar(hooks.database, "SELECT max(attempts) FROM webhook_delivery WHERE endpoint_id = :id", id=stuck) == 0


async def test_two_senders_share_what_is_due_and_keep_the_bound_together(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.make(receiver.address())
    for _ in range(60):
        await hooks.test(webhook)
    stopping = asyncio.Event()
    senders = [hooks.sender(holder=name) for name in ("one", "two")]
    running = [asyncio.create_task(sender.run(stopping, seconds=0.01)) for sender in senders]
    arrived = await receiver.wait_for(60)
    stopping.set()
    await asyncio.gather(*running)
    assert len(arrived) == len({one.event_id for one in arrived}) == 60
    assert receiver.open_most <= 2
    assert {one.state for one in await hooks.deliveries(webhook)} == {DeliveryState.DELIVERED}


async def test_a_silent_sender_s_delivery_comes_back_and_its_late_word_is_refused(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    (frozen,) = await claim_deliveries(hooks.database, holder="frozen", limit=5)
    assert await hooks.send(hooks.sender()) == 0, "its lease holds"
    await execute(hooks.database, "UPDATE webhook_delivery SET lease_until = now() - interval '1 second'")
    assert await hooks.send(hooks.sender()) == 1
    delivery = await hooks.one(webhook)
    assert (delivery.state, [one.error for one in delivery.history]) == (DeliveryState.DELIVERED, [AttemptError.SENDER_LOST, None])
    with pytest.raises(Exception, match="other hands"):
        await settle_attempt(hooks.database, frozen, delivery.history[0], dice=0)
    assert await hooks.one(webhook) == delivery


async def test_a_delivery_that_kills_every_sender_is_given_up(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    for _ in range(10):
        assert len(await claim_deliveries(hooks.database, holder="doomed", limit=1)) == 1
        await execute(hooks.database, "UPDATE webhook_delivery SET lease_until = now() - interval '1 second'")
        await hooks.sender(parallel=0).turn()
    delivery = await hooks.one(webhook)
    assert (delivery.state, delivery.error_code) == (DeliveryState.FAILED, AttemptError.SENDER_LOST)
    endpoint = await get_webhook(hooks.database, hooks.tenant.caller, webhook_id=webhook)
    assert endpoint.failing_since is None, "the receiver had no part in it"


async def test_one_company_s_slow_receivers_leave_room_for_another_s(hooks: Hooks) -> None:
    async with receiving(silent) as slow:
        for _ in range(8):
            webhook, _ = await hooks.make(slow.address())
            for _ in range(2):
                await hooks.test(webhook)
        claims = await claim_deliveries(hooks.database, holder="one", limit=4)
        assert len(claims) == 4
        claims = await claim_deliveries(hooks.database, holder="two", limit=32)
    assert await scalar(hooks.database, "SELECT count(*) FROM webhook_delivery WHERE state = 'sending'") <= 8


async def test_a_secret_that_cannot_be_opened_is_tried_again_and_said(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    poster = hooks.sender().poster
    stranger = WebhookSender(database=hooks.database, keys=KeyRing.parse(make_key_entry("other")), poster=poster, holder="stranger")
    await hooks.send(stranger)
    delivery = await hooks.one(webhook)
    assert (delivery.state, delivery.error_code) == (DeliveryState.WAITING, AttemptError.SECRET_UNREADABLE)
    assert receiver.connections == 0


async def test_a_deleted_webhook_s_attempt_ends_without_a_word(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    (claim,) = await claim_deliveries(hooks.database, holder="test", limit=5)
    await execute(hooks.database, "DELETE FROM webhook_endpoint")
    await hooks.sender()._deliver(claim)
    assert await scalar(hooks.database, "SELECT count(*) FROM webhook_delivery") == 0


async def test_a_deleted_company_is_told_nothing_more(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.make(receiver.address())
    await hooks.test(webhook)
    await ask(hooks.database, hooks.tenant)
    await execute(hooks.database, "UPDATE company SET deleted_at = now()")
    await workers.run_session(hooks.database)
    assert await scalar(hooks.database, "SELECT count(*) FROM webhook_delivery") == 1, "the session's end is written for nobody"
    assert await hooks.send(hooks.sender()) == 0
    with pytest.raises(NotFoundError):
        await get_webhook(hooks.database, hooks.tenant.caller, webhook_id=webhook)


async def test_deliveries_that_ended_long_ago_are_deleted(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.make(receiver.address())
    for _ in range(3):
        await hooks.test(webhook)
    while await hooks.send(hooks.sender()):
        pass
    await execute(hooks.database, "UPDATE webhook_delivery SET ended_at = now() - interval '31 days' WHERE id < 3")
    assert await prune_deliveries(hooks.database) == 2
    assert [one.id for one in await hooks.deliveries(webhook)] == [3]


async def test_no_secret_lies_in_clear_in_any_row(hooks: Hooks, receiver: Receiver) -> None:
    receiver.usual = answering(500, body=b"whsec_c2VjcmV0 echo")
    webhook, secret = await hooks.make(receiver.address())
    await hooks.test(webhook)
    await hooks.send(hooks.sender())
    for table in ("webhook_endpoint", "webhook_delivery", "webhook_secret"):
        written = json.dumps([str(row) for row in await rows(hooks.database, f"SELECT * FROM {table}")])  # noqa: S608 (our own names)
        assert secret.removeprefix("whsec_") not in written
        assert "whsec_" not in written


async def test_claiming_reads_what_waits_and_not_what_ended_before(hooks: Hooks, receiver: Receiver) -> None:
    webhook, _ = await hooks.make(receiver.address())
    await execute(
        hooks.database,
        "INSERT INTO webhook_delivery (endpoint_id, event_id, event_type, payload, state, ended_at) "
        "SELECT :id, 'evt_' || n, 'webhook.test', '{}', 'delivered', now() FROM generate_series(1, 20000) AS n",
        id=webhook,
    )
    await hooks.test(webhook)
    await execute(hooks.database, "ANALYZE webhook_delivery")
    bounds = {"of_company": 8, "of_endpoint": 2, "limit": 32}
    lines = await rows(hooks.database, f"EXPLAIN (ANALYZE, COSTS OFF) {CANDIDATES.text}", **bounds)
    plan = "\n".join(line for (line,) in lines)
    assert "ix_webhook_delivery_waiting" in plan, plan
    assert "Seq Scan on webhook_delivery" not in plan, plan
    assert "ix_webhook_delivery_endpoint_id" not in plan, plan
    assert len(await claim_deliveries(hooks.database, holder="test", limit=5)) == 1
