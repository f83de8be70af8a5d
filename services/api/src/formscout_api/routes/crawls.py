"""Routes that ask for a discovery, follow it and cancel it."""

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import anyio
import msgspec
from fastapi import APIRouter, Header, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from formscout.domain.crawls import SessionEvent
from formscout.domain.errors import NotFoundError, StoreUnavailableError
from formscout.domain.ids import TaskId
from formscout.usecases import crawls as usecases
from formscout.usecases.queues import queue_stats
from formscout.usecases.results import ENDED, find_events
from formscout_api.dependencies import SIGNED, SIGNED_BY_HAND, Signed, Wired, caller_of, wiring_of
from formscout_api.idempotency import OnceRoute
from formscout_api.schemas.crawls import TASK_STATE, CancelOut, DiscoveryAccepted, DiscoveryIn, StatusOut, accepted, status_of
from formscout_api.schemas.queues import QueueStatsOut

router = APIRouter(prefix="/api/crawl", tags=["crawl"], route_class=OnceRoute)

EVENT_POLL_SECONDS: Final = 0.5
"""How often a stream looks for new events: people take it for at once, and a hundred streams cost 200 small reads a second."""

STREAM_GRACE_SECONDS: Final = 2
"""Time for a stream to end well when the process is told to stop: one look at the rows."""

RETRY_AFTER: Final = "2"
"""Seconds to the first look at the status; the platform's rules, §6."""

_JSON: Final = "application/json"

_NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing changed since the `ETag` sent in `If-None-Match`."}}
_GONE_QUIET: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "One event a step; the last one of all is `ended`."},
    204: {"description": "The session has ended and `Last-Event-ID` was its last event: stop."},
}


@router.post("/discover-forms", status_code=HTTPStatus.ACCEPTED, response_model=DiscoveryAccepted, dependencies=SIGNED)
async def discover_forms(body: DiscoveryIn, caller: Signed, wiring: Wired) -> Response:
    """Discover the forms of a network; one that is being discovered is joined, unless `force` is given."""
    session, joined = await usecases.request_discovery(wiring.database, caller, body.request(), admission=wiring.admission)
    answer = accepted(session, joined=joined)
    headers = {"Location": answer["status_url"], "Retry-After": RETRY_AFTER}
    return Response(msgspec.json.encode(answer), status_code=HTTPStatus.ACCEPTED, media_type=_JSON, headers=headers)


@router.get("/status/{task_id}", response_model=StatusOut, responses=_NOT_MODIFIED, openapi_extra=SIGNED_BY_HAND)
async def get_status(task_id: str, request: Request) -> Response:
    """Show how a discovery stands."""
    return await answer_status(request, task_id)


async def answer_status(request: Request, task_id: str) -> Response:
    """Do what `get_status` does; requests come here past the router."""
    caller = await caller_of(request)
    task = _task(task_id)
    status = await usecases.find_status(wiring_of(request).database, caller, task)
    etag = f'"{status.version}-{status.queue_position or 0}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(msgspec.json.encode(status_of(status, task)), media_type=_JSON, headers=headers)


@router.get("/queue-stats", dependencies=SIGNED)
async def get_queue_stats(caller: Signed, wiring: Wired) -> QueueStatsOut:
    """Show the tasks that the key sees, by worker, and the counts of all, by queue."""
    return QueueStatsOut.of(await queue_stats(wiring.database, caller))


@router.post("/cancel/{task_id}", dependencies=SIGNED)
async def cancel(task_id: str, caller: Signed, wiring: Wired) -> CancelOut:
    """Cancel a discovery: one that waits never starts, one that runs stops within a visit. Again changes nothing."""
    session = await usecases.cancel(wiring.database, caller, _task(task_id))
    message = session.sentence if session.state.is_final else "It stops after the visit in hand."
    return CancelOut(task_id=session.task_id, session_id=session.id, state=TASK_STATE[session.state], message=message)


@router.get("/events/{task_id}", dependencies=SIGNED, response_class=Response, responses=_GONE_QUIET)
async def get_events(
    task_id: str,
    caller: Signed,
    wiring: Wired,
    last_event_id: Annotated[str | None, Header(description="The last event that was seen: what follows it is sent.")] = None,
) -> Response:
    """Follow a discovery as server-sent events: first what happened since `Last-Event-ID`, then what happens, to the end."""
    task = _task(task_id)
    after = int(last_event_id) if last_event_id and last_event_id.isascii() and last_event_id.isdigit() else 0
    after = min(after, 2**31 - 1)
    session, events = await find_events(wiring.database, caller, task_id=task, after=after)
    if session.state.is_final and not events:
        return Response(status_code=HTTPStatus.NO_CONTENT)

    stopping = anyio.Event()

    async def stream() -> AsyncIterator[ServerSentEvent]:
        last, waiting = after, events
        while True:
            for event in waiting:
                yield _sent(event)
                last = event.sequence
            if waiting and waiting[-1].kind == ENDED:
                return
            with anyio.move_on_after(EVENT_POLL_SECONDS):
                await stopping.wait()
            if stopping.is_set():
                return
            try:
                _, waiting = await find_events(wiring.database, caller, task_id=task, after=last)
            except (StoreUnavailableError, NotFoundError):
                return  # the client comes again with Last-Event-ID

    return EventSourceResponse(stream(), shutdown_event=stopping, shutdown_grace_period=STREAM_GRACE_SECONDS)


def _task(text: str) -> TaskId:
    """Return the task id; one that is no UUID is simply not there."""
    try:
        return TaskId(UUID(text))
    except ValueError:
        raise NotFoundError("task", text[:60]) from None


def _sent(event: SessionEvent) -> ServerSentEvent:
    data = {"at": event.at, **event.data}
    return ServerSentEvent(id=str(event.sequence), event=event.kind, data=msgspec.json.encode(data).decode())
