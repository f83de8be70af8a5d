"""Connections to addresses that strangers name: looked up once, judged, and made to the very address that was judged."""

import asyncio
import ipaddress
import socket
import typing
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import httpcore

from formscout.security.addresses import IPAddress, Resolve, as_literal, judge_addresses

RESOLVER_THREADS: Final = 8
"""Look-ups at once: threads of their own, for a name server that does not answer holds its thread for many seconds."""

ADDRESSES_TRIED: Final = 4
"""Of one name: one that is down is passed over, a list without end is not followed."""


class OutboundRefusedError(Exception):
    """Where a name leads, nothing may be sent; the message is for operators, since it says what stands inside."""


class UnresolvedError(Exception):
    """A name leads nowhere."""


class SystemResolver:
    """Looks names up the way the system does, in threads of its own."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")

    async def __call__(self, host: str) -> Sequence[IPAddress]:
        """Return what a name leads to, in the system's order of preference; nothing for an unknown name."""
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._threads, _look_up, host)
        except (OSError, UnicodeError):
            return ()
        return tuple(dict.fromkeys(ipaddress.ip_address(address.split("%", 1)[0]) for address in found))


async def judged_addresses(host: str, *, allow_private: bool, resolve: Resolve) -> Sequence[IPAddress]:
    """Return what a host leads to, looked up once; raises `UnresolvedError`, or `OutboundRefusedError` if one of it is no place to go."""
    literal = as_literal(host)
    addresses = (literal,) if literal is not None else await resolve(host)
    if not addresses:
        raise UnresolvedError(f"{host} does not resolve")
    verdict = judge_addresses(host, addresses, allow_private=allow_private)
    if not verdict.allowed:
        raise OutboundRefusedError(verdict.reason)
    return addresses


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections to judged addresses only.

    The name stays the request's own, so `Host`, SNI and the certificate's check are as ever; but nobody looks it up again
    between judging and connecting, and a name that leads to another place a moment later (DNS rebinding) gains nothing.
    """

    def __init__(self, *, allow_private: bool, resolve: Resolve) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[typing.Any] | None = None,  # Any: httpcore's type for them is not public
    ) -> httpcore.AsyncNetworkStream:
        """Connect; raises `OutboundRefusedError`, `UnresolvedError`, or what httpcore raises."""
        try:
            async with asyncio.timeout(timeout):
                addresses = (await judged_addresses(host, allow_private=self._allow_private, resolve=self._resolve))[:ADDRESSES_TRIED]
                share = None if timeout is None else timeout / len(addresses)
                for last, address in enumerate(addresses, start=1 - len(addresses)):
                    try:
                        return await self._backend.connect_tcp(str(address), port, share, local_address, socket_options)
                    except (httpcore.ConnectError, httpcore.ConnectTimeout):
                        if not last:
                            raise
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"No connection within {timeout} s") from None
        raise AssertionError("the last address returns or raises")

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        """Refuse: a socket's path is no address that a stranger may name."""
        raise OutboundRefusedError("Sockets of this machine are never connected to.")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


def _look_up(host: str) -> list[str]:
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]
