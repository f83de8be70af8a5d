"""The gate's price: CPU time of its process for one request that passes it, plain and over TLS, and for one that it holds back.

`uv run python -m bench.bench_gate [REQUESTS [TURNS]]`. Client and server live in the benchmark's own process, which is not counted.
"""

import asyncio
import contextlib
import ssl
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from bench.measure import cpu_seconds, machine
from tests.support.tls import Authority

from formscout_discovery.gate.process import Gate, Lane, running_gate
from formscout_discovery.policy.requests import JudgeSettings

REQUESTS = 2000
TURNS = 5
CONNECTIONS = 6
"""As many as a browser has open to one host."""

BODY = b"x" * 8192
"""Of an answer: a page's median resource is of that size."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nCache-Control: no-store\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)

HEADERS = (
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"
    b"Accept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
    b"Cookie: session=0123456789abcdef0123456789abcdef\r\n"
)

MARK_MS = 2.1
"""What mitmproxy 11 took for a request."""


async def main() -> int:
    """Run the benchmark and return the exit status."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS
    turns = int(sys.argv[2]) if len(sys.argv) > 2 else TURNS  # noqa: PLR2004 (the second argument)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="bench-gate-") as folder:
        authority = Authority.make(Path(folder), "bench")
        async with (
            _server(None) as plain,
            _server(authority.server("127.0.0.1")) as secure,
            running_gate(authority.file) as gate,
            gate.lane(JudgeSettings(), allow_private=True, told=lambda _: None) as lane,
        ):
            kinds: dict[str, Callable[[int], Awaitable[None]]] = {
                "GET, plain": lambda count: _ask(lane, count, b"GET http://127.0.0.1:%d/a" % plain, None),
                "GET, TLS on both sides": lambda count: _ask(lane, count, b"GET /a", secure),
                "POST, held back": lambda count: _ask(lane, count, b"POST http://127.0.0.1:%d/a" % plain, None),
            }
            kept = await _measure(gate, kinds, requests=requests, turns=turns)
    return 0 if kept else 1


async def _measure(gate: Gate, kinds: dict[str, Callable[[int], Awaitable[None]]], *, requests: int, turns: int) -> bool:
    spent: dict[str, list[float]] = {name: [] for name in kinds}
    for turn in range(turns + 1):
        for name, ask in kinds.items():
            before = cpu_seconds([gate.pid])
            await ask(requests if turn else CONNECTIONS)
            if turn:  # the first is a warm-up
                spent[name].append((cpu_seconds([gate.pid]) - before) * 1000 / requests)
    print(f"\nThe gate's process for one request ({requests} requests over {CONNECTIONS} connections, {turns} turns; without a gate: 0)")
    for name, each in spent.items():
        median = statistics.median(each)
        word = "kept" if median <= MARK_MS else "MISSED"
        print(f"  {name:24} {median:5.2f} CPU ms ({min(each):.2f}–{max(each):.2f})   mark ≤ {MARK_MS}: {word}")
    return all(statistics.median(each) <= MARK_MS for each in spent.values())


@contextlib.asynccontextmanager
async def _server(context: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Answer every request alike; yields the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(ANSWER)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def _ask(lane: Lane, count: int, line: bytes, tunnel: int | None) -> None:
    """Send so many requests over a few connections, each waiting for its answer."""
    await asyncio.gather(*(_ask_one(lane, count // CONNECTIONS, line, tunnel) for _ in range(CONNECTIONS)))


async def _ask_one(lane: Lane, count: int, line: bytes, tunnel: int | None) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", lane.port)
    if tunnel is not None:
        writer.write(b"CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (tunnel, tunnel))
        await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(ssl._create_unverified_context())  # noqa: S323, SLF001 (a browser knows the key by its fingerprint)
    body = b"Content-Length: 7\r\n\r\nchanges" if line.startswith(b"POST") else b"\r\n"
    for _ in range(count):
        writer.write(line + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n" + HEADERS + body)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(part.split(b":")[1]) for part in head.split(b"\r\n") if part.lower().startswith(b"content-length:"))
        await reader.readexactly(length)
    writer.close()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
