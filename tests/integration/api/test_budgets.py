"""Budgets over HTTP: how a month stands, what was spent on what, the ledger, and who may set limits and keys."""

import csv
import io

import httpx
import pytest
from tests.support.money import MODEL, spending_of, this_month
from tests.support.sessions import rows, scalar
from tests.support.tenants import KEYS, Tenant

from formscout.domain.budgets import Spending
from formscout.domain.errors import ConflictError
from formscout.domain.prices import Usage
from formscout.storage.database import Database
from formscout.usecases import limits
from formscout.usecases.budgets import reserve, settle
from formscout.usecases.model_keys import note_key_refused, open_model_key

LIMIT = 5_000_000
SECRET = "sk-model-0123456789abcdefWXYZ"


async def spend(database: Database, spending: Spending, amount: int, usage: Usage) -> None:
    hold = await reserve(database, spending, amount=amount)
    assert await settle(database, hold, spent=amount, usage=usage)


async def test_a_month_that_nothing_was_held_in_has_its_limit(admin: httpx.AsyncClient, database: Database, tenant: Tenant) -> None:
    found = (await admin.get(f"/api/subscriptions/{tenant.subscription.id}/budget")).json()
    assert found["month"] == f"{await this_month(database):%Y-%m}"
    assert (found["limit"], found["spent"], found["left"], found["may_spend"]) == (LIMIT, 0, LIMIT, True)
    assert await scalar(database, "SELECT count(*) FROM budget_period") == 0, "looking makes nothing"


async def test_a_budget_and_what_was_spent_by_project_model_and_day(member: httpx.AsyncClient, database: Database, tenant: Tenant) -> None:
    other = Spending(subscription_id=tenant.subscription.id, project_id=None, model="claude-opus-5-5")
    await spend(database, spending_of(tenant), 300, Usage(input_tokens=200, output_tokens=20))
    await spend(database, spending_of(tenant), 200, Usage(input_tokens=200))
    await spend(database, other, 50, Usage(cache_read_tokens=9))
    await spend(database, spending_of(tenant, own_key=True), 7, Usage(output_tokens=1))
    await reserve(database, spending_of(tenant), amount=1_000)
    base = f"/api/subscriptions/{tenant.subscription.id}"
    found = (await member.get(f"{base}/budget")).json()
    assert (found["spent"], found["reserved"], found["own_spent"], found["left"]) == (550, 1_000, 7, LIMIT - 1_550)
    items = {by: (await member.get(f"{base}/spend", params={"by": by})).json()["items"] for by in ("project", "model", "day")}
    amounts = {by: [(one["key"], one["spent"], one["own_spent"], one["calls"]) for one in found] for by, found in items.items()}
    today = await scalar(database, "SELECT (now() AT TIME ZONE 'UTC')::date::text")
    assert amounts == {
        "project": [(str(tenant.project.id), 500, 7, 3), (None, 50, 0, 1)],
        "model": [(MODEL, 500, 7, 3), ("claude-opus-5-5", 50, 0, 1)],
        "day": [(today, 550, 7, 4)],
    }
    assert items["model"][0]["tokens"]["input_tokens"] == 400


