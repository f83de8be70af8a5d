"""What may be done with crawl sessions: ask for one, look at it, cancel it, and end it once its last work is done."""

from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID, uuid4

from formscout.domain.companies import Caller
from formscout.domain.crawls import CrawlOptions, CrawlSession, CrawlState, CrawlStatus, Failure, StopReason
from formscout.domain.errors import NetworkWithoutAddressError, NotFoundError, OverloadedError
from formscout.domain.ids import CompanyId, CrawlSessionId, NetworkId, ProductId, ProjectId, TaskId, UserId
from formscout.domain.jobs import JobKind, JobState
from formscout.domain.networks import RobotsPolicy
from formscout.domain.pages import LAST_VISITS, NewPage, PageSource, SkipReason, ended_unanswered
from formscout.domain.urls import normalise
from formscout.storage import requests
from formscout.storage.crawls import CrawlStore, Target
from formscout.storage.database import Connection, Database
from formscout.storage.jobs import JobStore
from formscout.telemetry import traces
from formscout.telemetry.spans import Kind
from formscout.usecases.admission import Admission
from formscout.usecases.deliveries import announce_end
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

QUEUED_SENTENCE: Final = "Waiting for a worker…"


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlRequest:
    """Everything that a request for a discovery names; `robots` None means the network's own policy."""

    project_id: ProjectId
    network_id: NetworkId
    user_id: UserId
    company_id: CompanyId
    product_id: ProductId
    options: CrawlOptions = field(default_factory=CrawlOptions)
    robots: RobotsPolicy | None = None
    force: bool = False  # start another session beside one that is running


async def request_discovery(
    database: Database,
    caller: Caller,
    request: CrawlRequest,
    *,
    admission: Admission | None = None,
) -> tuple[CrawlSession, bool]:
    """Accept a discovery: one transaction writes the session, its first page and its first slice.

    Returns the session and whether it was running before: a network that is being crawled is joined, unless `force` is given.
    Raises `NotFoundError` for ids that are not the company's, `NetworkWithoutAddressError`; `OverloadedError` when `admission`, if it is
    given, lets no new session wait.
    """
    refusal = None if admission is None or await admission.admits() else admission.refusal()
    async with database.begin() as connection:
        session, joined = await accept_discovery(connection, caller, request, refusal=refusal)
    if admission is not None and not joined:
        admission.note_accepted()
    return session, joined


async def accept_discovery(
    connection: Connection,
    caller: Caller,
    request: CrawlRequest,
    *,
    refusal: OverloadedError | None = None,
) -> tuple[CrawlSession, bool]:
    """Do what `request_discovery` does, on an open transaction; `refusal` is raised when a new session would have to be made."""
    if not caller.may_see(request.company_id):
        raise NotFoundError("company", request.company_id)
    ids = {name: getattr(request, name) for name in ("company_id", "project_id", "network_id", "user_id", "product_id")}
    store = requests.RequestStore(connection)
    # The second look is for the message alone: it says which id leads nowhere.
    with traces.span("accept discovery", kind=Kind.PRODUCER):
        target = await store.lock_target(**ids) or await CrawlStore(connection).target(**ids)
        base_url = _require(target, request)
        found = await store.accept(
            TaskId(uuid4()),
            **ids,
            options=replace(request.options, robots=request.robots or target.robots),
            sentence=QUEUED_SENTENCE,
            first_page=_first_page(base_url),
            force=request.force,
            admit=refusal is None,
            trace_parent=traces.here(),
        )
        if found is None:
            assert refusal is not None, "what is admitted is accepted"
            raise refusal
        await _tell(connection, *found)
    return found


async def _tell(connection: Connection, session: CrawlSession, joined: bool) -> None:
    """Say in the open span what was accepted; a request that joins a session leads to the trace of the one that began it."""
    if not traces.is_recorded():
        return
    traces.note(
        {
            "formscout.session.id": session.id,
            "formscout.task.id": str(session.task_id),
            "formscout.network.id": session.network_id,
            "formscout.company.id": session.company_id,
            "formscout.session.joined": joined,
        }
    )
    if joined:
        traces.link(await JobStore(connection).first_trace(session.id))


async def find_status(database: Database, caller: Caller, task_id: UUID) -> CrawlStatus:
    """Return how a session stands. Raises `NotFoundError`, for another company's too."""
    found = await requests.find_status(database, task_id)
    if found is None or not caller.may_see(found.company_id):
        raise NotFoundError("task", task_id)
    return found


async def cancel(database: Database, caller: Caller, task_id: UUID) -> CrawlSession:
    """Cancel a session: one that waits never starts, one that runs stops within a visit. Asking again changes nothing."""
    async with unit_of_work(database) as work:
        session = await work.crawls.lock((await _visible(work, caller, task_id)).id)
        await cancel_session(work, session)
        return await work.crawls.lock(session.id)


