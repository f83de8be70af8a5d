"""What a page demands of a field's value, as its attributes say it."""

from typing import Final

from formscout.domain.forms import Constraints
from formscout.reading.controls import TEXT_LIKE, Control
from formscout.reading.tree import Tree

RANGED: Final = frozenset({"number", "range", "date", "month", "week", "time", "datetime-local"})
SLIDING: Final = frozenset({"slider", "spinbutton"})
LENGTHS: Final = TEXT_LIKE - {"number", "spinbutton"}
PATTERNED: Final = frozenset({"text", "search", "tel", "url", "email", "password", "combobox"})


def of(tree: Tree, control: Control) -> Constraints:
    """Return the control's constraints; attributes that its type does not heed are left out."""
    attributes = tree.nodes[control.node].attributes
    kind = control.type
    ranged, sliding = kind in RANGED, kind in SLIDING
    return Constraints(
        min=_said(attributes.get("min") if ranged else attributes.get("aria-valuemin") if sliding else None),
        max=_said(attributes.get("max") if ranged else attributes.get("aria-valuemax") if sliding else None),
        step=_said(attributes.get("step") if ranged else None),
        min_length=_length(attributes.get("minlength")) if kind in LENGTHS else None,
        max_length=_length(attributes.get("maxlength")) if kind in LENGTHS else None,
        pattern=(attributes.get("pattern") or None) if kind in PATTERNED else None,
        accept=_said(attributes.get("accept") if kind == "file" else None),
        multiple="multiple" in attributes or attributes.get("aria-multiselectable") == "true",
    )


def _said(value: str | None) -> str | None:
    return value.strip() or None if value else None


def _length(value: str | None) -> int | None:
    """Return a length that HTML heeds: a whole number, not negative."""
    return int(value) if value and value.strip().isascii() and value.strip().isdigit() else None
