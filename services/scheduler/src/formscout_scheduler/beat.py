"""The scheduler: `python -m formscout_scheduler.beat`; of several replicas one leads, the others wait."""

import asyncio
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

import structlog
from celery.beat import Service
from redis.exceptions import RedisError

from formscout.config import read_settings
from formscout.domain.errors import FormscoutError, StoreUnavailableError
from formscout.queueing.app import create_app
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.telemetry import metrics, traces
from formscout.telemetry.alive import ALIVE_SECONDS, AliveFile
from formscout.telemetry.exposure import expose
from formscout.telemetry.instruments import Component
from formscout.telemetry.logs import configure_logs
from formscout.usecases.clock import LEADERSHIP, lead, resign
from formscout.usecases.retention import age
from formscout.usecases.sending import prune_deliveries
from formscout_scheduler.config import BeatSettings, SchedulerSettings
from formscout_scheduler.figures import FIGURES_SECONDS, QueueFigures, follow_connections
from formscout_scheduler.outcomes import Outcomes
from formscout_scheduler.recurrence import Recurrence
from formscout_scheduler.removal import Removal
from formscout_scheduler.schedule import BEAT_SCHEDULE, RowScheduler
from formscout_scheduler.wiring import connect, connect_sender

HELD: Final = 2 / 3
"""The part of `leader_seconds` for which a renewal holds: what is left is for the others to notice that it ran out."""

RENEWALS: Final = 5
"""Looks at the lead within `leader_seconds`: three within a lease, so that two which fail cost nothing."""

AGEING_BATCHES: Final = 50
"""Batches of each kind a turn at most: some seconds, so that a scheduler that is told to end does."""

PRUNE_SECONDS: Final = 3600.0
"""Between two looks for webhook deliveries that nobody needs any more."""

_log = structlog.get_logger(__name__)


class Leader:
    """Whether this replica leads: a lease row, renewed well before it ends.

    A leader that was frozen begins no pass when it goes on, since its lease has run out by its own clock, too. A pass that it
    was frozen in goes on beside those of the next leader: each pass is such that this does no harm (`docs/decisions/`).
    """

    def __init__(self, database: Database, *, seconds: float) -> None:
        self._database = database
        self._seconds = seconds * HELD
        self._until = 0.0  # monotonic seconds, counted from before the renewal: never later than the row's
        self._led = False
        self.holder = f"{socket.gethostname()}:{os.getpid()}"

    @property
    def leads(self) -> bool:
        """Whether the lease runs."""
        return time.monotonic() < self._until

    async def renew(self) -> None:
        """Take or keep the lead."""
        began = time.monotonic()
        leads = await lead(self._database, LEADERSHIP, holder=self.holder, seconds=self._seconds)
        self._until = began + self._seconds if leads else 0.0
        if leads != self._led:
            _log.info("This replica leads" if leads else "Another replica leads", holder=self.holder)
        self._led = leads

    async def resign(self) -> None:
        """Give the lead up."""
        self._until = 0.0
        await resign(self._database, LEADERSHIP, holder=self.holder)


async def run(settings: BeatSettings) -> None:
    """Run dispatcher, reconciler, clock and webhooks until SIGTERM or SIGINT; raises `FormscoutError` when it cannot start."""
    alive = AliveFile(settings.alive_file)
    expose(Component.SCHEDULER, settings.metrics_port)
    traces.check()
    traces.start(Component.SCHEDULER)
    database, dispatcher, reconciler = connect(settings)
    follow_connections(database, dispatcher.redis)
    await schema.check(database)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    leader = Leader(database, seconds=settings.leader_seconds)
    sender = connect_sender(settings, database, holder=leader.holder)
    clock = _start_clock(database, loop, settings)
    removal = Removal(database=database, snapshots=SnapshotStore.connect(settings.snapshot_store, database))
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_touch(alive, stopping))
            group.create_task(_every("lead", settings.leader_seconds / RENEWALS, leader.renew, stopping))
            group.create_task(_every("dispatch", settings.dispatch_seconds, dispatcher.top_up, stopping, leader))
            group.create_task(_every("reconcile", settings.reconcile_seconds, reconciler.mend, stopping, leader))
            group.create_task(_every("recur", settings.recur_seconds, Recurrence(database=database).run, stopping, leader))
            group.create_task(_every("remove", settings.remove_seconds, removal.remove, stopping, leader))
            ageing = partial(age, database, settings.retention, batches=AGEING_BATCHES)
            group.create_task(_every("age", settings.age_seconds, ageing, stopping, leader))
            group.create_task(_every("prune", PRUNE_SECONDS, partial(prune_deliveries, database), stopping, leader))
            if settings.metrics_port is not None:
                figures = QueueFigures(database=database, redis=dispatcher.redis, leads=lambda: leader.leads)
                group.create_task(_every("figures", FIGURES_SECONDS, figures.look, stopping))
                outcomes = Outcomes(database=database, leads=lambda: leader.leads)
                outcomes.prepare()
                group.create_task(_every("outcomes", FIGURES_SECONDS, outcomes.look, stopping))
            group.create_task(sender.run(stopping, seconds=settings.webhook_seconds))  # in every replica: the rows share it out
    finally:
        alive.remove()
        clock.stop()
        with suppress(StoreUnavailableError):
            await leader.resign()
        await sender.poster.close()
        await dispatcher.redis.aclose()
        await database.close()
        await asyncio.to_thread(traces.stop)


async def _touch(alive: AliveFile, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        alive.touch()
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), ALIVE_SECONDS)


def _start_clock(database: Database, loop: asyncio.AbstractEventLoop, settings: SchedulerSettings) -> Service:
    """Run Celery beat in a thread; it may run in every replica, since its ticks are rows."""
    app = create_app("formscout-beat", settings.redis_url.get_secret_value(), queue=None)
    app.conf.beat_schedule = BEAT_SCHEDULE
    service = Service(app, scheduler_cls=RowScheduler.on(database, loop))
    threading.Thread(target=service.start, kwargs={"embedded_process": True}, name="clock", daemon=True).start()
    return service


async def _every(
    turn: str, seconds: float, work: Callable[[], Awaitable[object]], stopping: asyncio.Event, leader: Leader | None = None
) -> None:
    """Do the work again and again, when this replica leads; whatever breaks is tried again at the next turn."""
    while not stopping.is_set():
        if leader is None or leader.leads:
            began = time.monotonic()
            try:
                await work()
                metrics.TURN_SECONDS.observe(time.monotonic() - began, turn=turn)
            except (StoreUnavailableError, RedisError, OSError) as error:
                metrics.TURN_FAILURES.inc(turn=turn, cause="store")
                if isinstance(error, RedisError):
                    metrics.STORE_FAILURES.inc(store=metrics.Store.REDIS)
                _log.warning("A store does not answer; trying again", error=type(error).__name__, why=str(error))
            except Exception:  # noqa: BLE001 a door: one row or message that breaks a turn must not stop the others
                metrics.TURN_FAILURES.inc(turn=turn, cause="defect")
                _log.exception("A turn of the scheduler broke off; trying again")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), seconds)


def main() -> None:
    """Start the process."""
    try:
        settings = read_settings(BeatSettings)
        configure_logs(log_format=settings.log_format, log_level=settings.log_level)
        asyncio.run(run(settings))
    except FormscoutError as error:
        sys.exit(error.message)


if __name__ == "__main__":
    main()
