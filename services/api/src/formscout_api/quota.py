"""How many discoveries a company may ask for in a minute: counted in the process, added up in Redis beside the requests."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from time import time
from typing import Final

from formscout.domain.errors import QuotaExceededError

WINDOW_SECONDS: Final = 60

SHARE_SECONDS: Final = 1.0
"""Between two additions: what each replica may let through beyond the quota is what came within it."""

POLICY: Final = "discoveries"

Add = Callable[[Mapping[str, int]], Awaitable[Sequence[int] | None]]
"""Adds to counters that all replicas share and returns what they stand at, or None when they cannot be reached."""


class Quota:
    """Counts by company; no request waits for anything, and while Redis is down each process counts for itself."""

    def __init__(self, add: Add, *, limit: int, clock: Callable[[], float] = time, share_seconds: float = SHARE_SECONDS) -> None:
        self._add = add
        self._limit = limit
        self._clock = clock
        self._share_seconds = share_seconds
        self._window = 0
        self._shared: dict[int, int] = {}  # as of the last addition
        self._fresh: Counter[int] = Counter()  # taken since
        self._sharing: asyncio.Task[None] | None = None
        self.policy = f'"{POLICY}";q={limit};w={WINDOW_SECONDS}'  # the `RateLimit-Policy` of every answer

    def take(self, company_id: int) -> dict[str, str]:
        """Count a request and return the header fields that say what is left. Raises `QuotaExceededError`."""
        now = self._clock()
        window = int(now // WINDOW_SECONDS)
        if window != self._window:
            self._window = window
            self._shared.clear()
            self._fresh.clear()
        left = self._limit - self._shared.get(company_id, 0) - self._fresh[company_id]
        reset = max(1, round((window + 1) * WINDOW_SECONDS - now))
        if left <= 0:
            raise QuotaExceededError(
                f"The company has asked for {self._limit} discoveries within a minute, which is its quota. Try again in {reset} s.",
                retry_after=reset,
                headers=self._headers(0, reset),
            )
        self._fresh[company_id] += 1
        if self._sharing is None or self._sharing.done():
            self._sharing = asyncio.create_task(self._share())
        return self._headers(left - 1, reset)

    async def close(self) -> None:
        """Stop adding up."""
        if self._sharing is not None:
            self._sharing.cancel()
            with suppress(asyncio.CancelledError):
                await self._sharing

    def _headers(self, left: int, reset: int) -> dict[str, str]:
        return {"RateLimit-Policy": self.policy, "RateLimit": f'"{POLICY}";r={left};t={reset}'}

    async def _share(self) -> None:
        """Add up once, after a while in which more may come."""
        await asyncio.sleep(self._share_seconds)
        window, sent = self._window, dict(self._fresh)
        totals = await self._add({f"{company_id}:{window}": count for company_id, count in sent.items()})
        if totals is None or window != self._window:
            return
        for (company_id, count), total in zip(sent.items(), totals, strict=True):
            self._shared[company_id] = total
            self._fresh[company_id] -= count
