"""Following discoveries: polls that wait for news, streams that many share, and clients that leave."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from starlette.types import Message
from tests.support import workers
from tests.support.api import Client, running, settings_for
from tests.support.tenants import Tenant

from formscout.storage.database import Database
from formscout_api.waiting import seconds_of

LIMIT_SECONDS = 60
"""For what takes a second on a quiet machine."""

Stream = list[dict[str, str]]


async def ask(client: httpx.AsyncClient, tenant: Tenant) -> dict[str, Any]:  # Any: a JSON document
    answer = await client.post("/api/crawl/discover-forms", json={**tenant.discovery, "force": True})
    accepted: dict[str, Any] = answer.json()
    return accepted


async def read(client: httpx.AsyncClient, url: str, after: int = 0) -> Stream:
    """Read a stream to its end; returns each event's fields."""
    answer = await asyncio.wait_for(client.get(url, headers={"Last-Event-ID": str(after)}), LIMIT_SECONDS)
    assert answer.headers["content-type"].startswith("text/event-stream")
    blocks = [block for block in answer.text.split("\r\n\r\n") if block and not block.startswith(":")]
    return [dict(line.split(": ", 1) for line in block.split("\r\n")) for block in blocks]


async def wait(client: httpx.AsyncClient, url: str, *, seconds: int, etag: str | None = None) -> httpx.Response:
    headers = {"Prefer": f"wait={seconds}", **({} if etag is None else {"If-None-Match": etag})}
    return await asyncio.wait_for(client.get(url, headers=headers), LIMIT_SECONDS)


async def test_a_poll_that_waits_is_answered_when_there_is_news(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    url = (await ask(member, tenant))["status_url"]
    etag = (await member.get(url)).headers["etag"]
    waiting = asyncio.create_task(wait(member, url, seconds=60, etag=etag))
    unchanged = await wait(member, url, seconds=1, etag=etag)
    assert (unchanged.status_code, unchanged.headers["preference-applied"]) == (304, "wait=1")
    assert not waiting.done()
    await workers.begin(database)
    answer = await waiting
    assert (answer.status_code, answer.json()["state"], answer.headers["preference-applied"]) == (200, "PROGRESS", "wait=60")
    assert answer.headers["etag"] != etag


async def test_a_poll_that_knows_nothing_waits_for_the_end(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    url = (await ask(member, tenant))["status_url"]
    waiting = asyncio.create_task(wait(member, url, seconds=60))
    await workers.run_session(database)
    assert (await waiting).json()["state"] == "SUCCESS"
    again = await wait(member, url, seconds=100_000)
    assert (again.status_code, again.headers["preference-applied"]) == (200, "wait=60"), "what has ended is answered at once"


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        (["wait=7"], 7),
        (["respond-async, Wait = 7 ; foo=bar"], 7),
        (["return=minimal", 'wait="7"'], 7),
        (["wait=900"], 60),
        (["wait=0"], 0),
        (["wait=-1"], 0),
        (["wait=soon"], 0),
        (["await=7"], 0),
        (["wait=" + "9" * 5000], 0),
        ([], 0),
    ],
)
def test_preferences_are_read_as_their_rfc_has_them(sent: list[str], seconds: int) -> None:
    assert seconds_of(sent, longest=60) == seconds


