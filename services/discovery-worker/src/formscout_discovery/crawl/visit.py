"""One visit: a page opened, read, searched for links and forms, and explored."""

from typing import Final

from formscout.domain.pages import FrontierPage, PageSource, VisitOutcome
from formscout.domain.paths import NavigationPath
from formscout.telemetry import traces
from formscout_discovery.crawl.expansion import Expansion
from formscout_discovery.crawl.harvest import Harvest
from formscout_discovery.crawl.inspection import inspect, keep_hidden
from formscout_discovery.crawl.landing import land
from formscout_discovery.crawl.links import links_of
from formscout_discovery.crawl.plan import Slice
from formscout_discovery.crawl.ports import Tab
from formscout_discovery.crawl.replay import opening
from formscout_discovery.policy.fingerprints import fingerprint

SENTENCES: Final = {
    VisitOutcome.OK: "Read.",
    VisitOutcome.NEVER_SETTLED: "Read as it stood: the page did not come to rest in time.",
    VisitOutcome.DUPLICATE: "The same page as one already read.",
    VisitOutcome.SIGNED_OUT: "The application asked to sign in again, and doing so did not open the page.",
}


async def visit(work: Slice, tab: Tab, page: FrontierPage, harvest: Harvest) -> None:
    """Visit the page; everything brought home is in `harvest`, the outcome too."""
    path = page.path or (opening(page.address),)
    harvest.keys.append(page.key)
    with traces.span("load page"):
        landing = await land(work, tab, path)
    arrival, state = landing.arrival, landing.state
    if arrival is not None:
        harvest.address, harvest.status = arrival.address, arrival.status
    if arrival is None or state is None:
        _end(harvest, landing.outcome, landing.sentence)
        return
    harvest.address, harvest.title = state.snapshot.address, state.snapshot.title
    if state.key != page.key and not page.path:
        if work.memory.visited(state.key):
            _end(harvest, VisitOutcome.DUPLICATE)
            return
        harvest.keys.append(state.key)
    for route in arrival.routes:
        harvest.add_page(work, route, source=PageSource.REDIRECT)
    template = work.memory.learner.template(state.key)
    harvest.fingerprint = fingerprint(state.snapshot, template)
    harvest.add_links(work, links_of(state.snapshot))
    # A page that only redirects is best reached by where it ends up.
    paths: tuple[NavigationPath, ...] = (path,) if page.path else ((opening(state.snapshot.address),), path)
    with traces.span("inspect forms"):
        await inspect(work, tab, state, harvest, paths=paths[:1] if state.key == page.key else paths)
    _end(harvest, arrival.outcome if arrival.settled else VisitOutcome.NEVER_SETTLED)
    if work.memory.first_state(harvest.fingerprint):
        with traces.span("press controls"):
            await Expansion(work=work, tab=tab, harvest=harvest, base=state, path=path, template=template).run()
    else:
        await keep_hidden(work, tab, state, harvest, path=path)


def _end(harvest: Harvest, outcome: VisitOutcome, sentence: str = "") -> None:
    harvest.outcome = outcome
    harvest.sentence = sentence or SENTENCES.get(outcome, "")