async def test_the_ledger_by_pages_and_as_csv_is_the_same(
    member: httpx.AsyncClient, database: Database, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    for amount in range(1, 6):
        await spend(database, spending_of(tenant), amount, Usage(input_tokens=amount))
    base = f"/api/subscriptions/{tenant.subscription.id}"
    lines: list[dict[str, object]] = []
    cursor: str | None = None
    while not lines or cursor is not None:
        page = (await member.get(f"{base}/ledger", params={"limit": 4} | ({} if cursor is None else {"cursor": cursor}))).json()
        lines += page["items"]
        cursor = page["next_cursor"]
    assert [one["kind"] for one in lines] == ["open", *["reserve", "settle"] * 5]
    monkeypatch.setattr(limits, "EXPORTED_AT_ONCE", 3)
    answer = await member.get(f"{base}/ledger.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [int(one["id"]) for one in table] == [one["id"] for one in lines]
    sums = [sum(int(one[name]) for one in table) for name in ("limit_delta", "reserved_delta", "spent_delta", "input_tokens")]
    assert sums == [LIMIT, 0, 15, 15]
    rest = await member.get(f"{base}/ledger.csv", params={"after": table[7]["id"]})
    assert list(csv.DictReader(io.StringIO(rest.text))) == table[8:]


@pytest.mark.parametrize("path", ["budget", "spend", "ledger", "ledger.csv"])
@pytest.mark.parametrize(
    ("month", "sentence"),
    [
        ("2999-01", "has not begun"),
        ("1999-12", "as old as"),
        ("2026-13", "is no month"),
        ("november", "is no month"),
        ("2026-1", "no month"),
    ],
)
async def test_a_month_that_cannot_be_asked_for(member: httpx.AsyncClient, tenant: Tenant, path: str, month: str, sentence: str) -> None:
    answer = await member.get(f"/api/subscriptions/{tenant.subscription.id}/{path}", params={"month": month})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:formscout:problem:invalid_input")
    assert sentence in answer.json()["detail"]


async def test_an_admin_sets_the_limit_up_to_what_was_granted_and_all_see_who_did(
    admin: httpx.AsyncClient, member: httpx.AsyncClient, operator: httpx.AsyncClient, database: Database, tenant: Tenant
) -> None:
    url = f"/api/subscriptions/{tenant.subscription.id}"
    assert (await member.put(f"{url}/limit", json={"limit": 1})).status_code == 403
    above = await admin.put(f"{url}/limit", json={"limit": LIMIT + 1})
    assert (above.status_code, "were granted" in above.json()["detail"]) == (403, True)
    lowered = (await admin.put(f"{url}/limit", json={"limit": 100, "note": "trial"})).json()
    assert (lowered["monthly_limit"], lowered["granted_limit"]) == (100, LIMIT)
    await reserve(database, spending_of(tenant), amount=80)
    below = await admin.put(f"{url}/limit", json={"limit": 79})
    assert (below.status_code, "Set at least 80" in below.json()["detail"]) == (409, True)
    assert (await operator.put(f"{url}/limit", json={"limit": 2 * LIMIT, "next_month": True})).json()["granted_limit"] == 2 * LIMIT
    assert (await admin.get(f"{url}/budget")).json()["limit"] == 100
    changes = (await member.get(f"{url}/limit-changes")).json()["items"]
    assert [(one["old_limit"], one["new_limit"], one["note"], one["month"] is None) for one in changes] == [
        (100, 2 * LIMIT, "", True),
        (LIMIT, 100, "trial", False),
    ]
    assert changes[1]["user_id"] == tenant.admin.id


@pytest.mark.parametrize("limit", [-1, 10**15 + 1, 10**30, "100", 1.5, None])
async def test_a_limit_that_cannot_be_is_a_problem_and_changes_nothing(
    operator: httpx.AsyncClient, database: Database, tenant: Tenant, limit: object
) -> None:
    answer = await operator.put(f"/api/subscriptions/{tenant.subscription.id}/limit", json={"limit": limit})
    assert answer.status_code == 422
    assert await scalar(database, "SELECT count(*) FROM limit_change") == 0


async def test_a_companys_own_key_is_sealed_and_never_shown(
    admin: httpx.AsyncClient, member: httpx.AsyncClient, database: Database, tenant: Tenant
) -> None:
    url = f"/api/companies/{tenant.company.id}/model-key"
    assert (await admin.get(url)).status_code == 404
    assert (await member.put(url, json={"key": SECRET})).status_code == 403
    made = await admin.put(url, json={"key": SECRET})
    assert made.json()["hint"] == "WXYZ"
    assert SECRET not in made.text + (await admin.get(url)).text
    (ciphertext,) = (await rows(database, "SELECT ciphertext FROM model_key"))[0]
    assert SECRET.encode() not in ciphertext
    assert await open_model_key(database, keys=KEYS, company_id=tenant.company.id) == SECRET
    assert (await admin.delete(url)).status_code == 204
    assert (await admin.delete(url)).status_code == 204
    assert await open_model_key(database, keys=KEYS, company_id=tenant.company.id) is None


async def test_a_key_that_the_service_refused_is_not_used_and_another_one_is_taken(
    admin: httpx.AsyncClient, database: Database, tenant: Tenant
) -> None:
    url = f"/api/companies/{tenant.company.id}/model-key"
    await admin.post("/api/webhooks", json={"address": "https://hooks.example.com/", "event_types": ["model_key.refused"]})
    await admin.put(url, json={"key": SECRET})
    for _ in range(2):
        await note_key_refused(database, company_id=tenant.company.id, secret=SECRET, because="invalid x-api-key\n")
    assert (await admin.get(url)).json()["refused_because"] == "invalid x-api-key "
    assert await scalar(database, "SELECT count(*) FROM webhook_delivery") == 1, "told once"
    with pytest.raises(ConflictError, match="refused the company's own key …WXYZ"):
        await open_model_key(database, keys=KEYS, company_id=tenant.company.id)
    await admin.put(url, json={"key": SECRET[:-1] + "A"})
    assert await open_model_key(database, keys=KEYS, company_id=tenant.company.id) == SECRET[:-1] + "A"


@pytest.mark.parametrize("key", ["", "short", "with space " * 4, "ü" * 40, "k" * 301, "k" * 30 + "\n"])
async def test_what_is_no_key_is_a_problem_that_does_not_repeat_it(admin: httpx.AsyncClient, tenant: Tenant, key: str) -> None:
    answer = await admin.put(f"/api/companies/{tenant.company.id}/model-key", json={"key": key})
    assert answer.status_code == 422
    assert not key or key not in answer.text
