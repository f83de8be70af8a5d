"""One tab: opens addresses, presses controls and freezes what it shows, whatever the page does."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from playwright.async_api import CDPSession, Page
from playwright.async_api import Error as PlaywrightError

from formscout.domain.crawls import JudgedRequest
from formscout.domain.pages import VisitOutcome
from formscout.domain.paths import Locators
from formscout.domain.snapshots import Snapshot
from formscout_discovery.browser import acting
from formscout_discovery.browser.capture import MAX_NODES, PageFacts, TooManyNodesError, capture
from formscout_discovery.browser.closed_roots import find_in_closed_roots
from formscout_discovery.browser.documents import PAGE_TYPES
from formscout_discovery.browser.failures import doom_of
from formscout_discovery.browser.locating import find
from formscout_discovery.browser.screenshot import take_screenshot
from formscout_discovery.browser.settling import Rest, settle
from formscout_discovery.browser.traffic import Act, Doom, Traffic
from formscout_discovery.crawl.ports import Arrival, PageLostError
from formscout_discovery.policy.requests import Cause

OPEN_TIMEOUT_S: Final = 20.0
"""For the first byte of a document; a person would have gone elsewhere."""

READ_TIMEOUT_S: Final = 15.0
"""For freezing or picturing a page; a busy machine freezes 60,000 nodes in less."""

TRIES_OF_A_REFUSED_PAGE: Final = 3
"""A page that is refused with the advice to come later is opened again after the wait, so often in all."""

CLOSE_TIMEOUT_S: Final = 5.0
"""For a tab to go; one that does not is left to the end of its browser."""

CRASH_TOLD_WITHIN_S: Final = 0.5
"""A renderer's death is told just after the navigation that it ended."""

BREAKING: Final = frozenset({VisitOutcome.CRASHED, VisitOutcome.DIALOG_LOOP})
"""After these a page does not let itself be led elsewhere; it is replaced."""

