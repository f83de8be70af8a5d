"""Schedules over HTTP: what may be set, what is shown, and what is refused with which advice."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.support.tenants import Tenant


def path_of(tenant: Tenant) -> str:
    return f"/api/networks/{tenant.network.id}/schedule"


async def test_a_schedule_is_set_shown_and_dropped(admin: httpx.AsyncClient, tenant: Tenant) -> None:
    assert (await admin.get(path_of(tenant))).status_code == 404
    answer = await admin.put(path_of(tenant), json={"cron": " 0  3 * * 1-5 ", "time_zone": "Europe/Berlin", "max_pages": 50})
    assert answer.status_code == 200
    shown = answer.json()
    next_due_at = datetime.fromisoformat(shown.pop("next_due_at"))
    assert next_due_at > datetime.now(UTC)
    assert shown == {
        "network_id": tenant.network.id,
        "cron": "0 3 * * 1-5",
        "time_zone": "Europe/Berlin",
        "user_id": tenant.admin.id,
        "product_id": tenant.product.id,
        "max_pages": 50,
        "max_minutes": 60,
        "mode": "observe",
        "last_due_at": None,
        "last_session_id": None,
        "last_outcome": None,
        "note": None,
    }
    assert (await admin.get(path_of(tenant))).json() == answer.json()
    for _ in range(2):
        assert (await admin.delete(path_of(tenant))).status_code == 204
    assert (await admin.get(path_of(tenant))).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "cron"),
        ({"cron": 5}, "cron"),
        ({"cron": "0 3 * *"}, "Give five fields"),
        ({"cron": "0 3 * * * *"}, "Give five fields"),
        ({"cron": "0 99 * * *"}, "its hour is wrong"),
        ({"cron": "9" * 4000 + " * * * *"}, "cron"),
        ({"cron": "0 3 * * *\x00"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "is no cron line"),
        ({"cron": "0 0 */20 2 1L"}, "never comes"),
        ({"cron": "* * * * *"}, "at least 5 minutes between"),
        ({"cron": "0 3 * * *", "time_zone": "Mars/Olympus"}, "Give an IANA name"),
        ({"cron": "0 3 * * *", "time_zone": "../../etc/passwd"}, "Give an IANA name"),
        ({"cron": "0 3 * * *", "user_id": 0}, "user_id"),
        ({"cron": "0 3 * * *", "force": True}, "force"),
    ],
)
async def test_what_cannot_be_is_422_and_says_what_to_do(admin: httpx.AsyncClient, tenant: Tenant, body: dict[str, Any], said: str) -> None:
    refused = await admin.put(path_of(tenant), json=body)
    assert refused.status_code == 422
    assert said in refused.text
    assert (await admin.get(path_of(tenant))).status_code == 404


async def test_a_member_looks_and_does_not_touch(admin: httpx.AsyncClient, member: httpx.AsyncClient, tenant: Tenant) -> None:
    body = {"cron": "0 3 * * *"}
    assert (await member.put(path_of(tenant), json=body)).status_code == 403
    shown = (await admin.put(path_of(tenant), json=body)).json()
    assert (await member.get(path_of(tenant))).json() == shown
    assert (await member.delete(path_of(tenant))).status_code == 403


async def test_an_operator_has_to_say_in_whose_name_it_runs(operator: httpx.AsyncClient, tenant: Tenant, stranger: Tenant) -> None:
    refused = await operator.put(path_of(tenant), json={"cron": "0 3 * * *"})
    assert refused.status_code == 422
    assert "user_id" in refused.json()["detail"]
    assert (await operator.put(path_of(tenant), json={"cron": "0 3 * * *", "user_id": stranger.member.id})).status_code == 404
    taken = await operator.put(path_of(tenant), json={"cron": "0 3 * * *", "user_id": tenant.member.id})
    assert taken.json()["user_id"] == tenant.member.id
