"""Errors as problems: stable types, fields by name, sentences that say what to do."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from tests.support.api import Client, running, settings_for
from tests.support.tenants import Tenant

from formscout.domain.errors import SchemaOutdatedError
from formscout_api.limits import LARGEST_BODY

PROBLEM = "application/problem+json"


async def refuse(client: httpx.AsyncClient, **request: Any) -> dict[str, Any]:  # Any: a request's parts, a JSON document
    """Ask for a discovery in a wrong way and return the problem."""
    answer = await client.post("/api/crawl/discover-forms", **request)
    assert answer.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    return problem


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"network_id": "1"}, "network_id"),
        ({"network_id": 1.5}, "network_id"),
        ({"network_id": True}, "network_id"),
        ({"network_id": 0}, "network_id"),
        ({"network_id": 2**63}, "network_id"),
        ({"network_id": None}, "network_id"),
        ({"netwrok_id": 1}, "netwrok_id"),
        ({"max_pages": 0}, "max_pages"),
        ({"max_minutes": 10**9}, "max_minutes"),
        ({"max_slices": 33}, "max_slices"),
        ({"mode": "destroy"}, "mode"),
        ({"robots": "maybe"}, "robots"),
        ({"force": "yes"}, "force"),
    ],
)
async def test_a_wrong_field_is_named(member: httpx.AsyncClient, tenant: Tenant, change: dict[str, object], field: str) -> None:
    problem = await refuse(member, json={**tenant.discovery, **change})
    assert problem["type"] == "urn:formscout:problem:invalid_input"
    assert [one["field"] for one in problem["errors"]] == [field]
    assert field in problem["detail"]


async def test_all_missing_fields_are_named_at_once(member: httpx.AsyncClient) -> None:
    problem = await refuse(member, json={})
    assert {one["field"] for one in problem["errors"]} == {"project_id", "network_id", "user_id", "company_id", "product_id"}
    assert all("required" in one["detail"] for one in problem["errors"])


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"nul\x00", b"[" * 10_000])
async def test_a_body_that_is_no_json_object_is_refused(member: httpx.AsyncClient, content: bytes) -> None:
    problem = await refuse(member, content=content, headers={"Content-Type": "application/json"})
    assert problem["status"] in (400, 422)
    assert problem["type"] == "urn:formscout:problem:invalid_input"


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(member: httpx.AsyncClient) -> None:
    problem = await refuse(member, content=b" " * (LARGEST_BODY + 1))
    assert (problem["status"], problem["type"]) == (413, "urn:formscout:problem:payload_too_large")

    async def endless() -> Any:  # Any: httpx takes any asynchronous iterator
        for _ in range(LARGEST_BODY // 1024 + 2):
            yield b" " * 1024

    problem = await refuse(member, content=endless())
    assert problem["status"] == 413


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "a\nb", "x" * 201, 7, None, "\ud800"])
async def test_a_name_is_one_line_of_text(operator: httpx.AsyncClient, name: object) -> None:
    # json.dumps escapes what has no UTF-8, as a hostile client would.
    answer = await operator.post("/api/companies", content=json.dumps({"name": name}), headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "name"


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@example.com", "a b@example.com", "a@b@c", "a\x00@example.com"])
async def test_an_email_looks_like_one(admin: httpx.AsyncClient, tenant: Tenant, email: str) -> None:
    answer = await admin.post(f"/api/companies/{tenant.company.id}/users", json={"email": email})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "email"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/companies?limit=0", "limit"),
        ("/api/companies?limit=9999", "limit"),
        ("/api/companies?cursor=zzz", "cursor"),
        ("/api/companies?cursor=MTI", "cursor"),
        ("/api/companies?cursor=%00", "cursor"),
        ("/api/companies/abc", "company_id"),
        ("/api/companies/99999999999999999999", "company_id"),
        ("/api/sessions?state=odd", "state"),
        ("/api/sessions/1/forms?purpose=A%00", "purpose"),
    ],
)
async def test_a_wrong_part_of_the_address_is_named(operator: httpx.AsyncClient, path: str, field: str) -> None:
    answer = await operator.get(path)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]


async def test_an_address_that_is_none_and_a_method_that_is_not_taken_say_so(clients: Client) -> None:
    nowhere = await clients(None).get("/api/nowhere")
    assert (nowhere.status_code, nowhere.headers["content-type"]) == (404, PROBLEM)
    assert "/docs" in nowhere.json()["detail"]
    refused = await clients(None).delete("/api/crawl/discover-forms")
    assert (refused.status_code, refused.headers["content-type"]) == (405, PROBLEM)
    assert refused.json()["type"] == "urn:formscout:problem:method_not_allowed"
    assert refused.headers["allow"] == "POST"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer fsk_x", "fsk_x", "Bearer fsk_\u00e9"])
async def test_without_a_good_key_the_answer_says_how_to_send_one(clients: Client, header: str | None) -> None:
    headers = [] if header is None else [(b"authorization", header.encode())]
    refused = await clients(None).get("/api/companies", headers=headers)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert "Authorization: Bearer" in refused.json()["detail"]


async def test_a_key_is_remembered_for_some_seconds_and_no_longer(database_url: str, redis_url: str, tenant: Tenant) -> None:
    async with running(settings_for(database_url, redis_url, key_cache_seconds=0.5)) as clients:
        member, admin = clients(tenant.member_key), clients(tenant.admin_key)
        assert (await member.get("/api/projects")).status_code == 200
        url = f"/api/users/{tenant.member.id}/keys"
        (key,) = (await admin.get(url)).json()["items"]
        await admin.delete(f"{url}/{key['id']}")
        statuses = [(await member.get("/api/projects")).status_code]
        for _ in range(100):
            if statuses[-1] == 401:
                break
            statuses.append((await member.get("/api/projects")).status_code)
            await asyncio.sleep(0.02)
        assert statuses[-1] == 401


async def test_it_refuses_to_start_on_an_older_schema_and_names_the_command(postgres_url: str, redis_url: str) -> None:
    with pytest.raises(SchemaOutdatedError, match="formscout db upgrade"):
        async with running(settings_for(postgres_url, redis_url)):
            pass
