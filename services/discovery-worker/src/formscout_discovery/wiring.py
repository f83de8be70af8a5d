"""The one place where the discovery worker constructs what its jobs work with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from formscout.domain.jobs import JobKind
from formscout.queueing.child import Child
from formscout.queueing.execution import Runner
from formscout.queueing.heartbeat import Heart
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases.jobs import finish_job
from formscout_discovery.browser.leftovers import sweep_leftovers
from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.config import DiscoverySettings
from formscout_discovery.slices import Discovery

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def wire(settings: DiscoverySettings, child: Child) -> AsyncIterator[Runner]:
    """Construct everything for one pool process, end the browsers that a killed one left, and take all down in the end."""
    settings.scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    swept = sweep_leftovers(settings.scratch)
    if swept:
        _log.warning("Browsers of a killed worker were ended", count=swept)
    if not settings.browser_sandbox:
        _log.warning("Chromium runs without its own sandbox; isolate this worker, or run it as another user than root")
    url = settings.database_url.get_secret_value()
    database = Database.connect(url, pool_size=settings.database_pool_size)
    heart = Heart(child.queue, database_url=url, redis_url=settings.redis_url.get_secret_value())
    heart.start()
    discovery = Discovery(
        database=database,
        snapshots=SnapshotStore.connect(settings.snapshot_store, database),
        keys=KeyRing.parse(settings.encryption_keys.get_secret_value()),
        child=child,
        browser=BrowserOptions(scratch=settings.scratch, executable=settings.browser, sandbox=settings.browser_sandbox),
        slice_seconds=settings.slice_seconds,
    )
    try:
        yield Runner(
            queue=child.queue,
            worker=child.name,
            database=database,
            heart=heart,
            finish=partial(finish_job, database),
            handlers={JobKind.DISCOVER_SLICE: discovery.discover},
            draining=lambda: child.draining,
        )
    finally:
        heart.stop()
        await database.close()
