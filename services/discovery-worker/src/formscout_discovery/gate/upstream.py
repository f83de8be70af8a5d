"""Connections from the gate to servers: looked up once, judged, and made to the very address that was judged."""

import asyncio
import ssl
import time
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from formscout.security.addresses import AddressKind, IPAddress, Resolve, kind_of, unwrapped
from formscout.security.outbound import ADDRESSES_TRIED, OutboundRefusedError, UnresolvedError, judged_addresses
from formscout_discovery.gate.streams import TcpStream
from formscout_discovery.gate.wire import Wire

CONNECT_SECONDS: Final = 15.0
"""For all addresses of a name together, TLS included; a tab waits a little longer for its document."""

IDLE_SECONDS: Final = 15.0
"""So long an open connection waits for its next request; many servers close theirs after some more."""

MAX_IDLE: Final = 64
"""Open connections that wait, of one lane."""


class Trouble(StrEnum):
    """Why a server cannot be asked."""

    REFUSED = "refused"  # by the outbound guard
    UNRESOLVED = "unresolved"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    INSECURE = "insecure"  # its certificate cannot be verified, or it speaks no TLS
    INVALID = "invalid"  # it does not speak HTTP


class UpstreamError(Exception):
    """A server cannot be asked; the message is for operators."""

    def __init__(self, trouble: Trouble, message: str) -> None:
        super().__init__(message)
        self.trouble = trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server that a request is for."""

    host: str
    port: int
    tls: bool


class Upstream:
    """The connections of one lane."""

    def __init__(self, *, allow_private: bool, resolve: Resolve, context: ssl.SSLContext, own_ports: Collection[int]) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._context = context
        self._own_ports = own_ports
        self._idle: defaultdict[Target, list[tuple[float, Wire]]] = defaultdict(list)

    async def connect(self, target: Target) -> Wire:
        """Open a connection; raises `UpstreamError`."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await self._connect(target)
        except TimeoutError:
            raise UpstreamError(Trouble.TIMEOUT, f"{target.host} did not answer within {CONNECT_SECONDS:.0f} s") from None
        except OutboundRefusedError as error:
            raise UpstreamError(Trouble.REFUSED, str(error)) from error
        except UnresolvedError as error:
            raise UpstreamError(Trouble.UNRESOLVED, str(error)) from error
        except ssl.SSLError as error:
            raise UpstreamError(Trouble.INSECURE, f"{target.host}: {error.reason or error}") from error
        except OSError as error:
            raise UpstreamError(Trouble.UNREACHABLE, f"{target.host}: {error}") from error

    def take(self, target: Target) -> Wire | None:
        """Return a connection that waits, None if there is none."""
        waiting = self._idle.get(target, [])
        while waiting:
            since, wire = waiting.pop()
            if not wire.stream.is_gone and time.monotonic() - since < IDLE_SECONDS:
                return wire
            wire.stream.abort()
        return None

    def give_back(self, target: Target, wire: Wire) -> None:
        """Keep a connection for the next request, if it can have one."""
        if wire.stream.is_gone or not wire.is_reusable():
            wire.stream.abort()
            return
        self.keep(target, wire)

    def keep(self, target: Target, wire: Wire) -> None:
        """Keep a connection that is ready for a request."""
        if sum(map(len, self._idle.values())) >= MAX_IDLE:
            self.close()
        self._idle[target].append((time.monotonic(), wire))

    def close(self) -> None:
        """End the connections that wait."""
        for waiting in self._idle.values():
            for _, wire in waiting:
                wire.stream.abort()
        self._idle.clear()

    async def _connect(self, target: Target) -> Wire:
        addresses = await judged_addresses(target.host, allow_private=self._allow_private, resolve=self._resolve)
        tried = list(addresses)[:ADDRESSES_TRIED]
        for left, address in zip(range(len(tried) - 1, -1, -1), tried, strict=True):
            self._refuse_ourselves(address, target.port)
            try:
                async with asyncio.timeout(CONNECT_SECONDS / len(tried)):
                    return await self._open(address, target)
            except ssl.SSLError:
                raise
            except (OSError, TimeoutError):
                if not left:
                    raise
        raise AssertionError("the last address returns or raises")

    def _refuse_ourselves(self, address: IPAddress, port: int) -> None:
        if port in self._own_ports and kind_of(unwrapped(address)) is AddressKind.LOOPBACK:
            raise OutboundRefusedError("that is the gate itself")

    async def _open(self, address: IPAddress, target: Target) -> Wire:
        context, name = (self._context, target.host) if target.tls else (None, None)
        reader, writer = await asyncio.open_connection(str(address), target.port, ssl=context, server_hostname=name)
        return Wire(TcpStream(reader, writer), is_server=False)
