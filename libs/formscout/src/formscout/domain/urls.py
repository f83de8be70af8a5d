"""Addresses: normalised, compared and cut to what may be shown."""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from formscout.domain.errors import InvalidInputError

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def origin(address: str) -> str:
    """Return scheme, host and port (left out when it is the scheme's own), in lower case."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    suffix = "" if port is None or port == DEFAULT_PORTS.get(parts.scheme) else f":{port}"
    return f"{parts.scheme.lower()}://{host}{suffix}"


def is_route_fragment(fragment: str) -> bool:
    """Tell a fragment that is a client-side route (`#/a`, `#!a`, `#a/b`) from one that scrolls."""
    return fragment.startswith(("/", "!")) or "/" in fragment


def normalise(address: str) -> str:
    """Return the address in the one spelling by which the frontier knows it.

    The origin in lower case, an empty path as `/`, query parameters in their given order, the
    fragment only where it is a route.
    """
    parts = urlsplit(address.strip())
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True))
    fragment = parts.fragment if is_route_fragment(parts.fragment) else ""
    rest = urlunsplit(("", "", parts.path or "/", query, fragment))
    return origin(address) + rest


def resolve(base: str, reference: str) -> str | None:
    """Return the absolute http(s) address that `reference` means on the page `base`, or None if it is no such address."""
    try:
        absolute = urljoin(base, reference.strip())
        parts = urlsplit(absolute)
        _ = parts.port
    except ValueError:
        return None
    return absolute if parts.scheme in DEFAULT_PORTS and parts.hostname else None


def without_query(address: str) -> str:
    """Return the address without query, fragment and user info, fit for logs and lists."""
    parts = urlsplit(address)
    return origin(address) + (parts.path or "/")


def require_http(address: str) -> str:
    """Return the address normalised; raise `InvalidInputError` if it is no absolute http(s) address or carries a password."""
    try:
        parts = urlsplit(address.strip())
        _ = parts.port
    except ValueError as error:
        raise InvalidInputError(f"{address!r} is not an address: {error}. Give one like https://app.example.com/.") from None
    if parts.scheme.lower() not in DEFAULT_PORTS or not parts.hostname:
        raise InvalidInputError(f"{without_secrets(address)!r} is not an http(s) address. Give one like https://app.example.com/.")
    if parts.username or parts.password:
        raise InvalidInputError("An address must not carry a user name or password; put them into the network's sign-in.")
    return normalise(address)


def without_secrets(address: str) -> str:
    """Return the text with any user info between `//` and `@` taken out."""
    head, mark, tail = address.partition("//")
    return head + mark + tail.rpartition("@")[2] if mark else address
