"""The queues as Celery and Redis know them, with the transport's keys and times."""

from dataclasses import dataclass
from typing import Final

from kombu.entity import Queue as KombuQueue

from formscout.domain.jobs import Queue

UNROUTED: Final = "unrouted"
"""Where a message without a route would land; it should stay empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRules:
    """How a queue is served; all times in seconds. The figures are those of the platform rules, §3."""

    soft_time_limit: int
    time_limit: int
    visibility_timeout: int  # a popped message comes back after it, unless a heartbeat touches it
    max_messages: int  # that the dispatcher keeps in the list, when fewer slots are live
    max_tasks_per_child: int | None  # None: children are replaced by memory


RULES: Final = {
    Queue.DISCOVERY: QueueRules(
        soft_time_limit=3540,
        time_limit=3600,
        visibility_timeout=90,
        max_messages=20,
        max_tasks_per_child=50,
    ),
    Queue.ANALYSIS: QueueRules(
        soft_time_limit=840,
        time_limit=900,
        visibility_timeout=90,
        max_messages=40,
        max_tasks_per_child=None,
    ),
    Queue.BUDGET: QueueRules(
        soft_time_limit=50,
        time_limit=60,
        visibility_timeout=120,
        max_messages=10,
        max_tasks_per_child=None,
    ),
}


def celery_queues() -> list[KombuQueue]:
    """Return every queue, so that `task_create_missing_queues=False` finds them."""
    names = (*Queue, UNROUTED)
    return [KombuQueue(name, routing_key=name) for name in names]  # type: ignore[no-untyped-call] # kombu has no types


def unacked_index(queue: Queue) -> str:
    """Return the sorted set in which the transport notes when a message was popped; heartbeats touch it."""
    return f"unacked_index:{queue}"


def transport_options(queue: Queue | None) -> dict[str, object]:
    """Return the Redis transport's options for a process that consumes `queue`, or only sends (None).

    The unacked keys are a process', not a queue's: that is why a worker serves exactly one queue.
    """
    common: dict[str, object] = {
        "priority_steps": [0],  # one list a queue: the claim decides what comes first
        "health_check_interval": 10,
        "socket_keepalive": True,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
    }
    if queue is None:
        return common
    return common | {
        "unacked_key": f"unacked:{queue}",
        "unacked_index_key": unacked_index(queue),
        "unacked_mutex_key": f"unacked_mutex:{queue}",
        "unacked_restore_interval": 15,
        "unacked_restore_throttle": 1,
        "visibility_timeout": RULES[queue].visibility_timeout,
    }
