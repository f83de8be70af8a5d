"""Serves sites, each on a port of its own, and counts everything that reaches them."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.support.playground.cases import Answer, Ask, Page, Site
from tests.support.playground.kit import Kit
from tests.support.serving import listening, served

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OTHER: Final = "other:"
"""Before the path of what was asked for under the site's other name, another origin."""


@dataclass(kw_only=True)
class Running:
    """A site that is served."""

    site: Site
    kit: Kit
    port: int
    arrived: Counter[str] = field(default_factory=Counter)  # `METHOD path?query`, how often
    frames: list[str] = field(default_factory=list)  # messages that came over WebSockets
    memory: dict[str, Any] = field(default_factory=dict)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def start(self) -> str:
        return f"{self.base}{self.site.start}"

    @property
    def other(self) -> str:
        """The same site under another name: another origin."""
        return f"http://localhost:{self.port}"

    def page(self, path: str) -> Page | None:
        """Return what stands at a path."""
        if path in self.site.pages:
            return self.site.pages[path]
        below = [key for key in self.site.pages if key.endswith("*") and path.startswith(key[:-1])]
        return self.site.pages[max(below, key=len)] if below else None

    def fill(self, text: str) -> str:
        """Put the site's own addresses where a page names them."""
        return text.replace("{base}", self.base).replace("{other}", self.other).replace("{port}", str(self.port))


async def _ask(request: Request, running: Running) -> Ask:
    body = await request.body()
    try:
        sent = json.loads(body) if body[:1] == b"{" else dict(parse_qsl(body.decode()))
    except ValueError:
        sent = {}
    return Ask(
        method=request.method,
        path=request.url.path,
        query=dict(request.query_params),
        sent=sent,
        cookies=dict(request.cookies),
        headers=dict(request.headers),
        memory=running.memory,
    )


def _answer(page: Page | None, ask: Ask) -> Answer:
    if page is None:
        if ask.method not in READS:
            return Answer(body="<h1>Done</h1><p>Kept.</p>")
        return Answer(body="<h1>Nothing here</h1>", status=404)
    given = page(ask) if callable(page) else page
    return Answer(body=given) if isinstance(given, str) else given


def _body(running: Running, answer: Answer) -> bytes:
    if isinstance(answer.body, bytes):
        return answer.body
    bare = answer.type.startswith("text/html") and not answer.body.lstrip().lower().startswith("<!doctype")
    return running.fill(running.kit.page(answer.body) if bare else answer.body).encode()


@dataclass
class Server:
    """All sites of a run, by port, in one ASGI application."""

    sites: dict[int, Running] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running = self.sites[scope["server"][1]]
        if scope["type"] == "websocket":
            await _listen(running, WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        name = OTHER if request.url.hostname == "localhost" else ""
        query = f"?{request.url.query}" if request.url.query else ""
        running.arrived[f"{request.method} {name}{request.url.path}{query}"] += 1
        ask = await _ask(request, running)
        answer = _answer(running.page(name + ask.path) or running.page(ask.path), ask)
        await asyncio.sleep(answer.seconds)
        headers = {key.replace("_", "-"): running.fill(value) for key, value in answer.headers.items()}
        headers.setdefault("Access-Control-Allow-Origin", "*")
        await Response(_body(running, answer), status_code=answer.status, media_type=answer.type, headers=headers)(scope, receive, send)


async def _listen(running: Running, connection: WebSocket) -> None:
    await connection.accept()
    try:
        await connection.send_text("{}")
        while True:
            running.frames.append(await connection.receive_text())
    except WebSocketDisconnect:
        return


@contextmanager
def serving(sites: Sequence[tuple[Site, Kit]], *, ports: Sequence[int] = ()) -> Iterator[list[Running]]:
    """Serve the sites, each on a free port unless `ports` names them, for as long as the context lasts."""
    server = Server()
    with ExitStack() as ends:
        sockets = [ends.enter_context(listening(port)) for port in ports or [0] * len(sites)]
        running = [Running(site=site, kit=kit, port=one.getsockname()[1]) for (site, kit), one in zip(sites, sockets, strict=True)]
        server.sites.update({one.port: one for one in running})
        ends.enter_context(served(server, sockets, server_header=False))
        yield running
