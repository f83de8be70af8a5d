"""A form's layout in the dialect of JSON Forms: order, groups, steps and rules of what is shown when."""

from collections.abc import Sequence
from typing import Any

from formscout.domain.forms import FieldReading
from formscout_analysis.export.json_schema import holds
from formscout_analysis.extraction.conditions import Condition

# Elements of a UI schema are JSON: values of any JSON type.
Element = dict[str, Any]


def ui_schema(
    fields: Sequence[FieldReading],
    keys: Sequence[str],
    *,
    conditions: Sequence[Condition] = (),
    steps: Sequence[str | None] = (),
) -> Element:
    """Return the layout; `steps` names each field's wizard step, in the order of the fields."""
    controls = [_control(i, f, keys, fields, conditions) for i, f in enumerate(fields)]
    placed = steps or [None] * len(fields)
    if not any(placed):
        return {"type": "VerticalLayout", "elements": _grouped(range(len(fields)), fields, controls)}
    categories: list[Element] = []
    for name in dict.fromkeys(placed):
        inside = [i for i, step in enumerate(placed) if step == name]
        categories.append({"type": "Category", "label": name or "", "elements": _grouped(inside, fields, controls)})
    return {"type": "Categorization", "elements": categories, "options": {"variant": "stepper"}}


def _grouped(places: Sequence[int], fields: Sequence[FieldReading], controls: Sequence[Element]) -> list[Element]:
    """Put neighbours of one field set into one group."""
    out: list[Element] = []
    for i in places:
        group = fields[i].group
        if group is None:
            out.append(controls[i])
        elif out and out[-1]["type"] == "Group" and out[-1]["label"] == group:
            out[-1]["elements"].append(controls[i])
        else:
            out.append({"type": "Group", "label": group, "elements": [controls[i]]})
    return out


def _control(
    place: int, field: FieldReading, keys: Sequence[str], fields: Sequence[FieldReading], conditions: Sequence[Condition]
) -> Element:
    element: Element = {"type": "Control", "scope": f"#/properties/{keys[place]}", "label": field.label or field.name}
    options = _options(field)
    if options:
        element["options"] = options
    shown = [c for c in conditions if place in c.shown]
    if shown:
        element["rule"] = {"effect": "SHOW", "condition": _condition(shown, keys, fields)}
    return element


def _options(field: FieldReading) -> Element:
    if field.type in ("textarea", "contenteditable"):
        return {"multi": True}
    if field.type in ("radio", "password"):
        return {"format": field.type}
    return {"readonly": True} if field.readonly or field.disabled else {}


def _condition(shown: Sequence[Condition], keys: Sequence[str], fields: Sequence[FieldReading]) -> Element:
    single = [{"scope": f"#/properties/{keys[c.control]}", "schema": holds(fields[c.control], c.values)} for c in shown]
    return single[0] if len(single) == 1 else {"type": "OR", "conditions": single}
