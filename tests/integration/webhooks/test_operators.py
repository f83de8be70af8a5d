"""`formscout webhooks`: an operator lists what is there and sends again what failed."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.integration.webhooks.conftest import Hooks
from tests.support.receivers import Receiver, answering
from tests.support.sessions import execute
from typer.testing import CliRunner, Result

from formscout.cli.app import app
from formscout.domain.errors import ConflictError, InvalidInputError, NotFoundError
from formscout.domain.webhooks import DeliveryState

Command = Callable[..., Awaitable[Result]]


@pytest.fixture
def command(database_url: str) -> Command:
    """Return what runs `formscout webhooks` on the test's database."""

    async def run(*arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["webhooks", *arguments], env={"DATABASE_URL": database_url})

    return run


async def test_what_failed_is_found_and_sent_again(hooks: Hooks, receiver: Receiver, command: Command) -> None:
    receiver.usual = answering(410, body=b"moved out")
    webhook, secret = await hooks.make(receiver.address())
    for _ in range(3):
        await hooks.test(webhook)
    while await hooks.send(hooks.sender()):
        pass
    listed = (await command("list")).output
    assert receiver.address() in listed
    assert "gone" in listed
    assert secret not in listed
    assert "endpoint_disabled" in (await command("deliveries", str(webhook), "--state", "failed")).output
    refused = await command("redeliver", str(webhook), "--failed-hours", "1")
    assert isinstance(refused.exception, ConflictError), "it is disabled"
    await execute(hooks.database, "UPDATE webhook_endpoint SET disabled_at = NULL, disabled_because = NULL")
    await execute(hooks.database, "UPDATE webhook_delivery SET created_at = now() - interval '2 hours' WHERE id = 1")
    sent = await command("redeliver", str(webhook), "--failed-hours", "1")
    assert (sent.exit_code, sent.output) == (0, "2 deliveries are sent again; a scheduler begins within a second.\n")
    sent = await command("redeliver", str(webhook), "1")
    assert (sent.exit_code, sent.output) == (0, "1 deliveries are sent again; a scheduler begins within a second.\n")
    receiver.usual = answering(200)
    while await hooks.send(hooks.sender()):
        pass
    assert {one.state for one in await hooks.deliveries(webhook)} == {DeliveryState.DELIVERED}
    for delivery in await hooks.deliveries(webhook):
        assert [one for one in receiver.arrived if one.event_id == delivery.event_id][-1].verified(secret)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("redeliver", "1"), InvalidInputError),
        (("redeliver", "1", "1", "--failed-hours", "1"), InvalidInputError),
        (("redeliver", "1", "999"), NotFoundError),
        (("redeliver", "999", "1"), NotFoundError),
        (("redeliver", "999", "--failed-hours", "1"), NotFoundError),
        (("deliveries", "999"), NotFoundError),
    ],
)
async def test_what_cannot_be_is_said(hooks: Hooks, command: Command, arguments: tuple[str, ...], error: type[Exception]) -> None:
    await hooks.make("http://127.0.0.1:9999/")
    refused = await command(*arguments)
    assert isinstance(refused.exception, error)
    assert await hooks.deliveries(1) == []  # type: ignore[arg-type] # the first webhook's id
