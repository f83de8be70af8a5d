"""The demo application keeps what it promises: closed to strangers, counting what could change it, true to its truth file."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient

from formscout_demo.main import create_app

# Any: the truth is a JSON document whose shape these tests are about.
TRUTH: dict[str, Any] = json.loads((Path(__file__).parents[2] / "demo" / "truth.json").read_text())
FORMS: list[dict[str, Any]] = TRUTH["forms"]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def browser(data_dir: Path) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(create_app(data_dir)), base_url="http://demo", follow_redirects=True)


@pytest.fixture
async def stranger(data_dir: Path) -> AsyncIterator[AsyncClient]:
    async with browser(data_dir) as client:
        yield client


@pytest.fixture
async def client(stranger: AsyncClient) -> AsyncClient:
    sent = {"email": TRUTH["sign_in"]["username"], "password": TRUTH["sign_in"]["password"]}
    assert (await stranger.post("/sign-in", data=sent)).status_code == 200
    return stranger


async def counts(client: AsyncClient) -> dict[str, int]:
    report = (await client.get("/_demo/requests")).json()
    return {name: value for name, value in report.items() if name != "requests"}


async def test_a_stranger_is_sent_to_the_sign_in_page_and_then_back(stranger: AsyncClient) -> None:
    refused = await stranger.get("/customers?city=Oban", follow_redirects=False)
    assert refused.headers["location"] == "/sign-in?next=/customers%3Fcity%3DOban"
    sent = {"email": "demo@example.com", "password": "demo-password", "next": "/customers?city=Oban"}
    assert (await stranger.post("/sign-in", data=sent)).url.path == "/customers"


async def test_a_wrong_password_signs_nobody_in(stranger: AsyncClient) -> None:
    assert (await stranger.post("/sign-in", data={"email": "demo@example.com", "password": "wrong"})).status_code == 401
    assert (await stranger.get("/", follow_redirects=False)).status_code == 303


async def test_reading_counts_nothing_and_every_other_request_counts(client: AsyncClient) -> None:
    await client.get("/customers")
    await client.get("/orders/export")
    assert await counts(client) == {"non_get": 1, "sign_in": 1, "other": 0, "state_changing_get": 0}
    await client.post("/tags", data={"tag_name": "Blue"})
    await client.put("/api/tickets/1", json={"title": "Changed"})
    assert await counts(client) == {"non_get": 3, "sign_in": 1, "other": 2, "state_changing_get": 0}


async def test_a_link_that_archives_counts_as_a_change(client: AsyncClient) -> None:
    assert "is archived" in (await client.get("/customers/9/archive")).text
    assert (await counts(client))["state_changing_get"] == 1


async def test_signing_out_is_counted_and_makes_the_old_cookie_worthless(client: AsyncClient) -> None:
    cookie = client.cookies["harbour_session"]
    await client.get("/sign-out")
    client.cookies.clear()
    again = await client.get("/", headers={"Cookie": f"harbour_session={cookie}"}, follow_redirects=False)
    assert again.status_code == 303
    assert (await counts(client))["state_changing_get"] == 1


async def test_a_new_data_directory_is_filled_with_the_same_records(client: AsyncClient, tmp_path: Path) -> None:
    async with browser(tmp_path) as other:
        await other.post("/sign-in", data={"email": "demo@example.com", "password": "demo-password"})
        assert (await other.get("/customers/300")).text == (await client.get("/customers/300")).text


def test_the_counts_of_the_truth_agree_with_its_forms() -> None:
    demanded = [form for form in FORMS if not form["optional"]]
    fields = [field for form in demanded for field in form["fields"]]
    assert TRUTH["counts"] == {
        "forms": len(demanded),
        "optional": len(FORMS) - len(demanded),
        "families": len({form["family"] for form in demanded}),
        "fields": len(fields),
        "required_fields": sum(field["required"] for field in fields),
        "conditional_fields": sum(field.get("conditional", False) for field in fields),
        "kinds": Counter(form["kind"] for form in demanded),
    }


def test_every_form_of_the_truth_has_its_own_id_and_members_of_a_family_the_same_fields() -> None:
    assert len({form["id"] for form in FORMS}) == len(FORMS)
    fields_of = {form["family"]: form["fields"] for form in FORMS}
    assert all(form["fields"] == fields_of[form["family"]] for form in FORMS)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form["id"])
async def test_a_form_of_the_truth_stands_where_the_truth_says(client: AsyncClient, form: dict[str, Any]) -> None:
    answer = await client.get(form["where"][-1] if "frame" in form else form["example_url"])
    assert answer.status_code == 200
    drawn_by_a_script = form["kind"] == "spa" or "shadow" in form
    names = [] if drawn_by_a_script else [field["name"] for field in form["fields"] if field["name"]]
    assert [name for name in names if f'name="{name}"' not in answer.text] == []
