"""Routes that ask for a discovery, follow it and cancel it."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Request, Response

from formscout.domain.crawls import SessionEvent
from formscout.domain.errors import NotFoundError
from formscout.domain.ids import TaskId
from formscout.usecases import crawls as usecases
from formscout.usecases.queues import queue_stats
from formscout.usecases.results import find_events
from formscout_api import waiting
from formscout_api.dependencies import SIGNED, SIGNED_BY_HAND, Signed, Wired, caller_of, wiring_of
from formscout_api.idempotency import OnceRoute
from formscout_api.schemas.crawls import TASK_STATE, CancelOut, DiscoveryAccepted, DiscoveryIn, StatusOut, accepted, status_of
from formscout_api.schemas.queues import QueueStatsOut
from formscout_api.schemas.shapes import Problem
from formscout_api.streams import EventStream

router = APIRouter(prefix="/api/crawl", tags=["crawl"], route_class=OnceRoute)

RETRY_AFTER: Final = "2"
"""Seconds to the first look at the status; the platform's rules, §6."""

LARGEST_EVENT: Final = 2**31 - 1
"""PostgreSQL's integer ends here."""

LONGEST_EVENT_ID: Final = 20
"""Digits of a `Last-Event-ID` that are read; no event has more, and Python refuses to read thousands."""

_JSON: Final = "application/json"

_Responses = dict[int | str, dict[str, Any]]  # Any: FastAPI's own type

_TOO_MANY: _Responses = {429: {"model": Problem, "description": "This user has too many streams and waiting polls open."}}
_NOT_MODIFIED: _Responses = {**_TOO_MANY, 304: {"description": "Nothing changed since the `ETag` sent in `If-None-Match`."}}
_GONE_QUIET: _Responses = {
    **_TOO_MANY,
    200: {"content": {"text/event-stream": {}}, "description": "One event a step; the last one of all is `ended`."},
    204: {"description": "The session has ended and `Last-Event-ID` was its last event: stop."},
}


def _by_hand(headers: dict[str, str]) -> dict[str, Any]:  # Any: a part of the OpenAPI document
    """Say what a route reads by itself: the key, and these headers."""
    return {
        **SIGNED_BY_HAND,
        "parameters": [
            {"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": words}
            for name, words in headers.items()
        ],
    }


_STATUS_HEADERS: Final = {
    "If-None-Match": "The `ETag` of the status that is known; while nothing changed, the answer is 304.",
    "Prefer": "`wait=N`: answer once there is news, or after N seconds (60 at most, unless the installation says otherwise).",
}
_EVENTS_HEADERS: Final = {"Last-Event-ID": "The last event that was seen: what follows it is sent."}


@router.post("/discover-forms", status_code=HTTPStatus.ACCEPTED, response_model=DiscoveryAccepted, dependencies=SIGNED)
async def discover_forms(body: DiscoveryIn, caller: Signed, wiring: Wired) -> Response:
    """Discover the forms of a network; one that is being discovered is joined, unless `force` is given."""
    left = wiring.quota.take(caller.company_id or body.company_id)
    session, joined = await usecases.request_discovery(wiring.database, caller, body.request(), admission=wiring.admission)
    answer = accepted(session, joined=joined)
    headers = {"Location": answer["status_url"], "Retry-After": RETRY_AFTER, **left}
    return Response(msgspec.json.encode(answer), status_code=HTTPStatus.ACCEPTED, media_type=_JSON, headers=headers)


@router.get("/status/{task_id}", response_model=StatusOut, responses=_NOT_MODIFIED, openapi_extra=_by_hand(_STATUS_HEADERS))
async def get_status(task_id: str, request: Request) -> Response:
    """Show how a discovery stands; with `Prefer: wait=N`, once it stands otherwise than `If-None-Match` says, or has ended."""
    return await answer_status(request, task_id)


async def answer_status(request: Request, task_id: str) -> Response:
    """Do what `get_status` does; requests come here past the router."""
    caller = await caller_of(request)
    task = _task(task_id)
    wiring = wiring_of(request)
    status = await usecases.find_status(wiring.database, caller, task)
    known = request.headers.get("if-none-match", "")
    headers = {"Cache-Control": "no-cache"}
    wait = waiting.seconds_of(request.headers.getlist("prefer"), longest=wiring.longest_wait_seconds)
    if wait:
        status = await waiting.wait_for_news(request, wiring, caller, task, status, known=known, seconds=wait)
        headers["Preference-Applied"] = f"wait={wait}"
    headers["ETag"] = etag = waiting.etag_of(status)
    if etag in known:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(msgspec.json.encode(status_of(status, task)), media_type=_JSON, headers=headers)


@router.get("/queue-stats", dependencies=SIGNED)
async def get_queue_stats(caller: Signed, wiring: Wired) -> QueueStatsOut:
    """Show the tasks that the key sees, by worker, and the counts of all, by queue."""
    return QueueStatsOut.of(await queue_stats(wiring.database, caller, workers=await wiring.broker.workers()))


@router.post("/cancel/{task_id}", dependencies=SIGNED)
async def cancel(task_id: str, caller: Signed, wiring: Wired) -> CancelOut:
    """Cancel a discovery: one that waits never starts, one that runs stops within a visit. Again changes nothing."""
    session = await usecases.cancel(wiring.database, caller, _task(task_id))
    message = session.sentence if session.state.is_final else "It stops after the visit in hand."
    return CancelOut(task_id=session.task_id, session_id=session.id, state=TASK_STATE[session.state], message=message)


@router.get("/events/{task_id}", response_class=Response, responses=_GONE_QUIET, openapi_extra=_by_hand(_EVENTS_HEADERS))
async def get_events(task_id: str, request: Request) -> Response:
    """Follow a discovery as server-sent events: first what happened since `Last-Event-ID`, then what happens, to the end."""
    return await answer_events(request, task_id)


async def answer_events(request: Request, task_id: str) -> Response:
    """Do what `get_events` does; requests come here past the router, whose frames each open stream would hold."""
    caller = await caller_of(request)
    task = _task(task_id)
    wiring = wiring_of(request)
    seen = request.headers.get("last-event-id", "")
    after = min(int(seen), LARGEST_EVENT) if seen.isascii() and seen.isdigit() and len(seen) <= LONGEST_EVENT_ID else 0

    async def history(after: int) -> Sequence[SessionEvent]:
        return (await find_events(wiring.database, caller, task_id=task, after=after))[1]

    session, events = await find_events(wiring.database, caller, task_id=task, after=after)
    if session.state.is_final and not events:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    wiring.watch.enter(caller.user_id)
    return EventStream(wiring.watch, user_id=caller.user_id, session_id=session.id, after=after, events=events, history=history)


def _task(text: str) -> TaskId:
    """Return the task id; one that is no UUID is simply not there."""
    try:
        return TaskId(UUID(text))
    except ValueError:
        raise NotFoundError("task", text[:60]) from None
