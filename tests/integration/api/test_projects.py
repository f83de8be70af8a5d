"""Projects over HTTP."""

import httpx
from tests.support.tenants import Tenant


async def test_an_admin_makes_a_project_in_its_own_company(admin: httpx.AsyncClient, tenant: Tenant) -> None:
    made = await admin.post("/api/projects", json={"name": "Web shop"})
    assert made.status_code == 201
    assert made.json()["company_id"] == tenant.company.id
    assert (await admin.get(made.headers["location"])).json() == made.json()
    renamed = await admin.patch(made.headers["location"], json={"name": "Shop"})
    assert renamed.json()["name"] == "Shop"
    assert [one["name"] for one in (await admin.get("/api/projects")).json()["items"]] == [tenant.project.name, "Shop"]


async def test_an_operator_has_to_say_whose_project_it_is(operator: httpx.AsyncClient, tenant: Tenant) -> None:
    assert (await operator.post("/api/projects", json={"name": "Web shop"})).status_code == 422
    assert (await operator.get("/api/projects")).status_code == 422
    made = await operator.post("/api/projects", json={"name": "Web shop", "company_id": tenant.company.id})
    assert made.json()["company_id"] == tenant.company.id
    listed = (await operator.get("/api/projects", params={"company_id": tenant.company.id})).json()["items"]
    assert made.json() in listed


async def test_no_project_is_made_in_another_company(admin: httpx.AsyncClient, stranger: Tenant) -> None:
    refused = await admin.post("/api/projects", json={"name": "Mine", "company_id": stranger.company.id})
    assert refused.status_code == 404
