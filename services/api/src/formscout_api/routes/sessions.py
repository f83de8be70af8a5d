"""Routes of crawl sessions and what each has found."""

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Query, Response

from formscout.domain.crawls import CrawlState
from formscout.domain.forms import FormPageState
from formscout.domain.ids import CompanyId, CrawlSessionId, NetworkId
from formscout.usecases import results as usecases
from formscout.usecases.inventory import inventory
from formscout_api.dependencies import SIGNED, Listed, Signed, Wired, page_of
from formscout_api.schemas.crawls import SessionOut
from formscout_api.schemas.forms import FormOut, FormPageOut, InventoryOut
from formscout_api.schemas.shapes import Page, PathId

router = APIRouter(prefix="/api/sessions", tags=["results"], dependencies=SIGNED)


@router.get("")
async def get_sessions(
    caller: Signed,
    wiring: Wired,
    place: Listed,
    *,
    company_id: Annotated[PathId | None, Query()] = None,
    network_id: Annotated[PathId | None, Query()] = None,
    state: CrawlState | None = None,
) -> Page[SessionOut]:
    """List crawl sessions, newest first."""
    found = await usecases.list_sessions(
        wiring.database,
        caller,
        company_id=None if company_id is None else CompanyId(company_id),
        network_id=None if network_id is None else NetworkId(network_id),
        state=state,
        before=place.after,
        limit=place.wanted,
    )
    return page_of(found, place, SessionOut.model_validate)


@router.get("/{session_id}")
async def get_session(session_id: PathId, caller: Signed, wiring: Wired) -> SessionOut:
    """Show a crawl session."""
    return SessionOut.model_validate(await usecases.get_session(wiring.database, caller, session_id=CrawlSessionId(session_id)))


@router.get("/{session_id}/form-pages")
async def get_form_pages(
    session_id: PathId,
    caller: Signed,
    wiring: Wired,
    place: Listed,
    state: FormPageState | None = None,
) -> Page[FormPageOut]:
    """List a session's form pages."""
    found = await usecases.list_form_pages(
        wiring.database,
        caller,
        session_id=CrawlSessionId(session_id),
        state=state,
        after=place.start,
        limit=place.wanted,
    )
    return page_of(found, place, FormPageOut.of)


@router.get("/{session_id}/forms")
async def get_forms(
    session_id: PathId,
    caller: Signed,
    wiring: Wired,
    place: Listed,
    purpose: Annotated[str | None, Query(max_length=60, pattern=r"^[a-z-]+$", examples=["login"])] = None,
) -> Page[FormOut]:
    """List a session's forms."""
    found = await usecases.list_forms(
        wiring.database,
        caller,
        session_id=CrawlSessionId(session_id),
        purpose=purpose,
        after=place.start,
        limit=place.wanted,
    )
    return page_of(found, place, FormOut.of)


@router.get("/{session_id}/inventory", response_model=InventoryOut)
async def get_inventory(
    session_id: PathId,
    caller: Signed,
    wiring: Wired,
    detail: Literal["core", "full"] = "core",
) -> Response:
    """Show all that a session found in one document; `full` adds evidence and what only machines read."""
    document = await inventory(wiring.database, caller, CrawlSessionId(session_id), detail)
    return Response(msgspec.json.encode(document), media_type="application/json")
