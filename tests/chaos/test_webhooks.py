"""Receivers of webhooks fail and senders die: each event arrives at least once, signed, and always the same under its id."""

from collections.abc import Iterator

import pytest
from tests.support.chaos_hooks import DELIVERED, Gate, Hook, running_hook
from tests.support.chaos_platform import Platform
from tests.support.chaos_runs import Result, Run
from tests.support.receivers import Behaviour, answering, receiving, silent
from tests.support.stores import until

AT_LEAST_ONCE = "each event arrives at least once, signed, the same under its id"

EVENTS = 3
IN_HAND = 2
"""Attempts at one receiver at once."""


@pytest.fixture
def hook(platform: Platform) -> Iterator[Hook]:
    """Run a receiver that the company wants to be told at."""
    with running_hook(platform) as running:
        yield running


@pytest.mark.parametrize(
    ("name", "first"),
    [
        pytest.param("answers 500 to each event's first attempt", answering(500), marks=pytest.mark.quick),
        ("is silent for longer than it may be", silent),
    ],
    ids=["failing", "slow"],
)
def test_the_receiver_fails(run: Run, undisturbed: Result, hook: Hook, name: str, first: Behaviour) -> None:
    hook.receiver.first = first
    with run.fault(f"a webhook's receiver {name}", AT_LEAST_ONCE, measure=DELIVERED):
        hook.send(EVENTS)
        hook.until_tried()
        hook.receiver.first = None
    run.keeps_its_promises(undisturbed)
    hook.keeps_its_promises(run)


def test_the_receiver_is_down(run: Run, undisturbed: Result, hook: Hook) -> None:
    with run.fault("a webhook's receiver down", AT_LEAST_ONCE, measure=DELIVERED):
        hook.way.refuse()
        hook.send(EVENTS)
        hook.until_tried()
        assert hook.receiver.arrived == []
        hook.way.restore()
        hook.send_again_what_waits_long()
    run.keeps_its_promises(undisturbed)
    hook.keeps_its_promises(run)


def test_the_receiver_redirects_to_an_address_inside(platform: Platform, run: Run, undisturbed: Result, hook: Hook) -> None:
    promise = f"never followed; {AT_LEAST_ONCE}"
    with platform.loop.within(receiving()) as inside:
        hook.receiver.first = answering(307, f"Location: {inside.address()}")
        with run.fault("a webhook's receiver redirects to a private address", promise, measure=DELIVERED):
            hook.send(EVENTS)
            hook.until_tried()
            hook.receiver.first = None
        run.keeps_its_promises(undisturbed)
        hook.keeps_its_promises(run)
        assert inside.connections == 0


def test_the_sender_is_killed_in_the_middle_of_deliveries(platform: Platform, run: Run, undisturbed: Result, hook: Hook) -> None:
    hook.receiver.first = silent
    hook.send(EVENTS)
    until(lambda: len(hook.receiver.arrived) >= IN_HAND, "they are being sent", why=hook.diagnosis)
    with run.fault("kill -9 of the scheduler while it delivers webhooks", AT_LEAST_ONCE, measure=DELIVERED):
        platform.services["scheduler"].kill()
        hook.receiver.first = None
        platform.replace("scheduler")
    run.keeps_its_promises(undisturbed)
    hook.keeps_its_promises(run)


def test_the_database_is_cut_in_the_middle_of_deliveries(platform: Platform, run: Run, undisturbed: Result, hook: Hook) -> None:
    """The receiver has taken them, and nobody can write that down: they come once more."""
    gate = Gate(platform)
    hook.receiver.first = gate.hold
    hook.send(IN_HAND)
    until(lambda: gate.waiting == IN_HAND, "they are being sent", why=hook.diagnosis)
    with run.fault("all connections to PostgreSQL refused while webhooks are delivered", AT_LEAST_ONCE, measure=DELIVERED):
        platform.proxies["postgres"].refuse()
        gate.open()
        until(lambda: platform.services["scheduler"].said.count("could not be written") == IN_HAND, "that cannot be written")
        platform.proxies["postgres"].restore()
    run.keeps_its_promises(undisturbed)
    hook.keeps_its_promises(run)
    assert len(hook.receiver.arrived) == 2 * IN_HAND + 1
