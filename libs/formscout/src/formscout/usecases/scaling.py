"""Slices started as pages are found; the caller has locked the session's row, so that no two count the same slices."""

from formscout.domain.crawls import CrawlSession
from formscout.domain.ids import CrawlSessionId
from formscout.domain.jobs import JobKind, JobState, NewJob
from formscout.domain.slices import PAGES_A_SLICE, most_slices, slices_wanted
from formscout.telemetry import traces
from formscout.usecases.unit_of_work import UnitOfWork


async def start_beside(work: UnitOfWork, session: CrawlSession, *, pages_open: int, pages_a_slice: int = PAGES_A_SLICE) -> None:
    """Write the rows of further slices beside the one that goes on, as far as waiting pages justify them."""
    most = session.options.max_slices
    if session.cancel_requested or session.stopped_because is not None or min(most, pages_open // pages_a_slice) <= 1:
        return
    at_work = await slices_at_work(work, session.id)
    if at_work >= min(most, pages_open // pages_a_slice):
        return
    network = await work.networks.find(session.network_id)
    assert network is not None, "a session's network is deleted only together with the session"
    most = most_slices(network.sign_in, asked=most)
    if most > 1 and network.sign_in.signs_in and await work.crawls.browser_state(session.id) is None:
        return  # the first slice has not kept its sign-in yet: others would sign in, too, and look at the stranger's pages again
    await _start(work, session, at_work=at_work, most=most, pages_a_slice=pages_a_slice)


async def hand_over(work: UnitOfWork, session: CrawlSession, *, pages_open: int) -> None:
    """Write the row of the slice that comes after one that ended; none where others work on and need no more.

    Without it no slice is left that could take up what waits; with it, one that finds nothing is not started again.
    """
    at_work = await slices_at_work(work, session.id)
    if at_work:
        await start_beside(work, session, pages_open=pages_open)
        return
    if (await work.frontier.waiting(session.id)).pages:
        await _start(work, session, at_work=0, most=1, pages_a_slice=PAGES_A_SLICE)
    elif pages_open:
        # Nobody works and nothing waits: whatever the counter says, the session must end.
        await work.crawls.count(session.id, pages_open=-pages_open)


async def slices_at_work(work: UnitOfWork, session_id: CrawlSessionId) -> int:
    """Count the slices of a session that wait for a worker or run."""
    return await work.jobs.count(session_id, JobKind.DISCOVER_SLICE, JobState.QUEUED, JobState.RUNNING)


async def _start(work: UnitOfWork, session: CrawlSession, *, at_work: int, most: int, pages_a_slice: int) -> None:
    waiting = await work.frontier.waiting(session.id)
    left = session.options.max_pages - session.visits - await work.frontier.leased(session.id)
    wanted = slices_wanted(min(waiting.worth, left), most=most, pages_a_slice=pages_a_slice)
    # Beside the slice that finds out, not below it: a session that is handed over a hundred times is no stair of a hundred steps.
    new = NewJob(
        kind=JobKind.DISCOVER_SLICE,
        company_id=session.company_id,
        session_id=session.id,
        trace_parent=traces.beside(),
        trace_link=traces.here(),
    )
    await work.jobs.add([new] * (wanted - at_work))
