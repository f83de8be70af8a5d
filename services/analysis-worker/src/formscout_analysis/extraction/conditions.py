"""Which fields appear, become required or change their choices when another field is given a value; from probe deltas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from formscout.domain.forms import FieldReading
from formscout.domain.snapshots import ProbeDelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """While the field at `control` holds one of `values`, the fields at the other places change so.

    Places are positions in the form's fields. A value is a choice's, or "true" and "false" for a check box.
    """

    control: int
    values: tuple[str, ...]
    shown: tuple[int, ...] = ()
    required: tuple[int, ...] = ()
    choices: Mapping[int, tuple[str, ...]] = field(default_factory=dict)  # field to the labels that can be chosen then


def conditions(fields: Sequence[FieldReading], deltas: Sequence[ProbeDelta]) -> tuple[Condition, ...]:
    """Return the conditions among a form's fields; values of one control with the same effect become one condition."""
    place = {node: i for i, f in enumerate(fields) for node in (f.node, *f.nodes)}
    merged: dict[tuple[object, ...], list[str]] = {}
    effects: dict[tuple[object, ...], Condition] = {}
    for delta in deltas:
        control = place.get(delta.control)
        if control is None:
            continue
        shown = _places(delta.shown, place, control)
        required = _places(delta.required, place, control)
        choices = {place[n]: labels for n, labels in delta.choices.items() if n in place and place[n] != control}
        if not (shown or required or choices):
            continue
        effect = (control, shown, required, tuple(sorted(choices.items())))
        values = merged.setdefault(effect, [])
        if delta.choice not in values:
            values.append(delta.choice)
        effects[effect] = Condition(control=control, values=tuple(values), shown=shown, required=required, choices=choices)
    return tuple(effects.values())


def _places(nodes: Sequence[int], place: Mapping[int, int], control: int) -> tuple[int, ...]:
    return tuple(sorted({place[n] for n in nodes if n in place and place[n] != control}))


def conditional(fields: Sequence[FieldReading], found: Sequence[Condition]) -> frozenset[int]:
    """Return the places of fields that are not shown at first: a probe showed them, or they wait unseen in a form that is seen."""
    probed = {i for c in found for i in c.shown if not fields[i].visible}
    if not any(f.visible for f in fields):
        return frozenset(probed)
    return frozenset(probed | {i for i, f in enumerate(fields) if not f.visible})
