"""Cron lines in time zones: what may stand, and when it is due, through every change of the clocks."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formscout.domain.errors import InvalidInputError
from formscout.usecases.cron import LEAST_MINUTES, check_cron, next_due, ticks

BERLIN = "Europe/Berlin"


def local(text: str, zone: str = BERLIN, *, fold: int = 0) -> datetime:
    """Return a moment given by the clock on the wall."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def due_times(line: str, after: datetime, count: int, zone: str = BERLIN) -> list[datetime]:
    found: list[datetime] = []
    for _ in range(count):
        following = next_due(line, zone, after=found[-1] if found else after)
        assert following is not None
        found.append(following)
    return found


@pytest.mark.parametrize("line", ["*/5 * * * *", "0 3 * * 1-5", "0 3 * * MON,thu", "59 23 L * *", "0 0 29 2 *", "0,30 8-18 * * *"])
def test_sensible_lines_may_stand(line: str) -> None:
    check_cron(line, BERLIN)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "is no cron line. Give five fields"),
        ("* * * *", "is no cron line"),
        ("0 0 3 * * *", "is no cron line"),  # with seconds
        ("@daily", "is no cron line"),
        ("61 * * * *", "its minute is wrong"),
        ("0 24 * * *", "its hour is wrong"),
        ("0 0 * * funday", "its day-of-week is wrong"),
        ("*/0 3 * * *", "its minute is wrong"),
        ("5-1 3 * * *", "its minute is wrong"),
        ("0 0 * * 1L/2", "its day-of-week is wrong"),
        ("0 3 * * 1" + "," * 200, "is no cron line"),
        ("0 0 30 2 *", "day-of-month is wrong"),
        ("0 0 31 4,6 *", "day-of-month is wrong"),
        ("0 0 31 2 1#5/1", "day-of-week is wrong"),
        ("0 0 */20 2 1L", "never comes"),
        ("* * * * *", "more often than every 5 minutes"),
        ("*/4 * * * *", "more often than every 5 minutes"),
        ("0,3 4 1 1 *", "more often than every 5 minutes"),
        ("0,58 * * * *", "more often than every 5 minutes"),
        ("2,58 23,0 * * *", "more often than every 5 minutes"),  # across midnight
    ],
)
def test_absurd_lines_are_refused_with_what_to_do(line: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        check_cron(line, "UTC")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Europe", "../UTC", "/etc/localtime", "CET-1CEST", "europe/berlin", "\0"])
def test_unknown_time_zones_are_refused(zone: str) -> None:
    with pytest.raises(InvalidInputError, match=r"no time zone .* Give an IANA name"):
        check_cron("0 3 * * *", zone)


@given(st.text(alphabet="0123456789*,-/#LW? \tmonJAN@٣\0", max_size=120))
def test_whatever_is_sent_is_taken_or_refused_and_nothing_else(line: str) -> None:
    try:
        check_cron(line, "UTC")
    except InvalidInputError:
        return
    first, second = due_times(line, datetime(2026, 1, 1, tzinfo=UTC), 2, "UTC")
    assert second - first >= timedelta(minutes=LEAST_MINUTES)


def test_the_time_is_the_one_on_the_wall_in_summer_and_in_winter() -> None:
    assert next_due("0 3 * * *", BERLIN, after=local("2026-01-10 12:00")) == datetime(2026, 1, 11, 2, tzinfo=UTC)
    assert next_due("0 3 * * *", BERLIN, after=local("2026-07-10 12:00")) == datetime(2026, 7, 11, 1, tzinfo=UTC)


def test_a_due_time_is_never_its_own_successor() -> None:
    due = next_due("0 3 * * *", BERLIN, after=local("2026-01-10 03:00"))
    assert due == local("2026-01-11 03:00")


def test_a_fixed_time_in_the_hour_that_is_skipped_is_due_right_after_the_gap_once() -> None:
    # In the night to 29 March 2026 clocks go from 02:00 to 03:00.
    assert due_times("30 2 * * *", local("2026-03-28 12:00"), 2) == [local("2026-03-29 03:00"), local("2026-03-30 02:30")]
    assert due_times("0,30 2 * * *", local("2026-03-28 12:00"), 2) == [local("2026-03-29 03:00"), local("2026-03-30 02:00")]


def test_a_fixed_time_in_the_hour_that_comes_twice_is_due_the_first_time_only() -> None:
    # In the night to 25 October 2026 clocks go from 03:00 back to 02:00.
    first = local("2026-10-25 02:30")
    assert due_times("30 2 * * *", local("2026-10-24 12:00"), 2) == [first, local("2026-10-26 02:30")]
    assert next_due("30 2 * * *", BERLIN, after=local("2026-10-25 02:10", fold=1)) == local("2026-10-26 02:30"), "not back in time"


def test_a_line_for_every_hour_follows_the_time_that_passes() -> None:
    autumn = due_times("30 * * * *", local("2026-10-25 00:45"), 4)
    assert {later - earlier for earlier, later in pairwise(autumn)} == {timedelta(hours=1)}
    spring = due_times("30 * * * *", local("2026-03-29 00:45"), 3)
    assert {later - earlier for earlier, later in pairwise(spring)} == {timedelta(hours=1)}


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca"])
def test_odd_zones_only_ever_go_forward(zone: str) -> None:
    for line in ("30 2 * * *", "*/30 1-3 * * *", "15 * * * *"):
        found = due_times(line, datetime(2026, 1, 1, tzinfo=UTC), 400 if line.startswith("30") else 1000, zone)
        assert found == sorted(set(found))


@pytest.mark.parametrize("away", [timedelta(minutes=3), timedelta(hours=7), timedelta(days=3), timedelta(days=400)])
@pytest.mark.parametrize("line", ["*/5 * * * *", "30 2 * * *", "0 3 1 * *"])
@pytest.mark.parametrize("start", ["2026-03-28 12:00", "2026-10-24 12:00"])
def test_of_several_missed_ticks_the_latest_is_caught_up(line: str, away: timedelta, start: str) -> None:
    due_at = next_due(line, BERLIN, after=local(start))
    assert due_at is not None
    now = due_at + away
    latest, following = ticks(line, BERLIN, due_at=due_at, now=now)
    assert following is not None
    assert due_at <= latest <= now < following
    assert next_due(line, BERLIN, after=latest) == following, "nothing lies between the two"


def test_a_tick_missed_in_the_second_pass_of_an_hour_is_not_run_again_the_day_after() -> None:
    due_at = local("2026-10-25 02:30")
    assert ticks("30 2 * * *", BERLIN, due_at=due_at, now=local("2026-10-25 02:40", fold=1)) == (due_at, local("2026-10-26 02:30"))
