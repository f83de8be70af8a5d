"""Which addresses belong to the application under test."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from formscout.domain.networks import Scope
from formscout.domain.urls import DEFAULT_PORTS, normalise, origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeRules:
    """The three scopes told apart: where a tab may go, what a page may load, and where a sign-in may lead."""

    base: str
    scope: Scope
    also: tuple[str, ...] = ()  # origins that the base address itself redirected to

    def navigates(self, address: str) -> bool:
        """Tell whether a tab may be sent to the address."""
        if not _is_http(address):
            return False
        if any(_has_prefix(address, prefix) for prefix in self.scope.exclude):
            return False
        if self.scope.include:
            return any(_has_prefix(address, prefix) for prefix in self.scope.include)
        return origin(address) in (origin(self.base), *self.also)

    def loads(self, address: str) -> bool:
        """Tell whether a page may load the address as a frame or sub-resource: any host may serve those."""
        return _is_http(address)

    def signs_in(self, address: str) -> bool:
        """Tell whether a sign-in may lead to the address: the application, or an identity provider over TLS."""
        return self.navigates(address) or urlsplit(address).scheme.lower() == "https"

    def arrived_at(self, address: str) -> "ScopeRules":
        """Return the rules after the base address led here; a move between http and https or to `www.` stays one application."""
        if self.scope.include or not _is_http(address) or origin(address) == origin(self.base):
            return self
        if _bare_host(address) != _bare_host(self.base):
            return self
        return replace(self, also=(*self.also, origin(address)))


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme.lower() in DEFAULT_PORTS and bool(parts.hostname)


def _bare_host(address: str) -> str:
    return (urlsplit(address).hostname or "").lower().removeprefix("www.")


def _has_prefix(address: str, prefix: str) -> bool:
    """Tell whether the address lies at or below the prefix; `/app` covers `/app/x` and `/app?x`, not `/apple`."""
    if not _is_http(prefix):
        return False
    whole, start = normalise(address), normalise(prefix)
    if start.endswith("/"):
        return whole.startswith(start) or whole == start[:-1]
    return whole == start or whole.startswith((start + "/", start + "?", start + "#"))
