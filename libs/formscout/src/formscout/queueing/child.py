"""The life of a Celery worker around its jobs: checked before the fork, wired after it, drained at the end."""

import asyncio
import mmap
import os
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

import structlog
from celery import Celery, signals
from celery.utils.log import current_process_index

from formscout.config import PlatformSettings
from formscout.domain.errors import FormscoutError
from formscout.domain.jobs import Claim, JobKind, Outcome, Queue
from formscout.queueing.consumer import TellingConsumer
from formscout.queueing.execution import Handler, Runner
from formscout.queueing.heartbeat import Heart, Rhythm
from formscout.queueing.presence import PRESENCE_SECONDS, announce, connect, withdraw
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.telemetry import metrics, traces
from formscout.telemetry.alive import ALIVE_SECONDS, AliveFile
from formscout.telemetry.exposure import PoolExposure
from formscout.telemetry.instruments import Component

Wire = Callable[[Database, Callable[[], bool]], Mapping[JobKind, Handler]]
"""Builds what the jobs of a pool process need, after the fork; it is told how to ask whether the worker drains."""

FinishJob = Callable[[Database, Claim, Outcome], Awaitable[None]]
"""Writes a job's end with all that follows, in one transaction."""

COMPONENT_OF: Final = {Queue.DISCOVERY: Component.DISCOVERY, Queue.ANALYSIS: Component.ANALYSIS, Queue.BUDGET: Component.UPKEEP}
"""What the worker of a queue is called."""

_log = structlog.get_logger(__name__)


