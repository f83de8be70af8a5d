"""Is this form known already? The same form met at many places is kept once."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import KnownForm
from formscout_discovery.policy.templates import path_template

SAME_FORM_LIKENESS: Final = 0.85
"""Jaccard of field identities on one address template: record-dependent extras stay above it (looked at by hand)."""

SAME_PLACE_LIKENESS: Final = 0.5
"""The same on one and the same path, sent to the same place, or where it only asks (GET): a filter shows other rows for other queries."""

SAME_RECORD_LIKENESS: Final = 0.6
"""The same where the form's own id names a record (`edit_role_7`): one form whose fields depend on the record."""

TINY_FORM_FIELDS: Final = 2
"""So few fields are shared by forms that have nothing else in common: where they are sent tells them apart."""

FINGERPRINT_CHARACTERS: Final = 32

SENT: Final = "@sent="
"""Marks the entry of a signature that says by which method and to which address template the form is sent."""

CALLED: Final = "@called="
"""Marks the entry with the form's own id and its button's words."""

PLACED: Final = "@placed="
"""Marks the entry with the path on which it was met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What folding looks at of a form just read."""

    signature: tuple[str, ...]  # field identities, and the marks above
    address_template: str


def fields_of(signature: Iterable[str]) -> frozenset[str]:
    """Return the field identities of a signature, without its marks."""
    return frozenset(entry for entry in signature if not entry.startswith("@"))


def fingerprint_of(candidate: Candidate) -> str:
    """Return the form's name in every session: the same for the same fields, for tiny forms also sent to the same place."""
    parts = sorted(fields_of(candidate.signature))
    if is_tiny(candidate.signature):
        parts += [_mark(candidate.signature, SENT), _mark(candidate.signature, CALLED)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:FINGERPRINT_CHARACTERS]


def is_tiny(signature: Iterable[str]) -> bool:
    """Tell whether the fields alone are too few to know the form by."""
    return len(fields_of(signature)) <= TINY_FORM_FIELDS


def fold(candidate: Candidate, known: Iterable[KnownForm], *, generalise: Callable[[str], str] = str) -> str | None:
    """Return the fingerprint of the known form that the candidate is, or None when it is new.

    `generalise` brings an address template up to what was learned of the site since it was written.
    """
    own = fingerprint_of(candidate)
    best: tuple[float, str] | None = None
    for form in known:
        if form.fingerprint == own:
            return own
        alike = _alike(candidate, form, generalise)
        if alike is not None and (best is None or alike > best[0]):
            best = (alike, form.fingerprint)
    return best[1] if best else None


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard overlap of two sets of field identities."""
    union = len(one | other)
    return len(one & other) / union if union else 1.0


def _alike(candidate: Candidate, form: KnownForm, generalise: Callable[[str], str]) -> float | None:
    """Return how alike the two are if they are one form, else None."""
    mine, its = candidate.signature, form.signature
    sent_alike = _sent(mine, generalise) == _sent(its, generalise)
    if is_tiny(mine) or is_tiny(its):
        return 1.0 if sent_alike and _is_namesake(mine, its) else None
    alike = likeness(fields_of(mine), fields_of(its))
    same_path = path_template(generalise(candidate.address_template)) == path_template(generalise(form.address_template))
    demanded = SAME_FORM_LIKENESS if same_path else 2.0
    if sent_alike and (_mark(mine, PLACED) == _mark(its, PLACED) or (same_path and _sent(mine, generalise)[0] == "get")):
        demanded = SAME_PLACE_LIKENESS
    elif sent_alike and same_path and _is_namesake(mine, its, of_record=True):
        demanded = SAME_RECORD_LIKENESS
    if demanded == SAME_PLACE_LIKENESS and _has_id(mine) and _mark(mine, CALLED) == _mark(its, CALLED):
        alike = max(alike, likeness(_names(mine), _names(its)))
    return alike if alike >= demanded else None


def _sent(signature: Iterable[str], generalise: Callable[[str], str]) -> tuple[str, str]:
    """Return the method, and the address template as it is known now."""
    method, _, template = _mark(signature, SENT).removeprefix(SENT).partition(" ")
    return method, generalise(template)


def _has_id(signature: Iterable[str]) -> bool:
    called = _mark(signature, CALLED)
    return called != CALLED and not called.removeprefix(CALLED).startswith(" ")


def _is_namesake(mine: Iterable[str], its: Iterable[str], *, of_record: bool = False) -> bool:
    """Tell whether two forms are called the same; tiny ones must ask for the same, those `of_record` name a record in their id.

    With an id of its own the names of a tiny form's fields are enough: a label may come from what stands around.
    """
    called = _mark(mine, CALLED)
    if called != _mark(its, CALLED):
        return False
    if of_record:
        return "#" in called.removeprefix(CALLED).partition(" ")[0]
    return _names(mine) == _names(its) if _has_id(mine) else fields_of(mine) == fields_of(its)


def _names(signature: Iterable[str]) -> frozenset[str]:
    """Return the fields' names, and the labels of those without one."""
    return frozenset(name or f"|{label}" for name, _, label in (entry.partition("|") for entry in fields_of(signature)))


def _mark(signature: Iterable[str], mark: str) -> str:
    return next((entry for entry in signature if entry.startswith(mark)), mark)
