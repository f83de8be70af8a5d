"""What a slice of a crawl session reads and writes: each function is one transaction, guarded by the slice's fence."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from formscout.domain.crawls import CrawlSession, JudgedRequest, StopReason
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import Findings, FormSighting, KnownForm, NewFormPage
from formscout.domain.ids import CrawlSessionId, FormPageId, PageId
from formscout.domain.jobs import Claim, JobKind, NewJob
from formscout.domain.networks import Network, Sealed
from formscout.domain.pages import FrontierPage, SkipReason, TemplateTally, VisitOutcome, VisitReport
from formscout.domain.slices import PAGES_A_SLICE
from formscout.storage.database import Database
from formscout.telemetry import traces
from formscout.usecases.crawls import stop_session
from formscout.usecases.scaling import start_beside
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

PAGE_ATTEMPTS: Final = 2
"""Times that a page may be begun: one whose visit killed two workers is set down as crashed."""


Refold = Callable[[Findings, Sequence[KnownForm]], Findings]
"""Says what a visit's findings are once other slices' forms are known; no more than computes."""


def as_found(findings: Findings, news: Sequence[KnownForm]) -> Findings:
    """Leave findings as they are: forms of the same fingerprint are known as one by the store."""
    del news
    return findings


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """What follows from a visit that was written."""

    session: CrawlSession
    known: int  # forms with higher ids are news to the slice
    form_pages: int = 0  # written by this call: what another slice had found meanwhile is not
    forms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceStart:
    """What a slice starts from; the sealed parts are opened where the keys are."""

    session: CrawlSession
    network: Network
    credentials: Sealed | None
    browser_state: Sealed | None


async def begin_slice(database: Database, claim: Claim) -> SliceStart | None:
    """Mark the session running and return what its slice needs; None when there is nothing to do for it, so that no browser is started."""
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        session = await _hold(work, claim)
        if session.started_at is not None and not await _goes_on(work, session):
            return None
        if not (await work.frontier.waiting(session_id)).pages:
            return None
        await work.crawls.start(session_id, sentence="Opening the application…" if session.started_at is None else session.sentence)
        network = await work.networks.find(session.network_id)
        if network is None:
            raise LeaseLostError(f"The network of session {session_id} was deleted.")
        return SliceStart(
            session=await work.crawls.lock(session_id),
            network=network,
            credentials=await work.networks.credentials(network.id),
            browser_state=await work.crawls.browser_state(session_id),
        )


async def keep_browser_state(database: Database, claim: Claim, sealed: Sealed) -> None:
    """Keep the signed-in state for the slices to come."""
    async with unit_of_work(database) as work:
        await _hold(work, claim)
        await work.crawls.put_browser_state(session_of(claim), sealed)


async def known_forms(database: Database, claim: Claim) -> tuple[list[KnownForm], int]:
    """Return the forms that the session has, those of other slices too, and what `finish_visit` counts as known by then."""
    async with unit_of_work(database) as work:
        return await work.forms.known(session_of(claim))


async def tally_of_template(database: Database, claim: Claim, template: str) -> TemplateTally:
    """Return what the session's visits to pages of an address template came to."""
    async with unit_of_work(database) as work:
        return await work.frontier.tally(session_of(claim), template)


async def next_page(database: Database, claim: Claim, *, in_hand: Collection[PageId] | None = None) -> FrontierPage | None:
    """Lease the page that comes next; None when nothing waits, the session was cancelled, or a limit is reached.

    `in_hand`: said where the answer to a call before was lost, all pages that the slice knows of; others leased to it wait again.
    """
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        if in_hand is not None:
            await _hold(work, claim)
            await work.frontier.give_all_back(claim, but=in_hand)
        if not await _goes_on(work, await _hold(work, claim)):
            return None
        while (page := await work.frontier.lease(session_id, claim)) is not None:
            if page.attempts <= PAGE_ATTEMPTS:
                return page
            await _set_down_crashed(work, claim, page)
        return None


async def finish_visit(
    database: Database,
    claim: Claim,
    page: FrontierPage,
    report: VisitReport,
    *,
    form_pages: Sequence[NewFormPage],
    sightings: Sequence[FormSighting],
    requests: Sequence[JudgedRequest],
    seconds: float,
    refold: Refold = as_found,
    known: int = 0,
    pages_a_slice: int = PAGES_A_SLICE,
) -> Finish:
    """Write everything that a visit brought home.

    `refold` is told the forms that other slices wrote after `known`, and says which are still new: under the session's lock, so that two
    slices that find one form at the same moment write it once. Pages and forms that the session has already are left as they are. Each
    new form page gets the job that describes it; where enough pages wait, further slices start.
    """
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        session = await _hold(work, claim, progressed=True)
        news, known = await work.forms.known(session_id, after=known)
        new = await _add_forms(work, session, refold(Findings(form_pages=form_pages, sightings=sightings), news))
        await work.frontier.done(page)
        await work.frontier.add_visit(page, report, seconds=seconds, form_pages=len(new))
        new_pages = await work.frontier.add(session_id, report.pages)
        await work.crawls.judged(session_id, requests)
        await work.crawls.count(
            session_id,
            visits=1,
            clicks=report.clicks,
            pages_known=new_pages,
            pages_open=new_pages - 1,
            pages_found=len(new),
            form_pages_open=len(new),
        )
        last = session.visits + 1 >= session.options.max_pages
        stopped = session.stopped_because or (StopReason.MAX_PAGES if last else None)
        if stopped is not None:
            await stop_session(work, session_id, stopped)  # at once: pages left waiting would be handed over to a slice without work
        await work.crawls.refresh_progress(session_id)
        await work.crawls.note(session_id, "visit", {"address": report.address, "outcome": report.outcome, "form_pages": len(new)})
        session = await work.crawls.lock(session_id)
        pages_open, _ = await work.crawls.open_work(session_id)
        await start_beside(work, session, pages_open=pages_open, pages_a_slice=pages_a_slice)
        written = (await work.forms.known(session_id, after=known))[0] if new else []  # under the session's lock, so they are ours
        return Finish(session=session, known=known, form_pages=len(new), forms=len(written))


