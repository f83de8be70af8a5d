"""A request with an `Idempotency-Key` is done once, whatever breaks and however often it comes."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from tests.support import workers
from tests.support.api import Client
from tests.support.tenants import KEYS, Tenant, make_operator

from formscout.domain.answers import LONGEST_KEY, Answer
from formscout.storage.database import Database
from formscout.usecases.companies import create_company, list_companies
from formscout.usecases.idempotency import answer_once, forget_answers

DISCOVER = "/api/crawl/discover-forms"


async def post(client: httpx.AsyncClient, path: str, body: Any, key: str) -> httpx.Response:  # Any: a JSON document
    return await client.post(path, json=body, headers={"Idempotency-Key": key})


async def count(database: Database, table: str) -> int:
    async with database.begin() as connection:
        found: int = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()  # noqa: S608 (a test's own word)
    return found


def assert_same_answer(first: httpx.Response, again: httpx.Response) -> None:
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("location", "retry-after", "content-type"):
        assert again.headers.get(name) == first.headers.get(name)
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"


async def test_a_request_that_comes_again_gets_the_first_answer(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    body = {**tenant.discovery, "force": True}
    first = await post(member, DISCOVER, body, "k1")
    assert (first.status_code, first.headers["location"]) == (202, first.json()["status_url"])
    await workers.run_session(database)
    assert_same_answer(first, await post(member, DISCOVER, body, "k1"))
    assert_same_answer(first, await post(member, DISCOVER, dict(reversed(body.items())), "k1"))
    assert await count(database, "crawl_session") == 1
    other = await post(member, DISCOVER, body, "k2")
    assert other.json()["session_id"] != first.json()["session_id"]


async def test_every_post_is_done_once(operator: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    company, product = tenant.company.id, (await operator.post("/api/products", json={"name": "Another"})).json()["id"]
    task = (await operator.post(DISCOVER, json=tenant.discovery)).json()["task_id"]
    requests: list[tuple[str, dict[str, object] | None, str | None]] = [
        ("/api/companies", {"name": "New"}, "company"),
        ("/api/products", {"name": "New"}, "product"),
        ("/api/subscriptions", {"company_id": company, "product_id": product}, "subscription"),
        (f"/api/companies/{company}/users", {"email": "new@example.com"}, "user_account"),
        (f"/api/users/{tenant.member.id}/keys", {}, "api_key"),
        ("/api/projects", {"company_id": company, "name": "New"}, "project"),
        ("/api/networks", {"project_id": tenant.project.id, "name": "New"}, "network"),
        (f"/api/crawl/cancel/{task}", None, None),
    ]
    for path, body, table in requests:
        before = 0 if table is None else await count(database, table)
        key = str(uuid4())
        first = await post(operator, path, body, key)
        assert first.status_code < 300, path
        assert_same_answer(first, await post(operator, path, body, key))
        assert table is None or await count(database, table) == before + 1, path


async def test_a_key_stands_for_one_request(member: httpx.AsyncClient, tenant: Tenant) -> None:
    accepted = await post(member, DISCOVER, tenant.discovery, "k1")
    for path, body in ((DISCOVER, {**tenant.discovery, "max_pages": 7}), (accepted.json()["cancel_url"], tenant.discovery)):
        refused = await post(member, path, body, "k1")
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:formscout:problem:idempotency_key_reused")
        assert "new key" in refused.json()["detail"]
    assert (await member.get(accepted.json()["status_url"])).json()["state"] == "PENDING"


async def test_requests_with_one_key_at_the_same_moment_make_one_session(
    member: httpx.AsyncClient,
    tenant: Tenant,
    database: Database,
) -> None:
    """More of them than the pool has connections, so that those who wait must not keep the first one from ending."""
    answers = await asyncio.gather(*(post(member, DISCOVER, {**tenant.discovery, "force": True}, "k1") for _ in range(30)))
    assert {(answer.status_code, answer.content, answer.headers["location"]) for answer in answers} == {
        (202, answers[0].content, answers[0].headers["location"]),
    }
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert await count(database, "crawl_session") == 1


async def test_many_keys_at_the_same_moment_do_not_wait_for_each_other(
    member: httpx.AsyncClient, tenant: Tenant, database: Database
) -> None:
    answers = await asyncio.gather(*(post(member, DISCOVER, {**tenant.discovery, "force": True}, f"k{n}") for n in range(30)))
    assert {answer.status_code for answer in answers} == {202}
    assert await count(database, "crawl_session") == 30


async def test_a_refusal_is_not_kept(member: httpx.AsyncClient, admin: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    network = (await admin.post("/api/networks", json={"project_id": tenant.project.id, "name": "Later"})).json()["id"]
    body = {**tenant.discovery, "network_id": network}
    for wrong, status in ((body, 422), ({**body, "network_id": 987654}, 404), ({**body, "max_pages": 0}, 422)):
        assert (await post(member, DISCOVER, wrong, "k1")).status_code == status
    assert await count(database, "idempotency") == 0
    await admin.patch(f"/api/networks/{network}", json={"base_url": "https://app.example.com/"})
    assert (await post(member, DISCOVER, body, "k1")).status_code == 202


async def test_what_breaks_before_the_answer_is_kept_leaves_nothing_behind(database: Database) -> None:
    _, operator = await make_operator(database)

    async def make(joined: Database) -> Answer:
        company = await create_company(joined, operator, name="Half")
        return Answer(status=201, headers=[], body=company.name.encode())

    async def break_off(joined: Database) -> Answer:
        await make(joined)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await answer_once(database, KEYS, operator, key="k1", fingerprint=b"1", work=break_off)
    assert await list_companies(database, operator, after=0, limit=9) == []
    for again in (False, True):
        assert await answer_once(database, KEYS, operator, key="k1", fingerprint=b"1", work=make) == (
            Answer(status=201, headers=[], body=b"Half"),
            again,
        )
    assert [one.name for one in await list_companies(database, operator, after=0, limit=9)] == ["Half"]


async def test_a_key_belongs_to_the_user_who_sent_it(
    *,
    member: httpx.AsyncClient,
    admin: httpx.AsyncClient,
    operator: httpx.AsyncClient,
    tenant: Tenant,
    stranger: Tenant,
    clients: Client,
) -> None:
    path = f"/api/users/{tenant.member.id}/keys"
    secrets = [(await post(client, path, {}, "k1")).json()["secret"] for client in (member, admin, operator)]
    assert len(set(secrets)) == 3
    assert (await post(clients(stranger.admin_key), path, {}, "k1")).status_code == 404
    assert (await post(clients("fsk_unknown"), path, {}, "k1")).status_code == 401
    # The same user by another key is the same user: a key may be replaced between two tries.
    assert (await post(clients(secrets[0]), path, {}, "k1")).json()["secret"] == secrets[0]


async def test_a_secret_is_given_again_and_never_stored_in_clear(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    secret = (await post(member, f"/api/users/{tenant.member.id}/keys", {}, "k1")).json()["secret"]
    async with database.begin() as connection:
        row = (await connection.execute(text("SELECT ciphertext, headers::text || status AS rest FROM idempotency"))).one()
    assert secret.encode() not in row.ciphertext
    assert secret not in row.rest
    assert (await post(member, f"/api/users/{tenant.member.id}/keys", {}, "k1")).json()["secret"] == secret


@pytest.mark.parametrize("key", ["", "   ", "x" * (LONGEST_KEY + 1), "a\tb", "a\x7fb", "sch\u00f6n"])
async def test_an_absurd_key_is_refused_with_what_to_send(
    member: httpx.AsyncClient,
    tenant: Tenant,
    database: Database,
    key: str,
) -> None:
    answer = await member.post(DISCOVER, json=tenant.discovery, headers=[(b"Idempotency-Key", key.encode("latin-1"))])
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:formscout:problem:invalid_input")
    assert "UUID" in answer.json()["detail"]
    assert await count(database, "crawl_session") == 0


async def test_two_keys_at_once_are_refused(member: httpx.AsyncClient, tenant: Tenant) -> None:
    headers = [(b"Idempotency-Key", b"a"), (b"Idempotency-Key", b"b")]
    assert (await member.post(DISCOVER, json=tenant.discovery, headers=headers)).status_code == 422


async def test_a_key_is_free_again_after_a_day(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    body = {**tenant.discovery, "force": True}
    first = (await post(member, DISCOVER, body, "k1")).json()
    kept = (await post(member, DISCOVER, body, "k2")).json()
    async with database.begin() as connection:
        await connection.execute(text("UPDATE idempotency SET created_at = now() - interval '25 hours' WHERE key = 'k1'"))
    later = await post(member, DISCOVER, {**body, "max_pages": 9}, "k1")
    assert (later.status_code, later.json()["session_id"] > first["session_id"]) == (202, True)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE idempotency SET created_at = now() - interval '25 hours' WHERE key = 'k1'"))
    assert [await forget_answers(database), await forget_answers(database)] == [1, 0]
    assert (await post(member, DISCOVER, body, "k2")).json() == kept
