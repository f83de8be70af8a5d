"""The heartbeat of a job in hand: a thread of the pool process with a loop of its own."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from formscout.domain.errors import LeaseLostError
from formscout.domain.jobs import LEASE_SECONDS, Claim, Queue
from formscout.queueing.queues import unacked_index
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.storage.redis_servers import RedisServers

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """The times of a heartbeat, in seconds."""

    beat: float = LEASE_SECONDS / 3  # so that two lost beats do not cost a job
    answer: float = LEASE_SECONDS / 6  # how long a store may take to answer: after it, this beat is lost
    still: float = 180  # how long work may pass no checkpoint before its lease is left to run out: longer than any visit may take
    hold: float = LEASE_SECONDS * 5 / 6  # without a renewal the work stops then: before its lease ends, so that two never work on one job

    @classmethod
    def of(cls, lease_seconds: float) -> "Rhythm":
        """Return the times that fit a lease."""
        return cls(beat=lease_seconds / 3, answer=lease_seconds / 6, hold=lease_seconds * 5 / 6)


class Pulse:
    """What a running job tells its heartbeat, and hears from it."""

    def __init__(self) -> None:
        self.moved_at = time.monotonic()
        self.cancelled = False

    def checkpoint(self) -> None:
        """Say that the work moves; a job that never does loses its lease."""
        self.moved_at = time.monotonic()


class Heart:
    """Renews the lease of whatever job the process has in hand, apart from the loop that the work runs on."""

    def __init__(self, queue: Queue, *, database_url: str, redis_url: str, rhythm: Rhythm | None = None) -> None:
        self._queue: Final = queue
        self._database_url: Final = database_url
        self._redis_url: Final = redis_url
        self._rhythm: Final = rhythm or Rhythm()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="heartbeat", daemon=True)
        self._database: Database | None = None
        self._redis: Redis | None = None

    def start(self) -> None:
        """Start the thread; only ever after the fork."""
        self._thread.start()

    def stop(self) -> None:
        """Close what it opened and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    @asynccontextmanager
    async def watching(self, claim: Claim, *, delivery_tag: str | None) -> AsyncIterator[Pulse]:
        """Keep the lease of a claim, and its message invisible, for as long as the block runs and moves.

        The task that runs the block is cancelled when the lease is lost or could not be renewed in time.
        """
        worker = asyncio.current_task()
        assert worker is not None, "a job runs in a task"
        loop = asyncio.get_running_loop()
        pulse = Pulse()

        over = False

        def stop() -> None:
            if not over:  # else the cancel would meet whatever the task does next
                worker.cancel()

        def abandon() -> None:
            loop.call_soon_threadsafe(stop)

        beating = asyncio.run_coroutine_threadsafe(self._beat(claim, pulse, delivery_tag, abandon), self._loop)
        try:
            yield pulse
        finally:
            over = True
            await _ended(beating)

    async def _beat(self, claim: Claim, pulse: Pulse, delivery_tag: str | None, abandon: Callable[[], None]) -> None:
        stops_at = pulse.moved_at + self._rhythm.hold
        while (left := stops_at - time.monotonic()) > 0:
            await asyncio.sleep(min(self._rhythm.beat, left))
            began = time.monotonic()
            if began - pulse.moved_at > self._rhythm.still:
                _log.warning("The work passed no checkpoint; its lease is left to run out", job_id=claim.job.id)
                continue
            try:
                renewed = await _within(self._rhythm.answer, self._renew(claim, pulse))
            except LeaseLostError:
                _log.warning("The lease is lost; the work stops", job_id=claim.job.id)
                abandon()
                return
            if renewed:
                stops_at = began + self._rhythm.hold
                await _within(self._rhythm.answer, self._touch(delivery_tag))
        _log.warning("The lease was not renewed in time; the work stops", job_id=claim.job.id)
        abandon()

    async def _renew(self, claim: Claim, pulse: Pulse) -> None:
        if self._database is None:
            self._database = Database.connect(self._database_url, pool_size=1)
        async with self._database.begin() as connection:
            pulse.cancelled = await JobStore(connection).renew(claim) or pulse.cancelled

    async def _touch(self, delivery_tag: str | None) -> None:
        """Move the message's time on, so that the transport does not restore it; XX, so that an acknowledged one stays gone."""
        if delivery_tag is None:
            return
        if self._redis is None:
            patience = {"socket_timeout": self._rhythm.answer, "socket_connect_timeout": self._rhythm.answer}
            self._redis = RedisServers.parse(self._redis_url).async_client(**patience)
        with suppress(RedisError):  # a message that comes twice costs one look, so Redis may be away
            await self._redis.zadd(unacked_index(self._queue), {delivery_tag: time.time()}, xx=True)

    async def _close(self) -> None:
        if self._database is not None:
            await self._database.close()
        if self._redis is not None:
            await self._redis.aclose()


async def _within(seconds: float, work: Coroutine[None, None, None]) -> bool:
    """Do the work; False when it failed or took longer. It is never waited for longer: a frozen store cannot even be left in order.

    Raises `LeaseLostError`.
    """
    task = asyncio.create_task(work)
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # looked at, so that nobody complains
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()  # does nothing to one that is done
    if not task.done():
        _log.warning("A store does not answer the heartbeat", seconds=seconds)
        return False
    error = task.exception()
    if isinstance(error, LeaseLostError):
        raise error
    if error is not None:  # whatever it was: the next beat tries again, and the clock ends the work in time
        _log.warning("A beat failed", error=type(error).__name__)
    return error is None


async def _ended(beating: Future[None]) -> None:
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wrap_future(beating)
