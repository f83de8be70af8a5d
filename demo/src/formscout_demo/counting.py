"""Counts what reaches the application and could change it."""

import re
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from starlette.types import ASGIApp, Receive, Scope, Send

READING_METHODS = frozenset({"GET", "HEAD"})
# These links change the application although they are GETs, as some links of real applications do.
STATE_CHANGING_GET = re.compile(r"/sign-out|/customers/\d+/archive")
# The counts are complete; the list of single requests is for reading and keeps the latest ones only.
REQUESTS_KEPT = 1000


@dataclass(frozen=True)
class CountedRequest:
    """One request that could change the application, and when it came (ISO 8601, UTC)."""

    method: str
    path: str
    at: str


@dataclass
class RequestCounts:
    """Counts since the process started."""

    non_get: int = 0
    sign_in: int = 0
    state_changing_get: int = 0
    requests: deque[CountedRequest] = field(default_factory=lambda: deque(maxlen=REQUESTS_KEPT))

    def count(self, method: str, path: str) -> None:
        """Note a request if it is one that could change something."""
        if method not in READING_METHODS:
            self.non_get += 1
            self.sign_in += path == "/sign-in"
        elif STATE_CHANGING_GET.fullmatch(path):
            self.state_changing_get += 1
        else:
            return
        self.requests.append(CountedRequest(method, path, datetime.now(UTC).isoformat()))

    def report(self) -> dict[str, object]:
        """Return the counts as they are served; `other` is what is left of `non_get` without the sign-ins."""
        return {
            "non_get": self.non_get,
            "sign_in": self.sign_in,
            "other": self.non_get - self.sign_in,
            "state_changing_get": self.state_changing_get,
            "requests": [asdict(request) for request in self.requests],
        }


class CountRequests:
    """Outermost middleware: sees a request before anything can refuse or redirect it."""

    def __init__(self, app: ASGIApp, counts: RequestCounts) -> None:
        self.app = app
        self.counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, then pass it on."""
        if scope["type"] == "http":
            self.counts.count(scope["method"], scope["path"])
        await self.app(scope, receive, send)
