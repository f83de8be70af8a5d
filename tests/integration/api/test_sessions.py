"""What a discovery found, over HTTP."""

import json
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import text
from tests.support import workers
from tests.support.tenants import Tenant

from formscout.domain.jobs import Failed, Queue
from formscout.storage.database import Database
from formscout.usecases.jobs import finish_job

INVENTORY_SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "inventory.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
async def session_id(member: httpx.AsyncClient, tenant: Tenant, database: Database) -> int:
    """Run a discovery that finds a form page with two forms and return its session."""
    accepted = (await member.post("/api/crawl/discover-forms", json=tenant.discovery)).json()
    await workers.run_session(database, titles=["Sign in", "Search"])
    number: int = accepted["session_id"]
    return number


async def test_sessions_are_listed_newest_first_and_filtered(
    member: httpx.AsyncClient,
    tenant: Tenant,
    session_id: int,
) -> None:
    newer = [(await member.post("/api/crawl/discover-forms", json={**tenant.discovery, "force": True})).json() for _ in range(2)]
    ids = [one["session_id"] for one in reversed(newer)] + [session_id]
    seen: list[int] = []
    cursor: str | None = None
    for _ in ids:
        page = (await member.get("/api/sessions", params={"limit": 1, **({"cursor": cursor} if cursor else {})})).json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (ids, None)
    done = (await member.get("/api/sessions", params={"state": "succeeded", "network_id": tenant.network.id})).json()["items"]
    assert [one["id"] for one in done] == [session_id]
    assert (await member.get(f"/api/sessions/{session_id}")).json() == done[0]
    assert done[0]["stopped_because"] == "frontier_empty"


async def test_the_forms_of_a_session_are_listed_by_purpose_and_by_cursor(member: httpx.AsyncClient, session_id: int) -> None:
    url = f"/api/sessions/{session_id}/forms"
    first = (await member.get(url, params={"limit": 1})).json()
    second = (await member.get(url, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    titles = [one["title"] for page in (first, second) for one in page["items"]]
    assert (titles, second["next_cursor"]) == (["Sign in", "Search"], None)
    form = first["items"][0]
    assert form["description"]["inputSchema"]["required"] == ["email"]
    assert form["description"]["fields"][0]["semanticType"] == "email"
    assert len((await member.get(url, params={"purpose": "login"})).json()["items"]) == 2
    assert (await member.get(url, params={"purpose": "checkout"})).json()["items"] == []


async def test_a_form_page_shows_its_way_its_forms_and_its_screenshot(member: httpx.AsyncClient, session_id: int) -> None:
    (listed,) = (await member.get(f"/api/sessions/{session_id}/form-pages", params={"state": "described"})).json()["items"]
    page = (await member.get(f"/api/form-pages/{listed['id']}")).json()
    assert {name: page[name] for name in listed} == listed
    assert [step["action"] for step in page["path"]] == ["open", "press"]
    assert page["path"][1]["locators"]["css"] == "#open"
    assert page["verified"]["status"] == "verified"
    assert [form["title"] for form in page["forms"]] == ["Sign in", "Search"]
    screenshot = await member.get(page["screenshot_url"])
    assert (screenshot.headers["content-type"], screenshot.content) == ("image/png", workers.PNG)
    assert (await member.get(f"/api/sessions/{session_id}/form-pages", params={"state": "pending"})).json()["items"] == []


async def test_a_damaged_screenshot_is_said_to_be_damaged(member: httpx.AsyncClient, session_id: int, database: Database) -> None:
    (page,) = (await member.get(f"/api/sessions/{session_id}/form-pages")).json()["items"]
    async with database.begin() as connection:
        await connection.execute(text("UPDATE blob SET content = '\\x00'"))
    damaged = await member.get(page["screenshot_url"])
    assert damaged.status_code == 500
    assert damaged.json()["type"] == "urn:formscout:problem:snapshot_damaged"
    async with database.begin() as connection:
        await connection.execute(text("UPDATE form_page SET screenshot = NULL"))
    assert (await member.get(page["screenshot_url"])).status_code == 404
    assert (await member.get(f"/api/form-pages/{page['id']}")).json()["screenshot_url"] is None


async def test_the_inventory_holds_everything_in_the_documented_form(member: httpx.AsyncClient, tenant: Tenant, session_id: int) -> None:
    url = f"/api/sessions/{session_id}/inventory"
    core = (await member.get(url)).json()
    documented = Draft202012Validator(INVENTORY_SCHEMA, format_checker=FormatChecker())
    documented.validate(core)
    documented.validate((await member.get(url, params={"detail": "full"})).json())
    assert set(core) == {"schemaVersion", "formscout", "session", "pages", "forms"}
    session = core["session"]
    assert (session["id"], session["state"], session["visits"], session["clicks"]) == (session_id, "succeeded", 1, 2)
    assert session["heldBack"] == [{"method": "POST", "address": "https://app.example.com/track", "reason": "not_read_only", "count": 1}]
    assert (session["letThrough"], session["undescribed"], session["leftUnexplored"]) == ([], [], {})
    assert session["network"]["address"] == tenant.network.base_url
    assert [(page["address"], page["status"], page["outcome"]) for page in core["pages"]] == [("https://app.example.com/", 200, "ok")]
    form = core["forms"][0]
    assert form["id"] == "https://app.example.com/#Sign in"
    assert (form["title"], form["purpose"], form["verified"]["status"]) == ("Sign in", "login", "verified")
    assert form["path"][1] == {
        "action": "press",
        "locators": {"role": "button", "label": "Open", "css": "#open"},
        "frame": [],
        "value": None,
        "expects": "Sign in",
    }
    assert form["fields"][0]["key"] == "email"
    assert "evidence" not in form["fields"][0]
    assert "uiSchema" not in form
    full = (await member.get(url, params={"detail": "full"})).json()["forms"][0]
    assert full["fields"][0]["evidence"] == ["it is an input"]
    assert (full["hidden"], full["uiSchema"]) == (["csrf"], {"type": "VerticalLayout"})
    assert (await member.get(url, params={"detail": "everything"})).status_code == 422


async def test_the_inventory_says_which_forms_it_could_not_describe(
    member: httpx.AsyncClient,
    tenant: Tenant,
    database: Database,
) -> None:
    accepted = (await member.post("/api/crawl/discover-forms", json=tenant.discovery)).json()
    taken = await workers.begin(database)
    await workers.visit(database, taken, titles=["Sign in"])
    await workers.end(database, taken)
    url = f"/api/sessions/{accepted['session_id']}/inventory"
    waiting = (await member.get(url)).json()
    assert waiting["session"]["undescribed"] == [{"address": "https://app.example.com/", "state": "pending", "code": None}]
    analysis = await workers.claim(database, Queue.ANALYSIS)
    await finish_job(database, analysis, Failed(code="snapshot_damaged", message="It cannot be read."))
    failed = (await member.get(url)).json()
    assert failed["session"]["undescribed"] == [{"address": "https://app.example.com/", "state": "failed", "code": "snapshot_damaged"}]
    assert (failed["forms"], failed["session"]["state"]) == ([], "succeeded")
