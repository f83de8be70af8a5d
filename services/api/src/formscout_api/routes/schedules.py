"""Routes of schedules: one a network."""

from http import HTTPStatus

from fastapi import APIRouter

from formscout.domain.ids import NetworkId
from formscout.usecases import schedules as usecases
from formscout_api.dependencies import SIGNED, Signed, Wired
from formscout_api.schemas.schedules import ScheduleIn, ScheduleOut
from formscout_api.schemas.shapes import PathId

router = APIRouter(prefix="/api/networks/{network_id}/schedule", tags=["networks"], dependencies=SIGNED)


@router.put("")
async def put_schedule(network_id: PathId, body: ScheduleIn, caller: Signed, wiring: Wired) -> ScheduleOut:
    """Let a network be discovered again and again (admins). A due time joins a session that runs; of several missed ones one runs."""
    found = await usecases.set_schedule(wiring.database, caller, network_id=NetworkId(network_id), draft=body.draft())
    return ScheduleOut.of(found)


@router.get("")
async def get_schedule(network_id: PathId, caller: Signed, wiring: Wired) -> ScheduleOut:
    """Show when a network is discovered next, and what came of the latest due time; 404 when it has no schedule."""
    return ScheduleOut.of(await usecases.get_schedule(wiring.database, caller, network_id=NetworkId(network_id)))


@router.delete("", status_code=HTTPStatus.NO_CONTENT)
async def delete_schedule(network_id: PathId, caller: Signed, wiring: Wired) -> None:
    """Let a network be discovered only when somebody asks (admins). Again changes nothing."""
    await usecases.drop_schedule(wiring.database, caller, network_id=NetworkId(network_id))
