"""The figures of the queues, as the scheduler that leads knows them: the same that `queue-stats` shows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import redis.asyncio

from formscout.domain.jobs import Queue
from formscout.queueing.intake import MALFORMED_COUNTS_KEY
from formscout.queueing.presence import WORKERS_KEY, Worker, present, redis_connections
from formscout.queueing.queues import UNROUTED
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.storage.ledger import LedgerStore
from formscout.telemetry import metrics

FIGURES_SECONDS: Final = 10.0
"""Between two looks, each over all jobs that wait: half of what scrapers usually let pass."""

_GAUGES: Final = (
    *(metrics.QUEUE_WAITING, metrics.QUEUE_RUNNING, metrics.QUEUE_DELAYED, metrics.QUEUE_OLDEST),
    *(metrics.QUEUE_MESSAGES, metrics.QUEUE_WORKERS, metrics.QUEUE_SLOTS),
    *(metrics.BUDGET_SUBSCRIPTIONS, metrics.BUDGET_MONTH, metrics.BUDGET_OVERDUE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """Tells how the queues stand; who does not lead, or cannot look, says nothing rather than what was."""

    database: Database
    redis: redis.asyncio.Redis
    leads: Callable[[], bool]
    _malformed: dict[str, int] = field(default_factory=dict, init=False)  # counted so far, by queue

    async def look(self) -> None:
        """Look once."""
        leads = self.leads()
        metrics.LEADER.set(leads)
        try:
            if leads:
                await self._look_at_jobs()
                await self._look_at_redis()
        except BaseException:
            leads = False
            raise
        finally:
            if not leads:
                self._forget()

    async def _look_at_jobs(self) -> None:
        async with self.database.look() as connection:
            figures = await JobStore(connection).figures()
            totals = await LedgerStore(connection).totals()
        for one in figures:
            metrics.QUEUE_WAITING.set(one.waiting, queue=one.queue)
            metrics.QUEUE_RUNNING.set(one.running, queue=one.queue)
            metrics.QUEUE_DELAYED.set(one.delayed, queue=one.queue)
            metrics.QUEUE_OLDEST.set(one.oldest_seconds, queue=one.queue)
        for level, count in totals.levels.items():
            metrics.BUDGET_SUBSCRIPTIONS.set(count, level=str(level))
        for part in ("limit", "spent", "reserved", "own_spent"):
            metrics.BUDGET_MONTH.set(getattr(totals, part), part=part)
        metrics.BUDGET_OVERDUE.set(totals.overdue)

    async def _look_at_redis(self) -> None:
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.hgetall(WORKERS_KEY)
            pipeline.hgetall(MALFORMED_COUNTS_KEY)
            pipeline.llen(UNROUTED)
            for queue in Queue:
                pipeline.llen(queue)
            entries, malformed, unrouted, *lengths = await pipeline.execute()
        metrics.QUEUE_MESSAGES.set(unrouted, queue=UNROUTED)
        workers = present(entries, now=time.time())
        for queue, length in zip(Queue, lengths, strict=True):
            metrics.QUEUE_MESSAGES.set(length, queue=queue)
            self._tell_workers(queue, [worker for worker in workers if worker.queue is queue])
            self._count_malformed(queue, int(malformed.get(queue.encode(), 0)))

    def _tell_workers(self, queue: Queue, workers: list[Worker]) -> None:
        metrics.QUEUE_WORKERS.set(len(workers), queue=queue)
        metrics.QUEUE_SLOTS.set(sum(worker.slots for worker in workers), queue=queue)

    def _count_malformed(self, queue: Queue, total: int) -> None:
        """Redis has the count; a Redis that was emptied begins anew."""
        known = self._malformed.get(queue, 0)
        metrics.MALFORMED.inc(total - known if total >= known else total, queue=queue)
        self._malformed[queue] = total

    def _forget(self) -> None:
        for gauge in _GAUGES:
            gauge.clear()


def follow_connections(database: Database, client: redis.asyncio.Redis) -> None:
    """Let readers see how many connections are open."""
    metrics.DATABASE_CONNECTIONS.follow_each(database.connections, "state")
    metrics.REDIS_CONNECTIONS.follow_each(partial(redis_connections, client), "state")
