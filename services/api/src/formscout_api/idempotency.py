"""The kind of route that answers an `Idempotency-Key` once: every POST is one, so that a client may try again whatever broke."""

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import msgspec
from fastapi import Request, Response
from fastapi.routing import APIRoute

from formscout.domain.answers import LONGEST_KEY, Answer
from formscout.storage.database import Database
from formscout.usecases.idempotency import answer_once, require_key
from formscout_api.dependencies import caller_of, join, wiring_of

HEADER: Final = "idempotency-key"

REPLAYED: Final = "idempotent-replayed"
"""Marks an answer that was given before."""

NOT_KEPT: Final = frozenset({"content-length", "date", "ratelimit", "ratelimit-policy"})
"""Headers that belong to the moment of an answer."""

_PARAMETER: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "examples": ["6f1f8a5e-2d0c-4f53-9d5b-1d2a5c1f7b10"]},
            "description": "One for each request that is made. Sent again within 24 hours, it gets the first answer and changes nothing.",
        },
    ],
}

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OnceRoute(APIRoute):
    """A route; one that takes POST does its work once for each key of a caller, and without a key as any other."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # Any: FastAPI's own types
        if "POST" in (options.get("methods") or ()):
            options["openapi_extra"] = {**(options.get("openapi_extra") or {}), **_PARAMETER}
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> _Handler:
        """Return what answers a request of this route."""
        plain = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return plain

        async def handler(request: Request) -> Response:
            return await (_once(request, plain) if HEADER in request.headers else plain(request))

        return handler


async def _once(request: Request, plain: Callable[[Request], Awaitable[Response]]) -> Response:
    key = require_key(request.headers.getlist(HEADER))
    # Before the transaction opens: nothing behind it may need a second connection of the pool, or many at once would wait for ever.
    caller = await caller_of(request)
    wiring = wiring_of(request)
    fingerprint = _fingerprint(request, await request.body())

    fresh: Response | None = None

    async def work(database: Database) -> Answer:
        nonlocal fresh
        join(request, wiring, database, caller)
        fresh = response = await plain(request)
        headers = [(name, value) for name, value in response.headers.items() if name not in NOT_KEPT]
        return Answer(status=response.status_code, headers=headers, body=bytes(response.body))

    answer, again = await answer_once(wiring.database, wiring.keys, caller, key=key, fingerprint=fingerprint, work=work)
    if not again and fresh is not None:
        return fresh
    return Response(answer.body, status_code=answer.status, headers={**dict(answer.headers), REPLAYED: "true"})


def _fingerprint(request: Request, body: bytes) -> bytes:
    """Return what tells two requests apart; the same JSON with its fields in another order is the same request."""
    # What is no JSON is told apart by its bytes, if anything takes it at all.
    with suppress(msgspec.MsgspecError, ValueError, RecursionError):
        body = msgspec.json.encode(msgspec.json.decode(body), order="sorted") if body else body
    place = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(place + body).digest()
