"""A small application of known pages, each with a form of its own, that writes an access log: what chaos is worked upon.

`python -m tests.support.orchard --port N --log FILE`; it runs as a lone file, too.
A path `/orchard/SIZE/` has SIZE pages below it, reached as a tree.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

_NAMES: Final = """
apple pear plum cherry quince medlar peach apricot fig olive almond walnut hazel chestnut mulberry elder sloe rowan currant gooseberry
raspberry bramble strawberry blueberry cranberry grape melon lemon orange lime date pomegranate persimmon kiwi
"""
NAMES: Final = tuple(_NAMES.split())
"""Words, not numbers: the pages are screens, none a record of another's kind."""

BRANCHES: Final = 3
"""Links down from a page: the frontier grows while a crawl goes on."""

ANSWER_SECONDS: Final = float(os.environ.get("ORCHARD_ANSWER_SECONDS", "0.25"))
"""What a page takes: long enough that a fault meets pages on their way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A request that arrived."""

    at: float  # seconds since 1970
    method: str
    path: str
    document: bool  # asked for by a tab that goes there, not by a page's own script


def home(size: int) -> str:
    """Return the path of the application with so many pages."""
    return f"/orchard/{size}/"


def documents(size: int) -> Counter[str]:
    """Return how often a discovery asks for each page: once to read it, and once more to try the path to its form in a fresh tab."""
    return Counter({home(size): 1, **{f"{home(size)}{name}": 2 for name in NAMES[:size]}})


def read_log(log: Path) -> list[Access]:
    """Return what arrived until now."""
    lines = log.read_text().splitlines(keepends=True)
    return [Access(**json.loads(line)) for line in lines if line.endswith("\n")]


def _html(title: str, body: str) -> Response:
    return HTMLResponse(f'<!doctype html><html lang="en"><title>{title}</title><main><h1>{title}</h1>{body}</main></html>')


def _links(size: int, number: int) -> str:
    below = range(BRANCHES * number + 1, BRANCHES * number + 1 + BRANCHES)
    return " ".join(f'<a href="{home(size)}{NAMES[one - 1]}">{NAMES[one - 1].title()}</a>' for one in below if one <= size)


async def entrance(request: Request) -> Response:
    """Show the home page: links and no form."""
    size = int(request.path_params["size"])
    await asyncio.sleep(ANSWER_SECONDS)
    return _html("Orchard", f"<p>All our trees.</p>{_links(size, 0)}")


async def tree(request: Request) -> Response:
    """Show a tree: a form with fields of its own, and links further down."""
    size, name = int(request.path_params["size"]), request.path_params["name"]
    await asyncio.sleep(ANSWER_SECONDS)
    if name not in NAMES[:size]:
        return PlainTextResponse("No such tree.", status_code=404)
    fields = (
        f'<p><label>Who picks {name} <input name="{name}_picker" required maxlength="40"></label></p>'
        f'<p><label>Baskets <input name="{name}_baskets" type="number" min="1" max="9"></label></p>'
        f'<p><label>Ripe on <input name="{name}_ripe" type="date"></label></p>'
    )
    form = f'<form method="post" action="{home(size)}{name}/harvest"><h2>Harvest of {name}</h2>{fields}<button>Save harvest</button></form>'
    return _html(name.title(), form + _links(size, NAMES.index(name) + 1))


async def health(_request: Request) -> Response:
    """Answer."""
    return PlainTextResponse("up")


def application(log: Path) -> ASGIApp:
    """Return the application; it writes a line for each request but those for its health."""
    inner = Starlette(routes=[Route("/health", health), Route("/orchard/{size:int}/", entrance), Route("/orchard/{size:int}/{name}", tree)])
    file = log.open("a", buffering=1) if log.name != "-" else sys.stdout

    async def logged(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] != "/health":
            wanted = dict(scope["headers"]).get(b"sec-fetch-dest", b"")
            line = {"at": time.time(), "method": scope["method"], "path": scope["path"], "document": wanted in (b"document", b"iframe")}
            file.write(json.dumps(line) + "\n")
        await inner(scope, receive, send)

    return logged


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--log", type=Path, required=True, help="- for standard output")
    options = parser.parse_args()
    uvicorn.run(application(options.log), host=options.host, port=options.port, log_level="warning", lifespan="off")


if __name__ == "__main__":
    main()
