"""The clock: Celery beat whose ticks are rows; it sends nothing by itself."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import crontab

from formscout.domain.errors import StoreUnavailableError
from formscout.domain.jobs import JobKind
from formscout.queueing.messages import RESET_MONTHLY_BUDGETS
from formscout.storage.database import Database
from formscout.usecases.clock import last_tick, tick

BEAT_SCHEDULE: Final = {
    # The 1st of each month, 00:00 UTC. A month's period is made by its first hold, so a late reset harms nothing.
    "reset-monthly-budgets": {"task": RESET_MONTHLY_BUDGETS, "schedule": crontab(minute="0", hour="0", day_of_month="1")},
}

KIND_OF: Final = {RESET_MONTHLY_BUDGETS: JobKind.RESET_BUDGETS}

_log = structlog.get_logger(__name__)


class RowScheduler(Scheduler):
    """Writes a due row, and the job that it causes, for each tick; rows make a second beat and a caught-up tick harmless.

    Beat runs in a thread of its own: `call` runs a coroutine on the loop that owns the database pool.
    """

    database: Database
    call: Callable[[Coroutine[Any, Any, Any]], Any]  # Any: whatever the coroutine returns

    @classmethod
    def on(cls, database: Database, loop: asyncio.AbstractEventLoop) -> type["RowScheduler"]:
        """Return the class bound to a pool and its loop: Celery constructs the object itself."""

        def call(work: Coroutine[Any, Any, Any]) -> Any:  # Any: as above
            return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=30)

        return type("BoundRowScheduler", (cls,), {"database": database, "call": staticmethod(call)})

    def setup_schedule(self) -> None:
        """Take the schedule up where the rows say it stopped, so that missed ticks are caught up."""
        self.merge_inplace(self.app.conf.beat_schedule)
        for name, entry in self.schedule.items():
            last = self.call(last_tick(self.database, name))
            if last is not None:
                entry.last_run_at = last

    def apply_async(self, entry: ScheduleEntry, producer: object = None, advance: bool = True, **_: object) -> None:
        """Write the tick that is due; beat moves on only once it is written."""
        del producer
        start, delta, _now = entry.schedule.remaining_delta(entry.last_run_at)
        due_at = (start + delta).astimezone(UTC)
        try:
            fresh = self.call(tick(self.database, entry.name, due_at=min(due_at, datetime.now(UTC)), kind=KIND_OF[entry.task]))
        except (StoreUnavailableError, TimeoutError) as error:
            _log.warning("The tick could not be written; it is caught up later", schedule=entry.name, error=type(error).__name__)
            return
        if advance:
            self.reserve(entry)
        if fresh:
            _log.info("A tick of the clock was written", schedule=entry.name, due_at=due_at.isoformat())
