"""A small real web site for browser tests: pages that misbehave in one way each, and a count of what reaches it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.support import clinic
from tests.support.serving import listening, served

PAGES = Path(__file__).parent / "misbehaving_pages"
"""The HTML of each page, one file a page; `{other}` is the same site under its other name, another origin."""

MEGABYTE = b"<p>" + b"x" * (1024 * 1024)


@dataclass
class MisbehavingSite:
    """A running site; `127.0.0.1` and `localhost` are two origins of it."""

    port: int = 0
    arrived: list[tuple[str, str]] = field(default_factory=list)  # method and path of every request
    refuses: int = 0  # further requests for `/busy` that are answered 429
    frames: list[str] = field(default_factory=list)  # messages that came over WebSockets

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def other(self) -> str:
        return f"http://localhost:{self.port}"

    def at(self, page: str) -> str:
        return f"{self.base}/pages/{page}"

    def writes(self) -> list[str]:
        """Return the paths of the requests that were no reads by their method."""
        return [path for method, path in self.arrived if method not in ("GET", "HEAD", "OPTIONS")]

    def reads(self, path: str) -> int:
        return self.arrived.count(("GET", path))

    def forget(self) -> None:
        self.arrived.clear()
        self.frames.clear()
        self.refuses = 0


async def page(request: Request) -> Response:
    site: MisbehavingSite = request.app.state.site
    file = PAGES / f"{request.path_params['name']}.html"
    if not await asyncio.to_thread(file.is_file):
        return HTMLResponse("<h1>Nothing here</h1>", status_code=404)
    text = await asyncio.to_thread(file.read_text)
    return HTMLResponse(text.replace("{other}", site.other).replace("{base}", site.base))


async def script(request: Request) -> Response:
    text = await asyncio.to_thread((PAGES / f"{request.path_params['name']}.js").read_text)
    return PlainTextResponse(text, media_type="text/javascript", headers={"Cache-Control": "max-age=600"})


async def slow(request: Request) -> Response:
    await asyncio.sleep(float(request.query_params.get("s", "60")))
    return HTMLResponse("<p>late</p>")


async def hundred_megabytes() -> AsyncIterator[bytes]:
    for _ in range(100):
        yield MEGABYTE


async def busy(request: Request) -> Response:
    site: MisbehavingSite = request.app.state.site
    if site.refuses:
        site.refuses -= 1
        return HTMLResponse("<p>too many</p>", status_code=429, headers={"Retry-After": "1"})
    return HTMLResponse("<p>here you are</p><form><input name=a><input name=b><input name=c><button>Go</button></form>")


async def huge(_request: Request) -> Response:
    return StreamingResponse(hundred_megabytes(), media_type="text/html")


async def huge_announced(_request: Request) -> Response:
    return StreamingResponse(hundred_megabytes(), media_type="text/html", headers={"Content-Length": str(100 * len(MEGABYTE))})


async def download(_request: Request) -> Response:
    return Response(b"a,b\n1,2\n", media_type="text/csv", headers={"Content-Disposition": 'attachment; filename="a.csv"'})


async def data(_request: Request) -> Response:
    return JSONResponse({"a": 1})


async def off_site(request: Request) -> Response:
    return RedirectResponse(f"{request.app.state.site.other}/pages/plain")


async def off_site_twice(_request: Request) -> Response:
    return RedirectResponse("/off-site")


async def empty(_request: Request) -> Response:
    return Response(status_code=204)


async def not_acceptable(_request: Request) -> Response:
    return Response(status_code=406)


async def to_metadata(_request: Request) -> Response:
    return RedirectResponse("http://169.254.169.254/latest/meta-data/")


async def set_cookie(_request: Request) -> Response:
    answer = HTMLResponse("<p>kept</p>")
    answer.set_cookie("sid", "abc")
    return answer


async def who(request: Request) -> Response:
    return HTMLResponse(f"<p id=who>{request.cookies.get('sid', 'nobody')}</p>")


async def anything(request: Request) -> Response:
    await request.body()
    return JSONResponse({"path": request.url.path}, headers={"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "*"})


async def line(connection: WebSocket) -> None:
    await connection.accept()
    try:
        while True:
            connection.app.state.site.frames.append(await connection.receive_text())
    except WebSocketDisconnect:
        return


ROUTES = [
    Route("/pages/{name}", page, methods=["GET", "POST"]),
    Route("/scripts/{name}.js", script),
    Route("/slow", slow),
    Route("/busy", busy),
    Route("/huge", huge),
    Route("/huge-announced", huge_announced),
    Route("/download", download),
    Route("/json", data),
    Route("/off-site", off_site),
    Route("/off-site-twice", off_site_twice),
    Route("/empty", empty),
    Route("/not-acceptable", not_acceptable),
    Route("/to-metadata", to_metadata),
    Route("/set-cookie", set_cookie),
    Route("/who", who),
    WebSocketRoute("/socket", line),
    *clinic.ROUTES,
    Route("/{path:path}", anything, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]),
]


def application(site: MisbehavingSite) -> ASGIApp:
    """Return the site as an ASGI application that counts what arrives."""
    inner = Starlette(routes=ROUTES)
    inner.state.site = site

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            site.arrived.append((scope["method"], scope["path"]))
        await inner(scope, receive, send)

    return counted


@contextmanager
def running_misbehaving() -> Iterator[MisbehavingSite]:
    """Serve the site on a free port for as long as the context lasts."""
    site = MisbehavingSite()
    with listening() as one, served(application(site), [one]):
        site.port = one.getsockname()[1]
        yield site
