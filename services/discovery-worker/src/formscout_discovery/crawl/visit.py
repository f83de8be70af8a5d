"""One visit: a page opened, read, searched for links and forms, and explored."""

from dataclasses import dataclass
from typing import Final

from formscout.domain.errors import CrawlError
from formscout.domain.pages import FrontierPage, PageSource, VisitOutcome
from formscout.domain.paths import NavigationPath
from formscout.domain.urls import normalise
from formscout_discovery.crawl.expansion import Expansion
from formscout_discovery.crawl.harvest import Harvest
from formscout_discovery.crawl.inspection import inspect, keep_hidden
from formscout_discovery.crawl.links import links_of
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.crawl.ports import Arrival, Tab
from formscout_discovery.crawl.replay import READABLE, follow, opening
from formscout_discovery.crawl.sign_in import sign_in, sign_in_form
from formscout_discovery.crawl.state import State, read_state
from formscout_discovery.detection.folding import fields_of
from formscout_discovery.policy.fingerprints import fingerprint

SENTENCES: Final = {
    VisitOutcome.OK: "Read.",
    VisitOutcome.NEVER_SETTLED: "Read as it stood: the page did not come to rest in time.",
    VisitOutcome.DUPLICATE: "The same page as one already read.",
    VisitOutcome.SIGNED_OUT: "The application asked to sign in again, and doing so did not open the page.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Landing:
    """Where a visit arrived, when there is a page to read."""

    state: State
    arrival: Arrival


async def visit(work: Slice, tab: Tab, page: FrontierPage, harvest: Harvest) -> None:
    """Visit the page; everything brought home is in `harvest`, the outcome too."""
    path = page.path or (opening(page.address),)
    harvest.keys.append(page.key)
    landing = await _land(work, tab, path, harvest)
    if landing is None:
        return
    state = landing.state
    if state.key != page.key and not page.path:
        if work.memory.visited(state.key):
            _end(harvest, VisitOutcome.DUPLICATE)
            return
        harvest.keys.append(state.key)
    for route in landing.arrival.routes:
        harvest.add_page(work, route, source=PageSource.REDIRECT)
    template = work.memory.learner.template(state.key)
    harvest.fingerprint = fingerprint(state.snapshot, template)
    harvest.add_links(work, links_of(state.snapshot))
    # A page that only redirects is best reached by where it ends up.
    paths: tuple[NavigationPath, ...] = (path,) if page.path else ((opening(state.snapshot.address),), path)
    await inspect(work, tab, state, harvest, paths=paths[:1] if state.key == page.key else paths)
    settled = landing.arrival.settled or landing.arrival.outcome is not VisitOutcome.OK
    _end(harvest, landing.arrival.outcome if settled else VisitOutcome.NEVER_SETTLED)
    if work.memory.first_state(harvest.fingerprint):
        await Expansion(work=work, tab=tab, harvest=harvest, base=state, path=path, template=template).run()
    else:
        await keep_hidden(work, tab, state, harvest, path=path)


async def _land(work: Slice, tab: Tab, path: NavigationPath, harvest: Harvest) -> _Landing | None:
    """Go there, signing in again where the session was lost; None, with the outcome set, when there is nothing to read."""
    for attempt in range(2):
        generation = work.memory.sign_in_generation
        arrival = await follow(tab, path)
        if arrival is None:
            _end(harvest, VisitOutcome.ERROR, "The steps that lead to this page could no longer be taken.")
            return None
        harvest.address, harvest.status = arrival.address, arrival.status
        if arrival.outcome not in READABLE:
            _end(harvest, arrival.outcome, arrival.sentence)
            return None
        state = await read_state(tab)
        harvest.address, harvest.title = state.snapshot.address, state.snapshot.title
        if not _is_signed_out(work, state, path):
            return _Landing(state=state, arrival=arrival)
        if attempt or not await _sign_in_again(work, tab, generation):
            break
    _end(harvest, VisitOutcome.SIGNED_OUT)
    return None


def _is_signed_out(work: Slice, state: State, path: NavigationPath) -> bool:
    """Tell whether the sign-in form stands where another page was asked for."""
    if not work.plan.signs_in:
        return False
    form = sign_in_form(state)
    if form is None:
        return False
    asked = {normalise(step.value) for step in path if step.value}
    if work.memory.sign_in_address.partition("?")[0] in {address.partition("?")[0] for address in asked}:
        return False
    if work.memory.sign_in_fields:
        return fields_of(state.candidate(form.form).signature) == work.memory.sign_in_fields
    return form.password is not None and form.user is not None


async def _sign_in_again(work: Slice, tab: Tab, generation: int) -> bool:
    """Sign in once for all tabs that noticed the loss; False when it does not work."""
    async with work.memory.sign_in_lock:
        if work.memory.sign_in_generation != generation:
            return True
        try:
            await sign_in(work, tab)
        except CrawlError:
            return False
        return True


def _end(harvest: Harvest, outcome: VisitOutcome, sentence: str = "") -> None:
    harvest.outcome = outcome
    harvest.sentence = sentence or SENTENCES.get(outcome, "")
