"""The door at which a worker takes messages: one that nobody can read is set aside before Celery sees it.

Celery 5.7's main process ends when a message is no JSON, or has not the shape it expects; such a message would come back
from the in-flight hash and end the next one. A message is a nudge (platform rules, §1), so nothing is lost by refusing it.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
import structlog
from kombu.transport import redis as kombu_redis
from kombu.utils.json import loads
from redis import sentinel
from redis.exceptions import RedisError

from formscout.domain.jobs import Queue
from formscout.queueing.messages import HINTS, QUEUE_OF_TASK
from formscout.storage.redis_servers import RedisServers

MALFORMED_KEY: Final = "formscout:malformed"
"""The Redis list of what was set aside, the latest first."""

MALFORMED_COUNTS_KEY: Final = "formscout:malformed:counts"
"""The Redis hash of how many messages were ever set aside, by queue."""

MALFORMED_KEPT: Final = 100
"""Messages kept in the list: enough to see what sends them."""

MALFORMED_CHARACTERS: Final = 2_000
"""How much of each is kept: its headers and the start of its body."""

_SEPARATOR: Final = "\x06\x16"
"""Between a queue's name and a priority, in kombu's names of lists."""

_log = structlog.get_logger(__name__)


class _Headers(msgspec.Struct):
    """What Celery's main process reads of the headers; what is None would start a clock, or need a codec, that we do not use."""

    id: str
    task: str
    eta: None = None
    expires: None = None
    timelimit: tuple[None, None] | None = None
    retries: int = 0
    compression: None = None
    shadow: str | None = None
    root_id: str | None = None
    parent_id: str | None = None
    group: str | None = None
    argsrepr: str | None = None
    kwargsrepr: str | None = None
    origin: str | None = None


class _Destination(msgspec.Struct):
    exchange: str
    routing_key: str


class _Properties(msgspec.Struct):
    delivery_tag: str
    delivery_info: _Destination
    body_encoding: Literal["base64"]
    priority: int = 0


class _Message(msgspec.Struct):
    headers: _Headers
    properties: _Properties
    body: bytes  # base64 in JSON
    content_type: Literal["application/json"] = msgspec.field(name="content-type")
    content_encoding: Literal["utf-8"] = msgspec.field(name="content-encoding")


class _Embedded(msgspec.Struct):
    callbacks: None = None
    errbacks: None = None
    chain: None = None
    chord: None = None


_READ_MESSAGE: Final = msgspec.json.Decoder(_Message)
_READ_BODY: Final = msgspec.json.Decoder(tuple[list[int | None], dict[str, int | None], _Embedded])


def objection(queue: Queue, message: bytes) -> str | None:
    """Return why a message cannot be answered by the workers of a queue, or None when it can."""
    try:
        read = _READ_MESSAGE.decode(message)
        args, kwargs, _ = _READ_BODY.decode(read.body)
        loads(message.decode())  # type: ignore[no-untyped-call] # with its own types, that a hand may have written wrongly
    except Exception as error:  # noqa: BLE001 whatever it is that cannot be read
        return f"{type(error).__name__}: {error}"
    task = read.headers.task
    if QUEUE_OF_TASK.get(task) is not queue:
        return f"The workers of {queue} do not know the task."
    if len(args) > len(HINTS[task]) or not set(kwargs) <= set(HINTS[task][len(args) :]):
        return "The task takes no such arguments."
    return None


class _InHand(kombu_redis.QoS):
    """What is in hand, in Redis: an entry that was written by hand must not keep the others from coming back."""

    def restore_by_tag(self, tag: bytes, client: Any = None, leftmost: bool = False) -> None:  # Any: redis-py's client
        try:
            super().restore_by_tag(tag, client=client, leftmost=leftmost)  # type: ignore[no-untyped-call] # kombu has no types
        except (ValueError, TypeError):  # no JSON, or not of three parts
            _log.exception("An entry in hand that nobody can read was removed", key=self.unacked_key)
            self._remove_from_indices(tag).execute()  # type: ignore[no-untyped-call] # kombu has no types


