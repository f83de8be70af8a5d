"""Byte streams as the gate reads and writes them: plain ones, and TLS that begins in the middle of one."""

import asyncio
import contextlib
import ssl
from typing import Final, Protocol

READ_BYTES: Final = 64 * 1024
"""At once; with asyncio's own buffer of twice as much this bounds what one direction of one connection holds."""

STALLED_AFTER_S: Final = 120.0
"""A peer that takes no byte for so long is given up."""

ABOUT_GONE_S: Final = 2.0
"""So often somebody who waits looks whether the one waited for is still there."""


class Stream(Protocol):
    """A connection's two directions."""

    async def read(self) -> bytes:
        """Return what has come, nothing at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Send all of it, waiting for a slow peer."""
        ...

    @property
    def is_gone(self) -> bool:
        """Whether the peer has ended the connection and nothing is left to read."""
        ...

    def abort(self) -> None:
        """End the connection at once."""
        ...


class TcpStream:
    """A stream over asyncio's reader and writer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._returned = b""

    async def read(self) -> bytes:
        """Return what has come, nothing at the end."""
        if self._returned:
            data, self._returned = self._returned, b""
            return data
        return await self._reader.read(READ_BYTES)

    def put_back(self, data: bytes) -> None:
        """Return bytes that were read only to be looked at."""
        self._returned = data + self._returned

    async def write(self, data: bytes) -> None:
        """Send all of it, waiting for a slow peer."""
        self._writer.write(data)
        async with asyncio.timeout(STALLED_AFTER_S):
            await self._writer.drain()

    @property
    def is_gone(self) -> bool:
        """Whether the peer has ended the connection and nothing is left to read."""
        return self._reader.at_eof() and not self._returned

    def abort(self) -> None:
        """End the connection at once, or once what was written last is out."""
        with contextlib.suppress(OSError):
            self._writer.close()


class TlsStream:
    """The server's side of TLS over a stream of which the first bytes were read already, which asyncio's own cannot do."""

    def __init__(self, under: TcpStream, context: ssl.SSLContext) -> None:
        self._under = under
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    async def handshake(self) -> None:
        """Agree with the peer; raises `ssl.SSLError` or `ConnectionError`."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._receive():
                    raise ConnectionResetError("ended while TLS was agreed on") from None
            else:
                await self._flush()
                return

    async def read(self) -> bytes:
        """Return what has come, nothing at the end."""
        while True:
            try:
                return self._tls.read(READ_BYTES)
            except ssl.SSLWantReadError:
                await self._flush()
                if not await self._receive():
                    return b""
            except ssl.SSLZeroReturnError:
                return b""

    async def write(self, data: bytes) -> None:
        """Send all of it, waiting for a slow peer."""
        self._tls.write(data)
        await self._flush()

    @property
    def is_gone(self) -> bool:
        """Whether the peer has ended the connection and nothing is left to read."""
        return self._under.is_gone and not self._incoming.pending

    def abort(self) -> None:
        """End the connection at once."""
        self._under.abort()

    async def _receive(self) -> bool:
        data = await self._under.read()
        self._incoming.write(data)
        return bool(data)

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._under.write(self._outgoing.read())
