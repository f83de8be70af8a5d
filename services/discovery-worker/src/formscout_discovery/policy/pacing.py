"""How fast pages are loaded: politeness, and backing off when the application says that it is too much."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from formscout.domain.pacing import FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS, LONGEST_RETRY_AFTER_SECONDS

TOO_MANY_REQUESTS: Final = 429
UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When the next page of a host may be loaded, by a monotonic clock in seconds; the shared one in Redis follows the same rules."""

    gap: float  # between two loads
    next_at: float = 0.0
    blocked_until: float = 0.0  # the application asked for patience
    strikes: int = 0  # refusals in a row


def wait(pace: Pace, now: float) -> float:
    """Return the seconds until a load may start; to wait reserves nothing, so whoever gives up holds nobody up."""
    return max(0.0, pace.next_at - now, pace.blocked_until - now)


def after_start(pace: Pace, now: float) -> Pace:
    """Return the pace once a load has started."""
    return replace(pace, next_at=now + pace.gap)


def is_refusal(status: int | None) -> bool:
    """Tell whether the application says that it is too much."""
    return status in (TOO_MANY_REQUESTS, UNAVAILABLE)


def is_worth_another_try(status: int | None, retry_after: float | None) -> bool:
    """Tell whether the page will come later: 429 says so, 503 only where it says when."""
    return status == TOO_MANY_REQUESTS or (status == UNAVAILABLE and retry_after is not None)


def after_refusal(pace: Pace, now: float, retry_after: float | None) -> Pace:
    """Return the pace after a refusal: the pause that was asked for, else one that doubles with each refusal in a row.

    Loads that were on their way when the first was refused are no further sign: only a longer `retry_after` of theirs counts.
    """
    if now < pace.blocked_until:
        return replace(pace, blocked_until=max(pace.blocked_until, now + (retry_after or 0.0)))
    strikes = pace.strikes + 1
    own = min(LONGEST_BACK_OFF_SECONDS, FIRST_BACK_OFF_SECONDS * 2 ** min(strikes - 1, 16))
    return replace(pace, strikes=strikes, blocked_until=now + (own if retry_after is None else retry_after))


def after_answer(pace: Pace, now: float) -> Pace:
    """Return the pace after an answer that is no refusal: the next refusal is the first again."""
    return pace if now < pace.blocked_until else replace(pace, strikes=0)


def retry_after_seconds(header: str, *, now: datetime) -> float | None:
    """Read a `Retry-After`, a number or a date, as seconds from now; None where it says nothing that makes sense.

    Longer than `LONGEST_RETRY_AFTER_SECONDS` is not waited at once: the next answer may say it again.
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
    return min(LONGEST_RETRY_AFTER_SECONDS, max(0.0, seconds))
