"""Networks over HTTP: what is kept, what is shown, and who may lead a crawl where."""

from typing import Any

import httpx
import pytest
from tests.support.tenants import KEYS, Tenant

from formscout.domain.ids import NetworkId
from formscout.domain.networks import Credentials
from formscout.security.encryption import KeyRing, make_key_entry
from formscout.storage.database import Database
from formscout.usecases.networks import find_credentials
from formscout.usecases.unit_of_work import unit_of_work

SIGN_IN = {"kind": "password", "username": "robot", "password": "hunter2-secret", "totp_secret": "JBSWY3DPEHPK3PXP"}


async def make(client: httpx.AsyncClient, tenant: Tenant, **more: Any) -> httpx.Response:  # Any: a body's fields
    body = {"project_id": tenant.project.id, "name": "Staging", "base_url": "https://staging.example.com/app", **more}
    return await client.post("/api/networks", json=body)


async def test_a_network_is_made_with_its_address_in_the_one_spelling(admin: httpx.AsyncClient, tenant: Tenant) -> None:
    made = await make(admin, tenant, base_url="  HTTPS://Staging.Example.COM:443 ", environment="staging")
    assert made.status_code == 201
    network = made.json()
    assert network["base_url"] == "https://staging.example.com/"
    assert (network["company_id"], network["environment"]) == (tenant.company.id, "staging")
    assert (await admin.get(made.headers["location"])).json() == network
    listed = (await admin.get("/api/networks", params={"project_id": tenant.project.id})).json()["items"]
    assert network in listed


