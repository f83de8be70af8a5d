"""What each of our processes must be allowed to do in Redis, and how to see whether it is, without doing it."""

from collections.abc import Sequence
from typing import Final

import redis.asyncio
from redis.exceptions import NoPermissionError, ResponseError

from formscout.domain.jobs import Queue
from formscout.queueing.intake import MALFORMED_COUNTS_KEY, MALFORMED_KEY
from formscout.queueing.presence import WORKERS_KEY
from formscout.queueing.queues import UNROUTED, unacked_index

Command = tuple[str, ...]

_PRODUCER: Final[tuple[Command, ...]] = (
    *(("LPUSH", queue, "x") for queue in Queue),
    *(("LLEN", queue) for queue in (*Queue, UNROUTED)),
    ("HGETALL", WORKERS_KEY),
    ("HDEL", WORKERS_KEY, "x"),
    ("HGETALL", MALFORMED_COUNTS_KEY),
    ("INCRBY", "formscout:quota:0", "1"),
    ("EXPIRE", "formscout:quota:0", "1"),
    ("PUBLISH", "/0.celeryev/task.sent", "x"),
)

_WORKER: Final[tuple[Command, ...]] = (
    *(("BRPOP", queue, "1") for queue in Queue),
    *(("RPUSH", queue, "x") for queue in Queue),
    *(("HSET", f"unacked:{queue}", "x", "x") for queue in Queue),
    *(("HDEL", f"unacked:{queue}", "x") for queue in Queue),
    *(("ZADD", unacked_index(queue), "1", "x") for queue in Queue),
    *(("ZREM", unacked_index(queue), "x") for queue in Queue),
    *(("SET", f"unacked_mutex:{queue}", "x") for queue in Queue),
    ("HSET", WORKERS_KEY, "x", "x"),
    ("HDEL", WORKERS_KEY, "x"),
    ("LPUSH", MALFORMED_KEY, "x"),
    ("HINCRBY", MALFORMED_COUNTS_KEY, "x", "1"),
    ("EVAL", "return 1", "1", "formscout:pace:0"),
    ("PUBLISH", "/0.celeryev/task.started", "x"),
)

NEEDED: Final = {"API and scheduler": _PRODUCER, "the workers": _WORKER}
"""By who needs it. The channels are those of database 0, which the rules of redis-users.acl are for, too."""


async def lacking(client: redis.asyncio.Redis, commands: Sequence[Command]) -> list[str]:
    """Return those of the commands that the client's user may not give, each with its key.

    Within MULTI a server only queues them, and refuses at once what the user may not do; the connection is closed without an EXEC,
    so nothing is done.
    """
    connection = client.connection_pool.make_connection()  # type: ignore[no-untyped-call] # redis-py has no types here
    missing = []
    try:
        await connection.connect()
        for command in (("MULTI",), *commands):
            await connection.send_command(*command)
            try:
                await connection.read_response()
            except NoPermissionError:
                missing.append(" ".join(command[:2]))
            except ResponseError:
                pass  # allowed, and not within MULTI
    finally:
        await connection.disconnect()
    return missing
