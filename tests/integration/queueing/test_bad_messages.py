"""Messages put on a queue by hand: a real worker sets aside what nobody can read, counts it, and goes on."""

import asyncio
import base64
import json
import time
from typing import Any

import pytest
from redis.asyncio import Redis
from tests.support.processes import START_SECONDS, Ring, Service, Start
from tests.support.sessions import add_jobs, rows

from formscout.domain.jobs import JobKind, NewJob, Queue
from formscout.queueing.app import create_app
from formscout.queueing.intake import MALFORMED_CHARACTERS, MALFORMED_COUNTS_KEY, MALFORMED_KEPT, MALFORMED_KEY, objection
from formscout.queueing.messages import CHECK_BUDGET, DISCOVER_FORM_PAGES, RESET_MONTHLY_BUDGETS
from formscout.storage.database import Database

UPKEEP = "formscout_scheduler.worker"
EMBEDDED = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}


Changes = dict[str, Any] | None  # Any: JSON


def written(content: object, /, *, headers: Changes = None, properties: Changes = None, outer: Changes = None) -> bytes:
    """Return a message as Celery writes it, but for what is named."""
    plain = {
        "body": base64.b64encode(json.dumps(content).encode()).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"lang": "py", "id": "6f1e", "task": CHECK_BUDGET, "eta": None, "timelimit": [None, None]} | (headers or {}),
        "properties": {
            "delivery_tag": "d4e0",
            "delivery_mode": 2,
            "delivery_info": {"exchange": "", "routing_key": "budget"},
            "priority": 0,
            "body_encoding": "base64",
        }
        | (properties or {}),
    }
    return json.dumps(plain | (outer or {})).encode()


def call(*args: Any, **kwargs: Any) -> list[Any]:  # Any: JSON
    """Return a task's body."""
    return [list(args), kwargs, EMBEDDED]


READABLE = {
    "with its hint": written(call(7)),
    "with its hint by name": written(call(subscription_id=7)),
    "with none": written(call()),
    "of a newer release": written([[7], {}, EMBEDDED | {"new": 1}], headers={"new": {"a": 1}}, outer={"new": True}),
}

UNREADABLE = {
    "no JSON": b"check the budget, please",
    "nothing": b"",
    "bytes": b"\xff\xfe\x00\x80",
    "null": b"null",
    "a number": b"42",
    "a list": b"[]",
    "an empty object": b"{}",
    "depths": b"[" * 200_000,
    "bulk": b"x" * 5_000_000,
    "a bulky argument": written(call("x" * 2_000_000)),
    "pickle": written(call(), outer={"content-type": "application/x-python-serialize"}),
    "an unknown content type": written(call(), outer={"content-type": "application/x-unheard-of"}),
    "another encoding": written(call(), outer={"content-encoding": "utf-16"}),
    "a body that is no base64": written(call(), outer={"body": "%%%"}),
    "a body that is no JSON": written(call(), outer={"body": base64.b64encode(b"no JSON").decode()}),
    "a body without its encoding": written(call(), properties={"body_encoding": None}),
    "a body that is a number": written(5),
    "a body that is an object": written({"task": CHECK_BUDGET, "id": "1", "args": [], "kwargs": {}}),
    "a body of two parts": written([[], {}]),
    "no headers": written(call(), outer={"headers": None}),
    "no id": written(call(), headers={"id": None}),
    "no task": written(call(), headers={"task": None}),
    "no delivery tag": written(call(), properties={"delivery_tag": None}),
    "no address": written(call(), properties={"delivery_info": {}}),
    "a packed body": written(call(), headers={"compression": "application/x-gzip"}),
    "a far time": written(call(), headers={"eta": "2999-01-01T00:00:00"}),
    "no time": written(call(), headers={"expires": "tomorrow"}),
    "limits of its own": written(call(), headers={"timelimit": "long"}),
    "what follows": written([[], {}, EMBEDDED | {"callbacks": [{"task": RESET_MONTHLY_BUDGETS}]}]),
    "a type that misleads the decoder": written(call(), outer={"more": {"__type__": "uuid", "__value__": 5}}),
    "an unknown task": written(call(), headers={"task": "drop_everything_task"}),
    "another queue's task": written(call(), headers={"task": DISCOVER_FORM_PAGES}),
    "an argument of a wrong type": written(call("seven")),
    "an argument too many": written(call(7, 8)),
    "an unknown argument": written(call(force=1)),
    "an argument twice": written(call(7, subscription_id=7)),
}


