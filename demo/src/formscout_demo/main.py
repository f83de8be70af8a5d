"""The demo application, and the command that serves it."""

import argparse
import tempfile
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response

from formscout_demo.auth import RequireSignIn, session_key
from formscout_demo.counting import CountRequests, RequestCounts
from formscout_demo.database import Database
from formscout_demo.pages import make_templates, page
from formscout_demo.routes import all_routes
from formscout_demo.seeding import seed


def create_app(data_dir: Path) -> Starlette:
    """Return the application over a data directory, which is filled with the sample data when it is new."""
    data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(data_dir / "harbour-goods.sqlite")
    if database.is_empty:
        seed(database)
    counts = RequestCounts()
    app = Starlette(
        routes=all_routes(),
        middleware=[
            Middleware(CountRequests, counts=counts),
            Middleware(SessionMiddleware, secret_key=session_key(data_dir), session_cookie="harbour_session"),
            Middleware(RequireSignIn, database=database),
        ],
        exception_handlers={HTTPException: _refuse},
    )
    app.state.database = database
    app.state.counts = counts
    app.state.templates = make_templates()
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    """Draw the page that says why a request was refused."""
    refused = error if isinstance(error, HTTPException) else HTTPException(500)
    return page(request, "refused.html", status=refused.status_code, reason=refused.detail)


def main() -> None:
    """Serve the application until it is interrupted."""
    parser = argparse.ArgumentParser(prog="formscout-demo", description="Serve Harbour Goods, Formscout's demo application.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--data-dir", type=Path, default=Path(tempfile.gettempdir()) / "formscout-demo")
    options = parser.parse_args()
    uvicorn.run(create_app(options.data_dir), host=options.host, port=options.port, log_level="warning")


if __name__ == "__main__":
    main()
