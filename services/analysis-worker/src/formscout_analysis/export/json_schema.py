"""A form as JSON Schema 2020-12: what may be sent, as the page itself demands it."""

import re
from collections.abc import Sequence
from typing import Any, Final

from formscout.domain.forms import Choice, FieldReading, FormReading
from formscout_analysis.export.numbers import number
from formscout_analysis.extraction.conditions import Condition

# A schema is JSON: its values are of any JSON type, hence `Any` throughout this package.
JsonSchema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
BOOLEAN: Final = frozenset({"checkbox", "switch"})
CHOSEN: Final = frozenset({"select", "radio", "listbox", "combobox"})
NUMBERS: Final = frozenset({"number", "range", "spinbutton", "slider"})
FORMATS: Final = {"email": "email", "url": "uri", "date": "date"}
"""Formats that a control type implies: the browser refuses anything else."""
SHAPES: Final = {
    "month": r"^[0-9]{4,}-(?:0[1-9]|1[0-2])$",
    "week": r"^[0-9]{4,}-W(?:0[1-9]|[1-4][0-9]|5[0-3])$",
    # JSON Schema's own time formats want an offset, which these controls never have.
    "time": r"^(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,3})?)?$",
    "datetime-local": r"^[0-9]{4,}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,3})?)?$",
    "color": r"^#[0-9a-fA-F]{6}$",
}
"""What a control's value looks like where no format says it."""

_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+\Z", re.IGNORECASE)


def input_schema(
    form: FormReading,
    keys: Sequence[str],
    *,
    conditional: frozenset[int] = frozenset(),
    conditions: Sequence[Condition] = (),
    honeypots: frozenset[int] = frozenset(),
) -> JsonSchema:
    """Return the schema of what the form sends; `keys` name its fields' properties, in their order."""
    dependent = {i for c in conditions for i in c.choices}
    properties = {
        key: _property(f, trap=i in honeypots, dependent=i in dependent) for i, (key, f) in enumerate(zip(keys, form.fields, strict=True))
    }
    required = [
        key
        for i, (key, f) in enumerate(zip(keys, form.fields, strict=True))
        if f.required and i not in conditional and i not in honeypots and not f.disabled and not f.readonly
    ]
    schema: JsonSchema = {"$schema": DIALECT, "type": "object"}
    if form.title:
        schema["title"] = form.title
    schema["properties"] = properties
    if required:
        schema["required"] = required
    branches = [b for c in conditions if (b := _branch(c, form.fields, keys)) is not None]
    if branches:
        schema["allOf"] = branches
    return schema


def _property(field: FieldReading, *, trap: bool, dependent: bool) -> JsonSchema:
    out: JsonSchema = {}
    if field.label or field.name:
        out["title"] = field.label or field.name
    if field.description:
        out["description"] = field.description
    if trap:  # filled in, it gives a program away
        return out | {"type": "string", "maxLength": 0}
    out |= _value(field, dependent=dependent)
    if field.readonly or field.disabled:
        out["readOnly"] = True
    if field.type == "password":
        out["writeOnly"] = True
    return out


def _value(field: FieldReading, *, dependent: bool) -> JsonSchema:
    if field.type in BOOLEAN and not field.choices:
        return {"type": "boolean", "const": True} if field.required else {"type": "boolean"}
    if field.type in NUMBERS:
        return number(field)
    single = _single(field, dependent=dependent)
    if field.type in BOOLEAN or field.constraints.multiple or (len(field.nodes) > 1 and field.type != "radio"):
        if field.type == "email":  # one control, addresses parted by commas
            return {"type": "string", **({"minLength": 1} if field.required else {})}
        rows = len(field.nodes) > 1 and field.type not in BOOLEAN  # the same in each row: two rows may hold the same
        return {"type": "array", "items": single, **({} if rows else {"uniqueItems": True}), **({"minItems": 1} if field.required else {})}
    return single


def _single(field: FieldReading, *, dependent: bool) -> JsonSchema:
    if field.type == "file":
        return _file(field)
    if field.type in CHOSEN or field.type in BOOLEAN:
        chosen = _chosen(field) if field.choices_complete and not dependent else None
        return chosen or _text(field)
    if field.choices:  # a data list: it suggests, and binds nothing
        return _text(field) | {"examples": list(dict.fromkeys(c.value for c in field.choices))}
    return _text(field)


def _chosen(field: FieldReading) -> JsonSchema | None:
    usable = [c for c in field.choices if not c.disabled and not (field.required and not c.value)]
    unique = list({c.value: c for c in reversed(usable)}.values())[::-1]
    if not unique:
        return None
    return {"type": "string", "anyOf": [_choice(c) for c in unique], "enum": [c.value for c in unique]}


def _choice(choice: Choice) -> JsonSchema:
    return {"const": choice.value, "title": choice.label}


def _file(field: FieldReading) -> JsonSchema:
    accepted = [a.strip() for a in (field.constraints.accept or "").split(",") if a.strip()]
    exact = accepted[0] if len(accepted) == 1 and _MEDIA_TYPE.match(accepted[0]) else "application/octet-stream"
    return {"type": "string", "contentEncoding": "base64", "contentMediaType": exact}


def _text(field: FieldReading) -> JsonSchema:
    out: JsonSchema = {"type": "string"}
    constraints = field.constraints
    shortest = max(constraints.min_length or 0, 1 if field.required else 0)
    if field.type in FORMATS:
        out["format"] = FORMATS[field.type]
    if shortest:
        out["minLength"] = shortest
    if constraints.max_length is not None:
        out["maxLength"] = constraints.max_length
    pattern = SHAPES.get(field.type) or _anchored(constraints.pattern)
    if pattern:
        out["pattern"] = pattern
    return out


def _anchored(pattern: str | None) -> str | None:
    """Return the pattern as HTML means it: the whole value must match. One that cannot be compiled binds no value there either."""
    if not pattern:
        return None
    anchored = f"^(?:{pattern})$"
    try:
        re.compile(anchored)
    except re.error:
        return None
    return anchored


def _branch(condition: Condition, fields: Sequence[FieldReading], keys: Sequence[str]) -> JsonSchema | None:
    """Return what holds while the control has one of the condition's values; None when that restricts nothing."""
    needed = sorted(set(condition.required) | {i for i in condition.shown if fields[i].required})
    choices = {keys[i]: _labelled(fields[i], labels) for i, labels in condition.choices.items()}
    then: JsonSchema = {}
    if choices:
        then["properties"] = choices
    if needed:
        then["required"] = [keys[i] for i in needed]
    if not then:
        return None
    key, control = keys[condition.control], fields[condition.control]
    return {"if": {"properties": {key: holds(control, condition.values)}, "required": [key]}, "then": then}


def _labelled(field: FieldReading, labels: Sequence[str]) -> JsonSchema:
    """Return the choices that a field has under a condition: a probe knows their labels, the page the values of some."""
    values = {c.label: c.value for c in field.choices}
    if labels and all(label in values for label in labels):
        return {"enum": list(dict.fromkeys(values[label] for label in labels))}
    return {"examples": list(dict.fromkeys(labels))} if labels else {}


def holds(control: FieldReading, values: Sequence[str]) -> JsonSchema:
    """Return the schema that a control's value meets while it holds one of these values."""
    if control.type in BOOLEAN and not control.choices:
        wanted = [v == "true" for v in values]
        return {"const": wanted[0]} if len(wanted) == 1 else {"enum": wanted}
    one: JsonSchema = {"const": values[0]} if len(values) == 1 else {"enum": list(values)}
    return {"contains": one} if control.type in BOOLEAN or control.constraints.multiple else one
