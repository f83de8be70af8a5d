"""What tabs say may be sent for its cause's sake, which the gate cannot see; each word holds once."""

import hashlib
import time
from collections import deque
from typing import Final
from urllib.parse import urlsplit

from formscout.domain.urls import DEFAULT_PORTS

VALID_SECONDS: Final = 30.0
"""From the tab's word to the request: a browser that has many connections open lets a request wait for one."""

MAX_PERMITS: Final = 4096
"""Words that wait, of one lane; the oldest go first."""

ANY_BODY: Final = ""
"""The digest of a body that the tab could not see in full."""


def digest_of(body: bytes) -> str:
    """Return what a body is known by."""
    return hashlib.sha256(body).hexdigest()


def key_of(method: str, url: str) -> str:
    """Return the one spelling of a request's method and address that tab and gate share."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port
    default = DEFAULT_PORTS.get({"ws": "http", "wss": "https"}.get(scheme, scheme))
    at = "" if port is None or port == default else f":{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{method} {scheme}://{(parts.hostname or '').lower()}{at}{parts.path or '/'}{query}"


class Permits:
    """The words of one lane that were not used yet."""

    def __init__(self) -> None:
        self._given: deque[tuple[float, str, str]] = deque(maxlen=MAX_PERMITS)

    def grant(self, method: str, url: str, digest: str) -> None:
        """Note that one such request may pass."""
        self._given.append((time.monotonic(), key_of(method, url), digest))

    def use(self, method: str, url: str, body: bytes | None) -> bool:
        """Tell whether a request may pass, and take the word away; `body` is None for one too long to be looked at."""
        oldest = time.monotonic() - VALID_SECONDS
        while self._given and self._given[0][0] < oldest:
            self._given.popleft()
        if not self._given:
            return False
        key = key_of(method, url)
        fitting = {ANY_BODY} if body is None else {ANY_BODY, digest_of(body)}
        for each in self._given:
            if each[1] == key and each[2] in fitting:
                self._given.remove(each)
                return True
        return False
