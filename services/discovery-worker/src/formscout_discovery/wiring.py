"""The one place where the discovery worker constructs what its jobs work with."""

import asyncio
import os
from collections.abc import Callable, Mapping

import structlog

from formscout.domain.jobs import JobKind
from formscout.queueing.execution import Handler
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout_discovery.browser.leftovers import sweep_leftovers
from formscout_discovery.browser.options import BrowserOptions
from formscout_discovery.browser.sandbox import is_sandboxed, require_sandbox
from formscout_discovery.config import DiscoverySettings
from formscout_discovery.slices import Discovery

_log = structlog.get_logger(__name__)


def check_browser(settings: DiscoverySettings) -> None:
    """Try the browser before any work is taken; raises `FormscoutError` if it or its sandbox is not to be had."""
    asyncio.run(require_sandbox(browser_options(settings), is_root=os.geteuid() == 0))


def browser_options(settings: DiscoverySettings) -> BrowserOptions:
    """Return how browsers are started here."""
    sandbox = is_sandboxed(settings.browser_sandbox, is_root=os.geteuid() == 0)
    return BrowserOptions(scratch=settings.scratch, executable=settings.browser, sandbox=sandbox, authorities=settings.browser_authorities)


def wire(settings: DiscoverySettings, database: Database, draining: Callable[[], bool]) -> Mapping[JobKind, Handler]:
    """Construct what the jobs of one pool process work with, and end the browsers that a killed one left."""
    settings.scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    swept = sweep_leftovers(settings.scratch)
    if swept:
        _log.warning("Browsers of a killed worker were ended", count=swept)
    discovery = Discovery(
        database=database,
        snapshots=SnapshotStore.connect(settings.snapshot_store, database),
        keys=KeyRing.parse(settings.encryption_keys.get_secret_value()),
        draining=draining,
        browser=browser_options(settings),
        redis_url=settings.redis_url.get_secret_value(),
        slice_seconds=settings.slice_seconds,
        drain_seconds=settings.drain_seconds,
        pages_a_slice=settings.pages_a_slice,
    )
    return {JobKind.DISCOVER_SLICE: discovery.discover}
