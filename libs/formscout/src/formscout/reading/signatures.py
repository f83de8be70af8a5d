"""What makes two forms the same: their fields, whatever record or row they stand for."""

import re

from formscout.domain.forms import FieldReading, FormReading

_NUMBERS = re.compile(r"\d+|__prefix__")
_NOISE = re.compile(r"[\s*:.…]+")


def signature(form: FormReading) -> tuple[str, ...]:
    """Return the form's sorted field identities, `name|label`, numbers as `#`; repeated rows count once."""
    return tuple(sorted({_identity(f) for f in form.fields}))


def _identity(field: FieldReading) -> str:
    name = _NUMBERS.sub("#", field.name)
    label = _NUMBERS.sub("#", _NOISE.sub(" ", field.label).strip().lower())
    return f"{name}|{label}" if name or label else f"|{field.type}"
