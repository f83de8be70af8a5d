"""The inventory: all that a session found, in the one document that others rely on."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Final, Literal

from formscout.domain.companies import Caller
from formscout.domain.crawls import CrawlSession, JudgedRequest, RequestVerdict
from formscout.domain.forms import Form, FormPage
from formscout.domain.ids import CrawlSessionId, FormPageId
from formscout.domain.networks import Network
from formscout.domain.paths import Step, Verification
from formscout.reading.documents import form_document, locators_document
from formscout.storage.database import Database
from formscout.usecases.results import visible_session
from formscout.usecases.unit_of_work import UnitOfWork, unit_of_work

SCHEMA_VERSION: Final = "1.0"
"""The inventory's own version: the first number grows when a reader of the older form would go wrong."""

_BATCH: Final = 500
"""Rows read at a time."""

Detail = Literal["core", "full"]
Document = dict[str, Any]  # Any: JSON


async def inventory(database: Database, caller: Caller, session_id: CrawlSessionId, detail: Detail) -> Document:
    """Return the inventory of a session that the caller sees; of one that runs, as far as it has come."""
    async with unit_of_work(database) as work:
        session = await visible_session(work, caller, session_id)
        network = await work.networks.find(session.network_id)
        assert network is not None, "a network takes its sessions with it"
        judged = await work.crawls.judgements(session_id)
        left = await work.frontier.skipped(session_id)
        visits = await _visits(work, session_id)
        pages = {page.id: page for page in await _form_pages(work, session_id)}
        forms = await _forms(work, session_id)
    return {
        "schemaVersion": SCHEMA_VERSION,
        "formscout": version("formscout"),
        "session": _session_document(session, network, judged, left, _undescribed(forms, pages)),
        "pages": [{name: value for name, value in visit.items() if name != "id"} for visit in visits],
        "forms": [entry for form in forms if (entry := _form_entry(form, pages[form.form_page_id], detail)) is not None],
    }


async def _visits(work: UnitOfWork, session_id: CrawlSessionId) -> list[Document]:
    found: list[Document] = []
    while batch := await work.frontier.visits(session_id, after=found[-1]["id"] if found else 0, limit=_BATCH):
        found += batch
    return found


async def _form_pages(work: UnitOfWork, session_id: CrawlSessionId) -> list[FormPage]:
    found: list[FormPage] = []
    while batch := await work.forms.pages(session_id, after=found[-1].id if found else 0, limit=_BATCH):
        found += batch
    return found


async def _forms(work: UnitOfWork, session_id: CrawlSessionId) -> list[Form]:
    found: list[Form] = []
    while batch := await work.forms.of_session(session_id, after=found[-1].id if found else 0, limit=_BATCH):
        found += batch
    return found


def _session_document(
    session: CrawlSession,
    network: Network,
    judged: Sequence[JudgedRequest],
    left: dict[str, int],
    undescribed: Sequence[Document],
) -> Document:
    failure = session.failure
    return {
        "id": session.id,
        "taskId": session.task_id,
        "state": session.state,
        "network": {"id": network.id, "name": network.name, "address": network.base_url, "environment": network.environment},
        "options": {
            "maxPages": session.options.max_pages,
            "maxMinutes": session.options.max_minutes,
            "maxSlices": session.options.max_slices,
            "mode": session.options.mode,
            "robots": session.options.robots,
        },
        "created": session.created_at,
        "started": session.started_at,
        "ended": session.ended_at,
        "pagesFound": session.pages_found,
        "formsFound": session.forms_found,
        "visits": session.visits,
        "clicks": session.clicks,
        "heldBack": _judged_documents(judged, RequestVerdict.HELD_BACK),
        "letThrough": _judged_documents(judged, RequestVerdict.LET_THROUGH),
        "skipped": _judged_documents(judged, RequestVerdict.SKIPPED),
        "leftUnexplored": left,
        "undescribed": list(undescribed),
        "stoppedBecause": session.stopped_because,
        "failure": None if failure is None else {"code": failure.code, "message": failure.message},
    }


def _judged_documents(judged: Sequence[JudgedRequest], verdict: RequestVerdict) -> list[Document]:
    return [
        {"method": one.method, "address": one.address, "reason": one.reason, "count": one.count} for one in judged if one.verdict is verdict
    ]


def _undescribed(forms: Sequence[Form], pages: dict[FormPageId, FormPage]) -> list[Document]:
    """Return where forms were met that have no description, and why: what is not known is said, not left out."""
    waiting = {form.form_page_id for form in forms if form.description is None}
    return [
        {"address": page.address, "state": page.state, "code": page.error_code} for page_id, page in pages.items() if page_id in waiting
    ]


def _form_entry(form: Form, page: FormPage, detail: Detail) -> Document | None:
    if form.description is None:
        return None
    return {
        "id": form.fingerprint,
        "address": form.address,
        "addresses": list(form.addresses),
        "addressTemplate": form.address_template,
        "instances": form.instances,
        **form_document(form.description, detail=detail),
        "path": [_step_document(step) for step in page.path],
        "verified": _verification_document(page.verification),
        "accounts": [],
    }


def _step_document(step: Step) -> Document:
    return {
        "action": step.action,
        "locators": locators_document(step.locators),
        "frame": list(step.locators.frame),
        "value": step.value,
        "expects": step.expects,
    }


def _verification_document(verification: Verification) -> Document:
    return {"status": verification.status, "code": verification.code, "at": verification.at}