async def test_streams_of_one_session_all_get_everything_once(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    first, second = await ask(member, tenant), await ask(member, tenant)
    following = [asyncio.create_task(read(member, url)) for url in [first["events_url"]] * 10 + [second["events_url"]] * 10]
    await workers.run_session(database)
    late = await read(member, first["events_url"])
    await workers.run_session(database)
    for streams in (following[:10], following[10:]):
        events = [await stream for stream in streams]
        assert all(one == events[0] for one in events)
        assert [event["id"] for event in events[0]] == [str(number) for number in range(1, len(events[0]) + 1)]
        assert [event["event"] for event in events[0]].index("ended") == len(events[0]) - 1
    assert late == following[0].result()


async def test_a_long_history_comes_whole_and_in_order(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    accepted = await ask(member, tenant)
    values = {"session": accepted["session_id"], "count": 1200}
    async with database.begin() as connection:
        events = "SELECT :session, n, 'visit', '{}' FROM generate_series(1, :count) AS n"
        insert = f"INSERT INTO session_event (session_id, sequence, kind, data) {events}"
        await connection.execute(text(insert), values)
        await connection.execute(text("UPDATE crawl_session SET last_event = :count WHERE id = :session"), values)
    reading = [asyncio.create_task(read(member, accepted["events_url"], after)) for after in (0, 700)]
    await wait(member, accepted["status_url"], seconds=1)
    await member.post(accepted["cancel_url"])
    for after, stream in zip((0, 700), reading, strict=True):
        assert [event["id"] for event in await stream] == [str(number) for number in range(after + 1, 1202)]


async def test_a_deleted_session_ends_its_streams_and_polls(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    accepted = await ask(member, tenant)
    waiting = asyncio.create_task(wait(member, accepted["status_url"], seconds=60))
    reading = asyncio.create_task(read(member, accepted["events_url"]))
    await wait(member, accepted["status_url"], seconds=1)
    async with database.begin() as connection:
        await connection.execute(text("DELETE FROM crawl_session"))
    assert (await waiting).status_code == 404
    assert await reading == []


async def test_a_user_follows_no_more_than_the_bound(database: Database, database_url: str, redis_url: str, tenant: Tenant) -> None:
    async with running(settings_for(database_url, redis_url, followers_per_user=1)) as clients:
        member, admin = clients(tenant.member_key), clients(tenant.admin_key)
        accepted = await ask(member, tenant)
        reading = asyncio.create_task(read(member, accepted["events_url"]))
        await until_followed(clients)
        refused = await wait(member, accepted["status_url"], seconds=1)
        assert refused.status_code == 429
        assert refused.json()["type"] == "urn:formscout:problem:too_many_followers"
        assert "retry-after" in refused.headers
        assert (await member.get(accepted["events_url"])).status_code == 429
        assert (await member.get(accepted["status_url"])).status_code == 200
        assert (await wait(admin, accepted["status_url"], seconds=1)).status_code == 200, "another user's bound is its own"
        await workers.run_session(database)
        assert (await reading)[-1]["event"] == "ended"
        assert (await wait(member, accepted["status_url"], seconds=1)).status_code == 200


@pytest.mark.parametrize("path", ["events_url", "status_url"])
async def test_a_client_that_leaves_is_noticed(database: Database, database_url: str, redis_url: str, tenant: Tenant, path: str) -> None:
    async with running(settings_for(database_url, redis_url, followers_per_user=1)) as clients:
        member = clients(tenant.member_key)
        accepted = await ask(member, tenant)
        left = asyncio.Event()

        async def receive() -> Message:
            await left.wait()
            return {"type": "http.disconnect"}

        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        answering = asyncio.create_task(follow(clients, accepted[path], tenant.member_key, receive=receive, send=send))
        await until_followed(clients)
        left.set()
        await asyncio.wait_for(answering, LIMIT_SECONDS)
        assert app_of(clients).state.wiring.watch.followers == 0
    assert database is not None


def app_of(clients: Client) -> FastAPI:
    transport: Any = clients(None)._transport  # Any: httpx does not say which one it is
    app: FastAPI = transport.app
    return app


async def until_followed(clients: Client) -> None:
    """Wait until somebody follows a session."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while not app_of(clients).state.wiring.watch.followers:  # noqa: ASYNC110 (the application has no event for it)
            await asyncio.sleep(0.01)


async def follow(clients: Client, url: str, key: str, *, receive: Any, send: Any) -> None:  # Any: ASGI's callables
    """Send a request of which the test holds both ends."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": url,
        "raw_path": url.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"authorization", f"Bearer {key}".encode()), (b"prefer", b"wait=60")],
        "client": ("127.0.0.1", 1),
        "server": ("api.test", 80),
    }
    await app_of(clients)(scope, receive, send)
