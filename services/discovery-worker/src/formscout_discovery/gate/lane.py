"""A lane: a port of the loopback that one signed-in state of a browser sends through, with the rules it is judged by."""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

import h11

from formscout.domain.crawls import RequestVerdict
from formscout.domain.urls import without_query
from formscout.security.addresses import Resolve
from formscout_discovery.gate.credentials import Credentials
from formscout_discovery.gate.messages import Judged
from formscout_discovery.gate.permits import Permits
from formscout_discovery.gate.streams import TcpStream
from formscout_discovery.gate.upstream import Upstream
from formscout_discovery.policy.requests import (
    Judgement,
    JudgeSettings,
    RequestFacts,
    Ruling,
    judge_frame_without_cause,
    judge_without_cause,
)

LOOPBACK: Final = "127.0.0.1"

TELL_AFTER_S: Final = 0.05
"""Requests that are alike are told together: a script may send thousands."""

MAX_CONNECTIONS: Final = 512
"""Of the browser to one lane; Chromium keeps 32 to a proxy, and one more for each WebSocket."""

UNHEARD: Final = Judgement(ruling=Ruling.LET_THROUGH, reason="judged by its tab")


@dataclass(frozen=True, slots=True, kw_only=True)
class GateParts:
    """What all lanes of a gate share."""

    credentials: Credentials
    resolve: Resolve
    context: ssl.SSLContext  # how servers are verified
    own_ports: set[int] = field(default_factory=set)
    tell: Callable[[Judged], None]


class Lane:
    """Judges what comes in, and keeps count of what it ruled."""

    def __init__(self, parts: GateParts, judging: JudgeSettings | None, *, allow_private: bool) -> None:
        self.credentials = parts.credentials
        self.permits = Permits()
        self.upstream = Upstream(allow_private=allow_private, resolve=parts.resolve, context=parts.context, own_ports=parts.own_ports)
        self.port = 0
        self._parts = parts
        self._judging = judging  # None: nothing passes
        self._server: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None], TcpStream] = {}
        self._counted: Counter[tuple[RequestVerdict, str, str, str]] = Counter()
        self._telling: asyncio.TimerHandle | None = None

    @property
    def is_closed(self) -> bool:
        """Whether everything is refused here: the lane of what the browser does on its own behalf."""
        return self._judging is None

    async def listen(self, serve: Callable[["Lane", TcpStream], Coroutine[Any, Any, None]]) -> None:  # Any: what a coroutine sends
        """Take connections from now on."""

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            stream, task = TcpStream(reader, writer), asyncio.current_task()
            assert task is not None, "asyncio runs this as a task"
            if len(self._links) < MAX_CONNECTIONS:
                self._links[task] = stream
                # What ends a connection is told where it means something; here it only ends, and the next one is as good.
                with contextlib.suppress(OSError, TimeoutError, h11.ProtocolError, asyncio.CancelledError):
                    await serve(self, stream)
                del self._links[task]
            stream.abort()

        self._server = await asyncio.start_server(accept, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._parts.own_ports.add(self.port)

    async def close(self) -> None:
        """Take no connection any more, end those that are open, and tell what is left to tell."""
        if self._server is not None:
            self._server.close()
        links = dict(self._links)
        for task, stream in links.items():
            task.cancel()
            stream.abort()
        await asyncio.gather(*links, return_exceptions=True)
        self.upstream.close()
        self._tell()
        self._parts.own_ports.discard(self.port)

    def judge(self, method: str, url: str, body: bytes | None, content_type: str) -> bool:
        """Tell whether a request may be sent; a body of None is too long to be looked at."""
        if self._judging is None:
            return False
        facts = RequestFacts(method=method, url=url, body=body, content_type=content_type)
        judgement = judge_without_cause(facts, self._judging)
        if judgement.ruling is Ruling.HOLD_BACK and self.permits.use(method, url, body):
            judgement = UNHEARD
        return self._ruled(judgement, method, url)

    def judge_frame(self, url: str, message: bytes) -> bool:
        """Tell whether a WebSocket's message may be sent."""
        if self._judging is None:
            return False
        judgement = judge_frame_without_cause(url, message, self._judging)
        if judgement.ruling is Ruling.HOLD_BACK and self.permits.use("WEBSOCKET", url, message):
            judgement = UNHEARD
        return self._ruled(judgement, "WEBSOCKET", url)

    def count_refused(self, method: str, url: str) -> None:
        """Note a request that the outbound guard refused."""
        self._ruled(Judgement(ruling=Ruling.HOLD_BACK, reason="refused by the outbound guard"), method, url)

    def _ruled(self, judgement: Judgement, method: str, url: str) -> bool:
        """Count what a tab does not know of: it lists by itself what passed by its word, or as a mere read."""
        passes = judgement.ruling is not Ruling.HOLD_BACK
        if not passes:
            self._counted[(RequestVerdict.HELD_BACK, method, without_query(url), judgement.reason)] += 1
            if self._telling is None:
                self._telling = asyncio.get_running_loop().call_later(TELL_AFTER_S, self._tell)
        return passes

    def _tell(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        for (verdict, method, url, reason), count in self._counted.items():
            self._parts.tell(Judged(lane=self.port, verdict=verdict, method=method, url=url, reason=reason, count=count))
        self._counted.clear()
