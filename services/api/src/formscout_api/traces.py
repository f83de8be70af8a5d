"""A span for each request, in the client's trace where it names one; the answer says in which trace it is."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from formscout.telemetry import traces
from formscout.telemetry.spans import Kind
from formscout_api.metrics import METHODS

QUIET: Final = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Asked for by machines every few seconds; nobody follows them."""

FIRST_FAULT: Final = 500
"""The first status that says that it failed on our side."""

_PARENT: Final = b"traceparent"
_ANSWER: Final = "traceresponse"
"""Of W3C's Trace Context, level 2: the trace of a request and the span that it became."""


class TracedApp:
    """An application whose requests are told of; it is put in front only where the process traces."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its span."""
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else "other"
        with traces.span_of(_parent_of(scope), method, {"http.request.method": method}, kind=Kind.SERVER):
            answered = traces.here()

            async def tell(message: Message) -> None:
                if message["type"] == "http.response.start":
                    if answered is not None:
                        MutableHeaders(scope=message)[_ANSWER] = answered
                    if traces.is_recorded():
                        _note_answer(scope, method, message["status"])
                await send(message)

            await self._app(scope, receive, tell)


def _note_answer(scope: Scope, method: str, status: int) -> None:
    # By the route's template: an address has ids in it, and whoever sends one that no route takes could make names at will.
    route = getattr(scope.get("route"), "path", None)
    traces.rename(method if route is None else f"{method} {route}")
    traces.note({"http.route": route, "http.response.status_code": status})
    if status >= FIRST_FAULT:
        traces.fail(str(status))


def _parent_of(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == _PARENT]
    return found[0].decode("latin-1") if len(found) == 1 else None  # two contradict each other: then it is nobody's
