"""The heartbeat of a job in hand: a thread of the pool process with a loop of its own."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from formscout.domain.errors import LeaseLostError, StoreUnavailableError
from formscout.domain.jobs import HEARTBEAT_SECONDS, LEASE_SECONDS, Claim, Queue
from formscout.queueing.queues import unacked_index
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore

STILL_SECONDS: Final = 180
"""How long work may pass no checkpoint before its lease is left to run out: longer than any visit may take."""

_SAFETY_SECONDS: Final = 5
"""A worker that could not renew stops this long before its lease ends, so that two never work on one job."""

_log = structlog.get_logger(__name__)


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

    def __init__(self, queue: Queue, *, database_url: str, redis_url: str) -> None:
        self._queue = queue
        self._database_url = database_url
        self._redis_url = redis_url
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

        def abandon() -> None:
            loop.call_soon_threadsafe(worker.cancel)

        beating = asyncio.run_coroutine_threadsafe(self._beat(claim, pulse, delivery_tag, abandon), self._loop)
        try:
            yield pulse
        finally:
            await _ended(beating)

    async def _beat(self, claim: Claim, pulse: Pulse, delivery_tag: str | None, abandon: Callable[[], None]) -> None:
        renewed_at = time.monotonic()
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            if time.monotonic() - pulse.moved_at > STILL_SECONDS:
                _log.warning("The work passed no checkpoint; its lease is left to run out", seconds=STILL_SECONDS)
            else:
                try:
                    pulse.cancelled = await self._renew(claim) or pulse.cancelled
                    renewed_at = time.monotonic()
                    await self._touch(delivery_tag)
                except LeaseLostError:
                    _log.warning("The lease is lost; the work stops", job_id=claim.job.id)
                    abandon()
                    return
                except (StoreUnavailableError, OSError) as error:
                    _log.warning("The lease could not be renewed", error=type(error).__name__)
            if time.monotonic() - renewed_at > LEASE_SECONDS - _SAFETY_SECONDS - HEARTBEAT_SECONDS / 2:
                abandon()
                return

    async def _renew(self, claim: Claim) -> bool:
        if self._database is None:
            self._database = Database.connect(self._database_url, pool_size=1)
        async with asyncio.timeout(HEARTBEAT_SECONDS / 2), self._database.begin() as connection:
            return await JobStore(connection).renew(claim)

    async def _touch(self, delivery_tag: str | None) -> None:
        """Move the message's time on, so that the transport does not restore it; XX, so that an acknowledged one stays gone."""
        if delivery_tag is None:
            return
        if self._redis is None:
            self._redis = Redis.from_url(self._redis_url)
        with suppress(RedisError):  # a message that comes twice costs one look, so Redis may be away
            await self._redis.zadd(unacked_index(self._queue), {delivery_tag: time.time()}, xx=True)

    async def _close(self) -> None:
        if self._database is not None:
            await self._database.close()
        if self._redis is not None:
            await self._redis.aclose()


async def _ended(beating: Future[None]) -> None:
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wrap_future(beating)
