"""Routes that say whether the process lives and can answer."""

from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response

from formscout.domain.errors import StoreUnavailableError
from formscout_api.dependencies import Wired
from formscout_api.schemas.health import Live, Ready

router = APIRouter(prefix="/health", tags=["health"])


@router.get("/live")
async def get_live() -> Live:
    """Say that the process turns."""
    return Live(status="ok")


@router.get("/ready", responses={HTTPStatus.SERVICE_UNAVAILABLE: {"model": Ready, "description": "PostgreSQL cannot be reached."}})
async def get_ready(wiring: Wired, response: Response) -> Ready:
    """Say whether requests can be answered: PostgreSQL is needed, Redis only makes work start sooner."""
    try:
        await wiring.database.ping()
    except StoreUnavailableError:
        database: Literal["up", "down"] = "down"
    else:
        database = "up"
    if database == "down":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    redis: Literal["up", "down"] = "up" if await wiring.broker.answers() else "down"
    return Ready(status="ok" if database == "up" else "unavailable", database=database, redis=redis)
