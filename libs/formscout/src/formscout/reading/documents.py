"""The one JSON form of a described form: the API, the command line and `describe` all write it."""

from typing import Any, Literal

from formscout.domain.forms import ButtonReading, Choice, Constraints, FieldDescription, FieldReading, FormDescription
from formscout.domain.paths import Locators

# What is returned is JSON: its values are of any JSON type, hence `Any`.
Document = dict[str, Any]
Detail = Literal["core", "full"]


def form_document(description: FormDescription, *, detail: Detail = "core") -> Document:
    """Return a form as the inventory holds it, without what only a crawl session knows (id, addresses, path).

    With `core` what serves only a closer look is left out: `uiSchema`, `hidden`, and each field's `evidence`.
    """
    reading = description.reading
    document: Document = {
        "title": reading.title,
        "purpose": description.purpose,
        "confidence": description.confidence,
        "visible": reading.visible,
        "hasFormElement": reading.has_form_element,
        "reason": reading.reason,
        "locators": locators_document(reading.locators),
        "action": reading.action,
        "method": reading.method,
        "enctype": reading.enctype,
        "buttons": [_button(b) for b in reading.buttons],
        "fields": [_field(f, detail) for f in description.fields],
        "inputSchema": description.input_schema,
    }
    if detail == "full":
        document["uiSchema"] = description.ui_schema
        document["hidden"] = list(reading.hidden)
    return document


def locators_document(locators: Locators) -> Document:
    """Return locators with those that do not exist left out."""
    pairs = {
        "role": locators.role,
        "label": locators.label,
        "testId": locators.test_id,
        "css": locators.css,
        "shadowPath": list(locators.shadow_path),
        "frame": list(locators.frame),
    }
    return {key: value for key, value in pairs.items() if value}


def _button(button: ButtonReading) -> Document:
    return {"label": button.label, "type": button.type.value, "locators": locators_document(button.locators)}


def _field(field: FieldDescription, detail: Detail) -> Document:
    reading = field.reading
    document: Document = {
        "key": field.key,
        "name": reading.name,
        "label": reading.label,
        "labelSource": reading.label_source.value,
        "type": reading.type,
        "required": reading.required,
        "semanticType": field.semantic_type,
        "confidence": field.confidence,
        "decidedBy": field.decided_by,
        "visible": reading.visible,
        "disabled": reading.disabled,
        "readOnly": reading.readonly,
        "conditional": field.conditional,
        "step": field.step,
        "group": reading.group,
        "description": reading.description,
        "placeholder": reading.placeholder,
        "autocomplete": reading.autocomplete,
        "choices": [_choice(c) for c in reading.choices],
        "choicesTotal": reading.choices_total,
        "choicesComplete": reading.choices_complete,
        "constraints": _constraints(reading),
        "default": None,  # what stands in a field is people's data, and is never captured
        "locators": locators_document(reading.locators),
    }
    if detail == "full":
        document["evidence"] = list(reading.evidence)
    return document


def _choice(choice: Choice) -> Document:
    document: Document = {"value": choice.value, "label": choice.label}
    if choice.group is not None:
        document["group"] = choice.group
    if choice.disabled:
        document["disabled"] = True
    return document


def _constraints(field: FieldReading) -> Document:
    said: Constraints = field.constraints
    pairs = {
        "min": said.min,
        "max": said.max,
        "step": said.step,
        "minLength": said.min_length,
        "maxLength": said.max_length,
        "pattern": said.pattern,
        "accept": said.accept,
        "multiple": said.multiple or None,
    }
    return {key: value for key, value in pairs.items() if value is not None}
