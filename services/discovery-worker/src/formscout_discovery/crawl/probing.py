"""Which fields depend on which choices: choices are changed without sending anything, and what changes is written down."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from formscout.domain.forms import FieldReading, FormReading
from formscout.domain.snapshots import ProbeDelta, Snapshot
from formscout_discovery.crawl.ports import Tab
from formscout_discovery.crawl.state import State, read_state

CONTROLS_A_FORM: Final = 12
CHOICES_A_CONTROL: Final = 4
CHOICES_WITHOUT_EFFECT: Final = 2
"""After so many choices that change nothing, no other choice of the field is expected to."""

SECONDS_A_PAGE: Final = 25.0
"""Each choice costs a settling and a capture; a page of a hundred drop-downs must not eat its visit."""

CHOOSABLE: Final = frozenset({"select", "select-one"})

_DIGITS = re.compile(r"\d+")


Fields = dict[str, tuple[int, FieldReading | None]]
"""A page's fields by what stays the same of them while the page changes: node id in the snapshot, and how it reads now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    """One choice to try."""

    node: int
    css: str
    value: str


async def probe(tab: Tab, state: State, forms: tuple[FormReading, ...], *, stop: Callable[[], bool]) -> Snapshot:
    """Return the state's snapshot with what the forms' choices change; the tab is left with the choices made."""
    run = _Run(tab=tab, state=state, before=_fields(state), ends=time.monotonic() + SECONDS_A_PAGE)
    for form in forms:
        for reading in _choice_fields(state, form):
            if stop() or not await run.try_field(reading):
                return run.snapshot()
    return run.snapshot()


@dataclass(slots=True, kw_only=True)
class _Run:
    """The probing of one page."""

    tab: Tab
    state: State
    before: Fields
    ends: float
    deltas: list[ProbeDelta] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        return replace(self.state.snapshot, deltas=tuple(self.deltas)) if self.deltas else self.state.snapshot

    async def try_field(self, reading: FieldReading) -> bool:
        """Try a field's choices; one whose first choices change nothing is left alone. False when probing must end."""
        effects = len(self.deltas)
        # Ticking a box that changes nothing says what unticking it would say.
        patience = 1 if reading.type == "checkbox" else CHOICES_WITHOUT_EFFECT
        for tried, attempt in enumerate(_choices(self.state, reading)):
            if time.monotonic() > self.ends:
                return False
            if tried >= patience and len(self.deltas) == effects:
                break
            arrival = await self.tab.choose(self.state.locator.of(attempt.node), attempt.value)
            if arrival is None:
                break
            if arrival.status is not None:  # the choice loaded another page: what stands there is no part of this form
                return False
            after = _fields(await read_state(self.tab))
            delta = _difference(attempt, self.before, after)
            if delta is not None:
                self.deltas.append(delta)
            self.before = {identity: (node, after.get(identity, (0, None))[1]) for identity, (node, _) in self.before.items()}
        return True


def _choice_fields(state: State, form: FormReading) -> list[FieldReading]:
    fields = [one for one in form.fields if one.visible and not one.disabled and not one.readonly]
    if len(fields) < 2:  # noqa: PLR2004 (a field that stands alone has none that could depend on it)
        return []
    return [one for one in fields if _is_choice(state, one)][:CONTROLS_A_FORM]


def _is_choice(state: State, reading: FieldReading) -> bool:
    if reading.type in CHOOSABLE:
        return state.tree.nodes[reading.node].tag == "select" and len(reading.choices) > 1
    return reading.type in ("checkbox", "radio")


def _choices(state: State, reading: FieldReading) -> Iterator[_Probe]:
    if reading.type in CHOOSABLE:
        chosen = {node.attributes.get("value", "") for node in state.tree.elements(reading.node) if node.tag == "option" and node.checked}
        others = [choice.value for choice in reading.choices if not choice.disabled and choice.value not in chosen]
        # The choice that stood there comes last, so that the next control is tried on the form as it was.
        for value in [*others[:CHOICES_A_CONTROL], *sorted(chosen)[:1]]:
            yield _Probe(node=reading.node, css=state.locator.css(reading.node), value=value)
        return
    nodes = [state.tree.nodes[node] for node in (reading.nodes or (reading.node,))]
    if reading.type == "radio":
        ordered = sorted(nodes, key=lambda node: bool(node.checked))
        for node in ordered[: CHOICES_A_CONTROL + 1]:
            yield _Probe(node=node.id, css=state.locator.css(node.id), value="true")
    elif len(nodes) == 1:
        ticked = bool(nodes[0].checked)
        for tick in (not ticked, ticked):
            yield _Probe(node=nodes[0].id, css=state.locator.css(nodes[0].id), value="true" if tick else "false")


def _fields(state: State) -> Fields:
    """Return all fields of the page by what stays the same of them while the page changes."""
    found: Fields = {}
    for form in state.forms:
        for reading in form.fields:
            found.setdefault(_identity(state, reading), (reading.node, reading))
    return found


def _identity(state: State, reading: FieldReading) -> str:
    node = state.tree.nodes[reading.node]
    own = node.attributes.get("id") or reading.name
    return f"{node.tag}|{own}|{reading.name}" if own else f"{node.tag}|{state.locator.css(reading.node)}"


def _difference(attempt: _Probe, before: Fields, after: Fields) -> ProbeDelta | None:
    shown: list[int] = []
    hidden: list[int] = []
    required: list[int] = []
    optional: list[int] = []
    choices: dict[int, tuple[str, ...]] = {}
    for identity, (node, was) in before.items():
        now = after.get(identity, (0, None))[1]
        is_shown, was_shown = now is not None and now.visible, was is not None and was.visible
        if is_shown != was_shown:
            (shown if is_shown else hidden).append(node)
        if now is None or was is None or node == attempt.node:
            continue
        if now.required != was.required:
            (required if now.required else optional).append(node)
        if [choice.label for choice in now.choices] != [choice.label for choice in was.choices]:
            choices[node] = tuple(choice.label for choice in now.choices)
    if not (shown or hidden or required or optional or choices):
        return None
    return ProbeDelta(
        control=attempt.node,
        choice=attempt.value,
        shown=tuple(shown),
        hidden=tuple(hidden),
        required=tuple(required),
        optional=tuple(optional),
        choices=choices,
    )
