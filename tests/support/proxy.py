"""A TCP proxy between a process and its store, which the suite may cut, refuse, freeze, slow down, or make forget an answer."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

READ_BYTES: Final = 65_536
CALL_SECONDS: Final = 60


class Loop:
    """An event loop in a thread of its own, so that what runs on it goes on while a test waits."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chaos", daemon=True)
        self._thread.start()

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:  # Any: what a coroutine sends and yields
        """Run a coroutine and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=CALL_SECONDS)

    @contextmanager
    def within(self, block: AbstractAsyncContextManager[Result]) -> Iterator[Result]:
        """Enter a block of asynchronous code on the loop, and leave it at the end."""
        entered = self.call(block.__aenter__())
        try:
            yield entered
        finally:
            self.call(block.__aexit__(None, None, None))

    def close(self) -> None:
        """End the loop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=CALL_SECONDS)
        self._loop.close()


@dataclass
class Trap:
    """What the proxy waits for once, and then does: `sprung` is set."""

    request: bytes  # in what a client sends
    answer: bytes | None  # in what the store answers to it; None: the request itself is kept, the store never sees it
    sprung: threading.Event
    after: bytes = b""  # only on a connection that has sent these bytes before, in the same request or an earlier one
    armed: "set[_Link]" = field(default_factory=set)  # where they have passed


class _Link:
    """One connection through the proxy."""

    def __init__(self, client: asyncio.StreamWriter, store: asyncio.StreamWriter) -> None:
        self.client = client
        self.store = store
        self.asked = b""  # the last bytes that the client sent
        self.deaf = False  # a trap has sprung here: nothing passes any more

    def abort(self) -> None:
        for side in (self.client, self.store):
            side.transport.abort()


class Proxy:
    """Listens on a port of the loopback for as long as it lives, and passes bytes on to a store."""

    def __init__(self, loop: Loop, upstream: tuple[str, int] | str) -> None:
        self._loop = loop
        self.upstream = upstream  # host and port, or the path of a Unix socket
        self.delay_seconds = 0.0  # before each chunk, in both directions
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._refusing = False
        self._flowing = loop.call(_new_event())
        self._traps: list[Trap] = []
        self._server = loop.call(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Cut every connection; new ones are let through."""
        self._loop.call(self._cut())

    def refuse(self) -> None:
        """Cut every connection and each new one, until `restore`: the store is down."""
        self._refusing = True
        self.cut()

    def freeze(self) -> None:
        """Hold all bytes back, connections staying open, until `restore`: the network swallows packets."""
        self._loop.call(self._flow(flows=False))

    def restore(self) -> None:
        """End every fault."""
        self._refusing = False
        self.delay_seconds = 0.0
        self._traps.clear()
        self._loop.call(self._flow(flows=True))
        self._loop.call(self._cut(deaf_only=True))

    def keep_request(self, request: bytes, *, after: bytes = b"") -> threading.Event:
        """Keep the next request that holds these bytes, and all after it on its connection; the event tells when.

        With `after`, requests pass on connections that have not sent these bytes before.
        """
        return self._set_trap(Trap(request=request, answer=None, sprung=threading.Event(), after=after))

    def lose_answer(self, request: bytes, *, holding: bytes = b"", after: bytes = b"") -> threading.Event:
        """Let the store do the next request that holds these bytes, lose its answer and cut the connection; the event tells when.

        With `holding`, answers without it pass; with `after`, so do those on connections that have not sent these bytes before.
        """
        return self._set_trap(Trap(request=request, answer=holding, sprung=threading.Event(), after=after))

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self.refuse()
        self._loop.call(self._close())

    def _set_trap(self, trap: Trap) -> threading.Event:
        self._traps.append(trap)
        return trap.sprung

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            if isinstance(self.upstream, str):
                store_reader, store_writer = await asyncio.open_unix_connection(self.upstream)
            else:
                store_reader, store_writer = await asyncio.open_connection(*self.upstream)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(writer, store_writer)
        self._links.add(link)
        for task in (asyncio.create_task(self._send(link, reader)), asyncio.create_task(self._answer(link, store_reader))):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, link: _Link, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while chunk := await reader.read(READ_BYTES):
                await self._pass()
                link.asked = chunk
                for one in self._traps:
                    if one.after in chunk:
                        one.armed.add(link)
                if trap := self._sprung(link, answer=None):
                    link.deaf = True
                    trap.sprung.set()
                if not link.deaf:
                    link.store.write(chunk)
                    await link.store.drain()
        self._end(link)

    async def _answer(self, link: _Link, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while chunk := await reader.read(READ_BYTES):
                await self._pass()
                if trap := self._sprung(link, answer=chunk):
                    link.abort()
                    trap.sprung.set()
                    break
                if not link.deaf:
                    link.client.write(chunk)
                    await link.client.drain()
        self._end(link)

    def _sprung(self, link: _Link, *, answer: bytes | None) -> Trap | None:
        """Return the trap that springs by a request, or by the answer to it, and take it away."""
        for trap in self._traps:
            if trap.after and link not in trap.armed:
                continue
            if trap.request in link.asked and (trap.answer is None) == (answer is None) and (trap.answer or b"") in (answer or b""):
                self._traps.remove(trap)
                return trap
        return None

    async def _pass(self) -> None:
        if self.delay_seconds:
            await asyncio.sleep(self.delay_seconds)
        await self._flowing.wait()

    def _end(self, link: _Link) -> None:
        self._links.discard(link)
        link.abort()

    async def _cut(self, *, deaf_only: bool = False) -> None:
        for link in [one for one in self._links if one.deaf or not deaf_only]:
            self._end(link)

    async def _flow(self, *, flows: bool) -> None:
        if flows:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()


async def _new_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
