"""What came of jobs and crawl sessions, counted from their rows by the scheduler that leads.

A worker that scales to zero takes its counters with it, and of a new one the scraper never sees the first count; the rows stay.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from formscout.domain.crawls import FailureReason
from formscout.domain.jobs import JobState, Queue
from formscout.storage.database import Database
from formscout.storage.outcomes import SETTLE_SECONDS, OutcomeStore, Span
from formscout.telemetry import metrics

_SIZES: Final = {"small": 50, "medium": 250}
"""Visits up to which a session is called so; a session with the API's default bound of 500 may be `large`."""
_LARGE: Final = "large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Counts each outcome once; what ends while the lead passes on may be left out, and nothing is counted twice."""

    database: Database
    leads: Callable[[], bool]
    settle_seconds: float = SETTLE_SECONDS
    _counted: list[datetime] = field(default_factory=list, init=False)  # the moment up to which all is counted, if there is one

    def prepare(self) -> None:
        """Say none of what may come: of a series that begins with a count the scraper does not see that it rose."""
        for size in (*_SIZES, _LARGE):
            metrics.SESSION_SECONDS.prepare(size=size)
        for store in metrics.Store:
            metrics.STORE_FAILURES.inc(0, store=store)
        for queue in Queue:
            metrics.LEASES_EXPIRED.inc(0, queue=queue)
            metrics.JOBS_ENDED.inc(0, queue=queue, state=JobState.SUCCEEDED, code="none")
            metrics.JOBS_ENDED.inc(0, queue=queue, state=JobState.SET_ASIDE, code=FailureReason.ATTEMPTS_EXHAUSTED)
        for code in FailureReason:
            metrics.JOBS_ENDED.inc(0, queue=Queue.DISCOVERY, state=JobState.FAILED, code=code)

    async def look(self) -> None:
        """Count what ended since the last look; a look that fails leaves it to the next one."""
        if not self.leads():
            self._counted.clear()
            return
        async with self.database.look() as connection:
            store = OutcomeStore(connection)
            until = await store.settled(self.settle_seconds)
            if self._counted:
                await _count(store, Span(after=self._counted[0], until=until))
        self._counted[:] = [until]


async def _count(store: OutcomeStore, span: Span) -> None:
    jobs, begun, ended = await store.ended_jobs(span), await store.begun_sessions(span), await store.succeeded_sessions(span)
    for one in jobs:
        metrics.JOBS_ENDED.inc(one.count, queue=one.queue, state=one.state, code=metrics.code_label(one.code or "none"))
    for seconds in begun:
        metrics.SESSION_START.observe(max(0.0, seconds))
    for session in ended:
        metrics.SESSION_SECONDS.observe(max(0.0, session["seconds"]), size=size_of(int(session["visits"])))


def size_of(visits: int) -> str:
    """Return how large a session is that made so many visits."""
    return next((size for size, most in _SIZES.items() if visits <= most), _LARGE)
