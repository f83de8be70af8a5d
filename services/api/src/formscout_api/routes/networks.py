"""Routes of networks."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from formscout.domain.ids import NetworkId, ProjectId
from formscout.usecases import networks as usecases
from formscout_api.dependencies import SIGNED, Listed, Signed, Wired, company_of, page_of
from formscout_api.idempotency import OnceRoute
from formscout_api.schemas.networks import NetworkIn, NetworkOut, NetworkPatch
from formscout_api.schemas.shapes import Page, PathId

router = APIRouter(prefix="/api/networks", tags=["networks"], dependencies=SIGNED, route_class=OnceRoute)


@router.post("", status_code=HTTPStatus.CREATED)
async def post_network(body: NetworkIn, caller: Signed, wiring: Wired, response: Response) -> NetworkOut:
    """Make a network of a project (admins); credentials are kept encrypted and never shown again."""
    network = await usecases.create_network(
        wiring.database,
        caller,
        keys=wiring.keys,
        project_id=ProjectId(body.project_id),
        draft=body.draft(),
        credentials=body.sign_in.credentials(),
    )
    response.headers["Location"] = f"/api/networks/{network.id}"
    return NetworkOut.model_validate(network)


@router.get("")
async def get_networks(
    caller: Signed,
    wiring: Wired,
    place: Listed,
    company_id: Annotated[PathId | None, Query(description="Your own company when left out; an operator has to say.")] = None,
    project_id: Annotated[PathId | None, Query(description="Only this project's.")] = None,
) -> Page[NetworkOut]:
    """List a company's networks."""
    found = await usecases.list_networks(
        wiring.database,
        caller,
        company_id=company_of(caller, company_id),
        project_id=None if project_id is None else ProjectId(project_id),
        after=place.start,
        limit=place.wanted,
    )
    return page_of(found, place, NetworkOut.model_validate)


@router.get("/{network_id}")
async def get_network(network_id: PathId, caller: Signed, wiring: Wired) -> NetworkOut:
    """Show a network, without its secrets."""
    return NetworkOut.model_validate(await usecases.get_network(wiring.database, caller, network_id=NetworkId(network_id)))


@router.patch("/{network_id}")
async def patch_network(network_id: PathId, body: NetworkPatch, caller: Signed, wiring: Wired) -> NetworkOut:
    """Change a network (admins): what is left out stays. Moving to another origin needs the password again."""
    network = await usecases.change_network(
        wiring.database,
        caller,
        keys=wiring.keys,
        network_id=NetworkId(network_id),
        changes=body.changes(),
        credentials=body.sign_in.credentials(),
    )
    return NetworkOut.model_validate(network)
