"""What a discovery found, as its company reads it: sessions, their events, form pages and forms."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from formscout.domain.companies import Caller
from formscout.domain.crawls import CrawlSession, CrawlState, SessionEvent
from formscout.domain.errors import NotFoundError
from formscout.domain.forms import Form, FormPage, FormPageState
from formscout.domain.ids import CompanyId, CrawlSessionId, FormPageId, NetworkId
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases.companies import visible_company
from formscout.usecases.networks import visible_network
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

ENDED: Final = "ended"
"""The kind of the last event of a session."""

EVENTS_AT_ONCE: Final = 500
"""Events of one reading at most, some 100 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedPage:
    """A form page with the forms first met on it."""

    page: FormPage
    forms: Sequence[Form]


async def list_sessions(
    database: Database,
    caller: Caller,
    *,
    company_id: CompanyId | None,
    network_id: NetworkId | None,
    state: CrawlState | None,
    before: int | None,
    limit: int,
) -> list[CrawlSession]:
    """Return sessions, newest first: of the network or company named, else of all that the caller sees."""
    async with unit_of_work(database) as work:
        if company_id is not None:
            await visible_company(work, caller, company_id)
        if network_id is not None:
            await visible_network(work, caller, network_id)
        seen = company_id if caller.is_operator else caller.company_id
        return await work.crawls.page(company_id=seen, network_id=network_id, state=state, before=before, limit=limit)


async def get_session(database: Database, caller: Caller, *, session_id: CrawlSessionId) -> CrawlSession:
    """Return a session that the caller sees."""
    async with unit_of_work(database) as work:
        return await visible_session(work, caller, session_id)


async def find_events(database: Database, caller: Caller, *, task_id: UUID, after: int) -> tuple[CrawlSession, list[SessionEvent]]:
    """Return a session with its events that follow `after`; the last event of all is of kind `ended`."""
    async with unit_of_work(database) as work:
        session = await work.crawls.find_by_task(task_id)
        if session is None or not caller.may_see(session.company_id):
            raise NotFoundError("task", task_id)
        return session, await work.crawls.events(session.id, after=after, limit=EVENTS_AT_ONCE)


async def list_form_pages(
    database: Database,
    caller: Caller,
    *,
    session_id: CrawlSessionId,
    state: FormPageState | None,
    after: int,
    limit: int,
) -> list[FormPage]:
    """Return a session's form pages in order of id."""
    async with unit_of_work(database) as work:
        await visible_session(work, caller, session_id)
        return await work.forms.pages(session_id, after=after, limit=limit, state=state)


async def list_forms(
    database: Database,
    caller: Caller,
    *,
    session_id: CrawlSessionId,
    purpose: str | None,
    after: int,
    limit: int,
) -> list[Form]:
    """Return a session's forms in order of id, of one purpose if it is named."""
    async with unit_of_work(database) as work:
        await visible_session(work, caller, session_id)
        return await work.forms.of_session(session_id, after=after, limit=limit, purpose=purpose)


async def get_form_page(database: Database, caller: Caller, *, form_page_id: FormPageId) -> DescribedPage:
    """Return a form page with its forms."""
    async with unit_of_work(database) as work:
        page = await _visible_page(work, caller, form_page_id)
        return DescribedPage(page=page, forms=await work.forms.of_page(page.id))


async def read_screenshot(database: Database, snapshots: SnapshotStore, caller: Caller, *, form_page_id: FormPageId) -> bytes:
    """Return a form page's screenshot, a PNG. Raises `SnapshotDamagedError`."""
    async with unit_of_work(database) as work:
        page = await _visible_page(work, caller, form_page_id)
    if page.screenshot is None:
        raise NotFoundError("screenshot of form page", form_page_id)
    return await snapshots.read(page.screenshot)


async def visible_session(work: UnitOfWork, caller: Caller, session_id: CrawlSessionId) -> CrawlSession:
    """Return the session if the caller sees it, else raise `NotFoundError`."""
    session = await work.crawls.find(session_id)
    if session is None or not caller.may_see(session.company_id):
        raise NotFoundError("session", session_id)
    return session


async def _visible_page(work: UnitOfWork, caller: Caller, form_page_id: FormPageId) -> FormPage:
    page = await work.forms.find_page(form_page_id)
    if page is None or not caller.may_see(page.company_id):
        raise NotFoundError("form page", form_page_id)
    if await work.crawls.find(page.session_id) is None:  # its network is deleted
        raise NotFoundError("form page", form_page_id)
    return page
