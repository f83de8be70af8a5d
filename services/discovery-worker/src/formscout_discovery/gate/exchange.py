"""One connection of the browser to the gate: its requests, one after the other, judged and passed on."""

import asyncio
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import h11

from formscout_discovery.gate import answers
from formscout_discovery.gate.lane import Lane
from formscout_discovery.gate.sockets import is_socket, pass_socket
from formscout_discovery.gate.streams import Stream, TcpStream, TlsStream
from formscout_discovery.gate.upstream import Target, Trouble, UpstreamError
from formscout_discovery.gate.wire import Wire
from formscout_discovery.policy.read_protocols import MAX_JUDGED_BODY_BYTES
from formscout_discovery.policy.requests import SAFE_METHODS

IDLE_SECONDS: Final = 300.0
"""A connection of the browser on which nothing is asked for so long is ended; the browser's own limit."""

ANSWER_SECONDS: Final = 600.0
"""Between two pieces of an answer: applications wait for news for minutes."""

TLS_RECORD: Final = b"\x16"
"""The first byte of whoever begins with TLS."""

CONNECTED: Final = b"HTTP/1.1 200 Connected\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request of the browser."""

    head: h11.Request
    method: str
    target: Target
    url: str
    path: bytes  # as the server is asked for it
    body: bytes  # what was read of it so far
    is_whole: bool  # whether that is all of it


async def serve(lane: Lane, stream: TcpStream) -> None:
    """Serve one connection until it ends; raises what ends it."""
    wire = Wire(stream, is_server=True)
    head = await _next_request(wire)
    if head is not None and head.method == b"CONNECT":
        await _serve_tunnel(lane, stream, _target_of(head.target.decode("ascii"), tls=False), wire.trailing)
    elif head is not None:
        await _serve_requests(lane, wire, head, None)


async def _serve_tunnel(lane: Lane, stream: TcpStream, target: Target | None, early: bytes) -> None:
    """Serve what the browser sends to one server: over TLS, or, as for `ws:`, without."""
    if target is None or lane.is_closed:
        await stream.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return
    await stream.write(CONNECTED)
    first = early or await stream.read()
    stream.put_back(first)
    inner: Stream = stream
    if first.startswith(TLS_RECORD):
        target = Target(host=target.host, port=target.port, tls=True)
        trusted = await _is_trusted(lane, target)
        tls = TlsStream(stream, lane.credentials.trusted if trusted else lane.credentials.untrusted)
        await tls.handshake()
        if not trusted:
            return  # the browser tells its page what it would have told of the server's own certificate
        inner = tls
    wire = Wire(inner, is_server=True)
    head = await _next_request(wire)
    if head is not None:
        await _serve_requests(lane, wire, head, target)


async def _is_trusted(lane: Lane, target: Target) -> bool:
    """Tell whether the server's certificate can be verified; the connection made to find out serves the first request."""
    wire = lane.upstream.take(target)
    try:
        lane.upstream.keep(target, wire or await lane.upstream.connect(target))
    except UpstreamError as error:
        return error.trouble is not Trouble.INSECURE
    return True


async def _serve_requests(lane: Lane, wire: Wire, head: h11.Request | None, target: Target | None) -> None:
    """Serve requests as long as the connection is good for another."""
    while head is not None:
        ask = await _read_ask(wire, head, target)
        if ask is None:
            await wire.send(*answers.failed(Trouble.INVALID, "This is a proxy; it takes whole addresses."))
            return
        if is_socket(head):
            await pass_socket(lane, wire, head, ask.target, url=ask.url, path=ask.path)
            return
        await _answer(lane, wire, ask)
        if not wire.is_reusable():
            return
        head = await _next_request(wire)


async def _next_request(wire: Wire) -> h11.Request | None:
    async with asyncio.timeout(IDLE_SECONDS):
        event = await wire.next_event()
    return event if isinstance(event, h11.Request) else None


async def _read_ask(wire: Wire, head: h11.Request, target: Target | None) -> Ask | None:
    """Return a request with as much of its body as is judged; None for one that does not say where it goes."""
    asked = head.target.decode("ascii")
    if target is None:
        scheme, _, rest = asked.partition("://")
        authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
        target = _target_of(authority, tls=False) if scheme.lower() == "http" else None
        if target is None:
            return None
        path = rest[len(authority) :]
        path = path if path.startswith("/") else f"/{path}"
        url = asked
    else:
        path = asked
        scheme = ("wss" if target.tls else "ws") if is_socket(head) else ("https" if target.tls else "http")
        host = f"[{target.host}]" if ":" in target.host else target.host
        shown = "" if target.port == (443 if target.tls else 80) else f":{target.port}"
        url = f"{scheme}://{host}{shown}{path}"
    body, is_whole = (b"", False) if is_socket(head) else await _read_body(wire)
    return Ask(
        head=head,
        method=head.method.decode("ascii").upper(),
        target=target,
        url=url,
        path=path.encode("ascii"),
        body=body,
        is_whole=is_whole,
    )


