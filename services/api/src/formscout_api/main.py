"""The API's process: the application made of its settings, and the server that runs it."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any, Final

import uvicorn
import uvloop
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from formscout.config import read_settings
from formscout.domain.errors import FormscoutError
from formscout.storage import schema
from formscout.telemetry import traces
from formscout.telemetry.instruments import Component
from formscout.telemetry.logs import configure_logs
from formscout_api import errors
from formscout_api.config import ApiSettings
from formscout_api.limits import BoundedApp
from formscout_api.metrics import MeteredApp, RequestMetrics
from formscout_api.routes import (
    budgets,
    companies,
    crawls,
    deletion,
    forms,
    health,
    metrics,
    networks,
    projects,
    schedules,
    sessions,
    webhooks,
)
from formscout_api.schemas.shapes import Problem
from formscout_api.shortcut import ShortcutApp
from formscout_api.traces import TracedApp
from formscout_api.wiring import Wiring

DESCRIPTION = """Point Formscout at a web application: it finds every form, each once, with a verified way to reach it.

Every request carries a key: `Authorization: Bearer fsk_…`. Errors are RFC 9457 problems:
a stable `type`, and a `detail` that says what to do.
What another company owns does not exist here: its ids are 404."""

GRACE_SECONDS: Final = 10
"""Time for requests in hand when told to stop; event streams end at once."""

SHORTCUTS: Final = {"/api/crawl/status/{task_id}": crawls.answer_status, "/api/crawl/events/{task_id}": crawls.answer_events}
"""What is answered past the router."""

_PROBLEMS: dict[int | str, dict[str, Any]] = {  # Any: FastAPI's own type
    "4XX": {"model": Problem, "description": "What was asked cannot be done; `detail` says what to do."},
    "5XX": {"model": Problem, "description": "It failed on our side."},
}


def create_app(settings: ApiSettings) -> FastAPI:
    """Make the application; it opens its connections when it starts and refuses to start on an older schema."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        wiring = Wiring.connect(settings)
        try:
            await schema.check(wiring.database)
            app.state.wiring = wiring
            app.state.metrics.follow(
                followers=lambda: wiring.watch.followers, database=wiring.database.connections, redis=wiring.broker.connections
            )
            wiring.watch.is_stopping = getattr(app.state, "is_stopping", wiring.watch.is_stopping)
            yield
        finally:
            await wiring.close()

    return assemble(lifespan=lifespan)


def assemble(*, lifespan: Any = None) -> FastAPI:  # Any: Starlette's lifespan types are not public
    """Put the routes together; without a lifespan the application can say what it takes and answer nothing."""
    measured = RequestMetrics()
    app = FastAPI(
        title="Formscout",
        version=version("formscout-api"),
        description=DESCRIPTION,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        responses=_PROBLEMS,
        middleware=[
            *([Middleware(TracedApp)] if traces.is_on() else []),
            Middleware(MeteredApp, metrics=measured),
            Middleware(ShortcutApp, answers=SHORTCUTS),
            Middleware(BoundedApp),
        ],
        redoc_url=None,
    )
    app.state.metrics = measured
    errors.add_handlers(app)
    for module in (crawls, sessions, forms, companies, budgets, projects, networks, schedules, deletion, webhooks, health, metrics):
        app.include_router(module.router)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name


async def serve(settings: ApiSettings) -> None:
    """Run the server until it is told to stop; requests in hand end first. Raises what keeps it from starting."""
    await _check_stores(settings)
    traces.start(Component.API)
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        access_log=False,
        log_config=None,
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    app.state.is_stopping = lambda: server.should_exit
    try:
        await server.serve()
    finally:
        await asyncio.to_thread(traces.stop)


async def _check_stores(settings: ApiSettings) -> None:
    """Look before the server starts, for it would bury the sentence that says what to do under a traceback."""
    wiring = Wiring.connect(settings)
    try:
        await schema.check(wiring.database)
    finally:
        await wiring.close()


def main() -> int:
    """Read the settings and serve; return the exit status."""
    try:
        settings = read_settings(ApiSettings)
        traces.check()
        configure_logs(log_format=settings.log_format, log_level=settings.log_level)
        # uvicorn raises the signal once more when it has served to the end: then, and while starting, it ends the process well.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings))
    except KeyboardInterrupt:
        return 0
    except FormscoutError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