async def finished_before(database: Database, claim: Claim, page: FrontierPage) -> Finish | None:
    """Return what followed from a visit that was written by a call whose answer was lost; None if it was not written."""
    async with unit_of_work(database) as work:
        session = await _hold(work, claim)
        return Finish(session=session, known=0) if await work.frontier.is_done(page) else None


async def skip_page(database: Database, claim: Claim, page: FrontierPage, reason: SkipReason) -> None:
    """End a leased page without a visit."""
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        await _hold(work, claim)
        await work.frontier.skip(page, reason)
        await work.crawls.count(session_id, pages_open=-1)


async def give_page_back(database: Database, claim: Claim, page: FrontierPage) -> None:
    """Let a leased page wait again: a drain came before its visit ended."""
    async with unit_of_work(database) as work:
        await _hold(work, claim)
        await work.frontier.give_back(page)


async def try_page_again(database: Database, claim: Claim, page: FrontierPage) -> None:
    """Let a leased page wait again, an attempt spent: it was not read, which need not have been its own fault."""
    async with unit_of_work(database) as work:
        await _hold(work, claim)
        await work.frontier.try_again(page)


async def stop_visiting(database: Database, claim: Claim, reason: StopReason) -> None:
    """Say that the session visits no further page, and why; what waits is set down as left."""
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        await _hold(work, claim)
        await stop_session(work, session_id, reason)


async def say(database: Database, claim: Claim, sentence: str) -> None:
    """Set the session's sentence for people."""
    async with unit_of_work(database) as work:
        await _hold(work, claim)
        await work.crawls.say(session_of(claim), sentence)


def session_of(claim: Claim) -> CrawlSessionId:
    """Return the session that a claimed slice works on."""
    assert claim.job.session_id is not None, "a slice names its session"
    return claim.job.session_id


async def _hold(work: UnitOfWork, claim: Claim, *, progressed: bool = False) -> CrawlSession:
    """Lock the session, then the slice's job: everybody locks in this order, or a cancel and a visit wait for each other for ever.

    Returns the session. Raises `LeaseLostError`, also when the session has ended.
    """
    session = await work.crawls.lock(session_of(claim))
    await work.jobs.hold(claim, progressed=progressed)
    if session.state.is_final:
        raise LeaseLostError(f"Session {session.id} has ended.")
    return session


async def _add_forms(work: UnitOfWork, session: CrawlSession, findings: Findings) -> list[FormPageId]:
    """Write the form pages and sightings of a visit, with the job that describes each page; return the pages that are new."""
    added = [
        await work.forms.add_page(one, session_id=session.id, company_id=session.company_id, network_id=session.network_id)
        for one in findings.form_pages
    ]
    new = [form_page_id for form_page_id in added if form_page_id is not None]
    for sighting in findings.sightings:
        await work.forms.sight(session.id, sighting)
    job = NewJob(kind=JobKind.ANALYZE_FORM_PAGE, company_id=session.company_id, session_id=session.id, trace_parent=traces.here())
    await work.jobs.add([replace(job, form_page_id=one) for one in new])
    return new


async def _goes_on(work: UnitOfWork, session: CrawlSession) -> bool:
    """Tell whether the session visits further pages now; where it shall not, what waits is set down as left."""
    if session.cancel_requested:
        return False
    if session.stopped_because is not None:
        await stop_session(work, session.id, session.stopped_because)  # a page that was leased then, and whose slice died, is free now
        return False
    return not await _limit_reached(work, session)


async def _limit_reached(work: UnitOfWork, session: CrawlSession) -> bool:
    assert session.started_at is not None, "begin_slice has started it"
    if datetime.now(UTC) >= session.started_at + timedelta(minutes=session.options.max_minutes):
        await stop_session(work, session.id, StopReason.MAX_MINUTES)
        return True
    if session.visits >= session.options.max_pages:
        await stop_session(work, session.id, StopReason.MAX_PAGES)
        return True
    return session.visits + await work.frontier.leased(session.id) >= session.options.max_pages


async def _set_down_crashed(work: UnitOfWork, claim: Claim, page: FrontierPage) -> None:
    """End a page that killed its workers; that ends a visit, so the slice's own crashes are forgotten."""
    await work.jobs.hold(claim, progressed=True)
    sentence = f"The worker died {PAGE_ATTEMPTS} times while visiting this page; it was left out."
    report = VisitReport(outcome=VisitOutcome.CRASHED, sentence=sentence, address=page.address)
    await work.frontier.done(page)
    await work.frontier.add_visit(page, report, seconds=0)
    await work.crawls.count(page.session_id, visits=1, pages_open=-1)
