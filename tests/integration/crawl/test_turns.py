"""Slices of one company take turns at a host, leave it alone for as long as it asks, and manage without Redis."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs
from tests.integration.crawl.conftest import Crawler, never
from tests.support.misbehaving import MisbehavingSite
from tests.support.records import MemoryRecord

from formscout.domain.ids import CompanyId
from formscout.domain.pacing import FIRST_BACK_OFF_SECONDS
from formscout.domain.pages import VisitOutcome
from formscout.storage.pacing import PaceStore
from formscout_discovery.crawl.plan import SliceStop
from formscout_discovery.pace import SharedTurns

ACME, GLOBEX = CompanyId(1), CompanyId(2)
HOST = "app.example:8443"
AT = f"https://user:secret@{HOST}/somewhere"
HOUR = 3600.0
ROUNDING = 0.01  # seconds: Redis counts in milliseconds, and two clocks are not one


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """Empty Redis and yield a client of it."""
    client = Redis.from_url(redis_url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
async def stores(redis: Redis, redis_url: str) -> AsyncIterator[list[PaceStore]]:
    """Open three stores as three slices do: two of one company, one of another."""
    del redis
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(PaceStore.open(redis_url, company)) for company in (ACME, ACME, GLOBEX)]


async def test_of_many_that_ask_at_once_one_has_the_turn(stores: list[PaceStore]) -> None:
    turns = await asyncio.gather(*(store.take(HOST, gap_seconds=HOUR) for store in stores[:2] for _ in range(10)))
    assert sorted(turn.wait_seconds == 0 for turn in turns) == [False] * 19 + [True]
    assert all(turn.wait_seconds <= HOUR for turn in turns)


async def test_another_company_and_another_host_have_turns_of_their_own(stores: list[PaceStore]) -> None:
    one, same, other = stores
    await one.refused(HOST, retry_after_seconds=HOUR)
    assert (await same.take(HOST, gap_seconds=0)).wait_seconds > 0
    assert (await same.take("elsewhere.example", gap_seconds=0)).wait_seconds == 0
    turn = await other.take(HOST, gap_seconds=0)
    assert (turn.wait_seconds, turn.strikes) == (0, 0)


async def test_refusals_at_once_are_one_and_refusals_in_a_row_double_the_pause(stores: list[PaceStore], redis: Redis) -> None:
    one, same, _ = stores
    await asyncio.gather(*(store.refused(HOST, retry_after_seconds=None) for store in (one, same) for _ in range(5)))
    turn = await same.take(HOST, gap_seconds=0)
    assert 0 < turn.wait_seconds <= FIRST_BACK_OFF_SECONDS
    assert turn.strikes == 1
    await one.answered(HOST)
    assert (await same.take(HOST, gap_seconds=0)).strikes == 1, "a load that was on its way says nothing"
    (key,) = await redis.keys("*")
    await redis.hset(key, "blocked", "0")  # as if the pause were over
    await same.refused(HOST, retry_after_seconds=None)
    turn = await one.take(HOST, gap_seconds=0)
    assert FIRST_BACK_OFF_SECONDS < turn.wait_seconds + ROUNDING * 100 <= 2 * FIRST_BACK_OFF_SECONDS + ROUNDING * 100
    await redis.hset(key, "blocked", "0")
    await one.answered(HOST)
    turn = await one.take(HOST, gap_seconds=0)
    assert (turn.wait_seconds, turn.strikes) == (0, 0)


async def test_keys_say_no_address_and_go_by_themselves(stores: list[PaceStore], redis: Redis) -> None:
    await stores[0].take(HOST, gap_seconds=HOUR)
    await stores[2].refused(HOST, retry_after_seconds=None)
    keys = await redis.keys("*")
    assert len(keys) == 2
    for key in keys:
        assert b"example" not in key
        assert b"example" not in (await redis.dump(key) or b"")
        assert 0 < await redis.ttl(key) <= 2 * HOUR


async def test_slices_keep_their_distance_together(stores: list[PaceStore]) -> None:
    gap, times = 0.1, 6
    one, same = (SharedTurns(store, gap_seconds=gap, look_up=never) for store in stores[:2])
    began = time.monotonic()
    await asyncio.gather(*(turns.wait(AT) for turns in (one, same) for _ in range(times // 2)))
    assert time.monotonic() - began >= (times - 1) * gap - ROUNDING


async def test_without_redis_a_slice_keeps_its_own_pace_and_says_so_once() -> None:
    gap, times = 0.1, 5
    async with PaceStore.open("redis://127.0.0.1:1/0", ACME) as nowhere:
        turns = SharedTurns(nowhere, gap_seconds=gap, look_up=never)
        began = time.monotonic()
        with capture_logs() as said:
            await asyncio.gather(*(turns.wait(AT) for _ in range(times)))
            assert not await turns.answered(AT, 200, "")
            assert await turns.answered(AT, 429, "0")
        assert time.monotonic() - began >= (times - 1) * gap - ROUNDING
    assert len([line for line in said if line["log_level"] == "warning"]) == 1


async def test_a_refused_page_is_read_once_the_pause_is_over_and_every_slice_keeps_it(
    site: MisbehavingSite, crawl: Crawler, stores: list[PaceStore]
) -> None:
    base = f"{site.base}/busy"
    site.refuses = 2
    record = MemoryRecord.starting_at(base)
    began = time.monotonic()
    other = SharedTurns(stores[1], gap_seconds=0, look_up=never)

    async def come_second() -> None:
        while site.refuses > 1:  # noqa: ASYNC110 (the site's own thread counts)
            await asyncio.sleep(0.02)
        await other.wait(base)

    second = asyncio.create_task(come_second())
    end = await crawl(record, base, turns=SharedTurns(stores[0], gap_seconds=0, look_up=never))
    assert end.stop is SliceStop.FRONTIER_EMPTY
    assert record.reports[base].outcome is VisitOutcome.OK
    assert record.forms
    assert time.monotonic() - began >= 2 - ROUNDING, "one second after each of the two refusals"
    await asyncio.wait_for(second, 60)


async def test_a_visit_that_waits_for_its_turn_can_be_dropped(clinic: str, crawl: Crawler, stores: list[PaceStore]) -> None:
    await stores[1].refused(clinic.split("/")[2], retry_after_seconds=HOUR)
    record, looks = MemoryRecord.starting_at(clinic), []
    turns = SharedTurns(stores[0], gap_seconds=0, look_up=lambda: looks.append(1))
    end = await crawl(record, clinic, turns=turns, drop=lambda: len(looks) > 1)
    assert (end.stop, end.visits) == (SliceStop.STOPPED, 0)
    assert record.reports == {}
    assert record.given_back == [clinic]