class Child:
    """One worker deployable: connects Celery's signals and runs the coroutine behind each task.

    The object is made before the fork and holds nothing that must not cross it; each pool process fills its own copy.
    """

    def __init__(
        self,
        app: Celery,
        *,
        queue: Queue,
        settings: PlatformSettings,
        wire: Wire,
        finish: FinishJob,
        check: Callable[[], None] = lambda: None,  # of the deployable's own needs, before the fork; raises `FormscoutError`
    ) -> None:
        self.queue: Final = queue
        # With the main process' id: a host may run two workers of one queue.
        self.name: Final = f"{queue}@{socket.gethostname()}:{os.getpid()}"
        self._app = app
        self._database_url = settings.database_url.get_secret_value()
        self._redis_url = settings.redis_url.get_secret_value()
        self._pool_size = settings.database_pool_size
        self._lease_seconds = settings.lease_seconds
        self._cap = settings.max_running
        self._wire = wire
        self._finish = finish
        self._check_own = check
        self._alive_file = settings.alive_file
        self._alive = AliveFile(None)
        self._metrics_port = settings.metrics_port
        self._exposure = PoolExposure(COMPONENT_OF[queue])
        # One shared byte: the main process sets it on SIGTERM, the pool processes look at it between steps. An Event has a lock,
        # which a pool process that is killed while it looks would keep for ever.
        self._drain = mmap.mmap(-1, 1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: Runner | None = None
        app.conf.worker_consumer = partial(TellingConsumer, waiting=self._turn)
        self._connect_signals()

    @property
    def draining(self) -> bool:
        """Whether the worker was told to end: finish the step in hand and hand the rest over."""
        return self._drain[0] != 0

    def run(self, task: Any) -> None:  # Any: a bound Celery task, which has no types
        """Answer the message that a task stands for; the task's own arguments are a hint for people."""
        assert self._loop is not None, "worker_process_init has run"
        assert self._runner is not None, "worker_process_init has run"
        tag = (task.request.properties or {}).get("delivery_tag")
        self._loop.run_until_complete(self._runner.answer(delivery_tag=tag))

    def _connect_signals(self) -> None:
        # A receiver is what keeps Celery from setting the root logger to its own level, and our lines from vanishing by it.
        signals.setup_logging.connect(_leave_logs_alone, weak=False)
        signals.worker_init.connect(self._check, weak=False)
        signals.worker_ready.connect(self._ready, weak=False)
        signals.worker_shutting_down.connect(self._shutting_down, weak=False)
        signals.worker_shutdown.connect(self._ended, weak=False)
        signals.worker_process_init.connect(self._open, weak=False)
        signals.worker_process_shutdown.connect(self._close, weak=False)

    def _check(self, sender: Any, **_: object) -> None:  # Any: Celery's worker controller
        """Refuse to start on two queues, on an older schema, or where the file that says that it lives cannot be written."""
        served = set(sender.app.amqp.queues.consume_from)
        if served != {str(self.queue)}:
            raise SystemExit(
                f"This worker serves the queue {self.queue} alone, not {', '.join(sorted(served))}: start it with -Q {self.queue}."
            )
        try:
            self._alive = AliveFile(self._alive_file)
            self._exposure.open(self._metrics_port)
            traces.check()
            asyncio.run(_check_schema(self._database_url))
            self._check_own()
        except (FormscoutError, OSError) as error:
            self._exposure.close()
            raise SystemExit(str(error)) from None

    def _ready(self, sender: Any, **_: object) -> None:  # Any: Celery's consumer
        client = connect(self._redis_url)
        slots = int(sender.pool.limit or 1)

        def tell() -> None:
            if self.draining:
                return  # it said that it goes
            announce(client, self.name, queue=self.queue, slots=slots, now=time.time())

        tell()
        sender.timer.call_repeatedly(PRESENCE_SECONDS, tell)
        self._turn()
        sender.timer.call_repeatedly(ALIVE_SECONDS, self._turn)

    def _turn(self) -> None:
        """Do what the main loop does every few seconds, also while it waits for Redis."""
        self._alive.touch()
        self._exposure.look_after()

    def _ended(self, **_: object) -> None:
        self._alive.remove()
        self._exposure.close()

    def _shutting_down(self, **_: object) -> None:
        self._drain[0] = 1
        withdraw(connect(self._redis_url), self.name)

    def _open(self, **_: object) -> None:
        self._exposure.enter(current_process_index(base=0) or 0)
        traces.start(COMPONENT_OF[self.queue])
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        try:
            self._runner = self._start()
        except Exception:
            # Celery would go on with a pool process that can answer nothing, and each message would come back at once.
            _log.exception("The pool process cannot be set up; the worker ends")
            os.kill(os.getppid(), signal.SIGTERM)
            raise
        _log.info("The pool process is ready", pid=os.getpid())

    def _start(self) -> Runner:
        database = Database.connect(self._database_url, pool_size=self._pool_size)
        if metrics.DATABASE_CONNECTIONS.is_live:
            database.tell_connections(_tell_connections)
        handlers = self._wire(database, lambda: self.draining)
        rhythm = Rhythm.of(self._lease_seconds)
        heart = Heart(self.queue, database_url=self._database_url, redis_url=self._redis_url, rhythm=rhythm)
        heart.start()
        return Runner(
            queue=self.queue,
            worker=self.name,
            database=database,
            heart=heart,
            finish=partial(self._finish, database),
            handlers=handlers,
            draining=lambda: self.draining,
            lease_seconds=self._lease_seconds,
            cap=self._cap,
        )

    def _close(self, **_: object) -> None:
        if self._loop is not None and self._runner is not None:
            self._runner.heart.stop()
            self._loop.run_until_complete(self._runner.database.close())
            self._loop.close()
        traces.stop()


def _tell_connections(counts: Mapping[str, int]) -> None:
    for state, count in counts.items():
        metrics.DATABASE_CONNECTIONS.set(count, state=state)


def _leave_logs_alone(**_: object) -> None:
    """Do nothing: the entry point has configured the logs."""


async def _check_schema(database_url: str) -> None:
    database = Database.connect(database_url, pool_size=1)
    try:
        await schema.check(database)
    finally:
        await database.close()