EMPTY_PAGE: Final = "about:blank"
FIRST_ERROR: Final = 400

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The page of a tab with what listens to it; a tab whose page broke gets another."""

    page: Page
    session: CDPSession
    traffic: Traffic


class Workshop(Protocol):
    """Makes and ends the insides of tabs."""

    async def make(self) -> Inside:
        """Return a new, empty page that is listened to."""
        ...

    async def end(self, inside: Inside) -> None:
        """Close the page, however stuck it is, and stop listening to it."""
        ...


class BrowserTab:
    """A `crawl.ports.Tab` over one page of Chromium."""

    def __init__(self, workshop: Workshop, inside: Inside) -> None:
        self._workshop = workshop
        self._inside = inside
        self._status: int | None = None
        self._broken = False

    @property
    def address(self) -> str:
        """The address now shown, fragment included."""
        return self.page.url

    @property
    def page(self) -> Page:
        """Playwright's own page, for this package alone."""
        return self._inside.page

    async def open(self, address: str, *, cause: Cause = Cause.OPENING) -> Arrival:
        """Go to the address when its host's turn has come, and wait until the page has settled; once more when it is refused for now."""
        turns = self._inside.traffic.rules.turns
        for _ in range(TRIES_OF_A_REFUSED_PAGE):
            await turns.wait(address)
            arrival = await self._open(address, cause)
            document = self._inside.traffic.document
            if not await turns.answered(address, arrival.status, "" if document is None else document.retry_after):
                break
        return arrival

    async def _open(self, address: str, cause: Cause) -> Arrival:
        if self._broken:
            await self._renew()
        self._inside.traffic.begin(Act(cause=cause))
        self._inside.traffic.degraded.clear()
        with contextlib.suppress(PlaywrightError, TimeoutError):
            if _without_fragment(self.page.url) == _without_fragment(address) and self.page.url != EMPTY_PAGE:
                # Otherwise only the fragment would change, and the state of the page before would pile up.
                await asyncio.wait_for(self.page.goto(EMPTY_PAGE), CLOSE_TIMEOUT_S)
        self._inside.traffic.forget_open_requests()
        try:
            doom = await self._unless_doomed(self._go(address))
        except PlaywrightError as error:
            doom = await self._doom_of_failure(error.message)
        return await self._arrived(doom, opened=address)

    async def press(self, locators: Locators, *, cause: Cause = Cause.PRESSING) -> Arrival | None:
        """Click the element and settle; None when it is not there, is covered, or takes no click."""
        return await self._act(locators, _press, Act(cause=cause, label=locators.label, role=locators.role))

    async def hover(self, locators: Locators) -> Arrival | None:
        """Move the pointer over the element and settle."""
        return await self._act(locators, _hover, Act(cause=Cause.PRESSING, label=locators.label, role=locators.role))

    async def choose(self, locators: Locators, value: str) -> Arrival | None:
        """Choose an option by value, or tick (`true`) or untick (`false`) a box, and settle."""

        async def choose(element: acting.Actable) -> bool:
            return await element.choose(value)

        return await self._act(locators, choose, Act(cause=Cause.PROBING, label=locators.label, role=locators.role))

    async def fill(self, locators: Locators, text: str) -> bool:
        """Type into a field; for sign-in alone. False when it cannot be filled."""
        element = await self._find(locators)
        return element is not None and await element.fill(text)

    async def submit(self, locators: Locators | None, *, cause: Cause) -> Arrival | None:
        """Press the button, or Enter in the focused field when None, wait for what it leads to."""
        if locators is not None:
            return await self._act(locators, _press, Act(cause=cause, label=locators.label, role=locators.role))
        self._inside.traffic.begin(Act(cause=cause))
        if not await acting.press_key(self.page, "Enter"):
            return None
        return await self._arrived(None, opened=None)

    async def back(self) -> Arrival | None:
        """Go one step back in the tab's history and settle; what a page sends by itself then, it sent when it was opened."""
        self._inside.traffic.begin(Act(cause=Cause.PRESSING))
        if not await acting.go_back(self.page):
            return None
        return await self._arrived(None, opened=None)

    async def dismiss(self) -> Arrival | None:
        """Press Escape, which closes what lies on top, and settle."""
        self._inside.traffic.begin(Act(cause=Cause.PRESSING))
        if not await acting.press_key(self.page, "Escape"):
            return None
        return await self._arrived(None, opened=None)

    async def capture(self) -> Snapshot:
        """Freeze the page as it stands, all frames and shadow roots, values left out."""
        viewport = self.page.viewport_size or {"width": 0, "height": 0}
        facts = PageFacts(
            width=viewport["width"], height=viewport["height"], status=self._status, degraded=tuple(self._inside.traffic.degraded)
        )
        try:
            return await self._reading(self._capture(facts))
        except TooManyNodesError:
            raise PageLostError(VisitOutcome.TOO_LARGE, f"The page has more than {MAX_NODES} elements and texts.") from None

    async def _capture(self, facts: PageFacts) -> Snapshot:
        # Counting first: freezing a million nodes only to throw them away would take a minute and a gigabyte.
        if await self.page.evaluate("() => document.getElementsByTagName('*').length") > MAX_NODES:
            raise TooManyNodesError
        return await capture(self._inside.session, facts)

    async def screenshot(self, outline: Sequence[int] = (), *, of: Snapshot | None = None) -> bytes:
        """Return a PNG of the page with field values masked; the boxes of the given node ids of `of` are outlined."""
        snapshot = of or await self.capture()
        return await self._reading(take_screenshot(self.page, snapshot, outline))

    def requests(self) -> tuple[JudgedRequest, ...]:
        """Return the requests judged since the last call: held back and let through, counted by kind."""
        return self._inside.traffic.drain()

    async def close(self) -> None:
        """Close the tab."""
        await self._workshop.end(self._inside)

    async def _act(self, locators: Locators, do: Callable[[acting.Actable], Awaitable[bool]], act: Act) -> Arrival | None:
        """Find the element, do it, and wait for what comes of it."""
        element = await self._find(locators)
        if element is None:
            return None
        self._inside.traffic.begin(act)
        try:
            done = await asyncio.wait_for(do(element), READ_TIMEOUT_S)
        except TimeoutError:
            done = False
        if not done and not self._inside.traffic.doom.done():
            return None
        return await self._arrived(None, opened=None)

    async def _find(self, locators: Locators) -> acting.Actable | None:
        try:
            element = await asyncio.wait_for(find(self.page, locators), READ_TIMEOUT_S)
            if element is not None:
                return acting.FoundElement(element)
            if not locators.shadow_path:
                return None
            return await asyncio.wait_for(find_in_closed_roots(self.page, self._inside.session, locators), READ_TIMEOUT_S)
        except TimeoutError:
            return None

    async def _arrived(self, doom: Doom | None, *, opened: str | None) -> Arrival:
        """Wait for rest and say where we are."""
        rest = Rest(settled=False)
        stands = doom is None  # a page came, and stands unless it is abandoned
        if doom is None:
            doom, rest = await self._settled()
        if doom is None:
            doom = _doom_of_rest(rest, opened=opened is not None)
        traffic = self._inside.traffic
        if doom is None:
            if traffic.document is not None:
                self._status = traffic.document.status
            doom = self._doom_by_status() or Doom(outcome=VisitOutcome.OK, sentence="")
        elif rest.hung or doom.outcome in BREAKING:
            self._broken = True
        else:
            await self._abandon()
        stands = stands and doom.outcome in (VisitOutcome.OK, VisitOutcome.HTTP_ERROR)
        return Arrival(
            outcome=doom.outcome,
            address=self.page.url if stands or opened is None else opened,
            status=None if traffic.document is None else traffic.document.status,
            settled=rest.settled,
            routes=tuple(traffic.routes),
            sentence=doom.sentence,
        )

    async def _settled(self) -> tuple[Doom | None, Rest]:
        """Wait for rest, or for what makes waiting vain."""
        rest = Rest(settled=False)

        async def wait() -> None:
            nonlocal rest
            rest = await settle(self.page, self._inside.traffic)

        return await self._unless_doomed(wait()), rest

    async def _go(self, address: str) -> None:
        await self.page.goto(address, wait_until="commit", timeout=OPEN_TIMEOUT_S * 1000)

    async def _doom_of_failure(self, message: str) -> Doom:
        """Return why a navigation failed: what we know of it counts before what the browser says."""
        traffic = self._inside.traffic
        known = traffic.refused or self._doom_by_status()
        if known is not None:
            return known
        with contextlib.suppress(PlaywrightError, TimeoutError):  # a renderer that answers lives; one that does not is waited for
            await asyncio.wait_for(self.page.evaluate("0"), CLOSE_TIMEOUT_S)
        await asyncio.wait([traffic.doom], timeout=CRASH_TOLD_WITHIN_S)
        return traffic.doom.result() if traffic.doom.done() else doom_of(message)

    def _doom_by_status(self) -> Doom | None:
        """Return what the HTTP status of this act's document means, None if all is well."""
        document = self._inside.traffic.document
        if document is None or document.status is None or document.status < FIRST_ERROR:
            return None
        return Doom(outcome=VisitOutcome.HTTP_ERROR, sentence=f"The server answered with status {document.status}.")

    async def _unless_doomed(self, work: Coroutine[Any, Any, None]) -> Doom | None:
        """Do the work, or stop it as soon as the act cannot end well; raise what the work raises."""
        task = asyncio.ensure_future(work)
        doom = self._inside.traffic.doom
        both: set[asyncio.Future[Any]] = {task, doom}  # one brings a doom, the other nothing: hence Any
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if doom.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return doom.result()
        task.result()
        return None

    async def _reading(self, work: Awaitable[Result]) -> Result:
        """Read from the page within a deadline; raise `PageLostError` when there is nothing to read any more."""
        try:
            return await asyncio.wait_for(work, READ_TIMEOUT_S)
        except TimeoutError:
            self._broken = True
            raise PageLostError(VisitOutcome.TIMEOUT, "The page's own scripts do not yield, so it cannot be read.") from None
        except PlaywrightError as error:
            doom = doom_of(error.message)
            raise PageLostError(doom.outcome, doom.sentence) from None

    async def _abandon(self) -> None:
        """Leave a page that cannot be used; what does not let itself be left is replaced before the next address."""
        try:
            await asyncio.wait_for(self._inside.session.send("Page.stopLoading"), CLOSE_TIMEOUT_S)
            await asyncio.wait_for(self.page.goto(EMPTY_PAGE), CLOSE_TIMEOUT_S)
        except (PlaywrightError, TimeoutError):
            self._broken = True
        self._inside.traffic.forget_open_requests()

    async def _renew(self) -> None:
        """Replace the page; what its judge counted is kept."""
        old = self._inside
        await self._workshop.end(old)
        self._inside = await self._workshop.make()
        self._inside.traffic.take_over(old.traffic)
        self._broken = False


def _doom_of_rest(rest: Rest, *, opened: bool) -> Doom | None:
    """Return why a page at rest is none to read, None if it is one."""
    if rest.hung:
        return Doom(outcome=VisitOutcome.TIMEOUT, sentence="The page's own scripts do not yield, so it cannot be read.")
    if rest.nodes > MAX_NODES:
        return Doom(outcome=VisitOutcome.TOO_LARGE, sentence=f"The page has more than {MAX_NODES} elements.")
    if opened and rest.content_type and rest.content_type not in PAGE_TYPES:
        return Doom(outcome=VisitOutcome.NOT_A_PAGE, sentence=f"The address is of type {rest.content_type}, not a page.")
    return None


async def _press(element: acting.Actable) -> bool:
    return await element.press()


async def _hover(element: acting.Actable) -> bool:
    return await element.hover()


def _without_fragment(address: str) -> str:
    return address.partition("#")[0]
