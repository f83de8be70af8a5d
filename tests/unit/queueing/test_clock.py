"""When the clock was due: pure, whatever the time is now."""

from datetime import UTC, datetime

import pytest
from celery.schedules import crontab

from formscout_scheduler.schedule import BEAT_SCHEDULE, latest_due

HOURLY = crontab(minute="30")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        ("2026-07-01T00:00", "2026-08-01T00:00", "2026-08-01T00:00"),
        ("2026-07-01T00:00", "2026-08-01T00:00:07", "2026-08-01T00:00"),
        ("2026-07-15T12:00", "2026-08-20T00:00", "2026-08-01T00:00"),
        ("2026-03-01T00:00", "2026-08-20T00:00", "2026-08-01T00:00"),
        ("2025-12-01T00:00", "2026-01-01T00:00", "2026-01-01T00:00"),
    ],
)
def test_the_month_was_due_last_on_its_first(last: str, now: str, due: str) -> None:
    schedule = BEAT_SCHEDULE["reset-monthly-budgets"]["schedule"]
    assert latest_due(schedule, at(last), now=at(now)) == at(due)


def test_of_many_missed_ticks_the_latest_counts() -> None:
    assert latest_due(HOURLY, at("2026-07-01T00:00"), now=at("2026-07-03T10:29:59")) == at("2026-07-03T09:30")
