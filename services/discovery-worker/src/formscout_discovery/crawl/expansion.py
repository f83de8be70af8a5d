"""Pressing what may show forms, and exploring what appears."""

from dataclasses import dataclass, field

from formscout.domain.pages import PageSource
from formscout.domain.paths import NavigationPath
from formscout.domain.urls import normalise
from formscout_discovery.crawl.controls import Control, controls_of
from formscout_discovery.crawl.harvest import Harvest
from formscout_discovery.crawl.inspection import inspect, keep_hidden
from formscout_discovery.crawl.links import links_of
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.crawl.ports import Arrival, PageLostError, Tab
from formscout_discovery.crawl.replay import READABLE, follow, opening, pressing
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
    blocked: bool = False  # the page no longer is what the base state's controls stand in
    reopens: int = 0
    _seen: set[tuple[str, str | None]] = field(default_factory=set)

    async def run(self) -> None:
        """Press until nothing is left or a budget is spent."""
        limits = self.work.plan.limits
        waiting: list[tuple[Control, Chain]] = [(control, ()) for control in reversed(self._news(self.base))]
        while waiting and not self.work.stop():
            control, chain = waiting.pop()
            if not self.work.memory.worth_pressing(control.key, self.template, shared=control.shared):
                continue
            if self.harvest.clicks >= limits.clicks_a_page or self.reopens >= limits.reopens_a_page:
                self.harvest.left += 1 + len(waiting)
                break
            fruitful, appeared = await self._try(control, chain)
            self.work.memory.note_press(control.key, self.template, fruitful=fruitful)
            if len(chain) + 1 < limits.reveal_depth:
                waiting.extend((below, (*chain, control)) for below in reversed(appeared))
        await keep_hidden(self.work, self.tab, self.base, self.harvest, path=self.path)

    async def _try(self, control: Control, chain: Chain) -> tuple[bool, list[Control]]:
        """Press one control and look; a page lost on the way is opened again for the next one."""
        try:
            arrival = await self._press(control, chain)
            return (False, []) if arrival is None else await self._after(control, chain, arrival)
        except PageLostError:
            self.blocked = True
            return False, []

    async def _press(self, control: Control, chain: Chain) -> Arrival | None:
        """Bring the page to where the control stands and press it; once more from the start if that fails."""
        elsewhere = self.blocked or (chain and self.applied[-len(chain) :] != chain)
        if elsewhere and not await self._return(chain):
            return None
        arrival = await self._click(control)
        if arrival is None and self.applied != chain and await self._return(chain):
            arrival = await self._click(control)
        return arrival

    async def _click(self, control: Control) -> Arrival | None:
        self.harvest.clicks += 1
        return await self.tab.press(control.locators)

    async def _return(self, chain: Chain) -> bool:
        """Open the base state again and press the chain."""
        self.reopens += 1
        self.applied, self.blocked = (), False
        arrival = await follow(self.tab, self.path)
        if arrival is None or arrival.outcome not in READABLE:
            self.blocked = True
            return False
        for control in chain:
            if await self._click(control) is None:
                return False
        self.applied = chain
        return True

    async def _after(self, control: Control, chain: Chain, arrival: Arrival) -> tuple[bool, list[Control]]:
        """Look at what a press led to: whether it was worth it, and the controls that appeared."""
        for route in arrival.routes:
            self.harvest.add_page(self.work, route, source=PageSource.ROUTE)
        loaded = arrival.status is not None
        moved = normalise(arrival.address) != self.base.key
        if arrival.outcome not in READABLE or (loaded and moved):
            self.blocked = True
            return self._led_to(arrival, control), []
        state = await read_state(self.tab)
        fresh = self.harvest.add_links(self.work, links_of(state.snapshot))
        pressed = (*self.path, *(pressing(one.locators) for one in (*chain, control)))
        if moved:
            self.blocked = True
            known = self.harvest.add_page(self.work, arrival.address, source=PageSource.PRESS, label=control.locators.label or "")
            found = await inspect(self.work, self.tab, state, self.harvest, paths=((opening(arrival.address),), pressed))
            return bool(known or found or fresh), []
        whole = (*self.path, *(pressing(one.locators) for one in (*self.applied, control)))
        paths = (pressed,) if whole == pressed else (pressed, whole)
        found = await inspect(self.work, self.tab, state, self.harvest, paths=paths)
        self.applied, self.blocked = (*self.applied, control), loaded
        appeared = self._news(state)
        return bool(found or fresh or appeared), appeared

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
