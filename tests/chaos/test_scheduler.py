"""The scheduler dies, freezes, or loses a message on its way out: another leads, and what waits is rung for again."""

import signal
from collections.abc import Iterator

import pytest
from tests.chaos.conftest import Begin
from tests.support.chaos_platform import SCHEDULER, Platform
from tests.support.chaos_runs import Result, Run
from tests.support.stores import until

LEADER = "SELECT holder FROM leadership WHERE name = 'scheduler' AND until > now()"
TERMS = "SELECT fence FROM leadership WHERE name = 'scheduler' AND until > now() AND :id > 0 UNION ALL SELECT 0 ORDER BY 1 DESC LIMIT 1"

TAKES_OVER = "the other replica leads within 15 s"


@pytest.fixture
def replicas(platform: Platform) -> Iterator[Platform]:
    """Run two schedulers."""
    with platform.beside("scheduler-2", SCHEDULER):
        until(lambda: platform.rows(LEADER), "one leads")
        yield platform


def leader(platform: Platform) -> str:
    """Return the name of the scheduler that leads."""
    pid = int(platform.value(LEADER).rpartition(":")[2])
    return next(name for name, service in platform.services.items() if service.pid == pid)


def test_the_leader_is_killed(replicas: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(2)
    with run.fault("kill -9 of the leading scheduler", TAKES_OVER, measure=TERMS):
        replicas.services[leader(replicas)].kill()
    run.keeps_its_promises(undisturbed)


def test_the_leader_is_frozen_and_resumed(replicas: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(2)
    frozen = leader(replicas)
    with run.fault("SIGSTOP of the leading scheduler, SIGCONT once another leads", TAKES_OVER, measure=TERMS):
        replicas.signal(frozen, signal.SIGSTOP)
    until(lambda: replicas.rows(LEADER) and leader(replicas) != frozen, "another leads")
    replicas.signal(frozen, signal.SIGCONT)
    run.keeps_its_promises(undisturbed)
    assert leader(replicas) != frozen


@pytest.mark.parametrize("arrives", [False, True], ids=["before", "after"])
def test_the_dispatcher_is_killed_in_the_middle_of_publishing(
    platform: Platform, undisturbed: Result, begin_run: Begin, *, arrives: bool
) -> None:
    redis = platform.proxies["redis"]
    sprung = redis.lose_answer(b"LPUSH") if arrives else redis.keep_request(b"LPUSH")
    run = begin_run()
    name = f"kill -9 of the dispatcher mid-publish, the message {'on' if arrives else 'not on'} the queue"
    with run.fault(name, "the next leader rings again; a message too many costs a look"):
        until(sprung.is_set, "it publishes")
        platform.services["scheduler"].kill()
        redis.restore()
        platform.replace("scheduler")
    run.keeps_its_promises(undisturbed)
