"""Companies, products, subscriptions, users and keys over HTTP."""

import httpx
import pytest
from tests.support.api import Client
from tests.support.tenants import Tenant

from formscout.domain.errors import ConflictError
from formscout.storage.database import Database
from formscout.usecases.companies import authenticate, bootstrap_operator


async def test_the_first_operator_makes_a_company_that_can_work(operator: httpx.AsyncClient, clients: Client) -> None:
    made = await operator.post("/api/companies", json={"name": " Acme "})
    assert made.status_code == 201
    company = made.json()
    assert company["name"] == "Acme"
    assert (await operator.get(made.headers["location"])).json() == company
    product = (await operator.post("/api/products", json={"name": "Discovery"})).json()
    body = {"company_id": company["id"], "product_id": product["id"], "monthly_limit": 5_000_000}
    subscription = (await operator.post("/api/subscriptions", json=body)).json()
    assert subscription == {"id": subscription["id"], "active": True, "granted_limit": 5_000_000, **body}
    user = (await operator.post(f"/api/companies/{company['id']}/users", json={"email": "Ann@Example.com", "role": "admin"})).json()
    assert user["email"] == "ann@example.com"
    key = (await operator.post(f"/api/users/{user['id']}/keys", json={"label": "CI"})).json()
    ann = clients(key["secret"])
    assert [one["id"] for one in (await ann.get("/api/companies")).json()["items"]] == [company["id"]]
    assert [one["id"] for one in (await ann.get("/api/subscriptions")).json()["items"]] == [subscription["id"]]


async def test_a_key_is_shown_once_and_kept_only_as_a_digest(admin: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    key = (await admin.post(f"/api/users/{tenant.member.id}/keys", json={})).json()
    listed = (await admin.get(f"/api/users/{tenant.member.id}/keys")).json()["items"]
    assert [one["id"] for one in listed if one["prefix"] == key["prefix"]] == [key["id"]]
    assert not any("secret" in one or "digest" in one for one in listed)
    caller = await authenticate(database, key["secret"])
    assert caller.user_id == tenant.member.id


async def test_a_revoked_key_stops_working_and_revoking_again_changes_nothing(
    admin: httpx.AsyncClient,
    member: httpx.AsyncClient,
    tenant: Tenant,
) -> None:
    assert (await member.get("/api/projects")).status_code == 200
    url = f"/api/users/{tenant.member.id}/keys"
    (key,) = (await admin.get(url)).json()["items"]
    assert (await admin.delete(f"{url}/{key['id']}")).status_code == 204
    revoked_at = (await admin.get(url)).json()["items"][0]["revoked_at"]
    refused = await member.get("/api/projects")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == "Bearer"
    assert (await admin.delete(f"{url}/{key['id']}")).status_code == 204
    assert (await admin.get(url)).json()["items"][0]["revoked_at"] == revoked_at


async def test_a_member_handles_its_own_keys_and_no_others(member: httpx.AsyncClient, tenant: Tenant) -> None:
    assert (await member.post(f"/api/users/{tenant.member.id}/keys", json={})).status_code == 201
    assert (await member.post(f"/api/users/{tenant.admin.id}/keys", json={})).status_code == 403
    assert (await member.get(f"/api/users/{tenant.admin.id}/keys")).status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/companies", {"name": "Mine"}),
        ("POST", "/api/products", {"name": "Mine"}),
        ("GET", "/api/products", None),
        ("POST", "/api/subscriptions", {"company_id": 1, "product_id": 1}),
        ("PATCH", "/api/subscriptions/1", {"monthly_limit": 10**12}),
    ],
)
async def test_what_costs_the_installation_is_for_operators(
    admin: httpx.AsyncClient,
    method: str,
    path: str,
    body: dict[str, object] | None,
) -> None:
    refused = await admin.request(method, path, json=body)
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:formscout:problem:forbidden"
    assert "operator" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/api/companies/1", {"name": "Mine"}),
        ("POST", "/api/companies/1/users", {"email": "eve@example.com", "role": "admin"}),
        ("POST", "/api/projects", {"name": "Mine"}),
        ("PATCH", "/api/projects/1", {"name": "Mine"}),
        ("POST", "/api/networks", {"project_id": 1, "name": "Mine"}),
        ("PATCH", "/api/networks/1", {"name": "Mine"}),
    ],
)
async def test_what_changes_a_company_is_for_its_admins(
    member: httpx.AsyncClient,
    method: str,
    path: str,
    body: dict[str, object],
) -> None:
    refused = await member.request(method, path, json=body)
    assert refused.status_code == 403
    assert "admin" in refused.json()["detail"]


