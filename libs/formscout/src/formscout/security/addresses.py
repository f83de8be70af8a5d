"""The outbound address guard's rules: which network addresses a worker may connect to.

The rules are pure; `AddressGuard` adds the name look-up and a short memory. Whoever connects must use the rules on the
address that is really connected to: a name that resolves to a public address now may resolve to another a moment later
(DNS rebinding), so the guard in a browser tab narrows that hole and the gate, which pins addresses, closes it.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class AddressKind(StrEnum):
    """What stands behind an address, as far as its number tells."""

    PUBLIC = "public"
    LOOPBACK = "loopback"  # this machine
    PRIVATE = "private"  # the operator's own networks
    METADATA = "metadata"  # a cloud's metadata service: it hands out credentials
    LINK_LOCAL = "link_local"  # where other metadata services live
    RESERVED = "reserved"  # multicast, unspecified, documentation: nothing to connect to


METADATA_ADDRESSES: Final = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Google Cloud, Azure, OpenStack, DigitalOcean
        "169.254.170.2",  # AWS ECS task credentials
        "169.254.170.23",  # AWS EKS pod identity
        "168.63.129.16",  # Azure's wire server, a public number that never leaves the host
        "100.100.100.200",  # Alibaba Cloud
        "192.0.0.192",  # Oracle Cloud
        "fd00:ec2::254",  # AWS over IPv6
        "fd00:ec2::23",  # AWS EKS pod identity over IPv6
        "fd20:ce::254",  # Google Cloud over IPv6
    )
)

METADATA_NAMES: Final = frozenset({"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal", "instance-data"})

PRIVATE_NETWORKS: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "198.18.0.0/15", "fc00::/7", "fec0::/10")
)

NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is meant."""

ALLOWED_WITH_PRIVATE: Final = frozenset({AddressKind.PUBLIC, AddressKind.LOOPBACK, AddressKind.PRIVATE})
"""What an operator's `allow_private` opens; metadata and link-local stay shut whatever is said."""

REMEMBERED_FOR_S: Final = 30.0
"""Short against rebinding, long enough that the hundred requests of one page cost one look-up."""

REMEMBERED_HOSTS: Final = 512
"""Hosts in memory at most: a hostile page may invent names without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardVerdict:
    """Whether a host may be connected to; `reason` is for people and empty when it may."""

    allowed: bool
    reason: str = ""


ALLOWED: Final = GuardVerdict(allowed=True)

Resolve = Callable[[str], Awaitable[Sequence[IPAddress]]]
"""Looks a host name up; an unknown name yields nothing."""


def unwrapped(address: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 address only wraps (mapped, 6to4, Teredo, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64 or (int(address) >> 32 == 0 and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def kind_of(address: IPAddress) -> AddressKind:
    """Tell what stands behind an address."""
    inner = unwrapped(address)
    if inner in METADATA_ADDRESSES:
        return AddressKind.METADATA
    if inner.is_loopback:
        return AddressKind.LOOPBACK
    if inner.is_link_local:
        return AddressKind.LINK_LOCAL
    if any(inner in network for network in PRIVATE_NETWORKS if network.version == inner.version):
        return AddressKind.PRIVATE
    if inner.is_unspecified or inner.is_multicast or inner.is_reserved or not inner.is_global:
        return AddressKind.RESERVED
    return AddressKind.PUBLIC


def judge_addresses(host: str, addresses: Sequence[IPAddress], *, allow_private: bool) -> GuardVerdict:
    """Judge everything that a name resolves to: one refused address refuses the name, for nobody knows which is taken."""
    if host.rstrip(".").lower() in METADATA_NAMES:
        return GuardVerdict(allowed=False, reason=f"{host} is a cloud metadata service")
    allowed = ALLOWED_WITH_PRIVATE if allow_private else frozenset({AddressKind.PUBLIC})
    for address in addresses:
        kind = kind_of(address)
        if kind not in allowed:
            return GuardVerdict(allowed=False, reason=f"{host} leads to {address}, a {kind.value.replace('_', '-')} address")
    return ALLOWED


def as_literal(host: str) -> IPAddress | None:
    """Return the address that a host spells as a number, the legacy spellings of `inet_aton` (`0x7f.1`, `2130706433`) too."""
    bare = host.strip("[]").split("%", 1)[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    if not bare or not bare[0].isdigit():
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(bare))
    except OSError:
        return None


async def resolve_by_system(host: str) -> Sequence[IPAddress]:
    """Look a name up the way the system (and so the browser) does."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple({ipaddress.ip_address(str(entry[4][0]).split("%", 1)[0]) for entry in found})


class AddressGuard:
    """Judges hosts, and remembers for a short while what it found."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolve_by_system) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._known: dict[str, tuple[float, GuardVerdict]] = {}

    async def judge(self, host: str) -> GuardVerdict:
        """Tell whether the host may be connected to; a name that does not resolve passes, as there is nothing to reach."""
        now = time.monotonic()
        remembered = self._known.get(host)
        if remembered is not None and now - remembered[0] < REMEMBERED_FOR_S:
            return remembered[1]
        literal = as_literal(host)
        addresses = (literal,) if literal is not None else await self._resolve(host)
        verdict = judge_addresses(host, addresses, allow_private=self._allow_private)
        if len(self._known) >= REMEMBERED_HOSTS:
            self._known.clear()
        self._known[host] = (now, verdict)
        return verdict
