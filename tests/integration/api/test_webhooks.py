"""Webhooks over HTTP: made, changed, rotated, tried out and sent again, by admins of the company alone."""

import json
from typing import Any

import httpx
import pytest
from tests.support import workers
from tests.support.api import Client
from tests.support.sessions import execute, rows, scalar
from tests.support.tenants import KEYS, Tenant

from formscout.domain.ids import WebhookId
from formscout.storage.database import Database
from formscout.usecases.unit_of_work import unit_of_work
from formscout.usecases.webhooks import open_secret

ADDRESS = "https://hooks.example.com/formscout?key=1"


async def make(client: httpx.AsyncClient, **body: object) -> dict[str, Any]:  # Any: JSON
    answer = await client.post("/api/webhooks", json={"address": ADDRESS, **body})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/webhooks/{made['id']}"
    return made


async def deliveries(client: httpx.AsyncClient, webhook: dict[str, Any], **filters: object) -> list[dict[str, Any]]:  # Any: JSON
    answer = await client.get(f"/api/webhooks/{webhook['id']}/deliveries", params={key: str(value) for key, value in filters.items()})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def secrets_of(database: Database, webhook: dict[str, Any]) -> list[str]:  # Any: JSON
    """Return the secrets that a sender would sign with."""
    webhook_id = WebhookId(webhook["id"])
    async with unit_of_work(database) as work:
        return [open_secret(KEYS, webhook_id, sealed) for sealed in await work.webhooks.secrets(webhook_id)]


async def test_a_webhook_s_secret_is_shown_once_and_lies_sealed(database: Database, admin: httpx.AsyncClient) -> None:
    made = await make(admin, description="CI")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert (await admin.get(f"/api/webhooks/{made['id']}")).json() == made
    assert (await admin.get("/api/webhooks")).json()["items"] == [made]
    budgets = ["budget.threshold", "budget.overrun", "model_key.refused"]
    assert made["event_types"] == ["session.succeeded", "session.failed", "session.cancelled", *budgets, "webhook.disabled"]
    assert (made["address"], made["description"], made["disabled_at"]) == (ADDRESS, "CI", None)
    ((key_id, ciphertext),) = await rows(database, "SELECT key_id, ciphertext FROM webhook_secret")
    assert key_id == "test"
    assert secret.encode() not in ciphertext
    assert await secrets_of(database, made) == [secret]


async def test_the_end_of_a_session_writes_a_thin_delivery_with_it(database: Database, admin: httpx.AsyncClient, tenant: Tenant) -> None:
    both, other, none = await make(admin), await make(admin, event_types=["session.failed"]), await make(admin)
    await admin.patch(f"/api/webhooks/{none['id']}", json={"enabled": False})
    accepted = (await admin.post("/api/crawl/discover-forms", json=tenant.discovery)).json()
    assert await deliveries(admin, both) == []
    await workers.run_session(database, titles=("Very secret title",))
    (found,) = await deliveries(admin, both)
    payload = json.loads(found["payload"])
    status = (await admin.get(payload["data"]["status_url"])).json()
    assert payload["type"] == found["event_type"] == "session.succeeded"
    assert payload["data"] == {
        "session_id": accepted["session_id"],
        "task_id": accepted["task_id"],
        "company_id": tenant.company.id,
        "project_id": tenant.project.id,
        "network_id": tenant.network.id,
        "state": "succeeded",
        "pages_found": 1,
        "forms_found": 1,
        "visits": 1,
        "stopped_because": "frontier_empty",
        "failure_code": None,
        "status_url": f"/api/crawl/status/{accepted['task_id']}",
    }
    assert status["state"] == "SUCCESS"
    assert "secret" not in found["payload"]
    assert "example.com" not in found["payload"]
    assert found["event_id"].startswith("evt_")
    assert (found["state"], found["attempts"], found["history"]) == ("waiting", 0, [])
    assert await deliveries(admin, other) == await deliveries(admin, none) == []


