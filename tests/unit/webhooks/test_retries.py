"""What follows from an attempt to deliver a webhook."""

from datetime import UTC, datetime, timedelta

from formscout.domain.webhooks import (
    FAILING_FOR,
    RETRY_DELAYS,
    Attempt,
    AttemptError,
    DeliveryState,
    DisabledBecause,
    Verdict,
    judge_attempt,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def failed(error: AttemptError = AttemptError.STATUS, *, retry_after: float | None = None) -> Attempt:
    return Attempt(at=NOW, seconds=0.1, error=error, retry_after=retry_after)


def after(attempts: int, attempt: Attempt | None = None, *, failing_since: datetime | None = NOW, dice: float = 0.0) -> Verdict:
    return judge_attempt(attempt or failed(), attempts=attempts, failing_since=failing_since, dice=dice)


def test_an_attempt_without_an_error_has_delivered() -> None:
    assert after(3, Attempt(at=NOW, seconds=0.1, status=204)) == Verdict(state=DeliveryState.DELIVERED)


def test_delays_follow_the_specification_s_schedule() -> None:
    delays = [after(attempts).delay for attempts in range(1, 10)]
    assert delays == [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert sum(RETRY_DELAYS) == 75 * 3600 + 35 * 60 + 5


def test_after_ten_attempts_a_delivery_is_given_up() -> None:
    assert after(9).state is DeliveryState.WAITING
    assert after(10) == Verdict(state=DeliveryState.FAILED)


def test_dice_spread_delays_by_a_fifth_at_most() -> None:
    assert after(2, dice=0.5).delay == 330
    assert 359 < after(2, dice=0.999).delay < 360


def test_a_receiver_may_ask_for_more_time_but_for_no_more_than_a_day_and_never_for_less() -> None:
    assert after(1, failed(retry_after=90)).delay == 90
    assert after(1, failed(retry_after=1)).delay == 5
    assert after(1, failed(retry_after=10**9)).delay == 86_400


def test_an_endpoint_that_is_gone_is_disabled_at_once() -> None:
    assert after(1, failed(AttemptError.GONE)) == Verdict(state=DeliveryState.FAILED, disable=DisabledBecause.GONE)


def test_an_endpoint_is_disabled_when_a_delivery_is_given_up_after_days_without_a_success() -> None:
    long_ago = NOW - FAILING_FOR
    assert after(10, failing_since=long_ago).disable is DisabledBecause.FAILING
    assert after(10, failing_since=long_ago + timedelta(seconds=1)).disable is None
    assert after(9, failing_since=long_ago).disable is None
    assert after(10, failing_since=None).disable is None
