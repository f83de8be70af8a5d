"""How sure it is that a region is a form a person fills in, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import ButtonReading, ButtonType, FieldReading
from formscout.reading.controls import TEXT_LIKE
from formscout.reading.regions import Region, in_row
from formscout.reading.tree import Tree
from formscout.reading.words import PREFERENCE, SEARCH

LIKELY: Final = 0.5
"""From here on it is worth recording as a form."""

MOST_WORDS: Final = 3
"""Words up to which a label names a way of showing things; a longer one speaks of something else."""

TYPED: Final = TEXT_LIKE | {"date", "month", "week", "time", "datetime-local", "file", "combobox", "picker"}
"""Fields that ask for something; others only switch or choose."""

KINDS: Final = {
    "form": (1.0, 0.9, "a form element with fields"),
    "search": (0.8, 0.8, "a search box"),
    "dialog": (0.9, 0.6, "a dialog with fields"),
    "grid": (0.9, 0.75, "a grid of labelled fields"),
    "buttoned": (0.9, 0.9, "fields held together by a button that sends them"),
}
"""Of each kind of region: the confidence with a button that sends, without one, and the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A confidence and the sentence that explains it."""

    confidence: float
    reason: str


def judge(tree: Tree, region: Region, fields: Sequence[FieldReading], buttons: Sequence[ButtonReading]) -> Verdict:
    """Return the verdict on a region."""
    sends = any(b.type is ButtonType.SUBMIT for b in buttons)
    ticks = not sends and all(f.type == "checkbox" for f in fields)
    if all(in_row(tree, c, named=ticks) for c in region.controls):
        return Verdict(confidence=0.2, reason="only ticks rows of a list")
    if (
        len(fields) == 1
        and (len(region.controls) == 1 or fields[0].type == "radio")
        and (doubt := _doubt(fields[0], sends=sends)) is not None
    ):
        return doubt
    if region.kind == "loose":
        return _loose(fields)
    sure, unsure, reason = KINDS[region.kind]
    return Verdict(confidence=sure if sends else unsure, reason=reason)


def _doubt(lone: FieldReading, *, sends: bool) -> Verdict | None:
    """Return why a lone control is no form, None when it may be one."""
    if not sends and _is_preference(lone):
        return Verdict(confidence=0.2, reason="a lone control that changes how the page is shown")
    if lone.type in TYPED:
        return None
    if not sends:
        return Verdict(confidence=0.3, reason=f"a lone {lone.type} that nothing sends")
    return Verdict(confidence=0.4, reason="a lone control that changes how the page is shown") if _is_preference(lone) else None


def _loose(fields: Sequence[FieldReading]) -> Verdict:
    typed = [f for f in fields if f.type in TYPED]
    named = [f for f in fields if f.label and not _is_preference(f)]
    if any(SEARCH.search(f"{f.label} {f.placeholder or ''}") for f in typed):
        return Verdict(confidence=0.7, reason="a search box without a button")
    if typed and len(fields) > 1:
        return Verdict(confidence=0.7 if len(typed) > 1 else 0.6, reason="several fields in one place, no button that sends them")
    if typed:
        return Verdict(confidence=0.5, reason="a lone field that is typed into, no button that sends it")
    if len(named) > 1:
        return Verdict(confidence=0.5, reason="several switches or choices in one place, no button that sends them")
    return Verdict(confidence=0.3, reason="controls that nothing sends")


def _is_preference(field: FieldReading) -> bool:
    said = (field.label, field.name.replace("_", " "))
    return field.type not in ("password", "email", "textarea") and any(len(s.split()) <= MOST_WORDS and PREFERENCE.search(s) for s in said)
