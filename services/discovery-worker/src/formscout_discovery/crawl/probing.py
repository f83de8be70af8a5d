"""Which fields depend on which choices: choices are changed without sending anything, and what changes is written down."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from formscout.domain.forms import FieldReading, FormReading
from formscout.domain.snapshots import ProbeDelta, Snapshot
from formscout_discovery.crawl.ports import Tab
from formscout_discovery.crawl.state import State, read_state

CONTROLS_A_FORM: Final = 12
CHOICES_A_CONTROL: Final = 4

CHOOSABLE: Final = frozenset({"select", "select-one"})

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    """One choice to try."""

    node: int
    css: str
    value: str


async def probe(tab: Tab, state: State, forms: tuple[FormReading, ...], *, stop: Callable[[], bool]) -> Snapshot:
    """Return the state's snapshot with what the forms' choices change; the tab is left with the choices made."""
    deltas: list[ProbeDelta] = []
    before = _fields(state)
    for attempt in [one for form in forms for one in _probes(state, form)]:
        if stop():
            break
        arrival = await tab.choose(state.locator.of(attempt.node), attempt.value)
        if arrival is None:
            continue
        if arrival.status is not None:  # the choice loaded another page: what stands there is no part of this form
            break
        after = _fields(await read_state(tab))
        delta = _difference(attempt, before, after)
        if delta is not None:
            deltas.append(delta)
        before = {identity: (node, after.get(identity, (0, None))[1]) for identity, (node, _) in before.items()}
    return replace(state.snapshot, deltas=tuple(deltas)) if deltas else state.snapshot


def _probes(state: State, form: FormReading) -> Iterator[_Probe]:
    fields = [field for field in form.fields if field.visible and not field.disabled and not field.readonly]
    if len(fields) < 2:  # noqa: PLR2004 (a field that stands alone has none that could depend on it)
        return
    for field in [field for field in fields if _is_choice(state, field)][:CONTROLS_A_FORM]:
        yield from _choices(state, field)


def _is_choice(state: State, field: FieldReading) -> bool:
    if field.type in CHOOSABLE:
        return state.tree.nodes[field.node].tag == "select" and len(field.choices) > 1
    return field.type in ("checkbox", "radio")


def _choices(state: State, field: FieldReading) -> Iterator[_Probe]:
    if field.type in CHOOSABLE:
        chosen = {node.attributes.get("value", "") for node in state.tree.elements(field.node) if node.tag == "option" and node.checked}
        others = [choice.value for choice in field.choices if not choice.disabled and choice.value not in chosen]
        # The choice that stood there comes last, so that the next control is tried on the form as it was.
        for value in [*others[:CHOICES_A_CONTROL], *sorted(chosen)[:1]]:
            yield _Probe(node=field.node, css=state.locator.css(field.node), value=value)
        return
    nodes = [state.tree.nodes[node] for node in (field.nodes or (field.node,))]
    if field.type == "radio":
        ordered = sorted(nodes, key=lambda node: bool(node.checked))
        for node in ordered[: CHOICES_A_CONTROL + 1]:
            yield _Probe(node=node.id, css=state.locator.css(node.id), value="true")
    elif len(nodes) == 1:
        ticked = bool(nodes[0].checked)
        for tick in (not ticked, ticked):
            yield _Probe(node=nodes[0].id, css=state.locator.css(nodes[0].id), value="true" if tick else "false")


def _fields(state: State) -> dict[str, tuple[int, FieldReading | None]]:
    """Return all fields of the page by what stays the same of them while the page changes."""
    found: dict[str, tuple[int, FieldReading | None]] = {}
    for form in state.forms:
        for field in form.fields:
            found.setdefault(_identity(state, field), (field.node, field))
    return found


def _identity(state: State, field: FieldReading) -> str:
    node = state.tree.nodes[field.node]
    own = node.attributes.get("id") or field.name
    return f"{node.tag}|{own}|{field.name}" if own else f"{node.tag}|{state.locator.css(field.node)}"


def _difference(
    attempt: _Probe, before: dict[str, tuple[int, FieldReading | None]], after: dict[str, tuple[int, FieldReading | None]]
) -> ProbeDelta | None:
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
