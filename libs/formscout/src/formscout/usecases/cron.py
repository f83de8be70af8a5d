"""Cron lines in time zones: whether one may stand, and when it is due."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

from formscout.domain.errors import InvalidInputError

LEAST_MINUTES: Final = 5
"""Between two due times of one network: a discovery takes minutes, and a shorter pause only joins it again and again."""

LONGEST_LINE: Final = 100
"""Characters of a cron line; the longest that somebody needs, every field a list, stays below it."""

_FIELDS: Final = 5
_STRIDE: Final = timedelta(days=2)
"""How far back ticks are counted one by one: across any change of the clocks, and 576 of the shortest pause at most."""

_EXAMPLE: Final = "Give five fields, minute hour day-of-month month day-of-week, such as `0 3 * * 1-5`."


def check_cron(line: str, time_zone: str) -> None:
    """Raise `InvalidInputError` for a line that is no cron line, never comes, or comes too often, and for an unknown time zone."""
    if time_zone not in _time_zones():
        raise InvalidInputError(f"There is no time zone {time_zone[:60]!r}. Give an IANA name, such as Europe/Berlin or UTC.")
    shown = line[:LONGEST_LINE]
    if len(line) > LONGEST_LINE or len(line.split()) != _FIELDS:
        raise InvalidInputError(f"{shown!r} is no cron line. {_EXAMPLE}")
    try:
        parsed = CronSim(line, datetime.now(UTC))
    except (CronSimError, AssertionError, ValueError) as error:  # it asserts, too, where numbers and names are mixed
        raise InvalidInputError(f"{shown!r} is no cron line{_reason(error)}. {_EXAMPLE}") from None
    if next_due(line, time_zone, after=datetime.now(UTC)) is None:
        raise InvalidInputError(f"{shown!r} never comes: no day fits it within 50 years. Change its day-of-month or its month.")
    if _pause(parsed) < LEAST_MINUTES:
        raise InvalidInputError(
            f"{shown!r} is due more often than every {LEAST_MINUTES} minutes. Put at least {LEAST_MINUTES} minutes between two due times, "
            f"such as `*/{LEAST_MINUTES} * * * *`.",
        )


def next_due(line: str, time_zone: str, *, after: datetime) -> datetime | None:
    """Return the first due time after a moment, in UTC, or None if it does not come within 50 years. The line is a good one.

    Changes of the clocks are taken as Debian's cron takes them: a fixed time that is skipped is due right after the gap, one that comes
    twice is due the first time only; a line whose minute or hour begins with `*` follows the time that passes.
    """
    for due in CronSim(line, after.astimezone(ZoneInfo(time_zone))):
        # In the hour that comes twice, a fixed time is placed in the first pass even when `after` is in the second.
        if (found := due.astimezone(UTC)) > after:
            return found
    return None


def ticks(line: str, time_zone: str, *, due_at: datetime, now: datetime) -> tuple[datetime, datetime | None]:
    """Return the latest due time by `now` and the one that follows; `due_at` is one that has come.

    So of several that were missed one is caught up, the latest.
    """
    latest = due_at
    if now - due_at > _STRIDE:
        before = next(CronSim(line, (now - _STRIDE).astimezone(ZoneInfo(time_zone)), reverse=True), due_at)
        latest = max(due_at, before.astimezone(UTC))
    while (following := next_due(line, time_zone, after=latest)) is not None and following <= now:
        latest = following
    return latest, following


def _pause(parsed: CronSim) -> int:
    """Return the shortest pause within a day, in minutes; midnight counts as between two days that both fit."""
    minutes = sorted(parsed.minutes)
    within = [later - earlier for earlier, later in pairwise(minutes)]
    if any((hour + 1) % 24 in parsed.hours for hour in parsed.hours):
        within.append(minutes[0] + 60 - minutes[-1])
    return min(within, default=60)


def _reason(error: Exception) -> str:
    """Say which field is wrong, where the parser knows it."""
    return f": its {str(error).removeprefix('Bad ')} is wrong" if isinstance(error, CronSimError) and str(error).startswith("Bad ") else ""


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())
