"""A form page's path followed in a fresh tab: the proof that it leads there, and the shortest that does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from formscout.domain.forms import FormReading, KnownForm
from formscout.domain.pages import VisitOutcome
from formscout.domain.paths import Action, Locators, NavigationPath, Step, Verification, VerificationStatus
from formscout.domain.urls import without_query
from formscout_discovery.crawl.ports import Arrival, Cause, Tab
from formscout_discovery.crawl.state import State, read_state
from formscout_discovery.detection.folding import Candidate, fingerprint_of, fold

READABLE: Final = frozenset({VisitOutcome.OK, VisitOutcome.NEVER_SETTLED})

ROUNDS: Final = 2
"""Tries of each path before it counts as leading nowhere."""

STEP_FAILED: Final = "step_failed"
FORM_ABSENT: Final = "form_absent"
NOT_REVEALED: Final = "not_revealed"
"""The form is in the page, but no control was found that shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What following a path led to."""

    path: NavigationPath
    verification: Verification
    state: State | None = None  # what the fresh tab shows, when the forms are there
    found: tuple[tuple[str, FormReading], ...] = ()  # fingerprint and form, as they stand in `state`


def opening(address: str) -> Step:
    """Return the step that opens an address."""
    return Step(action=Action.OPEN, value=address, expects=without_query(address))


def pressing(locators: Locators) -> Step:
    """Return the step that presses a control."""
    return Step(action=Action.PRESS, locators=locators)


async def follow(tab: Tab, path: NavigationPath, *, cause: Cause = Cause.PRESSING) -> Arrival | None:
    """Take the steps one after the other; None when one could not be taken, else where the last one led."""
    arrival: Arrival | None = None
    for step in path:
        arrival = await _take(tab, step, cause=cause)
        if arrival is None or arrival.outcome not in READABLE:
            return arrival
    return arrival


async def _take(tab: Tab, step: Step, *, cause: Cause) -> Arrival | None:
    match step.action:
        case Action.OPEN:
            return await tab.open(step.value or "")
        case Action.PRESS:
            return await tab.press(step.locators, cause=cause)
        case Action.HOVER:
            return await tab.hover(step.locators)
        case Action.CHOOSE:
            return await tab.choose(step.locators, step.value or "")


async def verify(tab: Tab, paths: Sequence[NavigationPath], wanted: Sequence[tuple[str, Candidate]]) -> Replayed:
    """Try the paths in a fresh tab, shortest first; the first that shows any of the wanted forms is the one.

    All are tried `ROUNDS` times: an application that was slow once has not lost its form.
    """
    code = STEP_FAILED
    for path in tuple(paths) * ROUNDS:
        arrival = await follow(tab, path)
        if arrival is None or arrival.outcome not in READABLE:
            continue
        state = await read_state(tab)
        found = tuple(_recognised(state, wanted))
        if found:
            done = Verification(status=VerificationStatus.VERIFIED, at=datetime.now(UTC))
            return Replayed(path=path, verification=done, state=state, found=found)
        code = FORM_ABSENT
    failed = Verification(status=VerificationStatus.UNVERIFIED, code=code, at=datetime.now(UTC))
    return Replayed(path=paths[-1], verification=failed)


def _recognised(state: State, wanted: Sequence[tuple[str, Candidate]]) -> Iterable[tuple[str, FormReading]]:
    known = [
        KnownForm(fingerprint=fingerprint, address_template=candidate.address_template, signature=candidate.signature)
        for fingerprint, candidate in wanted
    ]
    taken: set[str] = set()
    for form in state.shown():
        candidate = state.candidate(form)
        fingerprint = fold(candidate, known)
        if fingerprint is None:
            fingerprint = next((name for name, other in wanted if fingerprint_of(other) == fingerprint_of(candidate)), None)
        if fingerprint is not None and fingerprint not in taken:
            taken.add(fingerprint)
            yield fingerprint, form