async def test_cancelling_twice_is_told_once(admin: httpx.AsyncClient, tenant: Tenant) -> None:
    webhook = await make(admin, event_types=["session.cancelled"])
    accepted = (await admin.post("/api/crawl/discover-forms", json=tenant.discovery)).json()
    for _ in range(2):
        await admin.post(accepted["cancel_url"])
    (found,) = await deliveries(admin, webhook)
    assert json.loads(found["payload"])["data"]["state"] == "cancelled"


async def test_a_session_s_end_that_is_rolled_back_tells_nobody(database: Database, admin: httpx.AsyncClient, tenant: Tenant) -> None:
    webhook = await make(admin)
    await admin.post("/api/crawl/discover-forms", json=tenant.discovery)
    taken = await workers.begin(database)
    await workers.visit(database, taken)
    await execute(database, "ALTER TABLE crawl_session ADD CONSTRAINT stuck CHECK (state <> 'succeeded')")
    with pytest.raises(Exception, match="stuck"):
        await workers.end(database, taken)
    assert await deliveries(admin, webhook) == []
    await execute(database, "ALTER TABLE crawl_session DROP CONSTRAINT stuck")
    await workers.end(database, taken)
    assert len(await deliveries(admin, webhook)) == 1


async def test_while_a_secret_rotates_both_sign(database: Database, admin: httpx.AsyncClient) -> None:
    made = await make(admin)
    rotated = (await admin.post(f"/api/webhooks/{made['id']}/rotate-secret")).json()
    assert await secrets_of(database, made) == [rotated["secret"], made["secret"]]
    ((hours,),) = await rows(
        database,
        "SELECT round(extract(epoch FROM expires_at - created_at) / 3600) FROM webhook_secret WHERE expires_at IS NOT NULL",
    )
    assert hours == 24
    last = (await admin.post(f"/api/webhooks/{made['id']}/rotate-secret", json={"overlap_hours": 0})).json()
    assert await secrets_of(database, made) == [last["secret"]], "a secret that leaked signs no more"


async def test_an_old_secret_ends_by_itself(database: Database, admin: httpx.AsyncClient) -> None:
    made = await make(admin)
    rotated = (await admin.post(f"/api/webhooks/{made['id']}/rotate-secret", json={"overlap_hours": 1})).json()
    await execute(database, "UPDATE webhook_secret SET expires_at = now() - interval '1 second' WHERE expires_at IS NOT NULL")
    assert await secrets_of(database, made) == [rotated["secret"]]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"address": "https://10.0.0.1/"}, "address_refused"),
        ({"address": "https://169.254.169.254/"}, "address_refused"),
        ({"address": "https://localhost/"}, "address_refused"),
        ({"address": "http://hooks.example.com/"}, "invalid_input"),
        ({"address": "gopher://hooks.example.com/"}, "invalid_input"),
        ({"address": "https://u:p@hooks.example.com/"}, "invalid_input"),
        ({"address": "https://hooks.example.com:22/"}, "address_refused"),
        ({"address": ADDRESS, "event_types": []}, "invalid_input"),
        ({"address": ADDRESS, "event_types": ["webhook.test"]}, "invalid_input"),
        ({"address": ADDRESS, "event_types": ["session.born"]}, "invalid_input"),
        ({}, "invalid_input"),
    ],
)
async def test_what_cannot_be_a_webhook_is_refused_when_made_and_when_changed(
    admin: httpx.AsyncClient, body: dict[str, object], kind: str
) -> None:
    refused = await admin.post("/api/webhooks", json=body)
    assert (refused.status_code, refused.json()["type"]) == (422, f"urn:formscout:problem:{kind}")
    if body:
        made = await make(admin)
        refused = await admin.patch(f"/api/webhooks/{made['id']}", json=body)
        assert (refused.status_code, refused.json()["type"]) == (422, f"urn:formscout:problem:{kind}")
        assert (await admin.get(f"/api/webhooks/{made['id']}")).json()["address"] == ADDRESS


async def test_a_company_has_a_bounded_number_of_webhooks(admin: httpx.AsyncClient, database: Database, tenant: Tenant) -> None:
    await execute(
        database,
        "INSERT INTO webhook_endpoint (company_id, address, event_types) "
        "SELECT :company, 'https://h.example/', '{}' FROM generate_series(1, 20)",
        company=tenant.company.id,
    )
    refused = await admin.post("/api/webhooks", json={"address": ADDRESS})
    assert refused.status_code == 409


