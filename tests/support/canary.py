"""A site that sends from every place a page has, all by itself, and a count of what arrives."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.support.serving import listening, served

POSTING: Final = (
    "page", "xhr", "frame", "worker", "shared", "service", "popup", "form", "target", "beacon", "keepalive", "ping", "csp",
    "pagehide-beacon", "pagehide-keepalive",
)  # fmt: skip
"""Where requests that change something come from; `prerender` is one more, which Playwright switches off."""

TALKING: Final = ("page", "frame", "worker", "shared", "service", "popup")
"""Where WebSockets speak from."""

SEND: Final = """
const at = location.href.startsWith("http:") ? "ws:" : "wss:";
const send = (place) => {
  fetch("/read/" + place);
  fetch("/write/" + place, { method: "POST", body: "x" }).catch(() => 0);
  if (%TALKING%.includes(place)) {
    const line = new WebSocket(at + "//" + location.host + "/line/" + place);
    line.onopen = () => line.send("canary");
  }
};
""".replace("%TALKING%", str(list(TALKING)))

MAIN: Final = (
    """<!doctype html><title>Canary</title><iframe src="/frame"></iframe><iframe name="sink"></iframe>
<form id="form" method="post" action="/write/form" target="sink"></form>
<form id="target" method="post" action="/write/target" target="_blank"></form>
<a id="ping" href="#here" ping="/write/ping">ping</a><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">
<script type="speculationrules">{"prerender": [{"source": "list", "urls": ["/prerender"], "eagerness": "immediate"}]}</script>
<script>"""
    + SEND
    + """
send("page");
const asked = new XMLHttpRequest(); asked.open("POST", "/write/xhr"); asked.send("x");
new Worker("/worker.js");
if (window.SharedWorker) new SharedWorker("/shared.js");  // browsers of the discovery worker have none
navigator.serviceWorker?.register("/service.js").catch(() => 0);
navigator.sendBeacon("/write/beacon", "x");
fetch("/write/keepalive", { method: "POST", keepalive: true, body: "x" }).catch(() => 0);
window.open("/popup");
document.getElementById("form").submit();
document.getElementById("target").submit();
document.getElementById("ping").click();
addEventListener("pagehide", () => {
  navigator.sendBeacon("/write/pagehide-beacon", "x");
  fetch("/write/pagehide-keepalive", { method: "POST", keepalive: true, body: "x" }).catch(() => 0);
});
</script>"""
)


@dataclass
class Canary:
    """The running site."""

    port: int = 0
    reads: set[str] = field(default_factory=set)  # places
    writes: list[str] = field(default_factory=list)  # places
    frames: list[str] = field(default_factory=list)  # places
    lines: set[str] = field(default_factory=set)  # places whose sockets were opened


async def main(_request: Request) -> Response:
    return HTMLResponse(MAIN, headers={"Content-Security-Policy": "img-src 'none'; report-uri /write/csp"})


async def inner(request: Request) -> Response:
    return HTMLResponse(f"<!doctype html><script>{SEND}send({request.path_params['place']!r});</script>")


async def script(request: Request) -> Response:
    return PlainTextResponse(f"{SEND}send({request.path_params['place']!r});", media_type="text/javascript")


async def read(request: Request) -> Response:
    request.app.state.site.reads.add(request.path_params["place"])
    return PlainTextResponse("read")


async def write(request: Request) -> Response:
    await request.body()
    request.app.state.site.writes.append(request.path_params["place"])
    return PlainTextResponse("written")


async def line(connection: WebSocket) -> None:
    site: Canary = connection.app.state.site
    await connection.accept()
    site.lines.add(connection.path_params["place"])
    try:
        while True:
            await connection.receive_text()
            site.frames.append(connection.path_params["place"])
    except WebSocketDisconnect:
        return


ROUTES: Final = [
    Route("/", main),
    Route("/read/{place}", read),
    Route("/write/{place}", write, methods=["POST"]),
    WebSocketRoute("/line/{place}", line),
    Route("/{place}.js", script),
    Route("/{place}", inner, methods=["GET"]),
]


@contextmanager
def running_canary() -> Iterator[Canary]:
    """Serve the site on a free port for as long as the context lasts."""
    site = Canary()
    application = Starlette(routes=ROUTES)
    application.state.site = site
    with listening() as one, served(application, [one]):
        site.port = one.getsockname()[1]
        yield site
