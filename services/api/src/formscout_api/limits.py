"""A bound on what a request may send, so that a body cannot fill the memory."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY: Final = 256 * 1024
"""Bytes; the largest body we take, a network with a hundred addresses in each of its lists, has some 200 kB."""


class BoundedApp:
    """An application whose request bodies are bounded; Starlette's own bound answers in plain text, not with a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; one whose body is too large is refused before, or while, it is read."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "DELETE"):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        left = -1 if announced.isdigit() and int(announced) > LARGEST_BODY else LARGEST_BODY

        async def bounded() -> Message:
            nonlocal left
            message = await receive() if left >= 0 else {"type": "http.request"}
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, f"The body is larger than {LARGEST_BODY} bytes; send less.")
            return message

        await self._app(scope, bounded, send)
