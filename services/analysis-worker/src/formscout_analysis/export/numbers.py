"""A number field's part of a schema: bounds and steps, by HTML's rules."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from formscout.domain.forms import FieldReading

RANGE_MIN: Final = Decimal(0)
RANGE_MAX: Final = Decimal(100)
"""What HTML and ARIA take for a slider's bounds when it names none."""


def number(field: FieldReading) -> dict[str, Any]:  # a schema's values are of any JSON type
    """Return type, bounds and step of a number field."""
    slides = field.type in ("range", "slider")
    low = _decimal(field.constraints.min)
    high = _decimal(field.constraints.max)
    if slides:
        low = RANGE_MIN if low is None else low
        high = max(RANGE_MAX, low) if high is None else high
    step = _step(field)
    # Steps count from the minimum: only where that is itself on the grid does "a multiple of the step" say the same.
    on_grid = step is not None and (low is None or low % step == 0)
    whole = step is not None and step % 1 == 0 and (low is None or low % 1 == 0)
    out: dict[str, Any] = {"type": "integer" if whole else "number"}
    if low is not None:
        out["minimum"] = _json(low)
    if high is not None:
        out["maximum"] = _json(high)
    if step is not None and on_grid and step != 1:
        out["multipleOf"] = _json(step)
    return out


def _step(field: FieldReading) -> Decimal | None:
    """Return the step; None for "any" and for ARIA widgets, which have none. HTML's default is 1."""
    if field.type not in ("number", "range"):
        return None
    said = (field.constraints.step or "").strip().lower()
    if said == "any":
        return None
    step = _decimal(said)
    return step if step is not None and step > 0 else Decimal(1)


def _decimal(text: str | None) -> Decimal | None:
    try:
        value = Decimal(text.strip()) if text else None
    except InvalidOperation:
        return None
    return value if value is not None and value.is_finite() else None


def _json(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
