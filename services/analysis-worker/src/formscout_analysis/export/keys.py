"""Property names that every reader of a schema takes: letters, digits, `_` and `-`, at most 64 of them, each once."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from formscout.domain.forms import FieldReading

LONGEST: Final = 64
"""Characters; model APIs refuse longer ones."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


def keys(fields: Sequence[FieldReading]) -> tuple[str, ...]:
    """Return one key a field: made of its name, else of its label, else of its type; numbered where one was taken."""
    taken: set[str] = set()
    out: list[str] = []
    for field in fields:
        base = _safe(field.name) or _safe(field.label.lower()) or _safe(field.type) or "field"
        key, count = base[:LONGEST], 1
        while key in taken:
            count += 1
            suffix = f"_{count}"
            key = base[: LONGEST - len(suffix)] + suffix
        taken.add(key)
        out.append(key)
    return tuple(out)


def _safe(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _UNSAFE.sub("_", plain).strip("_")
