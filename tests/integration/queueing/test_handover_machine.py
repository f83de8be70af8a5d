"""The hand-over under any order of events: Hypothesis plays workers, faults and cancels against the real use cases and PostgreSQL.

`HANDOVER_EXAMPLES=2000 pytest tests/integration/queueing/test_handover_machine.py` looks further, at random.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.support.handover import OUTCOMES, Hand, World
from tests.support.sessions import execute
from tests.support.tenants import Tenant, make_tenant

from formscout.domain.jobs import JobKind, Outcome, Queue
from formscout.storage.database import Database

EXAMPLES = 20
"""Orders of some 30 events each, in a run of all tests."""

PICK = st.integers(0, 3)
"""Which of the latest things in hand, or of the sessions, is meant."""

FEW = st.integers(0, 2)

# The draws of a rule never depend on the rows, and no rule has a precondition: two workers at one moment may end in either order.
SLICE, ANALYSIS = JobKind.DISCOVER_SLICE, JobKind.ANALYZE_FORM_PAGE

Act = Callable[[World, int], Coroutine[Any, Any, object] | None]  # Any: what a coroutine is made of


def by(act: Callable[[World, Hand], Coroutine[Any, Any, object]], *kinds: JobKind) -> Act:  # Any: as above
    """Let the act be done by one of those that have such a job in hand."""
    return lambda world, pick: act(world, hand) if (hand := world.hand(pick, *kinds)) else None


ACTS: tuple[Act, ...] = (
    lambda world, _: world.claim(Queue.DISCOVERY),
    lambda world, _: world.claim(Queue.ANALYSIS),
    lambda world, _: world.reconcile(),
    lambda world, pick: world.cancel(pick),
    by(World.heartbeat),
    by(World.expire),
    by(World.crash),
    by(World.take_page, SLICE),
    by(lambda world, hand: world.finish_visit(hand, links=1, titles=1), SLICE),
    by(World.give_back, SLICE),
    by(World.stop_visiting, SLICE),
    by(World.describe, ANALYSIS),
    by(lambda world, hand: world.end(hand, OUTCOMES[0])),
    by(lambda world, hand: world.end(hand, OUTCOMES[-1])),
)
"""What may be done by several at one moment."""


class HandOver(RuleBasedStateMachine):
    """Any order of everything that may happen to jobs, pages and sessions."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    database: ClassVar[Database]
    tenant: ClassVar[Tenant]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(database=self.database, tenant=self.tenant)

    def _do(self, step: Coroutine[Any, Any, object]) -> None:  # Any: what a coroutine is made of
        self.loop.run_until_complete(self.world.step(step))

    def _with(self, pick: int, *kinds: JobKind) -> Any:  # Any: see `World.hand`
        return self.world.hand(pick, *kinds)

    @initialize(max_pages=st.sampled_from([2, 50]))
    def start_with_a_session_at_work(self, max_pages: int) -> None:
        self.loop.run_until_complete(execute(self.database, "DELETE FROM crawl_session"))
        self.loop.run_until_complete(execute(self.database, "DELETE FROM job"))
        self._do(self.world.ask(max_pages=max_pages))
        self._do(self.world.claim(Queue.DISCOVERY))
        self._do(self.world.take_page(self.world.hands[0]))

    @rule(max_pages=st.sampled_from([1, 3, 50]))
    def ask(self, max_pages: int) -> None:
        if len(self.world.sessions) < 4:
            self._do(self.world.ask(max_pages=max_pages))

    @rule(queue=st.sampled_from([Queue.DISCOVERY, Queue.DISCOVERY, Queue.ANALYSIS, Queue.ANALYSIS, Queue.BUDGET]))
    def claim(self, queue: Queue) -> None:
        if queue is Queue.BUDGET:
            self._do(self.world.add_upkeep())
        self._do(self.world.claim(queue))

    @rule(visits=FEW, links=FEW, titles=FEW, ends=st.booleans())
    def work(self, visits: int, links: int, titles: int, ends: bool) -> None:
        """Go the usual way with a slice, so that there is something for the others to break."""
        before = len(self.world.hands)
        self._do(self.world.claim(Queue.DISCOVERY))
        for hand in self.world.hands[before:]:
            for _ in range(visits):
                self._do(self.world.take_page(hand))
                self._do(self.world.finish_visit(hand, links=links, titles=titles))
            if ends:
                self._do(self.world.end(hand, OUTCOMES[0]))

    @rule()
    def describe_one(self) -> None:
        before = len(self.world.hands)
        self._do(self.world.claim(Queue.ANALYSIS))
        for hand in self.world.hands[before:]:
            self._do(self.world.describe(hand))
            self._do(self.world.end(hand, OUTCOMES[0]))

    @rule(pick=PICK)
    def take_again(self, pick: int) -> None:
        """Lease a page, give it back, lease it again, and write under the first lease."""
        if hand := self._with(pick, SLICE):
            self._do(self.world.take_page(hand))
            self._do(self.world.give_back(hand))
            self._do(self.world.take_page(hand))
            self._do(self.world.finish_visit(hand, links=0, titles=0, pick=1))

    @rule(pick=PICK)
    def heartbeat(self, pick: int) -> None:
        if hand := self._with(pick):
            self._do(self.world.heartbeat(hand))

    @rule(pick=PICK, seen=st.booleans())
    def fall_silent(self, pick: int, seen: bool) -> None:
        if hand := self._with(pick):
            self._do(self.world.expire(hand))
            if seen:
                self._do(self.world.reconcile())

    @rule(pick=PICK)
    def crash(self, pick: int) -> None:
        if hand := self._with(pick):
            self._do(self.world.crash(hand))

    @rule()
    def reconcile(self) -> None:
        self._do(self.world.reconcile())

    @rule()
    def wake(self) -> None:
        self._do(self.world.wake())

    @rule(pick=PICK, times=st.integers(1, 2))
    def take_pages(self, pick: int, times: int) -> None:
        if hand := self._with(pick, SLICE):
            for _ in range(times):
                self._do(self.world.take_page(hand))

    @rule(pick=PICK, links=FEW, titles=FEW, page=PICK)
    def finish_visit(self, pick: int, links: int, titles: int, page: int) -> None:
        if hand := self._with(pick, SLICE):
            self._do(self.world.finish_visit(hand, links=links, titles=titles, pick=page))

    @rule(pick=PICK, page=PICK)
    def skip_page(self, pick: int, page: int) -> None:
        if hand := self._with(pick, SLICE):
            self._do(self.world.skip_page(hand, pick=page))

    @rule(pick=PICK, page=PICK)
    def give_page_back(self, pick: int, page: int) -> None:
        if hand := self._with(pick, SLICE):
            self._do(self.world.give_back(hand, pick=page))

    @rule(pick=PICK)
    def stop_visiting(self, pick: int) -> None:
        if hand := self._with(pick, SLICE):
            self._do(self.world.stop_visiting(hand))

    @rule(pick=PICK)
    def describe(self, pick: int) -> None:
        if hand := self._with(pick, ANALYSIS):
            self._do(self.world.describe(hand))

    @rule(pick=PICK, outcome=st.sampled_from(OUTCOMES))
    def end(self, pick: int, outcome: Outcome) -> None:
        if hand := self._with(pick):
            self._do(self.world.end(hand, outcome))

    @rule(pick=PICK, seldom=st.integers(0, 2))
    def cancel(self, pick: int, seldom: int) -> None:
        if seldom == 0:
            self._do(self.world.cancel(pick))

    @rule(pick=PICK, order=st.sampled_from([World.retry, World.retry, World.set_aside, World.cancel_job]))
    def order(self, pick: int, order: Callable[[World, Hand], Coroutine[Any, Any, object]]) -> None:  # Any: as above
        if hand := self._with(pick):
            self._do(order(self.world, hand))

    @rule(acts=st.lists(st.tuples(st.sampled_from(ACTS), PICK), min_size=2, max_size=3))
    def at_once(self, acts: list[tuple[Act, int]]) -> None:
        steps = [step for act, pick in acts if (step := act(self.world, pick)) is not None]
        self._do(self.world.at_once(*steps))

    def teardown(self) -> None:
        self._do(self.world.wind_up())


@pytest.fixture
def machine(database_url: str) -> Iterator[type[HandOver]]:
    """Return the machine on a loop of its own: Hypothesis calls its rules from no coroutine."""
    loop = asyncio.new_event_loop()
    database = Database.connect(database_url, pool_size=4)
    HandOver.loop, HandOver.database = loop, database
    HandOver.tenant = loop.run_until_complete(make_tenant(database, "Acme"))
    yield HandOver
    loop.run_until_complete(database.close())
    loop.close()


def test_any_order_of_events_keeps_every_promise(machine: type[HandOver]) -> None:
    asked = os.environ.get("HANDOVER_EXAMPLES")
    effort = settings(
        max_examples=int(asked or EXAMPLES),
        derandomize=asked is None,  # the same examples each time, unless somebody goes hunting
        phases=[Phase.generate],  # what it finds is told at once: making it shorter would take minutes
        stateful_step_count=30,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),  # how quick the machine is proves nothing
    )
    run_state_machine_as_test(machine, settings=effort)
