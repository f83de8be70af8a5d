"""What another company owns is not there, on every route that takes an id."""

from dataclasses import dataclass

import httpx
import pytest
from tests.support import workers
from tests.support.api import Client, routes_of
from tests.support.tenants import Tenant

from formscout.storage.database import Database
from formscout_api.main import assemble

BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("PATCH", "/api/companies/{company_id}"): {"name": "Mine"},
    ("POST", "/api/companies/{company_id}/users"): {"email": "eve@example.com"},
    ("POST", "/api/users/{user_id}/keys"): {},
    ("PATCH", "/api/subscriptions/{subscription_id}"): {"active": False},
    ("PUT", "/api/subscriptions/{subscription_id}/limit"): {"limit": 1},
    ("PUT", "/api/companies/{company_id}/model-key"): {"key": "k" * 40},
    ("PATCH", "/api/projects/{project_id}"): {"name": "Mine"},
    ("PATCH", "/api/networks/{network_id}"): {"name": "Mine"},
    ("PUT", "/api/networks/{network_id}/schedule"): {"cron": "0 3 * * *"},
    ("PATCH", "/api/webhooks/{webhook_id}"): {"description": "Mine"},
    ("POST", "/api/webhooks/{webhook_id}/rotate-secret"): {},
}
"""Bodies that would be taken, of the routes that want one."""

ROUTES = [(method, path) for method, path in routes_of(assemble()) if "{" in path]


@dataclass(frozen=True, kw_only=True)
class Owned:
    """The ids of what one company owns, by the names that routes use."""

    ids: dict[str, object]

    def url(self, path: str) -> str:
        return path.format(**self.ids)


async def owned(database: Database, client: httpx.AsyncClient, tenant: Tenant) -> Owned:
    """Let the company discover something and return all its ids."""
    webhook = (await client.post("/api/webhooks", json={"address": "https://hooks.example.com/", "company_id": tenant.company.id})).json()
    accepted = (await client.post("/api/crawl/discover-forms", json=tenant.discovery)).json()
    await workers.run_session(database)
    pages = (await client.get(f"/api/sessions/{accepted['session_id']}/form-pages")).json()["items"]
    (await client.put(f"/api/networks/{tenant.network.id}/schedule", json={"cron": "0 3 * * *"})).raise_for_status()
    (await client.put(f"/api/companies/{tenant.company.id}/model-key", json={"key": "k" * 40})).raise_for_status()
    keys = (await client.get(f"/api/users/{tenant.admin.id}/keys")).json()["items"]
    deliveries = (await client.get(f"/api/webhooks/{webhook['id']}/deliveries")).json()["items"]
    return Owned(
        ids={
            "company_id": tenant.company.id,
            "user_id": tenant.admin.id,
            "key_id": keys[0]["id"],
            "subscription_id": tenant.subscription.id,
            "project_id": tenant.project.id,
            "network_id": tenant.network.id,
            "session_id": accepted["session_id"],
            "task_id": accepted["task_id"],
            "form_page_id": pages[0]["id"],
            "webhook_id": webhook["id"],
            "delivery_id": deliveries[0]["id"],
        },
    )


def test_there_are_routes_with_ids() -> None:
    assert len(ROUTES) >= 20


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_another_company_s_ids_are_404_and_change_nothing(
    *,
    database: Database,
    clients: Client,
    admin: httpx.AsyncClient,
    stranger: Tenant,
    method: str,
    path: str,
) -> None:
    other = clients(stranger.admin_key)
    theirs = await owned(database, other, stranger)
    body = BODIES.get((method, path))
    refused = await admin.request(method, theirs.url(path), json=body)
    assert refused.status_code == 404
    assert refused.json()["type"] == "urn:formscout:problem:not_found"
    nobody = await admin.request(method, theirs.url(path.replace("_id}", "_id}0000")), json=body)
    assert nobody.status_code == 404
    words, nobodys_words = (answer.json()["detail"].split(" here;")[1] for answer in (refused, nobody))
    assert words == nobodys_words, "whether it exists elsewhere cannot be told"
    # The owner is served by the same address, so the 404 came from whose it is. (It may not be allowed everything, or twice.)
    served = await other.request(method, theirs.url(path), json=body)
    assert served.status_code not in (404, 422, 500)


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_without_a_good_key_nothing_is_said_about_an_id(
    database: Database,
    clients: Client,
    method: str,
    path: str,
) -> None:
    nothing = Owned(ids=dict.fromkeys(("company_id", "user_id", "key_id", "subscription_id", "project_id", "network_id"), 1))
    nothing.ids.update(session_id=1, task_id=1, form_page_id=1, webhook_id=1, delivery_id=1)
    for key in (None, "fsk_unknown", "not-a-key"):
        refused = await clients(key).request(method, nothing.url(path), json=BODIES.get((method, path)))
        assert refused.status_code == 401
    assert database is not None


@pytest.mark.parametrize(
    "path",
    ["/api/companies", "/api/subscriptions", "/api/projects", "/api/networks", "/api/sessions", "/api/webhooks"],
)
async def test_lists_hold_the_own_company_s_things_only(
    *,
    database: Database,
    clients: Client,
    admin: httpx.AsyncClient,
    tenant: Tenant,
    stranger: Tenant,
    path: str,
) -> None:
    await owned(database, clients(stranger.admin_key), stranger)
    await owned(database, admin, tenant)
    items = (await admin.get(path)).json()["items"]
    assert {item.get("company_id", item["id"]) for item in items} == {tenant.company.id}
    if path != "/api/companies":
        refused = await admin.get(path, params={"company_id": stranger.company.id})
        assert refused.status_code == 404


@pytest.mark.parametrize(
    ("path", "filtered_by"),
    [("/api/networks", "project_id"), ("/api/sessions", "network_id")],
)
async def test_lists_are_not_filtered_by_another_company_s_ids(
    *,
    admin: httpx.AsyncClient,
    stranger: Tenant,
    path: str,
    filtered_by: str,
) -> None:
    theirs = {"project_id": stranger.project.id, "network_id": stranger.network.id}
    assert (await admin.get(path, params={filtered_by: theirs[filtered_by]})).status_code == 404


async def test_an_operator_sees_every_company(
    database: Database,
    clients: Client,
    operator: httpx.AsyncClient,
    stranger: Tenant,
) -> None:
    theirs = await owned(database, clients(stranger.admin_key), stranger)
    for method, path in ROUTES:
        if method == "GET" and "screenshot" not in path:
            assert (await operator.get(theirs.url(path))).status_code == 200