async def test_members_have_nothing_to_do_with_webhooks(admin: httpx.AsyncClient, member: httpx.AsyncClient) -> None:
    made = await make(admin)
    path = f"/api/webhooks/{made['id']}"
    asked = [
        await member.post("/api/webhooks", json={"address": ADDRESS}),
        await member.get("/api/webhooks"),
        await member.get(path),
        await member.patch(path, json={"enabled": False}),
        await member.post(f"{path}/rotate-secret", json={}),
        await member.post(f"{path}/test"),
        await member.get(f"{path}/deliveries"),
        await member.delete(path),
    ]
    assert [answer.status_code for answer in asked] == [403] * len(asked)


async def test_an_operator_makes_webhooks_of_a_company_it_names(operator: httpx.AsyncClient, tenant: Tenant) -> None:
    assert (await operator.post("/api/webhooks", json={"address": ADDRESS})).status_code == 422
    made = await make(operator, company_id=tenant.company.id)
    assert made["company_id"] == tenant.company.id


async def test_switching_off_gives_up_what_waits_and_switching_on_lets_it_be_sent_again(admin: httpx.AsyncClient) -> None:
    made = await make(admin)
    path = f"/api/webhooks/{made['id']}"
    first = await admin.post(f"{path}/test")
    assert (first.status_code, first.json()["state"], first.json()["event_type"]) == (202, "waiting", "webhook.test")
    off = (await admin.patch(path, json={"enabled": False})).json()
    assert off["disabled_because"] == "owner"
    assert off["disabled_at"] is not None
    (given_up,) = await deliveries(admin, made)
    assert (given_up["state"], given_up["error_code"], given_up["next_at"]) == ("failed", "endpoint_disabled", None)
    again = f"{path}/deliveries/{given_up['id']}/redeliver"
    assert (await admin.post(again)).status_code == (await admin.post(f"{path}/test")).status_code == 409
    on = (await admin.patch(path, json={"enabled": True})).json()
    assert (on["disabled_because"], on["disabled_at"]) == (None, None)
    sent = await admin.post(again)
    assert sent.status_code == 202
    assert (sent.json()["state"], sent.json()["event_id"]) == ("waiting", given_up["event_id"])


async def test_deliveries_are_listed_newest_first_page_by_page(admin: httpx.AsyncClient) -> None:
    made = await make(admin)
    path = f"/api/webhooks/{made['id']}"
    written = [(await admin.post(f"{path}/test")).json()["id"] for _ in range(5)]
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await admin.get(f"{path}/deliveries", params={"limit": "2", **cursor})).json()
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == written[::-1]
    assert await deliveries(admin, made, state="delivered") == []


async def test_a_delivery_of_another_webhook_is_not_there(admin: httpx.AsyncClient) -> None:
    one, other = await make(admin), await make(admin)
    delivery = (await admin.post(f"/api/webhooks/{one['id']}/test")).json()
    refused = await admin.post(f"/api/webhooks/{other['id']}/deliveries/{delivery['id']}/redeliver")
    assert refused.status_code == 404


async def test_deleting_a_webhook_takes_its_secrets_and_deliveries_along(database: Database, admin: httpx.AsyncClient) -> None:
    made = await make(admin)
    await admin.post(f"/api/webhooks/{made['id']}/test")
    assert (await admin.delete(f"/api/webhooks/{made['id']}")).status_code == 204
    assert (await admin.get(f"/api/webhooks/{made['id']}")).status_code == 404
    left = "SELECT (SELECT count(*) FROM webhook_secret) + (SELECT count(*) FROM webhook_delivery)"
    assert await scalar(database, left) == 0


async def test_another_company_is_told_nothing(
    database: Database, clients: Client, admin: httpx.AsyncClient, tenant: Tenant, stranger: Tenant
) -> None:
    theirs = clients(stranger.admin_key)
    webhook = await make(theirs)
    assert (await admin.post("/api/crawl/discover-forms", json=tenant.discovery)).status_code == 202
    await workers.run_session(database)
    assert await deliveries(theirs, webhook) == []
