"""Waiting for one's turn to load a page, within a visit that must not lose its own time by it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Final

NAP_SECONDS: Final = 1.0
"""How long a wait may go on without looking up, so that the heartbeat sees that the work moves."""

_DEADLINE: Final[ContextVar[asyncio.Timeout | None]] = ContextVar("deadline", default=None)
"""The end of the visit that the running task makes: what it waits for its turns is given back."""


@asynccontextmanager
async def visit_time(seconds: float) -> AsyncIterator[None]:
    """Let a visit take so many seconds, not counting what it waits for its turns. Raises `TimeoutError`."""
    async with asyncio.timeout(seconds) as deadline:
        before = _DEADLINE.set(deadline)
        try:
            yield
        finally:
            _DEADLINE.reset(before)


async def nap(seconds: float, *, look_up: Callable[[], object]) -> None:
    """Wait a part of so many seconds."""
    look_up()
    part = min(seconds, NAP_SECONDS)
    deadline = _DEADLINE.get()
    if deadline is not None and (ends := deadline.when()) is not None:
        deadline.reschedule(ends + part)
    await asyncio.sleep(part)
