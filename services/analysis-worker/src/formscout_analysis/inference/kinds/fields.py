"""What a field asks for: its autofill token, else the first pattern its words match, else what its control type implies."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import FieldReading, FormReading, LabelSource
from formscout.domain.snapshots import Node, Snapshot
from formscout.reading.words import SEARCH
from formscout_analysis.inference.kinds.patterns import AUTOFILL, CONFIRMS, CONSENTS, CURRENT, NEW, RULES, TRAP

BY_TYPE: Final = {
    "email": ("email", 0.95),
    "tel": ("tel", 0.95),
    "url": ("url", 0.9),
    "date": ("date", 0.9),
    "month": ("date-month", 0.9),
    "week": ("date", 0.7),
    "datetime-local": ("date", 0.8),
    "time": ("other", 0.5),
    "number": ("number", 0.8),
    "range": ("number", 0.8),
    "slider": ("number", 0.8),
    "spinbutton": ("number", 0.8),
    "file": ("file", 0.95),
    "color": ("other", 0.5),
    "switch": ("choice", 0.8),
    "radio": ("choice", 0.85),
    "select": ("choice", 0.8),
    "listbox": ("choice", 0.8),
    "combobox": ("choice", 0.7),
    "picker": ("choice", 0.5),
    "search": ("search", 0.9),
    "searchbox": ("search", 0.9),
}
"""What a control type alone tells."""
PLAIN: Final = frozenset({"email", "tel", "url", "file"})
REFINED: Final = ("email", "tel", "fax", "username")
CARD: Final = frozenset({"cc-number", "cc-csc", "cc-name"})
TOLD: Final = 0.95
"""From here on the page itself said what a field is."""
TRAPPED: Final = frozenset({"text", "email", "url", "tel", "textarea"})

_SEPARATORS = re.compile(r"[\[\](){}._\-:/+\s]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a field asks for, and how sure that is."""

    semantic_type: str
    confidence: float


def semantic_types(form: FormReading, snapshot: Snapshot) -> tuple[Judgement, ...]:
    """Return what each field of the form asks for, in their order."""
    passwords = [f for f in form.fields if f.type == "password"]
    found = [_judge(f, form, snapshot.nodes[f.node], passwords) for f in form.fields]
    if any(j.semantic_type in CARD for j in found):
        return tuple(found)
    # Without a card's number nothing expires but the record itself.
    return tuple(
        _by_type(f) if j.semantic_type.startswith("cc-exp") and j.confidence < TOLD else j for f, j in zip(form.fields, found, strict=True)
    )


def _judge(field: FieldReading, form: FormReading, node: Node, passwords: Sequence[FieldReading]) -> Judgement:
    if _is_trap(field, form, node):
        return Judgement(semantic_type="honeypot", confidence=0.85)
    token = _token(field.autocomplete)
    if token is not None:
        return Judgement(semantic_type=token, confidence=0.98)
    if field.type == "password":
        return _password(field, passwords)
    if field.type == "checkbox":
        return _box(field, node)
    return _open(field, form, node)


def _open(field: FieldReading, form: FormReading, node: Node) -> Judgement:
    """Judge a field that is neither a secret nor a box."""
    found = _by_words(field, node)
    if field.type in PLAIN:
        # The control's type is surer than words, but for what is a refinement of it.
        refined = found is not None and found.semantic_type.startswith(REFINED) and field.type != "file"
        return found if found is not None and refined else _by_type(field)
    if field.readonly and field.type in ("text", "textarea"):
        return Judgement(semantic_type="readonly", confidence=0.8)
    if _searches(field, form):
        return Judgement(semantic_type="search", confidence=0.85)
    return found or _by_type(field)


def _by_type(field: FieldReading) -> Judgement:
    if field.constraints.multiple and field.type in ("select", "listbox"):
        return Judgement(semantic_type="multi-choice", confidence=0.85)
    kind, sure = BY_TYPE.get(field.type, ("text", 0.5))
    return Judgement(semantic_type=kind, confidence=sure)


def _token(autocomplete: str | None) -> str | None:
    """Return the autofill field name of an `autocomplete` attribute: sections and contact kinds stand before it."""
    words = [w for w in (autocomplete or "").lower().split() if w != "webauthn"]
    return words[-1] if words and words[-1] in AUTOFILL else None


def _is_trap(field: FieldReading, form: FormReading, node: Node) -> bool:
    """Tell whether only a program would fill it in: out of sight in a form that is seen, and it looks like bait."""
    if field.visible or not form.visible or field.type not in TRAPPED or field.required:
        return False
    words = f"{field.name} {field.label} {node.attributes.get('id', '')} {node.attributes.get('class', '')}"
    unreachable = node.attributes.get("tabindex") == "-1" and node.attributes.get("autocomplete") in ("off", "nope", "new-password")
    return unreachable or bool(TRAP.search(words))


def _words(field: FieldReading, node: Node) -> tuple[str, ...]:
    """Return what names the field, the label first: it is written for people, names drag in the record's own words."""
    label = field.label if field.label_source is not LabelSource.NAME else ""
    spoken = (label, _split(field.name), _split(node.attributes.get("id", "")), field.placeholder or "")
    return tuple(" ".join(_SEPARATORS.split(s)) for s in spoken if s)


def _split(name: str) -> str:
    return _CAMEL.sub(" ", name)


def _by_words(field: FieldReading, node: Node) -> Judgement | None:
    for words in _words(field, node):
        for rule in RULES:
            if field.type in rule.types and (found := rule.words.search(words)):
                # A pattern that covers most of the words is surer than one found in a sentence.
                share = len(found.group()) / max(1, len(words))
                return Judgement(semantic_type=rule.semantic_type, confidence=round(rule.confidence * (0.7 + 0.3 * share), 2))
    return None


def _box(field: FieldReading, node: Node) -> Judgement:
    if len(field.choices) > 1:
        return Judgement(semantic_type="multi-choice", confidence=0.85)
    for words in _words(field, node):
        for rule in CONSENTS:
            if rule.words.search(words):
                return Judgement(semantic_type=rule.semantic_type, confidence=rule.confidence)
    return Judgement(semantic_type="choice", confidence=0.7)


def _searches(field: FieldReading, form: FormReading) -> bool:
    if field.type not in ("text", "search", "searchbox", "combobox") or len(form.fields) > 1 + sum(
        f.type in ("select", "checkbox", "radio") for f in form.fields
    ):
        return False
    return field.name.lower() in ("q", "query", "search", "s", "keyword", "keywords") or bool(
        SEARCH.search(f"{field.label} {field.placeholder or ''}")
    )


def _password(field: FieldReading, passwords: Sequence[FieldReading]) -> Judgement:
    words = f"{_split(field.name)} {field.label}".replace("_", " ")
    if len(passwords) == 1:
        return Judgement(semantic_type="password", confidence=0.9)
    if CURRENT.search(words):
        return Judgement(semantic_type="current-password", confidence=0.9)
    at = passwords.index(field)
    if at > 0 and (CONFIRMS.search(words) or (at == len(passwords) - 1 and not NEW.search(field.label))):
        return Judgement(semantic_type="password-confirm", confidence=0.9)
    return Judgement(semantic_type="new-password", confidence=0.85 if NEW.search(words) else 0.75)
