"""A slice of a crawl session: tabs that take pages from the frontier until none is left or it is told to stop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Final

from formscout.domain.errors import CrawlError, LeaseLostError, StoreUnavailableError
from formscout.domain.forms import Findings, KnownForm, NewFormPage
from formscout.domain.pages import NOBODY_THERE, FrontierPage, PageSource, SkipReason, VisitOutcome
from formscout.telemetry import traces
from formscout.telemetry.redaction import safe_address
from formscout_discovery.crawl.entrance import enter
from formscout_discovery.crawl.front_door import outcome_of, require_answer
from formscout_discovery.crawl.harvest import Harvest
from formscout_discovery.crawl.memory import SliceMemory
from formscout_discovery.crawl.plan import USER_AGENT, Slice, SliceEnd, SlicePlan, SliceStop
from formscout_discovery.crawl.ports import Browser, BrowserLostError, Directive, PageLostError, Record, Tab
from formscout_discovery.crawl.turns import visit_time
from formscout_discovery.crawl.visit import visit
from formscout_discovery.policy.robots import Robots

IDLE_SECONDS: Final = 0.2
"""Between two looks at an empty frontier while a sibling's visit may still fill it."""

LOOK_SECONDS: Final = 0.5
"""Between two looks whether the visits in hand shall be dropped."""

MISSES_IN_A_ROW: Final = 5
"""Visits that find nobody there, one after the other, before the application counts as down."""

VISITS_OF_A_PAGE: Final = 2
"""Times that a page is begun whose tab crashes, or of which nothing could be read; then what came of it is written."""

WORTH_ANOTHER_TRY: Final = {VisitOutcome.TIMEOUT, VisitOutcome.ERROR}
"""Outcomes that need not be the page's fault: machine or application may have been busy. What lies behind the page would be missed."""

TAB_IS_LOST: Final = {VisitOutcome.CRASHED, VisitOutcome.TIMEOUT, VisitOutcome.ERROR, VisitOutcome.DIALOG_LOOP}

log = logging.getLogger(__name__)


class VisitDroppedError(Exception):
    """The visit in hand is not waited for: its page waits again."""


def _never() -> bool:
    return False


async def run_slice(
    record: Record,
    browser: Browser,
    *,
    plan: SlicePlan,
    stop: Callable[[], bool],
    drop: Callable[[], bool] = _never,
    keep_state: Callable[[bytes], Awaitable[None]] | None = None,
) -> SliceEnd:
    """Work on a session until no page waits, a limit is reached or `stop` says so.

    `stop` is asked between all steps, so it shows that the work moves, too; the visits in hand are still done whole, unless `drop` says
    that they shall not be waited for. `keep_state` is given the browser's state
    after a sign-in; it is a secret. Raises `CrawlError` when the session as a whole cannot go on.
    """
    work = Slice(record=record, browser=browser, plan=plan, memory=SliceMemory(), stop=stop, drop=drop)
    return await _Engine(work=work, keep_state=keep_state).run()


