"""A company asks for no more discoveries in a minute than its quota says, at whichever replica it asks."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
from tests.support.api import Client, running, settings_for
from tests.support.tenants import Tenant

from formscout.storage.database import Database
from formscout_api.quota import WINDOW_SECONDS, Quota
from formscout_api.wiring import Broker

NOON = 1000 * WINDOW_SECONDS + 15.0
"""A moment a quarter into a window."""

COMPANY, LIMIT = 987654321, 10_000_000
"""A company that is nobody else's in this Redis, and a quota that no test uses up."""

LIMIT_SECONDS = 60
"""For what takes milliseconds on a quiet machine."""


async def ask(client: httpx.AsyncClient, tenant: Tenant, **headers: str) -> httpx.Response:
    return await client.post("/api/crawl/discover-forms", json=tenant.discovery, headers=headers)


def let_count(clients: Client, quota: Quota) -> None:
    """Let the application count against this quota."""
    transport: Any = clients(None)._transport  # Any: httpx does not say which one it is
    transport.app.state.wiring = replace(transport.app.state.wiring, quota=quota)


async def add_nothing(_counts: Mapping[str, int]) -> None:
    """Stand for a Redis that is down."""


async def test_past_its_quota_a_company_is_told_when_to_come_again(
    *,
    database: Database,
    database_url: str,
    redis_url: str,
    tenant: Tenant,
    stranger: Tenant,
) -> None:
    async with running(settings_for(database_url, redis_url)) as clients:
        quota = Quota(add_nothing, limit=2, clock=lambda: NOON)
        let_count(clients, quota)
        member, other = clients(tenant.member_key), clients(stranger.member_key)
        answers = [await ask(member, tenant, **{"Idempotency-Key": "k1"}), await ask(member, tenant)]
        assert [answer.headers["ratelimit"] for answer in answers] == ['"discoveries";r=1;t=45', '"discoveries";r=0;t=45']
        assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"discoveries";q=2;w=60'}
        refused = await ask(member, tenant)
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:formscout:problem:quota_exceeded")
        assert (refused.headers["retry-after"], refused.headers["ratelimit"]) == ("45", '"discoveries";r=0;t=45')
        again = await ask(member, tenant, **{"Idempotency-Key": "k1"})
        assert (again.content, "ratelimit" in again.headers) == (answers[0].content, False), "an answer that is given again costs nothing"
        assert (await ask(other, stranger)).status_code == 202
        await quota.close()
    assert database is not None


async def test_replicas_share_a_quota_and_count_alone_while_redis_is_down(redis_url: str) -> None:
    now = NOON
    brokers = [Broker(redis_url), Broker(redis_url), Broker("redis://127.0.0.1:1/0")]
    first, second, alone = (Quota(broker.add, limit=LIMIT, clock=lambda: now, share_seconds=0) for broker in brokers)
    for _ in range(40):
        first.take(COMPANY)
    own = 1
    async with asyncio.timeout(LIMIT_SECONDS):
        while LIMIT - left(second) < own + 40:  # until it has seen the other's
            own += 1
            await asyncio.sleep(0.01)
    assert left(alone) == LIMIT - 1
    await asyncio.sleep(0.05)
    assert left(alone) == LIMIT - 2
    now += WINDOW_SECONDS
    assert left(first) == LIMIT - 1
    for quota in (first, second, alone):
        await quota.close()
    for broker in brokers:
        await broker.close()


def left(quota: Quota) -> int:
    """Take one more and return how many are left."""
    return int(quota.take(COMPANY)["RateLimit"].split(";")[1].removeprefix("r="))
