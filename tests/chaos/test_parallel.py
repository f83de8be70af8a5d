"""Two workers on one session, and something happens to one of them: the other goes on, and nothing is done twice."""

import signal
from collections.abc import Iterator

import pytest
from tests.chaos.conftest import LARGER, Begin
from tests.support.chaos_platform import DISCOVERY, Platform
from tests.support.chaos_runs import AT_WORK, VISITS, Result, Run
from tests.support.stores import until

THE_OTHER = "the other slice goes on; the pages in hand are begun again once"

SLICES = 2
SECOND = "discovery-2"

TAKEN_AWAY = "SELECT count(*) FROM job WHERE session_id = :id AND kind = 'discover_slice' AND (attempts > 0 OR fence > 1)"


@pytest.fixture
def run(platform: Platform, larger: Result, begin_run: Begin) -> Iterator[Run]:
    """Begin a discovery on which two workers are at work."""
    del larger  # it runs before, not beside
    with platform.beside(SECOND, DISCOVERY):
        begun = begin_run(size=LARGER, slices=SLICES)
        until(lambda: begun.count(AT_WORK) == SLICES, "both are at work", why=begun.diagnosis)
        yield begun


def test_nothing_happens(run: Run, larger: Result) -> None:
    with run.fault("none: two workers on one session", "what they find is what one finds alone"):
        pass
    run.keeps_its_promises(larger)


def test_a_pool_process_of_one_is_killed(platform: Platform, run: Run, larger: Result) -> None:
    with run.fault("kill -9 of a pool process, one of two workers on a session", THE_OTHER):
        platform.pool_process(SECOND).kill()
    run.keeps_its_promises(larger)


def test_one_is_killed(platform: Platform, run: Run, larger: Result) -> None:
    with run.fault("kill -9 of one of two workers on a session, for good", THE_OTHER):
        platform.services[SECOND].kill()
    run.keeps_its_promises(larger)


def test_one_is_frozen_past_its_lease_and_resumed(platform: Platform, run: Run, larger: Result) -> None:
    with run.fault("SIGSTOP of one of two workers on a session past its lease, then SIGCONT", f"{THE_OTHER}; late writes are refused"):
        platform.signal(SECOND, signal.SIGSTOP)
        visited = run.count(VISITS)
        until(lambda: run.count(VISITS) > visited, "the other goes on", why=run.diagnosis)
        until(lambda: run.count(TAKEN_AWAY) > 0, "its slice is taken from it", why=run.diagnosis)
        platform.signal(SECOND, signal.SIGCONT)
        frozen = platform.services[SECOND]
        until(
            lambda: "Another worker holds this job now" in frozen.said or "the work stops" in frozen.said, "it notices", why=run.diagnosis
        )
    run.keeps_its_promises(larger)
