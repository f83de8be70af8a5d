"""What may not be said: secrets by the type of a value, by the name of a field, and by what they look like inside a text."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretBytes, SecretStr

from formscout.domain.networks import Credentials, Sealed
from formscout.domain.urls import is_route_fragment

HIDDEN: Final = "[hidden]"

_SECRET_TYPES: Final = (SecretStr, SecretBytes, Credentials, Sealed, bytes, bytearray, memoryview)
"""Bytes are keys, states of browsers and bodies: nothing that a line should hold."""

_SECRET_NAME: Final = re.compile(r"passw|secret|authorization|cookie|credential|api_?key|encryption|totp|\btoken\b|_token\b", re.IGNORECASE)
_SECRET_VALUES: Final = (
    (re.compile(r"\bfsk_[\w-]{8,}"), f"fsk_{HIDDEN}"),  # our own API keys
    (re.compile(r"\bwhsec_[\w+/=-]{8,}"), f"whsec_{HIDDEN}"),  # webhooks' secrets
    (re.compile(r"(?i)\b(bearer|basic) [\w+/=.~-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(://[^\s/@:]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),  # the password of an address
)

_QUERY: Final = re.compile(r"(?i)(\b(?:https?|wss?)://[^\s\"'<>?#]+)([?#][^\s\"'<>]*)")
"""An address in a text, and what follows its path: applications hand tokens on there."""

_MARKED: Final = re.compile(r"(?<=\w)=[^&;#/?\s]+")
"""A value in a query or in a fragment."""

_LONG: Final = 20
"""Characters from which on a part of a path that mixes letters and digits is taken for a token: no word of a language has as many."""


def safe(name: str, value: object) -> object:
    """Return what may be said of a field: the value, or what is left of it."""
    if value is None or name.startswith("_"):  # those are structlog's own
        return value
    if isinstance(value, _SECRET_TYPES) or _SECRET_NAME.search(name):
        return HIDDEN
    match value:
        case bool() | int() | float():
            return value
        case Mapping():
            return {str(key): safe(str(key), item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [safe("", item) for item in value]
        case _:
            return safe_text(str(value))


def safe_text(text: str) -> str:
    """Return a text without what looks like a secret in it."""
    for pattern, replacement in _SECRET_VALUES:
        text = pattern.sub(replacement, text)
    return _QUERY.sub(lambda found: found[1] + _MARKED.sub("=…", found[2]), text) if "://" in text else text


def safe_address(address: str) -> str:
    """Return an address by which a person finds a page again, without what may let somebody in.

    User and password are left out, values of the query are not told, and of a fragment no more than a client-side route; a part of the
    path that looks like a token is cut.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return HIDDEN
    place = host if port is None else f"{host}:{port}"
    return f"{parts.scheme}://{place}{_path(parts.path)}{_rest(parts)}"


def _rest(parts: SplitResult) -> str:
    query = "&".join(_given(one) for one in parts.query.split("&")) if parts.query else ""
    fragment = _path(parts.fragment.partition("?")[0]) if is_route_fragment(parts.fragment) else ""
    return (f"?{query}" if query else "") + (f"#{_MARKED.sub('=…', fragment)}" if fragment else "")


def _given(parameter: str) -> str:
    name, is_given, _ = parameter.partition("=")
    return f"{name}=…" if is_given else _part(name)


def _path(path: str) -> str:
    return "/".join(_part(part) for part in path.split("/"))


def _part(part: str) -> str:
    is_token = len(part) >= _LONG and any(one.isdigit() for one in part) and any(one.isalpha() for one in part)
    return "…" if is_token else part