async def test_the_password_is_sealed_and_no_answer_shows_it(admin: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    made = await make(admin, tenant, sign_in=SIGN_IN)
    path = made.headers["location"]
    shown = made.text + (await admin.get(path)).text + (await admin.get("/api/networks")).text
    shown += (await admin.patch(path, json={"name": "Other"})).text
    assert "hunter2" not in shown
    assert "JBSWY3DP" not in shown
    assert made.json()["sign_in"] == {"kind": "password", "username": "robot", "sign_in_url": None, "has_totp": True, "parallel": False}
    network_id = NetworkId(made.json()["id"])
    async with unit_of_work(database) as work:
        sealed = await work.networks.credentials(network_id)
    assert sealed is not None
    assert b"hunter2" not in sealed.ciphertext
    assert await find_credentials(database, KEYS, network_id) == Credentials(password="hunter2-secret", totp_secret="JBSWY3DPEHPK3PXP")


async def test_credentials_moved_to_another_network_do_not_open(admin: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    first = NetworkId((await make(admin, tenant, sign_in=SIGN_IN)).json()["id"])
    async with unit_of_work(database) as work:
        sealed = await work.networks.credentials(first)
        assert sealed is not None
        await work.networks.put_credentials(tenant.network.id, sealed)
    with pytest.raises(Exception, match=f"network:{tenant.network.id} does not open"):
        await find_credentials(database, KEYS, tenant.network.id)
    other = KeyRing.parse(make_key_entry("other"))
    with pytest.raises(Exception, match="key test, which this process does not have"):
        await find_credentials(database, other, first)


async def test_a_patch_changes_only_what_it_names_within_each_part(admin: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    exclude = ["https://staging.example.com/admin"]
    before = (await make(admin, tenant, sign_in=SIGN_IN, scope={"exclude": exclude}, politeness={"min_delay_ms": 100})).json()
    path = f"/api/networks/{before['id']}"
    body = {
        "name": "Renamed",
        "politeness": {"robots": "obey"},
        "sign_in": {"username": "robot2", "parallel": True},
        "scope": {"include": []},
    }
    after = (await admin.patch(path, json=body)).json()
    assert after == {
        **before,
        "name": "Renamed",
        "politeness": {**before["politeness"], "robots": "obey"},
        "sign_in": {**before["sign_in"], "username": "robot2", "parallel": True},
    }
    assert await find_credentials(database, KEYS, NetworkId(before["id"])) is not None


async def test_moving_to_another_origin_needs_the_password_again(admin: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    network = (await make(admin, tenant, sign_in=SIGN_IN)).json()
    path = f"/api/networks/{network['id']}"
    refused = await admin.patch(path, json={"base_url": "https://evil.example.net/"})
    assert refused.status_code == 422
    assert "password" in refused.json()["detail"]
    refused = await admin.patch(path, json={"sign_in": {"sign_in_url": "https://evil.example.net/login"}})
    assert refused.status_code == 422
    assert (await admin.get(path)).json() == network, "nothing of a refused change is kept"
    assert (await admin.patch(path, json={"base_url": "https://staging.example.com/other"})).status_code == 200
    moved = await admin.patch(path, json={"base_url": "https://next.example.net/", "sign_in": {"password": "new-one"}})
    assert moved.status_code == 200
    assert moved.json()["sign_in"]["has_totp"] is False
    assert await find_credentials(database, KEYS, NetworkId(network["id"])) == Credentials(password="new-one")


async def test_without_a_sign_in_the_password_is_forgotten(admin: httpx.AsyncClient, tenant: Tenant, database: Database) -> None:
    network = (await make(admin, tenant, sign_in=SIGN_IN)).json()
    changed = await admin.patch(f"/api/networks/{network['id']}", json={"sign_in": {"kind": "none"}})
    assert changed.json()["sign_in"] == {"kind": "none", "username": None, "sign_in_url": None, "has_totp": False, "parallel": False}
    assert await find_credentials(database, KEYS, NetworkId(network["id"])) is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"base_url": "ftp://app.example.com/"}, "http(s)"),
        ({"base_url": "app.example.com"}, "http(s)"),
        ({"base_url": "https://user:geheim@app.example.com/"}, "sign-in"),
        ({"base_url": "https://app.example.com:99999/"}, "https://app.example.com/"),
        ({"scope": {"exclude": ["/admin"]}}, "http(s)"),
        ({"sign_in": {"kind": "password", "username": "robot"}}, "password"),
        ({"sign_in": {"kind": "password", "password": "geheim"}}, "username"),
        ({"sign_in": {"password": "geheim"}}, "kind"),
        ({"sign_in": {"totp_secret": "JBSWY3DPEHPK3PXP"}}, "password"),
        ({"sign_in": {"password": "hunter2-secret", "totp_secret": "0189"}}, "base32"),
        ({"politeness": {"max_parallel_tabs": 0}}, "politeness.max_parallel_tabs"),
        ({"politeness": {"speed": 9}}, "politeness.speed"),
    ],
)
async def test_what_cannot_be_is_refused_with_a_sentence_that_says_what_to_do(
    admin: httpx.AsyncClient,
    tenant: Tenant,
    more: dict[str, Any],
    said: str,
) -> None:
    refused = await make(admin, tenant, **more)
    assert refused.status_code == 422
    assert said in refused.text
    assert "geheim" not in refused.text


async def test_a_network_may_wait_for_its_address(admin: httpx.AsyncClient, tenant: Tenant) -> None:
    assert (await make(admin, tenant, base_url=None)).json()["base_url"] is None


async def test_only_an_operator_lets_a_crawl_reach_private_addresses(
    admin: httpx.AsyncClient,
    operator: httpx.AsyncClient,
    tenant: Tenant,
) -> None:
    refused = await make(admin, tenant, scope={"allow_private": True})
    assert refused.status_code == 403
    network = (await make(operator, tenant, base_url="http://10.0.0.5/", scope={"allow_private": True})).json()
    path = f"/api/networks/{network['id']}"
    assert (await admin.patch(path, json={"name": "Renamed"})).status_code == 200
    elsewhere: tuple[dict[str, Any], ...] = (
        {"base_url": "http://169.254.169.254/"},
        {"scope": {"include": ["http://169.254.169.254/"]}},
        {"sign_in": {"kind": "password", "username": "a", "password": "b", "sign_in_url": "http://169.254.169.254/"}},
    )
    for body in elsewhere:
        assert (await admin.patch(path, json=body)).status_code == 403
    given_up = await admin.patch(path, json={"scope": {"allow_private": False}, "base_url": "https://app.example.com/"})
    assert given_up.status_code == 200


async def test_no_network_is_made_in_another_company_s_project(admin: httpx.AsyncClient, stranger: Tenant) -> None:
    assert (await make(admin, stranger)).status_code == 404
