"""Workers that may do anything at any moment, by the real use cases, and a judge who knows from the rows which of it may land."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support import workers
from tests.support.invariants import Moment, moment, setbacks, violations
from tests.support.sessions import ask, execute, rows, scalar
from tests.support.tenants import Tenant

from formscout.domain.crawls import CrawlSession, FailureReason, StopReason
from formscout.domain.errors import ConflictError, LeaseLostError
from formscout.domain.jobs import Claim, Deferred, Failed, Finished, JobKind, NewJob, Outcome, Queue
from formscout.domain.pages import FrontierPage, NewPage, PageSource, SkipReason, VisitOutcome, VisitReport
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.usecases import forms, jobs, slices
from formscout.usecases.crawls import cancel
from formscout.usecases.unit_of_work import unit_of_work

LATER_SECONDS: Final = 3600
"""How far off a deferred job is put: never reached by waiting."""

OUTCOMES: Final[tuple[Outcome, ...]] = (
    *[Finished()] * 4,
    Deferred(seconds=LATER_SECONDS, reason="later"),
    Deferred(seconds=0, reason="at_once"),
    Failed(code=FailureReason.BROWSER_UNAVAILABLE, message="No browser."),
)

_EFFECTIVE = "job.id = :job AND job.fence = :fence AND job.state = 'running'"
_HELD = f"{_EFFECTIVE} AND job.lease_until > now()"
_LEASED = (
    f"{_HELD} AND EXISTS (SELECT FROM frontier_page page WHERE page.id = :page AND page.fence = :page_fence AND page.state = 'leased')"
)

Act = Callable[[], Awaitable[object]]


@dataclass(slots=True, kw_only=True)
class Hand:
    """A job in a worker's hand, and the pages that it took for it; it may have lost them since and not know."""

    claim: Claim
    begun: bool = False
    pages: list[FrontierPage] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class World:
    """One company's work with everything that happens to it; nothing taken in hand is ever forgotten, so stale writes are tried too."""

    database: Database
    tenant: Tenant
    sessions: list[CrawlSession] = field(default_factory=list)
    hands: list[Hand] = field(default_factory=list)
    found: int = 0  # pages made up until now
    last: Moment | None = None  # all rows, as they stood when the step that is being taken began
    untouched: bool = True  # nothing of this step has landed yet
    reopened: bool = False  # an operator took something up again that had ended
    racing: bool = False  # several at one moment: who of them comes too late is not known beforehand

    async def step(self, step: Awaitable[object]) -> None:
        """Take a step and look at all rows after it, and at what they were before it."""
        before, self.untouched = self.last or {}, True
        self.reopened = False
        await step
        async with self.database.look() as connection:
            self.last = await moment(connection)
            broken = await violations(connection) + ([] if self.reopened else setbacks(before, self.last))
        assert not broken, "\n".join(broken)

    async def at_once(self, *steps: Awaitable[object]) -> None:
        """Take several steps at one moment, each on a connection of its own."""
        self.racing = True
        await asyncio.gather(*steps)
        self.racing = False
        await self.keep_alive()

    def hand(self, pick: int, *kinds: JobKind) -> Hand | None:
        """Return one of the latest jobs in hand of these kinds (any, if none is named)."""
        fitting = [one for one in self.hands if not kinds or one.claim.job.kind in kinds]
        return fitting[-1 - pick % len(fitting)] if fitting else None

    async def ask(self, *, max_pages: int) -> None:
        """Ask for a discovery beside those that run."""
        self.sessions.append(await ask(self.database, self.tenant, force=True, max_pages=max_pages))

    async def add_upkeep(self) -> None:
        """Write a job that belongs to no session."""
        async with unit_of_work(self.database) as work:
            await work.jobs.add([NewJob(kind=JobKind.RESET_BUDGETS)])

    async def claim(self, queue: Queue) -> Hand | None:
        """Take the job that comes next."""
        async with unit_of_work(self.database) as work:
            taken = await work.jobs.claim(queue, worker=f"worker {len(self.hands)}")
        if taken is None:
            return None
        await self.keep_alive()
        self.hands.append(Hand(claim=taken))
        return self.hands[-1]

    async def expire(self, hand: Hand) -> None:
        """Let the worker be silent for longer than its lease; it does not know."""
        statement = f"UPDATE job SET lease_until = now() - interval '1 second' WHERE {_EFFECTIVE}"  # noqa: S608 (ours)
        await execute(self.database, statement, **_ids(hand))

    async def wake(self) -> None:
        """Let the time come for which jobs were put off."""
        await execute(self.database, "UPDATE job SET available_at = now() WHERE state = 'queued' AND available_at > now()")

    async def cancel(self, pick: int) -> None:
        """Cancel one of the sessions, ended or not."""
        if self.sessions:
            await cancel(self.database, self.tenant.caller, self.sessions[pick % len(self.sessions)].task_id)

    async def retry(self, hand: Hand) -> None:
        """Let an operator retry a job, whatever became of it."""
        with suppress(ConflictError):
            await jobs.retry_job(self.database, hand.claim.job.id)
            self.reopened = True

    async def set_aside(self, hand: Hand) -> None:
        """Let an operator take a job out."""
        with suppress(ConflictError):
            await jobs.set_job_aside(self.database, hand.claim.job.id)

    async def cancel_job(self, hand: Hand) -> None:
        """Let an operator cancel a job."""
        with suppress(ConflictError):
            await jobs.cancel_job(self.database, hand.claim.job.id)

    async def reconcile(self) -> None:
        """Let the reconciler look once."""
        await jobs.reconcile(self.database)

    async def heartbeat(self, hand: Hand) -> None:
        """Renew the lease."""

        async def renew() -> None:
            async with self.database.begin() as connection:
                await JobStore(connection).renew(hand.claim)

        await self.judged(hand, _EFFECTIVE, renew)
        await self.keep_alive()

    async def crash(self, hand: Hand) -> None:
        """Let the work break off, and the worker say so."""

        async def abandon() -> None:
            async with self.database.begin() as connection:
                await JobStore(connection).abandon(hand.claim, "It broke.")

        await self.judged(hand, _EFFECTIVE, abandon)

    async def begin(self, hand: Hand) -> None:
        """Take up a slice."""
        hand.begun = await self.judged(hand, _HELD, lambda: slices.begin_slice(self.database, hand.claim)) or hand.begun

    async def take_page(self, hand: Hand) -> None:
        """Lease a page, the slice being begun."""
        if not hand.begun:
            await self.begin(hand)

        async def take() -> None:
            page = await slices.next_page(self.database, hand.claim)
            if page is not None:
                hand.pages.append(page)

        if hand.begun:
            await self.judged(hand, _HELD, take)

    async def finish_visit(self, hand: Hand, *, links: int, titles: int, pick: int = 0) -> None:
        """Bring a visit home: with links to new pages, one of them known, and with forms, some of them known."""
        page = _page(hand, pick)
        if page is None:
            return
        self.found += links
        addresses = [page.address, *(f"{page.address}/{self.found - n}" for n in range(links))]
        new = tuple(NewPage(key=one, address=one, template=one, source=PageSource.LINK, depth=page.depth + 1) for one in addresses)
        names = [f"form {n + pick % 2}" for n in range(titles)]
        report = VisitReport(outcome=VisitOutcome.OK, sentence="Read.", address=page.address, pages=new)
        form_pages = [await workers.form_page(self.database, hand.claim, f"at {pick % 3}", names)] if names else []
        await self.judged(
            hand,
            _LEASED,
            lambda: slices.finish_visit(
                self.database, hand.claim, page, report, form_pages=form_pages, sightings=[], requests=[], seconds=0
            ),
            page=page,
        )

    async def skip_page(self, hand: Hand, *, pick: int = 0) -> None:
        """End a page without a visit."""
        if (page := _page(hand, pick)) is not None:
            await self.judged(hand, _LEASED, lambda: slices.skip_page(self.database, hand.claim, page, SkipReason.ROBOTS), page=page)

    async def give_back(self, hand: Hand, *, pick: int = 0) -> None:
        """Let a page wait again."""
        if (page := _page(hand, pick)) is not None:
            await self.judged(hand, _LEASED, lambda: slices.give_page_back(self.database, hand.claim, page), page=page)

    async def stop_visiting(self, hand: Hand) -> None:
        """Say that the application is down."""
        await self.judged(hand, _HELD, lambda: slices.stop_visiting(self.database, hand.claim, StopReason.APPLICATION_DOWN))

    async def describe(self, hand: Hand) -> bool:
        """Describe a form page, if it waits; tells whether there is no more to do."""
        found = await forms.find_work(self.database, hand.claim)
        if found is None:
            return True
        descriptions = {one.id: workers.description(one.title, purpose="login") for one in found.forms}
        return await self.judged(hand, _HELD, lambda: forms.keep_descriptions(self.database, hand.claim, found.page, descriptions))

    async def end(self, hand: Hand, outcome: Outcome) -> None:
        """Say how a job ended; no worker says that it described a page which it did not."""
        if hand.claim.job.kind is JobKind.ANALYZE_FORM_PAGE and isinstance(outcome, Finished) and not await self.describe(hand):
            return
        await self.judged(hand, _EFFECTIVE, lambda: jobs.finish_job(self.database, hand.claim, outcome))

    async def judged(self, hand: Hand, right: str, act: Act, *, page: FrontierPage | None = None) -> bool:
        """Do what a worker does: it must land if the worker has the right, else be refused and change nothing; tells whether it landed."""
        if self.racing:
            with suppress(LeaseLostError):
                await act()
                return True
            return False
        ids = _ids(hand) | ({"page": page.id, "page_fence": page.fence} if page else {})
        entitled = await scalar(self.database, f"SELECT EXISTS (SELECT FROM job WHERE {right})", **ids)  # noqa: S608 (ours)
        try:
            await act()
        except LeaseLostError:
            assert not entitled, f"refused to who has the right: {hand.claim}"
            async with self.database.look() as connection:
                assert not self.untouched or await moment(connection) == self.last, "a refused write changed something"
            return False
        assert entitled, f"landed without the right: {hand.claim}"
        self.untouched = False
        return True

    async def keep_alive(self) -> None:
        """Put the end of every lease that runs far off: here time passes only when it is told to."""
        if self.racing:  # it locks many rows in any order, which nobody else does
            return
        await execute(
            self.database, "UPDATE job SET lease_until = now() + interval '1 day' WHERE state = 'running' AND lease_until > now()"
        )

    async def wind_up(self) -> None:
        """Let all workers of until now be dead, and a fresh one do what is left: every session must end, and nothing be left."""
        self.untouched = False
        await execute(self.database, "UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'running'")
        await self.wake()
        await self.reconcile()
        for (aside,) in await rows(self.database, "SELECT id FROM job WHERE state = 'set_aside' ORDER BY id"):
            with suppress(ConflictError):  # its session has ended without it
                await jobs.retry_job(self.database, aside)
        self.reopened = True
        while any([await self._work_off(queue) for queue in Queue]):
            pass
        left = await scalar(self.database, "SELECT count(*) FROM job WHERE state IN ('queued', 'running')")
        live = await scalar(self.database, "SELECT count(*) FROM crawl_session WHERE state IN ('queued', 'running')")
        assert (left, live) == (0, 0), "work was lost: nobody can go on with it"

    async def _work_off(self, queue: Queue) -> bool:
        hand = await self.claim(queue)
        if hand is None:
            return False
        if hand.claim.job.kind is JobKind.DISCOVER_SLICE:
            await self.take_page(hand)
            while hand.pages:
                await self.finish_visit(hand, links=0, titles=0)
                hand.pages.clear()
                await self.take_page(hand)
        elif hand.claim.job.kind is JobKind.ANALYZE_FORM_PAGE:
            await self.describe(hand)
        await self.end(hand, Finished())
        return True


def _ids(hand: Hand) -> dict[str, Any]:  # Any: SQL parameters
    return {"job": hand.claim.job.id, "fence": hand.claim.fence}


def _page(hand: Hand, pick: int) -> FrontierPage | None:
    return hand.pages[-1 - pick % len(hand.pages)] if hand.pages else None
