"""What a test asks the demo application about itself; no page links here."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from formscout_demo.counting import RequestCounts


async def requests(request: Request) -> JSONResponse:
    """Show what has reached the application since it started."""
    counts: RequestCounts = request.app.state.counts
    return JSONResponse(counts.report())


async def health(_: Request) -> JSONResponse:
    """Say that the application answers."""
    return JSONResponse({"status": "ok"})


ROUTES = (Route("/_demo/requests", requests), Route("/_demo/health", health))
