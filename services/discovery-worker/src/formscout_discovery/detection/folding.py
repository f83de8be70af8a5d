"""Is this form known already? The same form met at many places is kept once."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from formscout.domain.forms import KnownForm

SAME_FORM_LIKENESS: Final = 0.85
"""Jaccard of field identities on one address template: record-dependent extras stay below it (looked at by hand)."""

TINY_FORM_FIELDS: Final = 2
"""So few fields are shared by forms that have nothing else in common: where they are sent tells them apart."""

FINGERPRINT_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What folding looks at of a form just read."""

    signature: tuple[str, ...]
    address_template: str
    mark: str  # where it is sent to and what its button says; for tiny forms part of their identity


def fingerprint_of(candidate: Candidate) -> str:
    """Return the form's name in every session: the same for the same fields, for tiny forms also sent to the same place."""
    parts = list(candidate.signature)
    if is_tiny(candidate.signature):
        parts.append(f"mark={candidate.mark}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:FINGERPRINT_CHARACTERS]


def is_tiny(signature: tuple[str, ...]) -> bool:
    """Tell whether the fields alone are too few to know the form by."""
    return len(signature) <= TINY_FORM_FIELDS


def fold(candidate: Candidate, known: Iterable[KnownForm], *, generalise: Callable[[str], str] = str) -> str | None:
    """Return the fingerprint of the known form that the candidate is, or None when it is new.

    `generalise` brings a template up to what was learned of the site since it was written.
    """
    own = fingerprint_of(candidate)
    template = generalise(candidate.address_template)
    fields = frozenset(candidate.signature)
    best: tuple[float, str] | None = None
    for form in known:
        if form.fingerprint == own:
            return own
        if is_tiny(candidate.signature) or is_tiny(form.signature) or generalise(form.address_template) != template:
            continue
        alike = likeness(fields, frozenset(form.signature))
        if alike >= SAME_FORM_LIKENESS and (best is None or alike > best[0]):
            best = (alike, form.fingerprint)
    return best[1] if best else None


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard overlap of two sets of field identities."""
    union = len(one | other)
    return len(one & other) / union if union else 1.0
