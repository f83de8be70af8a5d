"""How the queues stand, as far as the caller may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from formscout.domain.companies import Caller
from formscout.domain.jobs import Job, Queue
from formscout.queueing.presence import Worker
from formscout.storage.database import Database
from formscout.storage.jobs import QueueFigures, QueueWaits
from formscout.usecases.unit_of_work import unit_of_work

JOBS_SHOWN: Final = 500
"""Jobs listed at most of each kind; the counts are whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStats:
    """The caller's own jobs, and every company's counts."""

    active: Sequence[Job]  # a worker holds them
    reserved: Sequence[Job]  # runnable, waiting for a worker
    scheduled: Sequence[Job]  # queued for later
    queues: Sequence[QueueFigures]
    waits: Sequence[QueueWaits]
    workers: Sequence[Worker] | None  # None: nobody can say who is there

    def present(self, queue: Queue) -> int | None:
        """Return how many workers of a queue are there, or None where nobody can say."""
        return None if self.workers is None else sum(worker.queue is queue for worker in self.workers)

    def ready(self, queue: Queue) -> int | None:
        """Return how many more jobs of a queue could be taken up at once, or None where nobody can say."""
        if self.workers is None:
            return None
        slots = sum(worker.slots for worker in self.workers if worker.queue is queue)
        return max(0, slots - next(one.running for one in self.queues if one.queue is queue))


async def queue_stats(database: Database, caller: Caller, *, workers: Sequence[Worker] | None) -> QueueStats:
    """Return the jobs that the caller sees and the counts of all; `workers` are those that lately said that they are there."""
    company = None if caller.is_operator else caller.company_id
    async with unit_of_work(database) as work:
        return QueueStats(
            active=await work.jobs.running(company, limit=JOBS_SHOWN),
            reserved=await work.jobs.queued(company, delayed=False, limit=JOBS_SHOWN),
            scheduled=await work.jobs.queued(company, delayed=True, limit=JOBS_SHOWN),
            queues=await work.jobs.figures(),
            waits=await work.jobs.waits(),
            workers=workers,
        )