async def test_an_admin_renames_its_company_and_makes_users(admin: httpx.AsyncClient, tenant: Tenant) -> None:
    path = f"/api/companies/{tenant.company.id}"
    assert (await admin.patch(path, json={"name": "Acme 2"})).json()["name"] == "Acme 2"
    assert (await admin.post(f"{path}/users", json={"email": "new@example.com"})).json()["role"] == "member"
    again = await admin.post(f"{path}/users", json={"email": "new@example.com"})
    assert again.status_code == 409
    emails = [user["email"] for user in (await admin.get(f"{path}/users")).json()["items"]]
    assert emails == ["admin@example.com", "member@example.com", "new@example.com"]


async def test_operators_alone_change_a_companys_part_of_the_workers(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient, tenant: Tenant
) -> None:
    path = f"/api/companies/{tenant.company.id}"
    changed = (await operator.patch(path, json={"weight": 3, "max_running": 2})).json()
    assert (changed["name"], changed["weight"], changed["max_running"]) == ("Acme", 3, 2)
    for change in ({"weight": 1000}, {"max_running": None}):
        refused = await admin.patch(path, json=change)
        assert refused.status_code == 403
        assert "operator" in refused.json()["detail"]
    assert (await admin.patch(path, json={"name": "Acme 2"})).json()["weight"] == 3
    assert (await operator.patch(path, json={"max_running": None})).json()["max_running"] is None


async def test_nobody_makes_an_operator_over_http(admin: httpx.AsyncClient, operator: httpx.AsyncClient, tenant: Tenant) -> None:
    for client in (admin, operator):
        refused = await client.post(f"/api/companies/{tenant.company.id}/users", json={"email": "eve@example.com", "role": "operator"})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["field"] == "role"


async def test_a_subscription_changes_in_the_parts_that_are_named(operator: httpx.AsyncClient, tenant: Tenant) -> None:
    path = f"/api/subscriptions/{tenant.subscription.id}"
    changed = (await operator.patch(path, json={"active": False})).json()
    assert (changed["active"], changed["monthly_limit"]) == (False, 5_000_000)
    changed = (await operator.patch(path, json={"monthly_limit": 0})).json()
    assert (changed["active"], changed["monthly_limit"]) == (False, 0)
    assert (await operator.get(path)).json() == changed


async def test_a_company_subscribes_to_a_product_once(operator: httpx.AsyncClient, tenant: Tenant) -> None:
    body = {"company_id": tenant.company.id, "product_id": tenant.product.id}
    assert (await operator.post("/api/subscriptions", json=body)).status_code == 409
    assert (await operator.post("/api/subscriptions", json={**body, "product_id": 999})).status_code == 404
    assert (await operator.post("/api/products", json={"name": tenant.product.name})).status_code == 409


async def test_a_list_goes_on_by_its_cursor_and_ends(operator: httpx.AsyncClient) -> None:
    for number in range(5):
        await operator.post("/api/companies", json={"name": f"Company {number}"})
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(3):
        page = (await operator.get("/api/companies", params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
        seen += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"Company {number}" for number in range(5)]
    assert cursor is None


async def test_a_second_bootstrap_is_refused_unless_it_is_meant(database: Database) -> None:
    first = await bootstrap_operator(database, "first@example.com")
    with pytest.raises(ConflictError, match="--again"):
        await bootstrap_operator(database, "second@example.com")
    again = await bootstrap_operator(database, "first@example.com", again=True)
    one, other = await authenticate(database, first), await authenticate(database, again)
    assert one == other
    assert one.is_operator