async def _read_body(wire: Wire) -> tuple[bytes, bool]:
    """Read a body as far as it is judged; tell whether that is all of it."""
    parts: list[bytes] = []
    size = 0
    while size <= MAX_JUDGED_BODY_BYTES:
        event = await wire.next_event()
        if not isinstance(event, h11.Data):
            return b"".join(parts), isinstance(event, h11.EndOfMessage)
        parts.append(bytes(event.data))
        size += len(event.data)
    return b"".join(parts), False


async def _answer(lane: Lane, wire: Wire, ask: Ask) -> None:
    """Judge a request, and answer it or have it answered."""
    content_type = dict(ask.head.headers).get(b"content-type", b"").decode("latin-1")
    if not lane.judge(ask.method, ask.url, ask.body if ask.is_whole else None, content_type):
        if not ask.is_whole:
            while isinstance(await wire.next_event(), h11.Data):
                pass  # a browser reads no answer before all is sent
        await wire.send(*answers.held_back(ask.head))
        return
    try:
        await _forward(lane, wire, ask)
    except UpstreamError as error:
        if error.trouble is Trouble.REFUSED:
            lane.count_refused(ask.method, ask.url)
        if not wire.awaits_answer:
            raise ConnectionResetError("the answer broke off") from error
        await wire.send(*answers.failed(error.trouble, str(error)))


async def _forward(lane: Lane, wire: Wire, ask: Ask) -> None:
    """Ask the server and pass its answer on; raises `UpstreamError` when there is none, or it breaks off."""
    try:
        # A connection that waits may have been ended by the server a moment ago: only what may be sent twice is risked on one.
        waiting = lane.upstream.take(ask.target) if ask.is_whole and ask.method in SAFE_METHODS else None
        if waiting is not None and await _exchange(lane, waiting, wire, ask, is_first_try=True):
            return
        await _exchange(lane, await lane.upstream.connect(ask.target), wire, ask, is_first_try=False)
    except h11.RemoteProtocolError as error:
        raise UpstreamError(Trouble.INVALID, f"{ask.target.host} does not speak HTTP as it is written: {error}") from error
    except TimeoutError:
        raise UpstreamError(Trouble.TIMEOUT, f"{ask.target.host} did not answer within {ANSWER_SECONDS:.0f} s") from None
    except OSError as error:
        raise UpstreamError(Trouble.UNREACHABLE, f"{ask.target.host}: {error}") from error


async def _exchange(lane: Lane, upstream: Wire, wire: Wire, ask: Ask, *, is_first_try: bool) -> bool:
    """Ask over one connection, which then waits for the next request or is ended; False when it was dead before it answered."""
    try:
        try:
            head = await _ask_server(upstream, wire, ask)
        except (h11.RemoteProtocolError, OSError):
            upstream.stream.abort()
            if is_first_try and not wire.stream.is_gone:
                return False
            raise
        await _pass_answer(upstream, wire, head)
    except BaseException:
        upstream.stream.abort()
        raise
    lane.upstream.give_back(ask.target, upstream)
    return True


async def _ask_server(upstream: Wire, wire: Wire, ask: Ask) -> h11.Response:
    """Send a request, the rest of its body as it comes, and return the head of the answer."""
    headers = answers.end_to_end(ask.head.headers.raw_items())
    framing = [(name, value) for name, value in ask.head.headers if name == b"transfer-encoding"]
    request = h11.Request(method=ask.head.method, target=ask.path, headers=[*headers, *framing])
    first = [h11.Data(data=ask.body)] if ask.body else []
    await upstream.send(request, *first, *([h11.EndOfMessage()] if ask.is_whole else []))
    while not ask.is_whole:
        event = await wire.next_event()
        if isinstance(event, h11.Data):
            await upstream.send(event)
            continue
        if not isinstance(event, h11.EndOfMessage):
            raise ConnectionResetError("the request broke off")
        await upstream.send(h11.EndOfMessage())
        break
    while True:
        answer = await upstream.next_event_for(wire.stream, ANSWER_SECONDS)
        if isinstance(answer, h11.Response):
            return answer
        if not isinstance(answer, h11.InformationalResponse):
            raise h11.RemoteProtocolError("the connection ended before an answer")


async def _pass_answer(upstream: Wire, wire: Wire, head: h11.Response) -> None:
    """Pass an answer on, piece by piece."""
    await wire.send(h11.Response(status_code=head.status_code, reason=head.reason, headers=answers.end_to_end(head.headers.raw_items())))
    while True:
        event = await upstream.next_event_for(wire.stream, ANSWER_SECONDS)
        if isinstance(event, h11.Data):
            await wire.send(h11.Data(data=event.data))
        elif isinstance(event, h11.EndOfMessage):
            await wire.send(h11.EndOfMessage())
            return
        else:
            raise h11.RemoteProtocolError("the answer broke off")


def _target_of(authority: str, *, tls: bool) -> Target | None:
    """Return the server that an authority names; None for none."""
    try:
        parts = urlsplit(f"//{authority}")
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    return Target(host=parts.hostname, port=port or (443 if tls else 80), tls=tls)