@dataclass(slots=True, kw_only=True)
class _Engine:
    """The tabs of one slice and what they have in common."""

    work: Slice
    keep_state: Callable[[bytes], Awaitable[None]] | None
    end: SliceStop | None = None
    busy: int = 0
    visits: int = 0
    clicks: int = 0
    left: int = 0
    misses: int = 0
    signed_in: bool = False
    robots: Robots | None = field(default=None)

    async def run(self) -> SliceEnd:
        plan = self.work.plan
        self.signed_in = plan.signed_in
        if plan.robots_txt:
            self.robots = Robots(plan.robots_txt, base=plan.base)
        self.work.memory.learn_forms(await self.work.record.known_forms())
        first = await self.work.record.next_page()
        if first is None:
            return self._ended(SliceStop.FRONTIER_EMPTY)
        tab = await self.work.browser.new_tab()
        try:
            harvest = Harvest(address=first.address, depth=first.depth)
            if plan.signs_in and not plan.signed_in:
                await self._enter(tab, first, harvest)
            tab = await self._visit(tab, first, harvest)
            # Only now: a slice that starts from this state does not look at the stranger's pages again, so their forms are written first.
            if self.signed_in and not plan.signed_in and self.keep_state is not None:
                await self.keep_state(await self.work.browser.state())
        except VisitDroppedError:
            await self._give_back(first)
        finally:
            await tab.close()
        if self.end is None:
            await self._work_in_parallel()
        return self._ended(self.end or SliceStop.FRONTIER_EMPTY)

    async def _work_in_parallel(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(max(1, self.work.plan.tabs)):
                    group.create_task(self._work())
        except BaseExceptionGroup as failures:
            # Callers know `CrawlError` and `LeaseLostError`, not groups of them; the first is the cause of the others' end.
            raise failures.exceptions[0] from failures

    def _ended(self, stop: SliceStop) -> SliceEnd:
        return SliceEnd(stop=stop, visits=self.visits, clicks=self.clicks, signed_in=self.signed_in, left=self.left)

    async def _enter(self, tab: Tab, page: FrontierPage, harvest: Harvest) -> None:
        """Sign in; when that fails, write what was seen before the session fails."""
        try:
            with traces.span("sign in"):
                await self._unless_dropped(enter(self.work, tab, harvest))
        except CrawlError as error:
            harvest.outcome, harvest.sentence = outcome_of(error), error.message
            await self._write(page, harvest)
            raise
        self.signed_in = True

    async def _work(self) -> None:
        """Visit pages in one tab until the slice ends."""
        tab = await self.work.browser.new_tab()
        try:
            while self.end is None:
                if self.work.stop():
                    self.end = SliceStop.STOPPED
                    return
                self.busy += 1
                try:
                    page = await self.work.record.next_page()
                    if page is not None and not await self._skips(page):
                        tab = await self._visit(tab, page, Harvest(address=page.address, depth=page.depth))
                except VisitDroppedError:
                    assert page is not None, "it was visited"
                    await self._give_back(page)
                finally:
                    self.busy -= 1
                if page is None:
                    if not self.busy:
                        return
                    await asyncio.sleep(IDLE_SECONDS)
        finally:
            await tab.close()

    async def _skips(self, page: FrontierPage) -> bool:
        """End the page without a visit where policy says so."""
        reason: SkipReason | None = None
        if self.work.plan.obey_robots and self.robots is not None and self.robots.excludes(page.address, agent=USER_AGENT):
            reason = SkipReason.ROBOTS
        elif page.source is not PageSource.BASE:
            template = self.work.memory.learner.template(page.address)
            if self.work.memory.spent(template, await self.work.record.tally_of_template(page.template)):
                reason = SkipReason.TEMPLATE_BUDGET
        if reason is not None:
            await self.work.record.skip_page(page, reason)
        return reason is not None

    async def _visit(self, tab: Tab, page: FrontierPage, harvest: Harvest) -> Tab:
        """Visit one page within its limits, write what came of it, and return the tab to go on with."""
        told = {"formscout.page.id": page.id, "formscout.page.depth": page.depth, "formscout.page.attempt": page.attempts}
        with traces.span("visit", told):
            return await self._visit_page(tab, page, harvest)

    async def _visit_page(self, tab: Tab, page: FrontierPage, harvest: Harvest) -> Tab:
        broken, crashed = True, False
        try:
            async with visit_time(self.work.plan.limits.visit_seconds):
                await self._unless_dropped(visit(self.work, tab, page, harvest))
            broken = harvest.outcome in TAB_IS_LOST
        except TimeoutError:
            self._cut_short(harvest, VisitOutcome.TIMEOUT, "The visit took longer than it may; what was found until then is kept.")
        except (CrawlError, LeaseLostError, StoreUnavailableError, BrowserLostError, VisitDroppedError):
            raise  # none of them says anything about the page
        except PageLostError as error:
            crashed = error.outcome is VisitOutcome.CRASHED
            self._cut_short(harvest, error.outcome, error.message)
        except Exception as error:  # the door of a visit: one bad page ends nothing
            log.warning("A visit broke off", extra={"address": safe_address(page.address)}, exc_info=True)
            self._cut_short(harvest, VisitOutcome.ERROR, f"The visit broke off: {type(error).__name__}.")
        if broken and not await self.work.browser.answers():
            # Nothing is written: the page is begun again in another browser, and set down as crashed if it kills that one, too.
            raise BrowserLostError("The browser died or hangs.")
        crashed = crashed or harvest.outcome is VisitOutcome.CRASHED
        unread = harvest.fingerprint is None and harvest.outcome in WORTH_ANOTHER_TRY
        if (crashed or unread) and page.attempts < VISITS_OF_A_PAGE:
            # The kernel ends renderers when memory is short, whatever they show; a page that is at fault ends so again.
            self.work.memory.disclaim(harvest.claimed)
            await self.work.record.try_page_again(page, crashed=crashed)
        else:
            harvest.requests.extend(tab.requests())
            await self._write(page, harvest)
            self._judge(page, harvest)
        if broken:
            await tab.close()
            return await self.work.browser.new_tab()
        return tab

    async def _unless_dropped(self, work: Coroutine[None, None, None]) -> None:
        """Do the work; raise `VisitDroppedError`, the work being stopped, as soon as it shall not be waited for."""
        task = asyncio.create_task(work)
        try:
            while not task.done():
                if self.work.drop():
                    raise VisitDroppedError
                await asyncio.wait({task}, timeout=LOOK_SECONDS)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})
        task.result()

    async def _give_back(self, page: FrontierPage) -> None:
        self.end = SliceStop.STOPPED
        await self.work.record.give_page_back(page)

    def _cut_short(self, harvest: Harvest, outcome: VisitOutcome, sentence: str) -> None:
        if harvest.fingerprint is None:
            harvest.outcome = outcome
        # Once read, a page stays read, whatever became of exploring it.
        harvest.sentence = sentence

    async def _write(self, page: FrontierPage, harvest: Harvest) -> None:
        written: Sequence[NewFormPage] = ()
        _tell(page, harvest)

        def refold(findings: Findings, news: Sequence[KnownForm]) -> Findings:
            nonlocal written
            refolded = self.work.memory.refold(findings, news)
            written = refolded.form_pages
            return refolded

        directive = await self.work.record.finish_visit(
            page,
            harvest.report(),
            form_pages=harvest.form_pages,
            sightings=harvest.sightings,
            requests=harvest.requests,
            refold=refold,
        )
        kept = {form.fingerprint for form_page in written for form in form_page.forms}
        self.work.memory.disclaim(fingerprint for fingerprint in harvest.claimed if fingerprint not in kept)
        template = self.work.memory.learner.template(page.address)
        self.work.memory.note_visit(harvest.keys, template, fruitful=bool(written))
        self.visits += 1
        self.clicks += harvest.clicks
        self.left += harvest.left
        if directive is Directive.CANCELLED:
            self.end = SliceStop.CANCELLED
        elif directive is Directive.LIMIT_REACHED:
            self.end = SliceStop.LIMIT_REACHED

    def _judge(self, page: FrontierPage, harvest: Harvest) -> None:
        """Draw conclusions for the slice from one visit's outcome."""
        if page.source is PageSource.BASE:
            require_answer(page.address, harvest.outcome, harvest.sentence)
        self.misses = self.misses + 1 if harvest.outcome in NOBODY_THERE else 0
        if self.misses >= MISSES_IN_A_ROW:
            self.end = SliceStop.APPLICATION_DOWN


def _tell(page: FrontierPage, harvest: Harvest) -> None:
    """Say in the visit's span what came of it."""
    if not traces.is_recorded():
        return
    traces.note(
        {
            "url.full": safe_address(page.address),
            "http.response.status_code": harvest.status,
            "formscout.visit.outcome": harvest.outcome,
            "formscout.visit.clicks": harvest.clicks,
            "formscout.visit.form_pages": len(harvest.form_pages),
        }
    )
