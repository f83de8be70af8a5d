"""A receiver of webhooks for tests: a real HTTP server on the loopback that behaves as it is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from standardwebhooks import Webhook

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]

WAIT_SECONDS = 120
"""For what takes a moment; the rest is for a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A request as it came."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:  # Any: JSON
        """Return the payload, verified as receivers do; raises if the signature is not good."""
        return Webhook(secret).verify(self.body, self.headers)

    def is_signed(self, secret: str) -> bool:
        """Tell whether the signature is good, however long ago it came."""
        at = datetime.fromtimestamp(int(self.headers["webhook-timestamp"]), tz=UTC)
        return Webhook(secret).sign(self.event_id, at, self.body.decode()) in self.headers["webhook-signature"].split()


def answering(status: int, *headers: str, body: bytes = b"") -> Behaviour:
    """Answer so."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return answer


def raw(text: bytes) -> Behaviour:
    """Send these bytes and close the connection."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return answer


async def endless(writer: asyncio.StreamWriter) -> None:
    """Answer 500 with a body that never ends."""
    writer.write(b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"2000\r\n" + b"<" * 8192 + b"\r\n")
        await writer.drain()


async def silent(writer: asyncio.StreamWriter) -> None:
    """Say nothing until the other side goes."""
    del writer
    await asyncio.Event().wait()


@dataclass(kw_only=True)
class Receiver:
    """What came, and how it is answered: by `first` at an event's first attempt, else by `behaviours` one after the other, then `usual`."""

    usual: Behaviour = field(default_factory=lambda: answering(204))
    first: Behaviour | None = None
    behaviours: list[Behaviour] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    open_now: int = 0
    open_most: int = 0
    connections: int = 0
    port: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def address(self, path: str = "/hooks", *, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"

    async def wait_for(self, count: int) -> list[Arrived]:
        """Wait until so many requests have come."""
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.arrived) < count:
                self.news.clear()
                await self.news.wait()
        return self.arrived

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open_now += 1
        self.open_most = max(self.open_most, self.open_now)
        with suppress(OSError, asyncio.IncompleteReadError):
            arrived = await _read(reader)
            behaviour = self._behaviour(arrived)
            self.arrived.append(arrived)
            self.news.set()
            talking = asyncio.create_task(self._talk(behaviour, writer))
            gone = asyncio.create_task(reader.read())
            await asyncio.wait({talking, gone}, return_when=asyncio.FIRST_COMPLETED)
            for task in (talking, gone):
                task.cancel()
            await asyncio.gather(talking, gone, return_exceptions=True)
        self.open_now -= 1
        writer.close()

    def _behaviour(self, arrived: Arrived) -> Behaviour:
        if self.first is not None and all(arrived.event_id != one.event_id for one in self.arrived):
            return self.first
        return self.behaviours.pop(0) if self.behaviours else self.usual

    async def _talk(self, behaviour: Behaviour, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await behaviour(writer)


@asynccontextmanager
async def receiving(usual: Behaviour | None = None, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    receiver = Receiver() if usual is None else Receiver(usual=usual)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await receiver._serve(reader, writer)
        except asyncio.CancelledError:
            writer.close()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Arrived:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, value in (line.split(":", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Arrived(target=first.split(" ")[1], headers=headers, body=body)
