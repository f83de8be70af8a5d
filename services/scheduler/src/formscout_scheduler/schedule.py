"""The clock: Celery beat whose ticks are rows; it sends nothing by itself."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import BaseSchedule, crontab

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

CALL_SECONDS: Final = 30
"""How long one statement of the clock may take."""

LONGEST_PERIOD: Final = timedelta(days=32)
"""Longer than any schedule's pause: a month."""

RETRY_SECONDS: Final = 5.0
"""Between two tries while the database is away."""

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
            return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=CALL_SECONDS)

        return type("BoundRowScheduler", (cls,), {"database": database, "call": staticmethod(call)})

    def setup_schedule(self) -> None:
        """Take the schedule over; where the rows say it stopped is read at the first pass, since the database may be away now."""
        self.merge_inplace(self.app.conf.beat_schedule)
        self._taken_up = False

    def tick(self, **_: object) -> float:
        """Write what is due and return how many seconds to sleep; what could not be written is tried again, so no tick is lost.

        Celery's own pass moves an entry on before it is sent, and connects to the broker for it.
        """
        wait = float(self.max_interval)
        try:
            self._take_up()
            for name, entry in list(self.schedule.items()):
                is_due, seconds = entry.is_due()
                if is_due:
                    self._write(name, entry)
                wait = min(wait, seconds)
        except (StoreUnavailableError, TimeoutError) as error:
            _log.warning("The clock cannot read or write its ticks; trying again", error=type(error).__name__)
            return RETRY_SECONDS
        return wait

    def _take_up(self) -> None:
        """Go on where the rows say the clock stopped, so that a missed tick is caught up.

        On an empty table the tick that was due last is written, so that from then on the rows say where the clock stands.
        """
        if self._taken_up:
            return
        for name, entry in self.schedule.items():
            entry.last_run_at = self.call(last_tick(self.database, name)) or datetime.now(UTC) - LONGEST_PERIOD
        self._taken_up = True

    def _write(self, name: str, entry: ScheduleEntry) -> None:
        due_at = latest_due(entry.schedule, entry.last_run_at, now=datetime.now(UTC))
        if self.call(tick(self.database, name, due_at=due_at, kind=KIND_OF[entry.task])):
            _log.info("A tick of the clock was written", schedule=name, due_at=due_at.isoformat())
        self.schedule[name] = next(entry)


def latest_due(schedule: BaseSchedule, last: datetime, *, now: datetime) -> datetime:
    """Return when the schedule was last due by `now`; of several missed ticks one is caught up, and all beats say the same.

    It was due at least once since `last`.
    """
    while True:
        start, delta, _ = schedule.remaining_delta(last)
        following = (start + delta).astimezone(UTC)
        if following > now or following <= last:
            return last
        last = following
