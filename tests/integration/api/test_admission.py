"""Past a bound of waiting discoveries, new ones are told to come again; what needs no new one is still answered."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.support import workers
from tests.support.api import running, settings_for
from tests.support.tenants import Tenant

from formscout.storage.database import Database
from formscout.usecases.admission import RETRY_SECONDS, seconds_to_room

BOUND = 2

LIMIT_SECONDS = 60
"""The count is good for a second; the rest is for a busy machine."""


async def ask(client: httpx.AsyncClient, tenant: Tenant, *, key: str | None = None, **more: Any) -> httpx.Response:  # Any: a body's fields
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.post("/api/crawl/discover-forms", json={**tenant.discovery, **more}, headers=headers)


async def test_past_the_bound_a_discovery_is_told_to_come_again(
    database: Database, database_url: str, redis_url: str, tenant: Tenant
) -> None:
    async with running(settings_for(database_url, redis_url, max_backlog=BOUND)) as clients:
        client = clients(tenant.member_key)
        kept = [await ask(client, tenant, key=f"k{n}", force=True) for n in range(BOUND)]
        assert [answer.status_code for answer in kept] == [202] * BOUND
        refused = await ask(client, tenant, key="k9", force=True)
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:formscout:problem:overloaded")
        assert int(refused.headers["retry-after"]) >= RETRY_SECONDS[0]
        assert "try again" in refused.json()["detail"]
        joined = await ask(client, tenant)
        assert (joined.status_code, joined.json()["session_id"]) == (202, kept[0].json()["session_id"])
        assert (await ask(client, tenant, key="k1", force=True)).content == kept[1].content
        assert (await ask(client, tenant, force=True, network_id=987654)).status_code == 404
        await workers.begin(database)
        async with asyncio.timeout(LIMIT_SECONDS):
            while (answer := await ask(client, tenant, key="k9", force=True)).status_code == 503:  # noqa: ASYNC110 (over HTTP there is no event)
                await asyncio.sleep(0.1)
        assert answer.status_code == 202, "a refusal is not kept under its key"


@pytest.mark.parametrize(
    ("excess", "rate", "seconds"),
    [(1, None, 30), (1, 0.0, 30), (1, 10.0, 5), (100, 10.0, 10), (10_000, 1.0, 600)],
)
def test_the_time_to_come_again_follows_the_measured_rate(excess: int, rate: float | None, seconds: int) -> None:
    assert seconds_to_room(excess, rate) == seconds
