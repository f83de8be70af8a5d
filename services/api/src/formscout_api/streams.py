"""A response that goes on while a session does: its events as they come, in one task, until the last one or the client's leave."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fastapi import Response
from starlette.types import Receive, Scope, Send

from formscout.domain.crawls import SessionEvent
from formscout.domain.errors import NotFoundError, StoreUnavailableError
from formscout.domain.ids import CrawlSessionId, UserId
from formscout.usecases.results import ENDED, EVENTS_AT_ONCE
from formscout_api.watch import Feed, Watch, chunk_of

HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would collect the events
}

History = Callable[[int], Awaitable[Sequence[SessionEvent]]]
"""Returns a stretch of what happened after a sequence number; nothing when there is no more."""


class EventStream(Response):
    """Server-sent events of one session. Whoever makes it has entered the watch; it leaves it."""

    media_type = "text/event-stream"

    def __init__(
        self,
        watch: Watch,
        *,
        user_id: UserId,
        session_id: CrawlSessionId,
        after: int,
        events: Sequence[SessionEvent],
        history: History,
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]  # it ends when it ends
        self._watch = watch
        self._user_id = user_id
        self._session_id = session_id
        self._after = after
        self._events = events
        self._history = history

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what is known, then what comes."""
        del scope  # nothing of it matters to a stream
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if not await self._send_history(send):
                await self._send_news(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._watch.leave(self._user_id)

    async def _send_history(self, send: Send) -> bool:
        """Send what happened so far; return whether the session's last event was among it."""
        while self._events:
            await _send(send, b"".join(chunk_of(event) for event in self._events))
            last = self._events[-1]
            self._after = last.sequence
            if last.kind == ENDED:
                return True
            if len(self._events) < EVENTS_AT_ONCE:
                return False  # what came meanwhile is news
            try:
                self._events = await self._history(self._after)
            except (StoreUnavailableError, NotFoundError):
                return True  # the client comes again with Last-Event-ID
        return False

    async def _send_news(self, receive: Receive, send: Send) -> None:
        with self._watch.following(self._session_id, after=self._after) as feed:
            leaving = asyncio.create_task(_end_when_gone(receive, feed))
            try:
                while chunk := await feed.take():
                    await _send(send, chunk)
            finally:
                leaving.cancel()


async def _send(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _end_when_gone(receive: Receive, feed: Feed) -> None:
    await gone(receive)
    feed.end()


async def gone(receive: Receive) -> None:
    """Return when the client of a request without a body has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
