"""Which readings count as a form that a person fills in, and which are mere controls."""

from typing import Final

from formscout.domain.forms import ButtonType, FieldReading, FormReading, LabelSource

LEAST_CONFIDENCE: Final = 0.5
"""Below an even chance a reading is reported as nothing."""

SWITCHES: Final = frozenset(
    {"select", "select-one", "select-multiple", "combobox", "listbox", "checkbox", "radio", "switch", "slider", "range", "color"}
)
"""Types that, standing alone without anything to send them, are a control of the page (theme, language, page size)."""

WORDLESS: Final = frozenset({LabelSource.NAME, LabelSource.NONE})
"""Labels that no word of the page is behind."""

NOT_FILLED_IN: Final = frozenset({"hidden", "submit", "button", "image", "reset"})


def counts(form: FormReading) -> bool:
    """Tell whether the reading is a form rather than a control or decoration."""
    fields = fillable(form)
    if form.confidence < LEAST_CONFIDENCE or not fields:
        return False
    if all(_ticks_a_row(field) for field in fields):
        return False
    return not (len(fields) == 1 and fields[0].type in SWITCHES and not _is_sent(form))


def fillable(form: FormReading) -> tuple[FieldReading, ...]:
    """Return the fields that a person can give a value."""
    return tuple(field for field in form.fields if field.type not in NOT_FILLED_IN)


def _is_sent(form: FormReading) -> bool:
    return any(button.type is ButtonType.SUBMIT for button in form.buttons)


def _ticks_a_row(field: FieldReading) -> bool:
    """Tell whether the field only selects rows of a list for something else to act on: boxes without a word beside them."""
    wordless = not field.label.strip() or field.label_source in WORDLESS
    worded = any(choice.label.strip() not in ("", choice.value) for choice in field.choices)
    return field.type == "checkbox" and wordless and not worded and not field.required
