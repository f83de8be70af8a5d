"""The dispatcher: keeps as many messages in each queue's list as there are runnable jobs, up to a bound."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import redis.asyncio
from celery import Celery

from formscout.domain.jobs import Job, Queue
from formscout.queueing.dispatch import missing_messages, ring
from formscout.queueing.presence import WORKERS_KEY, forgotten, present
from formscout.queueing.queues import RULES
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.telemetry import metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatcher:
    """Tops the queues up; a message is a nudge, so one too many or too few does no harm."""

    app: Celery
    database: Database
    redis: redis.asyncio.Redis
    cap: int | None = None  # of companies without one of their own

    async def top_up(self) -> int:
        """Look once and send what is missing; returns how many messages were sent."""
        bounds = await self._bounds()
        async with self.database.look() as connection:  # four times a second, so in one round trip
            runnable = await JobStore(connection).runnable(bounds, cap=self.cap)
        sent = 0
        for queue, waiting in runnable.items():
            if not waiting:
                continue
            missing = missing_messages(runnable=len(waiting), in_list=await self.redis.llen(queue), bound=bounds[queue])
            if missing:
                await asyncio.to_thread(ring, self.app, waiting[-missing:])
                _count(queue, waiting[-missing:], is_full=len(waiting) >= bounds[queue])
                sent += missing
        return sent

    async def _bounds(self) -> dict[Queue, int]:
        """Return each queue's bound: the larger of the configured maximum and the live slots, so that scaling past it works."""
        entries: dict[bytes, bytes] = await self.redis.hgetall(WORKERS_KEY)  # type: ignore[assignment] # no decoding was asked for
        now = time.time()
        if long_gone := forgotten(entries, now=now):
            await self.redis.hdel(WORKERS_KEY, *long_gone)
        workers = present(entries, now=now)
        slots = {queue: sum(worker.slots for worker in workers if worker.queue is queue) for queue in Queue}
        return {queue: max(RULES[queue].max_messages, slots[queue]) for queue in Queue}


def _count(queue: Queue, rung: Sequence[Job], *, is_full: bool) -> None:
    metrics.DISPATCHED.inc(len(rung), queue=queue)
    if is_full:
        return  # then a job waits for workers, not for us
    now = datetime.now(UTC)
    for job in rung:
        metrics.DISPATCH_LAG.observe(max(0.0, (now - job.available_at).total_seconds()), queue=queue)
