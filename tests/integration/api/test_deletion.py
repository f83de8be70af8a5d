"""Deletion over HTTP: who may, what is gone at once, and that nobody else notices."""

import httpx
import pytest
from tests.integration.api.test_tenancy import BODIES, ROUTES, Owned, owned
from tests.support.api import Client
from tests.support.sessions import rows
from tests.support.tenants import Tenant

from formscout.storage.database import Database

OF_NETWORK = ("network_id", "session_id", "task_id", "form_page_id")
BELOW = {
    "networks": OF_NETWORK,
    "projects": (*OF_NETWORK, "project_id"),
    "companies": (*OF_NETWORK, "project_id", "company_id", "user_id", "subscription_id", "webhook_id"),
}
"""What goes with each, by the names that routes use."""

ID_OF = {"networks": "network_id", "projects": "project_id", "companies": "company_id"}


AGAIN = [("DELETE", f"/api/{noun}/{{{name}}}") for noun, name in ID_OF.items()]
"""Deleting what is deleted changes nothing, and is no error as long as it is being removed."""


def paths_below(noun: str) -> list[tuple[str, str]]:
    """Return the routes that lead to what goes with one of these."""
    return [route for route in ROUTES if route not in AGAIN and any(f"{{{name}}}" in route[1] for name in BELOW[noun])]


async def delete(client: httpx.AsyncClient, noun: str, theirs: Owned) -> httpx.Response:
    return await client.delete(f"/api/{noun}/{theirs.ids[ID_OF[noun]]}")


@pytest.mark.parametrize("noun", BELOW)
async def test_it_is_gone_at_once_on_every_route_for_everybody(
    *, database: Database, operator: httpx.AsyncClient, admin: httpx.AsyncClient, tenant: Tenant, noun: str
) -> None:
    theirs = await owned(database, admin, tenant)
    answer = await delete(operator, noun, theirs)
    assert answer.status_code == 202
    assert answer.json()["status"] == "deleted"
    for method, path in paths_below(noun):
        gone = await operator.request(method, theirs.url(path), json=BODIES.get((method, path)))
        assert gone.status_code == 404, (method, path)
    assert (await delete(operator, noun, theirs)).status_code == 202, "again changes nothing"


@pytest.mark.parametrize("noun", ["networks", "projects"])
async def test_lists_leave_it_out_and_no_discovery_starts(
    *, database: Database, admin: httpx.AsyncClient, tenant: Tenant, noun: str
) -> None:
    theirs = await owned(database, admin, tenant)
    assert (await delete(admin, noun, theirs)).status_code == 202
    for path in ("/api/networks", "/api/sessions", f"/api/{noun}"):
        assert (await admin.get(path)).json()["items"] == [], path
    refused = await admin.post("/api/crawl/discover-forms", json=tenant.discovery)
    assert refused.status_code == 404
    assert await rows(database, "SELECT count(*) FROM crawl_session") == [(1,)]


async def test_a_deleted_company_s_keys_open_nothing(
    *, operator: httpx.AsyncClient, admin: httpx.AsyncClient, tenant: Tenant, stranger: Tenant, clients: Client
) -> None:
    assert (await operator.delete(f"/api/companies/{tenant.company.id}")).status_code == 202
    assert (await admin.get("/api/networks")).status_code == 401
    listed = (await operator.get("/api/companies")).json()["items"]
    assert [one["id"] for one in listed] == [stranger.company.id]
    subscriptions = (await operator.get("/api/subscriptions")).json()["items"]
    assert {one["company_id"] for one in subscriptions} == {stranger.company.id}
    assert (await clients(stranger.admin_key).get("/api/networks")).status_code == 200


async def test_roles(*, member: httpx.AsyncClient, admin: httpx.AsyncClient, tenant: Tenant, stranger: Tenant) -> None:
    paths = (f"/api/networks/{tenant.network.id}", f"/api/projects/{tenant.project.id}", f"/api/companies/{tenant.company.id}")
    for path in paths:
        assert (await member.delete(path)).status_code == 403
    assert (await admin.delete(paths[-1])).status_code == 403, "a company is its operator's to delete"
    assert (await admin.delete(f"/api/companies/{stranger.company.id}")).status_code == 404
    assert [(await admin.get(path)).status_code for path in paths] == [200, 200, 200]
