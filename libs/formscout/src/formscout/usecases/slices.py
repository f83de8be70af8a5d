"""What a slice of a crawl session reads and writes: each function is one transaction, guarded by the slice's fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from formscout.domain.crawls import CrawlSession, JudgedRequest, StopReason
from formscout.domain.errors import LeaseLostError
from formscout.domain.forms import FormSighting, KnownForm, NewFormPage
from formscout.domain.ids import CrawlSessionId
from formscout.domain.jobs import Claim, JobKind, NewJob
from formscout.domain.networks import Network, Sealed
from formscout.domain.pages import FrontierPage, SkipReason, VisitOutcome, VisitReport
from formscout.storage.database import Database
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

PAGE_ATTEMPTS: Final = 2
"""Times that a page may be begun: one whose visit killed two workers is set down as crashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceStart:
    """What a slice starts from; the sealed parts are opened where the keys are."""

    session: CrawlSession
    network: Network
    credentials: Sealed | None
    browser_state: Sealed | None


async def begin_slice(database: Database, claim: Claim) -> SliceStart:
    """Mark the session running and return what its slice needs."""
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        session = await _hold(work, claim)
        await work.crawls.start(session_id, sentence="Opening the application…" if session.started_at is None else session.sentence)
        network = await work.networks.find(session.network_id)
        assert network is not None, "a session's network is deleted only together with the session"
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


async def known_forms(database: Database, claim: Claim) -> list[KnownForm]:
    """Return the forms that the session has, those of other slices too."""
    async with unit_of_work(database) as work:
        return await work.forms.known(session_of(claim))


async def visits_of_template(database: Database, claim: Claim, template: str) -> int:
    """Count the session's visits to pages of an address template."""
    async with unit_of_work(database) as work:
        return await work.frontier.visits_of_template(session_of(claim), template)


async def next_page(database: Database, claim: Claim) -> FrontierPage | None:
    """Lease the page that comes next; None when nothing waits, the session was cancelled, or a limit is reached."""
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        session = await _hold(work, claim)
        if session.cancel_requested:
            return None
        if session.stopped_because is not None:
            await _stop(work, session_id, session.stopped_because)  # a page that was leased then, and whose slice died, is free now
            return None
        if await _limit_reached(work, session):
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
) -> CrawlSession:
    """Write everything that a visit brought home; returns the session as it then stands.

    Pages and forms that the session has already are left as they are. Each new form page gets the job that describes it.
    """
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        session = await _hold(work, claim, progressed=True)
        await work.frontier.done(page)
        await work.frontier.add_visit(page, report, seconds=seconds)
        new_pages = await work.frontier.add(session_id, report.pages)
        found = [
            await work.forms.add_page(one, session_id=session_id, company_id=session.company_id, network_id=session.network_id)
            for one in form_pages
        ]
        new = [form_page_id for form_page_id in found if form_page_id is not None]
        for sighting in sightings:
            await work.forms.sight(session_id, sighting)
        jobs = [
            NewJob(kind=JobKind.ANALYZE_FORM_PAGE, company_id=session.company_id, session_id=session_id, form_page_id=one) for one in new
        ]
        await work.jobs.add(jobs)
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
            await _stop(work, session_id, stopped)  # at once: pages left waiting would be handed over to a slice without work
        await work.crawls.refresh_progress(session_id)
        await work.crawls.note(session_id, "visit", {"address": report.address, "outcome": report.outcome, "form_pages": len(new)})
        return await work.crawls.lock(session_id)


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


async def stop_visiting(database: Database, claim: Claim, reason: StopReason) -> None:
    """Say that the session visits no further page, and why; what waits is set down as left."""
    session_id = session_of(claim)
    async with unit_of_work(database) as work:
        await _hold(work, claim)
        await _stop(work, session_id, reason)


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


async def _limit_reached(work: UnitOfWork, session: CrawlSession) -> bool:
    assert session.started_at is not None, "begin_slice has started it"
    if datetime.now(UTC) >= session.started_at + timedelta(minutes=session.options.max_minutes):
        await _stop(work, session.id, StopReason.MAX_MINUTES)
        return True
    if session.visits >= session.options.max_pages:
        await _stop(work, session.id, StopReason.MAX_PAGES)
        return True
    return session.visits + await work.frontier.leased(session.id) >= session.options.max_pages


async def _stop(work: UnitOfWork, session_id: CrawlSessionId, reason: StopReason) -> None:
    await work.crawls.stop_visiting(session_id, reason)
    await work.crawls.count(session_id, pages_open=-await work.frontier.skip_free(session_id, SkipReason.LIMIT))


async def _set_down_crashed(work: UnitOfWork, claim: Claim, page: FrontierPage) -> None:
    """End a page that killed its workers; that ends a visit, so the slice's own crashes are forgotten."""
    await work.jobs.hold(claim, progressed=True)
    sentence = f"The worker died {PAGE_ATTEMPTS} times while visiting this page; it was left out."
    report = VisitReport(outcome=VisitOutcome.CRASHED, sentence=sentence, address=page.address)
    await work.frontier.done(page)
    await work.frontier.add_visit(page, report, seconds=0)
    await work.crawls.count(page.session_id, visits=1, pages_open=-1)
