"""How fast pages are loaded: politeness, and backing off when the application says that it is too much."""

from dataclasses import dataclass, replace
from typing import Final

TOO_MANY_REQUESTS: Final = 429
UNAVAILABLE: Final = 503
FIRST_BACK_OFF_SECONDS: Final = 2.0
LONGEST_BACK_OFF_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When the next page may be loaded, by a monotonic clock in seconds."""

    gap: float  # between two loads
    next_at: float = 0.0
    back_off: float = 0.0  # added after refusals, doubled with each


def wait(pace: Pace, now: float) -> float:
    """Return the seconds to wait before the next load."""
    return max(0.0, pace.next_at - now)


def after_start(pace: Pace, now: float) -> Pace:
    """Return the pace once a load has been given its turn."""
    return replace(pace, next_at=max(now, pace.next_at) + pace.gap + pace.back_off)


def after_answer(pace: Pace, status: int | None) -> Pace:
    """Return the pace after an answer: refusals double the back-off, anything else ends it."""
    if status not in (TOO_MANY_REQUESTS, UNAVAILABLE):
        return replace(pace, back_off=0.0)
    return replace(pace, back_off=min(LONGEST_BACK_OFF_SECONDS, max(FIRST_BACK_OFF_SECONDS, 2 * pace.back_off)))