async def cancel_session(work: UnitOfWork, session: CrawlSession) -> None:
    """Cancel a locked session; one that has ended stays as it is."""
    if session.state.is_final:
        return
    await work.crawls.request_cancel(session.id)
    await work.jobs.request_cancel(session.id)
    if session.state is CrawlState.QUEUED:
        await end_session(work, session.id, CrawlState.CANCELLED, sentence="Cancelled before it started.")
    elif not await work.jobs.has(session.id, JobKind.DISCOVER_SLICE, JobState.RUNNING):
        await end_session(work, session.id, CrawlState.CANCELLED, sentence="Cancelled.")


async def settle_session(work: UnitOfWork, session_id: CrawlSessionId) -> None:
    """End a session whose last work is done; the caller holds its row's lock, so the last finisher ends it.

    SUCCESS means: no page is left to visit and every form page is described, or has failed with a code.
    """
    session = await work.crawls.lock(session_id)
    if session.state.is_final:
        return
    await work.crawls.refresh_progress(session_id)
    if await work.jobs.has(session_id, JobKind.DISCOVER_SLICE, JobState.QUEUED, JobState.RUNNING):
        return
    if session.cancel_requested:
        await end_session(work, session_id, CrawlState.CANCELLED, sentence="Cancelled.")
        return
    # A page is described before its job ends: the job that ends last ends the session, so that none is cut off.
    analyzing = await work.jobs.has(session_id, JobKind.ANALYZE_FORM_PAGE, JobState.QUEUED, JobState.RUNNING)
    if not analyzing and await work.crawls.open_work(session_id) == (0, 0):
        latest = await work.frontier.last_outcomes(session_id, limit=LAST_VISITS)
        gone = ended_unanswered(latest, visits=session.visits)
        stopped = session.stopped_because or (StopReason.APPLICATION_DOWN if gone else StopReason.FRONTIER_EMPTY)
        done = "The application stopped answering; until then" if stopped is StopReason.APPLICATION_DOWN else "Done"
        sentence = f"{done}: {session.forms_found} forms on {session.pages_found} form pages, {session.visits} pages visited."
        await end_session(work, session_id, CrawlState.SUCCEEDED, sentence=sentence, stopped_because=stopped)


async def end_session(
    work: UnitOfWork,
    session_id: CrawlSessionId,
    state: CrawlState,
    *,
    sentence: str,
    stopped_because: StopReason | None = None,
    failure: Failure | None = None,
) -> None:
    """End a session in this state with all of its work; it stays as it is if it has ended. The caller holds its lock."""
    await work.jobs.end_all(session_id, JobState.CANCELLED)
    reason = SkipReason.LIMIT if state is CrawlState.SUCCEEDED else SkipReason.SESSION_ENDED
    await work.crawls.count(session_id, pages_open=-await work.frontier.skip_open(session_id, reason))
    await work.crawls.note(session_id, "ended", {"state": state, "sentence": sentence})
    if await work.crawls.end(session_id, state, sentence=sentence, stopped_because=stopped_because, failure=failure):
        await announce_end(work, await work.crawls.lock(session_id))


async def stop_session(work: UnitOfWork, session_id: CrawlSessionId, reason: StopReason) -> None:
    """Say that a session visits no further page, and set down what waits as left; pages being visited are ended by their visits."""
    await work.crawls.stop_visiting(session_id, reason)
    await work.crawls.count(session_id, pages_open=-await work.frontier.skip_free(session_id, SkipReason.LIMIT))


async def _visible(work: UnitOfWork, caller: Caller, task_id: UUID) -> CrawlSession:
    session = await work.crawls.find_by_task(task_id)
    if session is None or not caller.may_see(session.company_id):
        raise NotFoundError("task", task_id)
    return session


def _require(target: Target, request: CrawlRequest) -> str:
    """Return the address to start at; raise for whatever the request names in vain."""
    named = (
        ("company", target.company, request.company_id),
        ("project", target.project, request.project_id),
        ("network", target.network, request.network_id),
        ("user", target.user, request.user_id),
        ("subscription to product", target.subscription, request.product_id),
    )
    for noun, found, wanted in named:
        if found is None:
            raise NotFoundError(noun, wanted)
    if target.base_url is None:
        raise NetworkWithoutAddressError(
            f"Network {request.network_id} has no address yet; give it one with PATCH /api/networks/{request.network_id}.",
        )
    return target.base_url


def _first_page(base_url: str) -> NewPage:
    key = normalise(base_url)
    return NewPage(key=key, address=base_url, template=key, source=PageSource.BASE, depth=0, priority=-1)
