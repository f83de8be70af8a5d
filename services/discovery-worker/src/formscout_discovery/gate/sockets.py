"""Passes a WebSocket on: what the server sends as it is, what the browser sends message by message, each judged."""

import asyncio
from typing import Final

import h11
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage
from wsproto.utilities import ProtocolError

from formscout_discovery.gate import answers
from formscout_discovery.gate.lane import Lane
from formscout_discovery.gate.streams import Stream
from formscout_discovery.gate.upstream import Target, Trouble, UpstreamError
from formscout_discovery.gate.wire import Wire

MAX_MESSAGE_BYTES: Final = 1024 * 1024
"""A longer message is no question that a page reads by; it is not gathered, and held back."""

HANDSHAKE_SECONDS: Final = 30.0
"""For the server to take or refuse the socket."""

NOT_NEGOTIATED: Final = frozenset({b"sec-websocket-extensions"})
"""Compressed messages could not be judged, so nobody is told that the browser can."""


def is_socket(head: h11.Request) -> bool:
    """Tell whether a request asks for a WebSocket."""
    return any(name == b"upgrade" and value.lower() == b"websocket" for name, value in head.headers)


async def pass_socket(lane: Lane, wire: Wire, head: h11.Request, target: Target, *, url: str, path: bytes) -> None:
    """Open the socket at the server and pass on what comes, until either side ends it."""
    if lane.is_closed:
        await wire.send(*answers.held_back(head))
        return
    try:
        upstream = await lane.upstream.connect(target)
    except UpstreamError as error:
        if error.trouble is Trouble.REFUSED:
            lane.count_refused("WEBSOCKET", url)
        await wire.send(*answers.failed(error.trouble, str(error)))
        return
    try:
        if await _shake_hands(wire, upstream, head, path):
            await _pass_both_ways(lane, wire, upstream, url)
    finally:
        upstream.stream.abort()


async def _shake_hands(wire: Wire, upstream: Wire, head: h11.Request, path: bytes) -> bool:
    """Pass the handshake on; False when the server takes no socket."""
    switch = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
    headers = answers.end_to_end(head.headers.raw_items(), also=NOT_NEGOTIATED)
    await upstream.send(h11.Request(method="GET", target=path, headers=[*headers, *switch]), h11.EndOfMessage())
    while True:
        try:
            answer = await upstream.next_event_for(wire.stream, HANDSHAKE_SECONDS)
        except (h11.RemoteProtocolError, TimeoutError):
            await wire.send(*answers.failed(Trouble.INVALID, "The server does not answer the socket's handshake."))
            return False
        if isinstance(answer, h11.InformationalResponse) and answer.status_code == 101:  # noqa: PLR2004 (switching protocols)
            taken = answers.end_to_end(answer.headers.raw_items(), also=NOT_NEGOTIATED)
            await wire.next_event()  # the request's own end
            await wire.send(h11.InformationalResponse(status_code=101, reason=answer.reason, headers=[*taken, *switch]))
            return True
        if isinstance(answer, h11.Response):
            refusal = answers.end_to_end(answer.headers.raw_items(), also=frozenset({b"content-length"}))
            await wire.send(h11.Response(status_code=answer.status_code, reason=answer.reason, headers=refusal), h11.EndOfMessage())
            return False


async def _pass_both_ways(lane: Lane, wire: Wire, upstream: Wire, url: str) -> None:
    asked = asyncio.ensure_future(_pass_judged(lane, wire, upstream.stream, url))
    answered = asyncio.ensure_future(_pass_as_it_is(upstream, wire.stream))
    try:
        await asyncio.wait((asked, answered), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in (asked, answered):
            way.cancel()
        await asyncio.gather(asked, answered, return_exceptions=True)


async def _pass_as_it_is(source: Wire, sink: Stream) -> None:
    data = source.trailing
    while data or (data := await source.stream.read()):
        await sink.write(data)
        data = b""


async def _pass_judged(lane: Lane, source: Wire, sink: Stream, url: str) -> None:
    """Take the browser's frames apart, and send on what may go, in frames of our own."""
    browser = Connection(ConnectionType.SERVER, trailing_data=source.trailing)
    server = Connection(ConnectionType.CLIENT)
    gathered = _Gathered()
    while True:
        try:
            for event in browser.events():
                told = _told(event) if not isinstance(event, TextMessage | BytesMessage) else gathered.add(event)
                if isinstance(told, TextMessage | BytesMessage) and not lane.judge_frame(url, _bytes_of(told)):
                    continue
                if told is not None:
                    await sink.write(server.send(told))
                if isinstance(told, CloseConnection):
                    # What the server says to it still passes, until it ends the connection.
                    await asyncio.sleep(HANDSHAKE_SECONDS)
                    return
            data = await source.stream.read()
            if not data:
                return
            browser.receive_data(data)
        except ProtocolError:
            return  # no WebSocket any more


class _Gathered:
    """A message of which some pieces have come."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._bytes: list[bytes] = []
        self._size = 0

    def add(self, piece: TextMessage | BytesMessage) -> Event | None:
        """Take a piece; return the message once it is whole, and nothing of one that is too long."""
        self._size += len(piece.data)
        if self._size <= MAX_MESSAGE_BYTES:
            if isinstance(piece, TextMessage):
                self._text.append(piece.data)
            else:
                self._bytes.append(bytes(piece.data))
        if not piece.message_finished:
            return None
        whole: Event | None = (
            TextMessage(data="".join(self._text)) if isinstance(piece, TextMessage) else BytesMessage(data=b"".join(self._bytes))
        )
        if self._size > MAX_MESSAGE_BYTES:
            whole = None
        self._text, self._bytes, self._size = [], [], 0
        return whole


def _told(event: Event) -> Event | None:
    """Return a control frame as it goes on. Scripts choose the reason of a closing, which is a message: it stays here."""
    if isinstance(event, CloseConnection):
        return CloseConnection(code=event.code if event.code != NO_CODE else 1000)
    return event if isinstance(event, Ping | Pong) else None


NO_CODE: Final = 1005
"""What a closing without a code is told as; it must never be sent."""


def _bytes_of(message: TextMessage | BytesMessage) -> bytes:
    return message.data.encode() if isinstance(message.data, str) else bytes(message.data)