@pytest.mark.parametrize("name", READABLE)
def test_a_message_that_can_be_read_passes(name: str) -> None:
    assert objection(Queue.BUDGET, READABLE[name]) is None


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_message_that_cannot_be_read_is_objected_to(name: str) -> None:
    assert objection(Queue.BUDGET, UNREADABLE[name])


async def until(broker: Redis, waiting: int, aside: int, process: Service) -> None:
    """Wait until so many messages wait, none is in flight, and so many were set aside."""
    ends = time.monotonic() + START_SECONDS
    while True:
        counted = int(await broker.hget(MALFORMED_COUNTS_KEY, "budget") or 0)
        if (await broker.llen("budget"), await broker.hlen("unacked:budget"), counted) == (waiting, 0, aside):
            return
        assert process.alive, process.story
        assert time.monotonic() < ends, f"{counted} set aside; {process.said}"
        await asyncio.sleep(0.05)


async def test_a_worker_outlives_every_message_that_nobody_can_read(
    database: Database, broker: Redis, ring: Ring, start_worker: Start
) -> None:
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    for bad in UNREADABLE.values():
        await broker.lpush("budget", bad)
    assert await ring() == 0, "the list is full of what is no message; the worker makes room"
    process = start_worker(UPKEEP, "budget")
    await until(broker, 0, len(UNREADABLE), process)
    assert await rows(database, "SELECT state, fence FROM job") == [("queued", 0)], "nothing was lost, and nothing was begun"
    for good in READABLE.values():
        await broker.lpush("budget", good)
    await until(broker, 0, len(UNREADABLE), process)
    assert await rows(database, "SELECT state, fence FROM job") == [("succeeded", 1)]
    assert process.stop() == 0
    assert process.said.count("A message that nobody can read was set aside") == len(UNREADABLE)
    assert "Traceback" not in process.said
    kept = [json.loads(one) for one in await broker.lrange(MALFORMED_KEY, 0, -1)]
    assert [one["bytes"] for one in kept] == [len(bad) for bad in reversed(UNREADABLE.values())]
    assert {len(one["start"]) <= MALFORMED_CHARACTERS for one in kept} == {True}


async def test_a_flood_of_them_is_kept_in_part_and_counted_in_full(broker: Redis, start_worker: Start) -> None:
    flood = MALFORMED_KEPT * 3
    await broker.lpush("budget", *[f"flood {number}" for number in range(flood)])
    process = start_worker(UPKEEP, "budget")
    await until(broker, 0, flood, process)
    assert await broker.llen(MALFORMED_KEY) == MALFORMED_KEPT
    assert process.stop() == 0


GARBAGE = {
    "no JSON": b"what is this",
    "bytes": b"\xff\x80",
    "null": b"null",
    "a number": b"7",
    "two parts": b"[1, 2]",
    "no message": b'["x", "", "budget"]',
}


async def test_garbage_among_what_is_in_hand_keeps_nothing_from_coming_back(broker: Redis, redis_url: str) -> None:
    for name, garbage in GARBAGE.items():
        await broker.hset("unacked:budget", name, garbage)
    lost = json.dumps([json.loads(READABLE["with its hint"]), "unrouted", "budget"])
    await broker.hset("unacked:budget", "lost", lost)
    await broker.zadd("unacked_index:budget", dict.fromkeys([*GARBAGE, "lost", "no entry"], 1.0))

    def restore() -> None:
        app = create_app("test-restore", redis_url, queue=Queue.BUDGET)
        with app.connection_for_read() as connection:
            channel = connection.default_channel
            for queue in app.amqp.queues.values():
                queue(channel).declare()
            channel.qos.restore_visible()
        app.close()

    await asyncio.to_thread(restore)
    assert (await broker.exists("unacked:budget", "unacked_index:budget"), await broker.llen("budget")) == (0, 1)
