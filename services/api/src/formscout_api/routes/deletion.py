"""Routes that delete networks, projects and companies."""

from http import HTTPStatus

from fastapi import APIRouter

from formscout.domain.ids import CompanyId, NetworkId, ProjectId
from formscout.usecases import deletion as usecases
from formscout_api.dependencies import SIGNED, Signed, Wired
from formscout_api.schemas.deletion import DeletedOut
from formscout_api.schemas.shapes import PathId

router = APIRouter(prefix="/api", dependencies=SIGNED)


@router.delete("/networks/{network_id}", status_code=HTTPStatus.ACCEPTED, tags=["networks"])
async def delete_network(network_id: PathId, caller: Signed, wiring: Wired) -> DeletedOut:
    """Delete a network with its sessions, what they found, and its credentials (admins). A session that runs is cancelled."""
    await usecases.delete_network(wiring.database, caller, network_id=NetworkId(network_id))
    return DeletedOut()


@router.delete("/projects/{project_id}", status_code=HTTPStatus.ACCEPTED, tags=["projects"])
async def delete_project(project_id: PathId, caller: Signed, wiring: Wired) -> DeletedOut:
    """Delete a project with its networks and all that was found in them (admins)."""
    await usecases.delete_project(wiring.database, caller, project_id=ProjectId(project_id))
    return DeletedOut()


@router.delete("/companies/{company_id}", status_code=HTTPStatus.ACCEPTED, tags=["companies"])
async def delete_company(company_id: PathId, caller: Signed, wiring: Wired) -> DeletedOut:
    """Delete a company with all that it has, its users, keys, subscriptions and budgets included (operators)."""
    await usecases.delete_company(wiring.database, caller, company_id=CompanyId(company_id))
    return DeletedOut()