class _Door(kombu_redis.Channel):
    """A channel that hands on readable messages alone."""

    QoS = _InHand

    def _create_client(self, asynchronous: bool = False) -> Any:  # Any: redis-py's client, as kombu makes it
        client = super()._create_client(asynchronous=asynchronous)  # type: ignore[no-untyped-call] # kombu has no types
        client.set_response_callback("BRPOP", self._admit)
        return client

    def _admit(self, popped: Sequence[bytes] | None, **_: object) -> Sequence[bytes] | None:
        """Return what was popped; None, as if nothing had come, when it cannot be read."""
        if not popped:
            return None
        name = popped[0].decode().split(_SEPARATOR)[0]
        if name not in set(Queue):  # an answer to `celery inspect`
            return popped
        reason = objection(Queue(name), popped[1])
        if reason is None:
            return popped
        _log.error("A message that nobody can read was set aside", queue=name, reason=reason, bytes=len(popped[1]))
        self._set_aside(name, popped[1], reason)
        return None

    def _set_aside(self, queue: str, message: bytes, reason: str) -> None:
        start = message[:MALFORMED_CHARACTERS].decode(errors="replace")
        entry = {"at": datetime.now(UTC).isoformat(), "queue": queue, "reason": reason, "bytes": len(message), "start": start}
        try:
            with self.conn_or_acquire() as client, client.pipeline() as pipe:
                pipe.hincrby(MALFORMED_COUNTS_KEY, queue, 1)
                pipe.lpush(MALFORMED_KEY, json.dumps(entry))
                pipe.ltrim(MALFORMED_KEY, 0, MALFORMED_KEPT - 1)
                pipe.execute()
        except RedisError:  # the log line has it
            _log.warning("A message that was set aside could not be kept", queue=queue)


class Channel(_Door):
    """That of one server."""


class SentinelChannel(_Door, kombu_redis.SentinelChannel):
    """That of the master whom the sentinels name. Kombu would read them from addresses of its own, and forget our door at the next one."""

    from_transport_options = (*kombu_redis.SentinelChannel.from_transport_options, "sentinels")  # type: ignore[assignment] # one more
    sentinels: Sequence[tuple[str, int]]
    master_name: str
    sentinel_kwargs: dict[str, object]

    def _sentinel_managed_pool(self, asynchronous: bool = False) -> Any:  # Any: redis-py's pool
        options = self._connparams(asynchronous)  # type: ignore[no-untyped-call] # kombu has no types
        for place in ("host", "port"):
            del options[place]
        manager = sentinel.Sentinel(self.sentinels, sentinel_kwargs=self.sentinel_kwargs)  # type: ignore[no-untyped-call] # redis-py has no types for it
        if asynchronous:
            self._async_sentinel_manager = manager  # kombu closes it
        else:
            self._sentinel_manager = manager
        return manager.master_for(self.master_name, **options).connection_pool  # type: ignore[no-untyped-call] # redis-py has no types for it


class Transport(kombu_redis.Transport):
    """Kombu's Redis transport with that door."""

    Channel = Channel


class SentinelTransport(kombu_redis.SentinelTransport):
    """The same for sentinels."""

    Channel = SentinelChannel


def sentinel_options(servers: RedisServers) -> dict[str, object]:
    """Return what the transport must know of the sentinels; nothing where there are none."""
    if servers.master is None:
        return {}
    return {"sentinels": servers.hosts, "master_name": servers.master, "sentinel_kwargs": servers.sentinel_options}


TRANSPORT: Final = f"{Transport.__module__}:{Transport.__qualname__}"
"""The transport, as Celery's `broker_transport` names one."""

SENTINEL_TRANSPORT: Final = f"{SentinelTransport.__module__}:{SentinelTransport.__qualname__}"
