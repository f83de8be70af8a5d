"""Routes of form pages."""

from typing import Any

from fastapi import APIRouter, Response

from formscout.domain.ids import FormPageId
from formscout.usecases import results as usecases
from formscout_api.dependencies import SIGNED, Signed, Wired
from formscout_api.schemas.forms import DescribedPageOut
from formscout_api.schemas.shapes import PathId

router = APIRouter(prefix="/api/form-pages", tags=["results"], dependencies=SIGNED)

_PNG: dict[int | str, dict[str, Any]] = {200: {"content": {"image/png": {}}, "description": "The page as it stood."}}


@router.get("/{form_page_id}")
async def get_form_page(form_page_id: PathId, caller: Signed, wiring: Wired) -> DescribedPageOut:
    """Show a form page with its forms and their descriptions."""
    found = await usecases.get_form_page(wiring.database, caller, form_page_id=FormPageId(form_page_id))
    return DescribedPageOut.with_forms(found.page, found.forms)


@router.get("/{form_page_id}/screenshot", response_class=Response, responses=_PNG)
async def get_screenshot(form_page_id: PathId, caller: Signed, wiring: Wired) -> Response:
    """Show a form page's screenshot."""
    png = await usecases.read_screenshot(wiring.database, wiring.snapshots, caller, form_page_id=FormPageId(form_page_id))
    # It never changes; yet it may show what only this company may see.
    headers = {"Cache-Control": "private, max-age=86400, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(png, media_type="image/png", headers=headers)
