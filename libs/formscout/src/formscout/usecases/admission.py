"""How much work may wait: past a bound, requests for discoveries are refused until some of it was taken up."""

import asyncio
import math
from time import monotonic
from typing import Final

from formscout.domain.errors import OverloadedError
from formscout.storage import requests
from formscout.storage.database import Database

LOOK_SECONDS: Final = 1.0
"""How long a count of what waits is good for; what this process adds meanwhile is counted beside it."""

LOOK_SHARE: Final = 50
"""A count may take a fiftieth of the time at most: of half a million rows it takes some 50 ms, then it is good for longer."""

COUNTED: Final = 2
"""How many times the bound is counted at most: enough to see a backlog shrink that other replicas let grow past it."""

RETRY_SECONDS: Final = (5, 30, 600)
"""The least and the greatest that a refused client is told to wait, and between them what it is told before a rate was measured."""


class Admission:
    """One process's idea of how much waits; without traffic it asks nothing."""

    def __init__(self, database: Database, *, max_backlog: int) -> None:
        self._database = database
        self._bound = max_backlog
        self._looking = asyncio.Lock()
        self._count = 0
        self._added = 0
        self._looked_at = -math.inf
        self._good_until = -math.inf
        self._drained_per_second: float | None = None

    async def admits(self) -> bool:
        """Tell whether one more discovery may wait. Raises `StoreUnavailableError`."""
        if monotonic() >= self._good_until:
            async with self._looking:
                if monotonic() >= self._good_until:  # nobody else looked meanwhile
                    await self._look()
        return self._backlog < self._bound

    def note_accepted(self) -> None:
        """Count a discovery that this process accepted since the last look."""
        self._added += 1

    def refusal(self) -> OverloadedError:
        """Return what to tell a client that was not admitted."""
        seconds = seconds_to_room(self._backlog - self._bound + 1, self._drained_per_second)
        return OverloadedError(
            f"{self._backlog} discoveries wait already, no more than {self._bound} may. Not accepted: try again in {seconds} s.",
            retry_after=seconds,
        )

    @property
    def _backlog(self) -> int:
        return self._count + self._added

    async def _look(self) -> None:
        before, was_full, last = self._backlog, self._backlog >= self._bound, self._looked_at
        started = monotonic()
        count = await requests.count_backlog(self._database, at_most=COUNTED * self._bound)
        now = monotonic()
        # While it is full nobody adds to it, so what it loses is the rate at which work is taken up.
        self._drained_per_second = (before - count) / (started - last) if was_full and count < before else None
        self._count, self._added, self._looked_at = count, 0, started
        self._good_until = now + max(LOOK_SECONDS, LOOK_SHARE * (now - started))


def seconds_to_room(excess: int, drained_per_second: float | None) -> int:
    """Return when a refused client should come again: when as many as are too many were taken up."""
    least, usual, most = RETRY_SECONDS
    if not drained_per_second or drained_per_second <= 0:
        return usual
    return min(most, max(least, math.ceil(excess / drained_per_second)))
