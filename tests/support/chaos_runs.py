"""A discovery that is disturbed, and what must be true of it afterwards, looked at from outside."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from tests.support import orchard
from tests.support.chaos_platform import Platform
from tests.support.money import spending_of
from tests.support.stores import until

from formscout.domain.networks import Politeness
from formscout.usecases import budgets

RECOVERY_SECONDS: Final = 60
"""Within it work goes on once a fault is over: lease 30, reconciler 5, the rest for a browser's start."""

HOLD: Final = 1_000
"""Micro-dollars held beside each run for a call that nobody ends: the reconciler has to settle them, once."""

VISITS: Final = "SELECT count(*) FROM visit WHERE session_id = :id"
DESCRIBED: Final = "SELECT count(*) FROM form_page WHERE session_id = :id AND state = 'described'"
RUNNING: Final = "SELECT count(*) FROM job WHERE session_id = :id AND kind = 'discover_slice' AND state = 'running'"

AT_WORK: Final = """
SELECT count(DISTINCT page.holder_job) FROM frontier_page page JOIN job ON job.id = page.holder_job
WHERE page.session_id = :id AND page.state = 'leased' AND job.state = 'running'
"""
"""Slices that have a page in hand."""

TABS: Final = Politeness().max_parallel_tabs
"""Of a slice: what may be on its way at any moment."""

IN_FLIGHT: Final = "SELECT count(*) FROM frontier_page WHERE session_id = :id AND state = 'leased'"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault: what was broken, what is promised, and what was seen."""

    name: str
    promise: str
    measure: str = VISITS  # what must grow again once it is over
    in_flight: int = 0  # pages on their way just before it struck
    tabs: int = 0  # that could be on their way when it struck
    over_at: float = 0.0
    reached: int = 0  # what `measure` said when it was over
    recovery_seconds: float | None = None
    seen: str = "the test broke off"
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a discovery brought home, in a form that two runs can be compared by."""

    forms: tuple[str, ...]  # canonical JSON, sorted
    pages: tuple[tuple[str, str], ...]  # address and outcome, sorted
    documents: Counter[str]  # how often each path was asked for as a page


