"""Which workers are there: each main process says so every few seconds, so nobody has to ask them all."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from formscout.domain.jobs import Queue
from formscout.storage.redis_servers import RedisServers

PRESENCE_SECONDS: Final = 5
"""How often a worker says that it is there."""

GONE_SECONDS: Final = 20
"""How long a silent worker still counts: four missed words."""

FORGOTTEN_SECONDS: Final = 3600
"""How long a silent worker is kept in the hash, for people who look."""

WORKERS_KEY: Final = "formscout:workers"
"""The Redis hash of worker names to what they last said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A worker's main process, as it last spoke."""

    name: str
    queue: Queue
    slots: int  # pool processes


def connect(redis_url: str) -> redis.Redis:
    """Return a client for these words: one try of two seconds at most, since the main process has a loop to turn."""
    return RedisServers.parse(redis_url).client(socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))


def announce(client: redis.Redis, name: str, *, queue: Queue, slots: int, now: float) -> None:
    """Say that a worker is there; Redis may be away, then the next word counts."""
    with suppress(RedisError):
        client.hset(WORKERS_KEY, name, json.dumps({"queue": queue, "slots": slots, "at": now}))


def withdraw(client: redis.Redis, name: str) -> None:
    """Say that a worker goes."""
    with suppress(RedisError):
        client.hdel(WORKERS_KEY, name)


def present(entries: Mapping[bytes, bytes], *, now: float) -> list[Worker]:
    """Read the hash: the workers that spoke within `GONE_SECONDS` of `now`, by name.

    What cannot be read was said by a worker of another release, and counts as nothing.
    """
    workers = []
    for name, text in sorted(entries.items()):
        with suppress(ValueError, KeyError, TypeError):
            said = json.loads(text)
            if now - said["at"] <= GONE_SECONDS:
                workers.append(Worker(name=name.decode(), queue=Queue(said["queue"]), slots=said["slots"]))
    return workers


def forgotten(entries: Mapping[bytes, bytes], *, now: float) -> list[bytes]:
    """Return the names of workers that were killed long ago: nobody else takes them out of the hash."""
    names = []
    for name, text in entries.items():
        with suppress(ValueError, KeyError, TypeError):
            if now - json.loads(text)["at"] > FORGOTTEN_SECONDS:
                names.append(name)
    return names


def redis_connections(client: redis.asyncio.Redis) -> dict[str, int]:
    """Return how many connections a client has open: `in_use` and `idle`."""
    counts = {state: count for count, attributes in client.connection_pool.get_connection_count() for state in attributes.values()}
    return {"in_use": counts.get("used", 0), "idle": counts.get("idle", 0)}
