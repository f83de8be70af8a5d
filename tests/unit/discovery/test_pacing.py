"""Pages are loaded no faster than asked for, and more slowly when the application says that it is too much."""

from datetime import UTC, datetime

import pytest

from formscout.domain.crawls import FailureReason
from formscout.domain.errors import CrawlError
from formscout.domain.networks import Credentials, Scope, SignIn, SignInKind
from formscout.domain.pacing import FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS, LONGEST_RETRY_AFTER_SECONDS
from formscout.domain.pages import VisitOutcome
from formscout_discovery.crawl import turns
from formscout_discovery.crawl.front_door import require_answer
from formscout_discovery.crawl.plan import SlicePlan
from formscout_discovery.crawl.turns import nap, visit_time
from formscout_discovery.policy.pacing import (
    Pace,
    after_answer,
    after_refusal,
    after_start,
    is_refusal,
    is_worth_another_try,
    retry_after_seconds,
    wait,
)
from formscout_discovery.policy.scope import ScopeRules

BASE = "https://app.example/"


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_loads_keep_their_distance_and_waiting_reserves_nothing() -> None:
    pace = Pace(gap=2.0)
    assert wait(pace, 100.0) == 0.0
    pace = after_start(pace, 100.0)
    assert wait(pace, 100.5) == 1.5
    assert wait(pace, 101.5) == 0.5, "whoever waited and gave up has not moved the next turn"
    assert wait(pace, 102.0) == 0.0


def test_refusals_double_the_pause_up_to_a_limit_and_an_answer_ends_it() -> None:
    pace, now, pauses = Pace(gap=0.0), 100.0, []
    for _ in range(8):
        pace = after_refusal(pace, now, None)
        pauses.append(wait(pace, now))
        now += pauses[-1]
    assert pauses[:3] == [FIRST_BACK_OFF_SECONDS, 2 * FIRST_BACK_OFF_SECONDS, 4 * FIRST_BACK_OFF_SECONDS]
    assert pauses[-1] == LONGEST_BACK_OFF_SECONDS
    pace = after_refusal(after_answer(pace, now), now, None)
    assert wait(pace, now) == FIRST_BACK_OFF_SECONDS


def test_loads_that_were_on_their_way_are_one_refusal_and_no_answer() -> None:
    pace = Pace(gap=0.0)
    for _ in range(5):
        pace = after_refusal(pace, 100.0, None)
    pace = after_answer(pace, 100.1)
    assert (pace.strikes, wait(pace, 100.0)) == (1, FIRST_BACK_OFF_SECONDS)
    assert wait(after_refusal(pace, 100.0, 30.0), 100.0) == 30.0, "a longer pause that is asked for counts"


def test_a_pause_that_is_asked_for_is_taken_instead_of_our_own() -> None:
    assert wait(after_refusal(Pace(gap=0.0), 100.0, 7.0), 100.0) == 7.0
    assert wait(after_refusal(Pace(gap=0.0), 100.0, 0.0), 100.0) == 0.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("99999999999999999999", LONGEST_RETRY_AFTER_SECONDS),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_a_number_or_a_date_within_reason(header: str, seconds: float | None) -> None:
    assert retry_after_seconds(header, now=NOW) == seconds


@pytest.mark.parametrize(
    ("status", "retry_after", "refusal", "again"),
    [(429, None, True, True), (503, 5.0, True, True), (503, None, True, False), (500, 5.0, False, False), (200, None, False, False)],
)
def test_too_many_requests_is_worth_another_try(status: int, retry_after: float | None, refusal: bool, again: bool) -> None:
    assert (is_refusal(status), is_worth_another_try(status, retry_after)) == (refusal, again)


async def test_waiting_for_a_turn_is_not_time_of_the_visit() -> None:
    async with visit_time(60):
        deadline = turns._DEADLINE.get()
        assert deadline is not None
        before = deadline.when()
        assert before is not None
        await nap(0.05, look_up=lambda: None)
        assert deadline.when() == before + 0.05
    await nap(0.01, look_up=lambda: None)  # outside of a visit it only waits


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (VisitOutcome.UNREACHABLE, FailureReason.UNREACHABLE),
        (VisitOutcome.TIMEOUT, FailureReason.UNREACHABLE),
        (VisitOutcome.ADDRESS_UNRESOLVED, FailureReason.ADDRESS_UNRESOLVED),
        (VisitOutcome.ADDRESS_REFUSED, FailureReason.ADDRESS_REFUSED),
        (VisitOutcome.CERTIFICATE_INVALID, FailureReason.CERTIFICATE_INVALID),
    ],
)
def test_nobody_at_the_front_door_ends_the_session_with_a_code_and_a_sentence(outcome: VisitOutcome, reason: FailureReason) -> None:
    with pytest.raises(CrawlError) as told:
        require_answer(BASE, outcome, "")
    assert told.value.reason == reason
    assert told.value.message == f"{BASE}: It did not open."


@pytest.mark.parametrize("outcome", [VisitOutcome.OK, VisitOutcome.HTTP_ERROR, VisitOutcome.NEVER_SETTLED, VisitOutcome.DIALOG_LOOP])
def test_a_first_page_that_answers_badly_ends_nothing(outcome: VisitOutcome) -> None:
    require_answer(BASE, outcome, "")


def test_a_plan_signs_in_only_with_a_password() -> None:
    scope = ScopeRules(base=BASE, scope=Scope())
    kind, secret = SignIn(kind=SignInKind.PASSWORD, username="ada"), Credentials(password="p")
    assert SlicePlan(base=BASE, scope=scope, sign_in=kind, credentials=secret).signs_in
    assert not SlicePlan(base=BASE, scope=scope, sign_in=kind).signs_in
    assert not SlicePlan(base=BASE, scope=scope, credentials=secret).signs_in
