"""Pages are loaded no faster than asked for, and more slowly when the application says that it is too much."""

import pytest

from formscout.domain.crawls import FailureReason
from formscout.domain.errors import CrawlError
from formscout.domain.networks import Credentials, Scope, SignIn, SignInKind
from formscout.domain.pages import VisitOutcome
from formscout_discovery.crawl.front_door import require_answer
from formscout_discovery.crawl.plan import SlicePlan
from formscout_discovery.policy.pacing import FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS, Pace, after_answer, after_start, wait
from formscout_discovery.policy.scope import ScopeRules

BASE = "https://app.example/"


def test_loads_keep_their_distance_however_many_tabs_ask() -> None:
    pace, starts = Pace(gap=2.0), []
    for _ in range(3):  # three tabs ask at the same moment
        starts.append(100.0 + wait(pace, 100.0))
        pace = after_start(pace, 100.0)
    assert starts == [100.0, 102.0, 104.0]
    assert wait(pace, 200.0) == 0.0


@pytest.mark.parametrize("status", [429, 503])
def test_refusals_double_the_pause_up_to_a_limit_and_an_answer_ends_it(status: int) -> None:
    pace = Pace(gap=0.0)
    pauses = []
    for _ in range(8):
        pace = after_answer(pace, status)
        pauses.append(pace.back_off)
    assert pauses[:3] == [FIRST_BACK_OFF_SECONDS, 2 * FIRST_BACK_OFF_SECONDS, 4 * FIRST_BACK_OFF_SECONDS]
    assert pauses[-1] == LONGEST_BACK_OFF_SECONDS
    assert wait(after_start(pace, 10.0), 10.0) == LONGEST_BACK_OFF_SECONDS
    assert after_answer(pace, 200).back_off == 0.0


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
