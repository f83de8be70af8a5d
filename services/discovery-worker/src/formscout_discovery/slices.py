"""A claimed slice from its rows to its end: a browser started, the crawl run in it, the outcome said."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from formscout.domain.crawls import FailureReason, StopReason
from formscout.domain.errors import CrawlError, SecretUnreadableError
from formscout.domain.jobs import Claim, Failed, Finished, Outcome
from formscout.domain.networks import Credentials, RobotsPolicy
from formscout.domain.slices import PAGES_A_SLICE
from formscout.queueing.heartbeat import Pulse
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.storage.pacing import PaceStore
from formscout.storage.snapshots import SnapshotStore
from formscout.telemetry import metrics, traces
from formscout.telemetry.spans import Attributes
from formscout.usecases import slices
from formscout.usecases.networks import open_credentials
from formscout_discovery.browser.executable import BrowserUnavailableError
from formscout_discovery.browser.memory import BrowserMemory
from formscout_discovery.browser.options import BrowserOptions, TabRules
from formscout_discovery.browser.pool import launch
from formscout_discovery.cgroup import MemoryWatch
from formscout_discovery.crawl.engine import run_slice
from formscout_discovery.crawl.plan import SliceEnd, SlicePlan, SliceStop
from formscout_discovery.crawl.ports import BrowserLostError, Turns
from formscout_discovery.pace import SharedTurns
from formscout_discovery.policy.requests import JudgeSettings
from formscout_discovery.policy.scope import ScopeRules
from formscout_discovery.record import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """Runs slices of crawl sessions, one browser each."""

    database: Database
    snapshots: SnapshotStore
    keys: KeyRing
    draining: Callable[[], bool]
    browser: BrowserOptions
    redis_url: str  # where the pace is shared
    slice_seconds: float
    drain_seconds: float
    pages_a_slice: int = PAGES_A_SLICE

    async def discover(self, claim: Claim, pulse: Pulse) -> Outcome:
        """Work on a session for one slice; what is left then is handed over by the job's end."""
        try:
            with traces.span("slice", {"formscout.session.id": claim.job.session_id}):
                end = await self._run(claim, pulse)
                traces.note(_told(end))
        except CrawlError as error:
            metrics.SLICES.inc(end="failed")
            return Failed(code=error.reason, message=error.message)
        except BrowserUnavailableError as error:
            metrics.BROWSER_STARTS.inc(outcome="unavailable")
            metrics.SLICES.inc(end="failed")
            return Failed(code=FailureReason.BROWSER_UNAVAILABLE, message=error.message)
        except SecretUnreadableError as error:
            metrics.SLICES.inc(end="failed")
            return Failed(code=FailureReason.CREDENTIALS_UNREADABLE, message=error.message)
        except BrowserLostError:
            metrics.BROWSER_CRASHES.inc()
            metrics.SLICES.inc(end="browser_lost")
            raise
        finally:
            metrics.BROWSER_MEMORY.set(0)
        metrics.SLICES.inc(end="nothing_to_do" if end is None else end.stop)
        if end is not None and end.stop is SliceStop.APPLICATION_DOWN:
            await slices.stop_visiting(self.database, claim, StopReason.APPLICATION_DOWN)
        return Finished()

    async def _run(self, claim: Claim, pulse: Pulse) -> SliceEnd | None:
        start = await slices.begin_slice(self.database, claim)
        if start is None:
            return None
        ends = time.monotonic() + self.slice_seconds
        memory = MemoryWatch()
        shown = BrowserMemory()

        def stop() -> bool:
            pulse.checkpoint()  # the engine asks between steps, so the work moves
            shown.look()
            return self.draining() or pulse.cancelled or time.monotonic() > ends or memory.is_short

        drop = self._dropping(pulse)
        purpose = _state_purpose(start)

        async def keep_state(state: bytes) -> None:
            await slices.keep_browser_state(self.database, claim, self.keys.seal(state, purpose=purpose))

        state = None if start.browser_state is None else self.keys.open(start.browser_state, purpose=purpose)
        credentials = None if start.credentials is None else open_credentials(self.keys, start.network.id, start.credentials)
        gap = start.network.politeness.min_delay_ms / 1000
        plan = plan_of(start, credentials, signed_in=state is not None)
        async with AsyncExitStack() as opened:
            paces = await opened.enter_async_context(PaceStore.open(self.redis_url, start.session.company_id))
            with traces.span("start browser"):
                chromium = await opened.enter_async_context(launch(self.browser))
                turns = SharedTurns(paces, gap_seconds=gap, look_up=stop)
                browser = await opened.enter_async_context(chromium.browse(rules_of(start, plan, turns), state=state))
            metrics.BROWSER_STARTS.inc(outcome="started")
            record = SessionRecord(self.database, self.snapshots, claim, pages_a_slice=self.pages_a_slice)
            return await run_slice(record, browser, plan=plan, stop=stop, drop=drop, keep_state=keep_state)

    def _dropping(self, pulse: Pulse) -> Callable[[], bool]:
        """Return what tells whether the visits in hand shall not be waited for: the session was cancelled, or a drain takes too long."""
        told: float | None = None

        def drop() -> bool:
            nonlocal told
            if told is None and self.draining():
                told = time.monotonic()
            return pulse.cancelled or (told is not None and time.monotonic() - told > self.drain_seconds)

        return drop


def _told(end: SliceEnd | None) -> Attributes:
    """Return what a slice's span says of its end."""
    if end is None:
        return {"formscout.slice.end": "nothing_to_do"}
    return {
        "formscout.slice.end": end.stop,
        "formscout.slice.visits": end.visits,
        "formscout.slice.clicks": end.clicks,
        "formscout.slice.signed_in": end.signed_in,
        "formscout.slice.left": end.left,
    }


def _state_purpose(start: slices.SliceStart) -> str:
    return f"browser state of session {start.session.id}"


def plan_of(start: slices.SliceStart, credentials: Credentials | None, *, signed_in: bool) -> SlicePlan:
    """Return what the crawl engine is told to do in a slice."""
    network = start.network
    assert network.base_url is not None, "a session is accepted only for a network with an address"
    return SlicePlan(
        base=network.base_url,
        scope=ScopeRules(base=network.base_url, scope=network.scope),
        tabs=network.politeness.max_parallel_tabs,
        sign_in=network.sign_in,
        credentials=credentials,
        signed_in=signed_in,
        obey_robots=start.session.options.robots is RobotsPolicy.OBEY,
    )


def rules_of(start: slices.SliceStart, plan: SlicePlan, turns: Turns) -> TabRules:
    """Return by which rules the browser of a slice lives."""
    network = start.network
    judging = JudgeSettings(
        environment=network.environment,
        mode=start.session.options.mode,
        allow_requests=network.scope.allow_requests,
    )
    return TabRules(scope=plan.scope.navigates, judging=judging, turns=turns, allow_private=network.scope.allow_private)
