"""Routes of projects."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from formscout.domain.ids import ProjectId
from formscout.usecases import projects as usecases
from formscout_api.dependencies import SIGNED, Listed, Signed, Wired, company_of, page_of
from formscout_api.idempotency import OnceRoute
from formscout_api.schemas.projects import ProjectIn, ProjectOut, ProjectPatch
from formscout_api.schemas.shapes import Page, PathId

router = APIRouter(prefix="/api/projects", tags=["projects"], dependencies=SIGNED, route_class=OnceRoute)


@router.post("", status_code=HTTPStatus.CREATED)
async def post_project(body: ProjectIn, caller: Signed, wiring: Wired, response: Response) -> ProjectOut:
    """Make a project (admins)."""
    company_id = company_of(caller, body.company_id)
    project = await usecases.create_project(wiring.database, caller, company_id=company_id, name=body.name)
    response.headers["Location"] = f"/api/projects/{project.id}"
    return ProjectOut.model_validate(project)


@router.get("")
async def get_projects(
    caller: Signed,
    wiring: Wired,
    place: Listed,
    company_id: Annotated[PathId | None, Query(description="Your own company when left out; an operator has to say.")] = None,
) -> Page[ProjectOut]:
    """List a company's projects."""
    company = company_of(caller, company_id)
    found = await usecases.list_projects(wiring.database, caller, company_id=company, after=place.start, limit=place.wanted)
    return page_of(found, place, ProjectOut.model_validate)


@router.get("/{project_id}")
async def get_project(project_id: PathId, caller: Signed, wiring: Wired) -> ProjectOut:
    """Show a project."""
    return ProjectOut.model_validate(await usecases.get_project(wiring.database, caller, project_id=ProjectId(project_id)))


@router.patch("/{project_id}")
async def patch_project(project_id: PathId, body: ProjectPatch, caller: Signed, wiring: Wired) -> ProjectOut:
    """Rename a project (admins)."""
    project = await usecases.rename_project(wiring.database, caller, project_id=ProjectId(project_id), name=body.name)
    return ProjectOut.model_validate(project)
