"""Pressing what may show forms, and exploring what appears."""

from dataclasses import dataclass, field

from formscout.domain.pages import PageSource
from formscout.domain.paths import NavigationPath
from formscout.domain.urls import normalise
from formscout_discovery.crawl.controls import Control, controls_of
from formscout_discovery.crawl.harvest import Harvest
from formscout_discovery.crawl.inspection import inspect, keep_hidden
from formscout_discovery.crawl.landing import land
from formscout_discovery.crawl.links import links_of
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.crawl.ports import Arrival, PageLostError, Tab
from formscout_discovery.crawl.replay import READABLE, opening, pressing
from formscout_discovery.crawl.state import State, read_state

Chain = tuple[Control, ...]
"""Presses one after the other, counted from the page as it first stood."""


@dataclass(slots=True, kw_only=True)
class Expansion:
    """One page's exploration by presses: depth first, for what a press showed is gone after the next one."""

    work: Slice
    tab: Tab
    harvest: Harvest
    base: State
    path: NavigationPath  # leads to the base state
    template: str
    applied: Chain = ()  # what was pressed since the base state was last opened
    contexts: tuple[Chain, ...] = ((),)  # the chains whose last press still shows
    fresh: bool = True  # nothing was done since the page was opened: what cannot be pressed now never can
    dialogs: frozenset[str] = frozenset()  # what stands open
    reopens: int = 0
    _seen: set[tuple[str, str | None]] = field(default_factory=set)

    async def run(self) -> None:
        """Press until nothing is left or a budget is spent."""
        limits = self.work.plan.limits
        self.dialogs = self.base.dialogs()
        waiting: list[tuple[Control, Chain]] = [(control, ()) for control in reversed(self._news(self.base))]
        while waiting:
            self.work.stop()  # only to show that the work moves: half an exploration would hide forms, so a visit is done whole or dropped
            control, chain = waiting.pop()
            if not self.work.memory.worth_pressing(control, self.template):
                continue
            if self.harvest.clicks >= limits.clicks_a_page or self.reopens >= limits.reopens_a_page:
                self.harvest.left += 1 + len(waiting)
                break
            fruitful, appeared = await self._try(control, chain)
            self.work.memory.note_press(control, self.template)
            if fruitful:
                self.work.memory.credit((*chain, control))
            if len(chain) + 1 < limits.reveal_depth:
                waiting.extend((below, (*chain, control)) for below in reversed(appeared))
        await keep_hidden(self.work, self.tab, self.base, self.harvest, path=self.path)

    async def _try(self, control: Control, chain: Chain) -> tuple[bool, list[Control]]:
        """Press one control and look; a page lost on the way is opened again for the next one."""
        try:
            arrival = await self._press(control, chain)
            return (False, []) if arrival is None else await self._after(control, chain, arrival)
        except PageLostError:
            self.contexts = ()
            return False, []

    async def _press(self, control: Control, chain: Chain) -> Arrival | None:
        """Bring the page to where the control stands and press it; once more from the start if that fails."""
        if chain not in self.contexts and not await self._return(chain):
            return None
        arrival = await self._click(control)
        if arrival is None and not self.fresh and await self._return(chain, afresh=True):
            arrival = await self._click(control)
        if arrival is None and normalise(self.tab.address) != self.base.key:
            # The click did its work after all, too late to be told.
            self.contexts = ()
        return arrival

    async def _click(self, control: Control) -> Arrival | None:
        self.harvest.clicks += 1
        arrival = await self.tab.press(control.locators)
        self.fresh = self.fresh and arrival is None
        return arrival

    async def _return(self, chain: Chain, *, afresh: bool = False) -> bool:
        """Come back to the state that the chain leads to, by the cheapest way that works, or by opening the page `afresh`."""
        if afresh or not await self._escapes():
            self.reopens += 1
            landing = await land(self.work, self.tab, self.path)
            if landing.state is None or landing.state.key != self.base.key:
                self.contexts = ()
                return False
            self._stands_at_base()
            self.fresh = True
        for control in chain:
            if await self._click(control) is None:
                self.contexts = ()
                return False
        self.applied, self.contexts = chain, (chain,)
        return True

    async def _escapes(self) -> bool:
        """Try whether a dialog on top closes by Escape; True when only the base state is left."""
        if not self.dialogs - self.base.dialogs():
            return False
        arrival = await self.tab.dismiss()
        if arrival is None or normalise(arrival.address) != self.base.key:
            return False
        if (await read_state(self.tab)).dialogs() - self.base.dialogs():
            return False
        self._stands_at_base()
        return True

    def _stands_at_base(self) -> None:
        self.applied, self.contexts, self.dialogs = (), ((),), self.base.dialogs()

    async def _after(self, control: Control, chain: Chain, arrival: Arrival) -> tuple[bool, list[Control]]:
        """Look at what a press led to: whether it was worth it, and the controls that appeared."""
        for route in arrival.routes:
            self.harvest.add_page(self.work, route, source=PageSource.ROUTE)
        loaded = arrival.status is not None
        moved = normalise(arrival.address) != self.base.key
        if arrival.outcome not in READABLE or (loaded and moved):
            self.contexts = ()
            return self._led_to(arrival, control), []
        state = await read_state(self.tab)
        fresh = self.harvest.add_links(self.work, links_of(state.snapshot))
        pressed = (*self.path, *(pressing(one.locators) for one in (*chain, control)))
        if moved:
            return await self._moved(control, arrival, state, pressed) or bool(fresh), []
        whole = (*self.path, *(pressing(one.locators) for one in (*self.applied, control)))
        paths = (pressed,) if whole == pressed else (pressed, whole)
        found = await inspect(self.work, self.tab, state, self.harvest, paths=paths)
        self._stands_after(control, chain, state, loaded=loaded)
        appeared = self._news(state)
        return bool(found or fresh), appeared

    async def _moved(self, control: Control, arrival: Arrival, state: State, pressed: NavigationPath) -> bool:
        """Take home what another address within the page shows, and go back."""
        known = self.harvest.add_page(self.work, arrival.address, source=PageSource.PRESS, label=control.locators.label or "")
        found = await inspect(self.work, self.tab, state, self.harvest, paths=((opening(arrival.address),), pressed))
        self.contexts = ()
        back = await self.tab.back()
        if back is not None and back.outcome in READABLE and normalise(back.address) == self.base.key:
            self._stands_at_base()
        return bool(known or found)

    def _stands_after(self, control: Control, chain: Chain, state: State, *, loaded: bool) -> None:
        """Note which states the page can still be taken for."""
        dialogs = state.dialogs()
        here = (*chain, control)
        if loaded or dialogs != self.dialogs:
            self.contexts = (here,)
        else:
            self.contexts = (*(one for one in self.contexts if here[: len(one)] == one), here)
        self.applied, self.dialogs = (*self.applied, control), dialogs

    def _led_to(self, arrival: Arrival, control: Control) -> bool:
        if arrival.outcome not in READABLE:
            return False
        return self.harvest.add_page(self.work, arrival.address, source=PageSource.PRESS, label=control.locators.label or "")

    def _news(self, state: State) -> list[Control]:
        """Return the controls not seen before on this page."""
        news = []
        for control in controls_of(state):
            identity = (control.key, control.locators.css)
            if identity not in self._seen:
                self._seen.add(identity)
                news.append(control)
        return news
