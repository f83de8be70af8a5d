"""Errors as RFC 9457 problems: stable types, and a sentence that says what to do."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from formscout.domain.errors import FormscoutError, OverloadedError, QuotaExceededError

PROBLEM_JSON: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:formscout:problem:"

STATUS_OF: Final[Mapping[str, HTTPStatus]] = {
    "invalid_input": HTTPStatus.UNPROCESSABLE_ENTITY,
    "network_without_address": HTTPStatus.UNPROCESSABLE_ENTITY,
    "address_refused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown_model": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "forbidden": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "conflict": HTTPStatus.CONFLICT,
    "idempotency_key_reused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "budget_exhausted": HTTPStatus.CONFLICT,
    "quota_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "too_many_followers": HTTPStatus.TOO_MANY_REQUESTS,
    "overloaded": HTTPStatus.SERVICE_UNAVAILABLE,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Codes that a client can do something about; every other one is ours to mend."""

TITLES: Final[Mapping[str, str]] = {
    "invalid_input": "The request cannot be taken as it is",
    "network_without_address": "The network has no address",
    "address_refused": "The address is refused",
    "unknown_model": "The model has no price",
    "unauthenticated": "A good key is needed",
    "forbidden": "The key's role does not allow this",
    "not_found": "There is no such thing here",
    "conflict": "It contradicts what is already there",
    "idempotency_key_reused": "The key stands for another request",
    "budget_exhausted": "The month's budget is spent",
    "quota_exceeded": "The quota is used up",
    "too_many_followers": "Too many discoveries are followed at once",
    "overloaded": "More work waits than is admitted",
    "store_unavailable": "A store cannot be reached",
    "method_not_allowed": "The address does not take this method",
    "payload_too_large": "The body is too large",
    "snapshot_damaged": "What was stored cannot be read",
    "secret_unreadable": "A stored secret cannot be opened",
    "internal": "Something went wrong on our side",
}

RETRY_SECONDS: Final = 5
"""When to try again while a store is down, or too much is open: long enough to restart a PostgreSQL on the same disk."""

_INTERNAL: Final = "Something went wrong on our side; it is in the log. Try again, and tell the operator if it stays."

_FIELD_HINTS: Final[Mapping[str, str]] = {
    "missing": "This field is required; give it a value.",
    "extra_forbidden": "There is no such field; take it out, or check its spelling.",
    "json_invalid": "The body is no JSON; check its commas, quotes and brackets.",
}

_log = logging.getLogger(__name__)


def problem(
    code: str,
    detail: str,
    *,
    status: HTTPStatus,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return the response that says what went wrong."""
    body: dict[str, Any] = {  # Any: a document
        "type": TYPE_PREFIX + code,
        "title": TITLES.get(code, status.phrase),
        "status": int(status),
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    return Response(msgspec.json.encode(body), status_code=status, media_type=PROBLEM_JSON, headers=dict(headers or {}))


def add_handlers(app: FastAPI) -> None:
    """Let every error leave the application as a problem."""
    app.add_exception_handler(FormscoutError, _formscout_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected_error)


async def _formscout_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, FormscoutError), "registered for it"
    return answer_error(error)


def answer_error(error: FormscoutError) -> Response:
    """Return the problem that an error of ours is to a client."""
    status = STATUS_OF.get(error.code)
    if status is None:
        _log.error("A request failed on our side", exc_info=error, extra={"code": error.code})
        known = error.code in TITLES
        return problem(error.code if known else "internal", error.message if known else _INTERNAL, status=HTTPStatus.INTERNAL_SERVER_ERROR)
    headers: dict[str, str] = {}
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        headers["Retry-After"] = str(error.retry_after if isinstance(error, OverloadedError | QuotaExceededError) else RETRY_SECONDS)
    if isinstance(error, QuotaExceededError):
        headers.update(error.headers)
    return problem(error.code, error.message, status=status, headers=headers)


async def _validation_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError), "registered for it"
    errors = [{"field": _field(found["loc"]), "detail": _advice(found)} for found in error.errors()]
    named = ", ".join(dict.fromkeys(one["field"] for one in errors))
    detail = f"The request cannot be taken as it is: see `errors` for {named}."
    return problem("invalid_input", detail, status=HTTPStatus.UNPROCESSABLE_ENTITY, errors=errors)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "registered for it"
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.NOT_FOUND:
        return problem("not_found", f"There is nothing at {request.url.path}; GET /docs lists the addresses.", status=status)
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = Headers(error.headers).get("allow")
        detail = f"{request.url.path} does not take {request.method}; " + (f"it takes {allowed}." if allowed else "see GET /docs.")
        return problem("method_not_allowed", detail, status=status, headers=error.headers)
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem("payload_too_large", str(error.detail), status=status)
    code = "invalid_input" if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal"
    return problem(code, str(error.detail), status=status, headers=error.headers)


async def _unexpected_error(_request: Request, _error: Exception) -> Response:
    # The server logs the exception itself: Starlette raises it again once this answer is sent.
    return problem("internal", _INTERNAL, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _field(location: Sequence[str | int]) -> str:
    """Return a field as its sender knows it: `scope.include.0` of a body, `limit` of a query; `body` for the body as a whole."""
    place, *inner = [str(part) for part in location] or ["request"]
    is_offset = place == "body" and len(inner) == 1 and inner[0].isdigit()  # where the JSON broke
    return ".".join(inner) if inner and not is_offset else place


def _advice(found: Mapping[str, Any]) -> str:  # Any: Pydantic's error details
    hint = _FIELD_HINTS.get(found["type"])
    if hint is not None:
        return hint
    message: str = found["msg"]
    return message.removeprefix("Value error, ").rstrip(".") + "."
