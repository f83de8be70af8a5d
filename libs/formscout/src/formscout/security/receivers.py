"""Which addresses may be told as receivers of what we send, as far as their spelling says."""

from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpx

from formscout.domain.errors import AddressRefusedError, InvalidInputError
from formscout.security.addresses import as_literal, judge_addresses

LOWEST_FREE_PORT: Final = 1024
"""Ports below it belong to services that mistake a request for something of their own; 80 and 443 are the web's."""

WEB_PORTS: Final = {"http": 80, "https": 443}

INSIDE: Final = ("localhost", "local", "internal", "home.arpa")
"""Ends of names that no public name server knows: RFC 6761, RFC 6762, ICANN's choice for private use, RFC 8375."""

_EXAMPLE: Final = "Give one like https://hooks.example.com/formscout."


def require_receiver(address: str, *, allow_private: bool) -> str:
    """Return the address in the spelling that is connected to: host in lower case and ASCII, path and query as they are.

    Raises `InvalidInputError` for what is no address, `AddressRefusedError` for where nothing may be sent. A name is looked
    at again when it is connected to: what it leads to may change.
    """
    parts, host, port = _parts(address)
    if parts.username is not None or parts.password is not None:
        raise InvalidInputError("A webhook's address must not carry a user name or password; its signature says who sends.")
    if parts.scheme == "http" and not allow_private:
        raise InvalidInputError("A webhook's address must be https, so that nobody on the way reads it.")
    if port is not None and port < LOWEST_FREE_PORT and port not in WEB_PORTS.values():
        raise AddressRefusedError(f"Port {port} is refused; use 443, 80, or one from {LOWEST_FREE_PORT} on.")
    literal = as_literal(host)
    if literal is None and not allow_private and _is_inside(host):
        raise AddressRefusedError(f"{host} is a name that is known inside only; nothing is sent there. {_EXAMPLE}")
    verdict = judge_addresses(host, () if literal is None else (literal,), allow_private=allow_private)
    if not verdict.allowed:
        raise AddressRefusedError(f"{verdict.reason}; nothing is sent there. {_EXAMPLE}")
    bracketed = f"[{host}]" if ":" in host else host
    place = bracketed if port is None or port == WEB_PORTS[parts.scheme] else f"{bracketed}:{port}"
    return urlunsplit((parts.scheme, place, parts.path or "/", parts.query, ""))


def _is_inside(host: str) -> bool:
    """Tell a name without a dot, as services inside a cluster have, and one of those that are reserved for use inside."""
    name = host.rstrip(".")
    return "." not in name or any(name.endswith(f".{end}") for end in INSIDE)


def _parts(address: str) -> tuple[SplitResult, str, int | None]:
    """Return an address's parts, its host in lower-case ASCII and its port; raise `InvalidInputError` if it is no http(s) address."""
    wrong = f"It is no https address. {_EXAMPLE}"
    if not address.isprintable() or "\\" in address or " " in address:
        raise InvalidInputError(wrong)
    try:
        parts = urlsplit(address)
        # httpx knows the spelling that is sent: percent signs, international names and ports as the standards want them.
        known = httpx.URL(address)
        _ = known.raw_path
        host, port = known.raw_host.decode("ascii").lower(), parts.port
    except (httpx.InvalidURL, UnicodeError, ValueError):
        raise InvalidInputError(wrong) from None
    if parts.scheme not in WEB_PORTS or not host or port == 0:
        raise InvalidInputError(wrong)
    return parts, host, port