@dataclass
class Run:
    """A discovery under way."""

    platform: Platform
    session_id: int
    status_url: str
    events_url: str
    size: int
    began: int  # lines of the access log before it
    hold_id: int
    faults: list[Fault] = field(default_factory=list)

    @property
    def status(self) -> dict[str, Any]:  # Any: JSON
        """How it stands, as a client sees it."""
        found: dict[str, Any] = self.platform.ask("GET", self.status_url).json()
        return found

    def count(self, statement: str) -> int:
        """Return a count of the session's rows."""
        counted: int = self.platform.value(statement, id=self.session_id)
        return counted

    def until_visits(self, count: int) -> None:
        """Wait until so many pages were visited to their end, and another is on its way."""
        until(lambda: self.count(VISITS) >= count and self.count(IN_FLIGHT) > 0, f"{count} visits, and one under way", why=self.diagnosis)

    @contextmanager
    def fault(self, name: str, promise: str, *, measure: str = VISITS) -> Iterator[Fault]:
        """Break something within the block; at its end the fault is over, and the time of recovery begins."""
        found = Fault(name=name, promise=promise, measure=measure, in_flight=self.count(IN_FLIGHT))
        found.tabs = TABS * max(1, self.count(RUNNING))
        self.faults.append(found)
        yield found
        found.over_at, found.reached = time.monotonic(), self.count(measure)

    def ended(self) -> Result:
        """Wait for recovery and for the end, which is success; return what was found."""
        for fault in self.faults:
            until(partial(self._goes_on, fault), f"work goes on after: {fault.name}", why=self.diagnosis)
            fault.recovery_seconds = time.monotonic() - fault.over_at
        until(self._is_over, "the session ends", why=self.diagnosis)
        status = self.status
        assert status["state"] == "SUCCESS", f"{status} {self.diagnosis()}"
        return self._result()

    def keeps_its_promises(self, undisturbed: Result, *, begun_again: int | None = None) -> None:
        """Check the end of a disturbed run against an undisturbed one, and what stands in rows, events and ledger.

        `begun_again`: how many pages may be at most; as many as there were tabs, unless a fault is to cost less.
        """
        result = self.ended()
        more = result.documents - orchard.documents(self.size)
        extra, repeated = sum(more.values()), sorted(more)
        tabs = sum(fault.tabs for fault in self.faults)
        for fault in self.faults:
            fault.seen = (
                f"{len(result.forms)}/{len(undisturbed.forms)} forms, {len(result.pages)}/{len(undisturbed.pages)} visits; "
                f"{len(repeated)} pages begun again ({extra} requests), {fault.in_flight} were on their way"
            )
        assert result.forms == undisturbed.forms, self.diagnosis()
        assert result.pages == undisturbed.pages, self.diagnosis()
        assert len(repeated) <= (tabs if begun_again is None else begun_again), f"{repeated} were begun again. {self.diagnosis()}"
        self._events_are_whole(visits=len(result.pages))
        self._ledger_is_whole()
        open_jobs = "SELECT count(*) FROM job WHERE session_id = :id AND state NOT IN ('succeeded', 'cancelled')"
        assert self.count(open_jobs) == 0, self.diagnosis()
        for fault in self.faults:
            slow = self.platform.is_production and (fault.recovery_seconds or 0) > RECOVERY_SECONDS
            assert not slow, f"work went on only after {fault.recovery_seconds} s: {fault.name}. {self.diagnosis()}"
            fault.kept = True

    def diagnosis(self) -> str:
        """Return what a person wants to see of a run that went wrong."""
        jobs = self.platform.rows(
            "SELECT id, kind, state, fence, attempts, worker, error FROM job WHERE session_id = :id AND state <> 'succeeded'",
            id=self.session_id,
        )
        said = "\n".join(
            f"{name}: {line[:300]}"
            for name, service in self.platform.services.items()
            for line in service.said.splitlines()[-400:]
            if '"level": "warning"' in line or '"level": "error"' in line or line.startswith("Traceback")
        )
        return f"Session {self.session_id}; jobs {jobs}; pages {self._pages()}\n{said[-6000:]}"

    def _pages(self) -> list[tuple[str, str, int]]:
        statement = "SELECT address, state, attempts FROM frontier_page WHERE session_id = :id AND (state <> 'done' OR attempts > 1)"
        return [(row[0].rpartition("/")[2], row[1], row[2]) for row in self.platform.rows(statement, id=self.session_id)]

    def _goes_on(self, fault: Fault) -> bool:
        return self._is_over() or self.count(fault.measure) > fault.reached

    def _is_over(self) -> bool:
        return self.count("SELECT count(*) FROM crawl_session WHERE id = :id AND state NOT IN ('queued', 'running')") == 1

    def _result(self) -> Result:
        inventory = self.platform.ask("GET", f"/api/sessions/{self.session_id}/inventory").json()
        arrived = orchard.read_log(self.platform.access_log)[self.began :]
        home = orchard.home(self.size)
        return Result(
            forms=tuple(sorted(_canonical(form) for form in inventory["forms"])),
            pages=tuple(sorted((page["address"], page["outcome"]) for page in inventory["pages"])),
            documents=Counter(one.path for one in arrived if one.document and one.path.startswith(home)),
        )

    def _events_are_whole(self, *, visits: int) -> None:
        text = self.platform.ask("GET", self.events_url, headers={"Last-Event-ID": "0"}).text
        events = [dict(line.split(": ", 1) for line in block.splitlines() if ": " in line) for block in text.split("\r\n\r\n")]
        events = [event for event in events if "id" in event]
        assert [int(event["id"]) for event in events] == list(range(1, len(events) + 1)), text
        kinds = [event["event"] for event in events]
        assert (kinds.count("ended"), kinds[-1]) == (1, "ended"), kinds
        addresses = [json.loads(event["data"])["address"] for event in events if event["event"] == "visit"]
        assert len(addresses) == len(set(addresses)) == visits, addresses

    def _ledger_is_whole(self) -> None:
        """Check that the hold beside this run was charged once, and that each period's sums are those of its entries."""
        settled = "SELECT count(*) FROM ledger_entry WHERE reservation_id = :id AND kind = 'expire' AND spent_delta = :amount"
        until(lambda: self.platform.value(settled, id=self.hold_id, amount=HOLD) == 1, "the hold is charged")
        entries = self.platform.rows("SELECT kind, spent_delta FROM ledger_entry WHERE reservation_id = :id ORDER BY id", id=self.hold_id)
        assert [kind for kind, _ in entries] == ["reserve", "expire"], entries
        spent = (
            "(SELECT coalesce(sum(spent_delta), 0) FROM ledger_entry e WHERE (e.subscription_id, e.month) = (p.subscription_id, p.month))"
        )
        wrong = self.platform.rows(f"SELECT * FROM budget_period p WHERE reserved <> 0 OR spent <> {spent}")  # noqa: S608 (ours)
        assert not wrong, wrong


def begin(platform: Platform, size: int, *, slices: int = 1, headers: Mapping[str, str] | None = None, began: int | None = None) -> Run:
    """Ask for a discovery of the application with so many pages, with a hold of money beside it that nobody will end.

    `began` is the length of the access log before, where it was asked for before.
    """
    hold = platform.loop.call(budgets.reserve(platform.database, spending_of(platform.tenant), amount=HOLD))
    platform.execute("UPDATE reservation SET expires_at = now() WHERE id = :id", id=hold.id)
    if began is None:
        began = len(orchard.read_log(platform.access_log))
    accepted = platform.ask("POST", "/api/crawl/discover-forms", json=platform.body(size, slices=slices), headers=headers).json()
    return Run(
        platform=platform,
        session_id=accepted["session_id"],
        status_url=accepted["status_url"],
        events_url=accepted["events_url"],
        size=size,
        began=began,
        hold_id=hold.id,
    )


def _canonical(form: dict[str, Any]) -> str:  # Any: JSON
    """Return a form without what differs between runs: only the order in which its address was met may."""
    kept = {name: form[name] for name in ("id", "address", "title", "purpose", "action", "method")}
    fields = [{name: field[name] for name in ("key", "name", "label", "type", "required", "semanticType")} for field in form["fields"]]
    return json.dumps({**kept, "fields": fields}, sort_keys=True)
