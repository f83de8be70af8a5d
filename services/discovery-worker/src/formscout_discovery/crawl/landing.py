"""Arriving at a page: going there, and signing in again where the session was lost on the way."""

from dataclasses import dataclass
from typing import Final

from formscout.domain.errors import CrawlError
from formscout.domain.pages import VisitOutcome
from formscout.domain.paths import NavigationPath
from formscout.domain.urls import normalise
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.crawl.ports import Arrival, Tab
from formscout_discovery.crawl.replay import READABLE, follow
from formscout_discovery.crawl.sign_in import sign_in, sign_in_form
from formscout_discovery.crawl.state import State, read_state
from formscout_discovery.detection.folding import fields_of

MOST_SIGN_INS: Final = 8
"""Of one slice: an application that ends session after session is not to be flooded with sign-ins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Where a path led; without a state there is nothing to read, and the outcome says why."""

    outcome: VisitOutcome
    sentence: str = ""
    arrival: Arrival | None = None
    state: State | None = None


async def land(work: Slice, tab: Tab, path: NavigationPath) -> Landing:
    """Go there and read what is there, signing in again, once, where the session was lost."""
    landing = await _go(tab, path)
    generation = work.memory.sign_in_generation
    if landing.state is None or not _is_signed_out(work, landing.state, path):
        return landing
    if await _sign_in_again(work, tab, generation):
        landing = await _go(tab, path)
        if landing.state is None or not _is_signed_out(work, landing.state, path):
            return landing
    return Landing(outcome=VisitOutcome.SIGNED_OUT, arrival=landing.arrival)


async def _go(tab: Tab, path: NavigationPath) -> Landing:
    arrival = await follow(tab, path)
    if arrival is None:
        return Landing(outcome=VisitOutcome.ERROR, sentence="The steps that lead to this page could no longer be taken.")
    if arrival.outcome not in READABLE:
        return Landing(outcome=arrival.outcome, sentence=arrival.sentence, arrival=arrival)
    return Landing(outcome=arrival.outcome, arrival=arrival, state=await read_state(tab))


def _is_signed_out(work: Slice, state: State, path: NavigationPath) -> bool:
    """Tell whether the sign-in form stands where another page was asked for."""
    if not work.plan.signs_in:
        return False
    form = sign_in_form(state)
    if form is None:
        return False
    asked = {normalise(step.value).partition("?")[0] for step in path if step.value}
    if work.memory.sign_in_address.partition("?")[0] in asked:
        return False
    if work.memory.sign_in_fields:
        return fields_of(state.candidate(form.form).signature) == work.memory.sign_in_fields
    return form.password is not None and form.user is not None


async def _sign_in_again(work: Slice, tab: Tab, generation: int) -> bool:
    """Sign in once for all tabs that noticed the loss; False when it does not work."""
    async with work.memory.sign_in_lock:
        if work.memory.sign_in_generation != generation:
            return True
        if generation >= MOST_SIGN_INS:
            return False
        try:
            await sign_in(work, tab)
        except CrawlError:
            return False
        return True
