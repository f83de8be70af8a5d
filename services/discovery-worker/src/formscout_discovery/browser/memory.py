"""How much memory the browsers of this process use, for the metrics."""

import contextlib
import time
from typing import Final

import psutil

from formscout.telemetry import metrics

LOOK_SECONDS: Final = 5.0
"""Between two looks: each reads some files of the kernel a process, a few milliseconds in all."""


class BrowserMemory:
    """Looks now and then, where anybody wants to know."""

    def __init__(self) -> None:
        self._next = 0.0

    def look(self) -> None:
        """Look, unless it was done lately."""
        now = time.monotonic()
        if not metrics.BROWSER_MEMORY.is_live or now < self._next:
            return
        self._next = now + LOOK_SECONDS
        metrics.BROWSER_MEMORY.set(_resident())


def _resident() -> int:
    """Return the resident memory of all that this process started, in bytes: the browser and what drives it."""
    total = 0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            total += process.memory_info().rss
    return total
