"""What a person fills in counts as a form; a control that stands alone, and boxes that tick rows, do not."""

import pytest
from tests.support.snapshots import page

from formscout.domain.forms import FieldReading, FormReading
from formscout_discovery.crawl.state import state_of
from formscout_discovery.detection.scoring import LEAST_CONFIDENCE, counts, fillable

SELECT = '<select name="s" aria-label="{label}"><option>a</option><option>b</option></select>'


@pytest.mark.parametrize(
    "html",
    [
        SELECT.format(label="Theme"),
        SELECT.format(label="Language"),
        '<label><input type="checkbox" name="dark"> Dark mode</label>',
        '<form action="/x" method="post"><input type="hidden" name="token"><button>Delete</button></form>',
        '<form action="/bulk" method="post"><p><input type="checkbox" name="a"></p><input type="checkbox"><button>Go</button></form>',
        '<form action="/bulk" method="post"><table><tr><td><input type="checkbox" name="ids"></td></tr></table><button>Go</button></form>',
    ],
    ids=["theme", "language", "dark mode", "a button that posts", "boxes without words", "boxes of rows"],
)
def test_controls_are_no_forms(html: str) -> None:
    assert state_of(page(html)).forms == ()


@pytest.mark.parametrize(
    "html",
    [
        f"<form action='/x'>{SELECT.format(label='Report')}<button>Show</button></form>",
        '<form action="/search"><input type="search" name="q" aria-label="Search"></form>',
        '<form action="/x" method="post"><label><input type="checkbox" required> Agree</label><button>Go on</button></form>',
        '<div><h2>Contact</h2><label for="m">Message</label><textarea id="m" name="m"></textarea><button>Send</button></div>',
    ],
    ids=["a choice that is sent", "a search without a button", "terms to agree to", "fields without a form element"],
)
def test_what_a_person_fills_in_counts(html: str) -> None:
    assert len(state_of(page(html)).forms) == 1


def test_a_reading_below_an_even_chance_is_nothing() -> None:
    fields = (FieldReading(node=1, name="a", label="A"),)
    assert counts(FormReading(root=0, fields=fields, confidence=LEAST_CONFIDENCE))
    assert not counts(FormReading(root=0, fields=fields, confidence=LEAST_CONFIDENCE - 0.01))


def test_hidden_fields_and_buttons_are_not_filled_in() -> None:
    kinds = ("hidden", "submit", "text", "reset", "image", "button", "email")
    form = FormReading(root=0, fields=tuple(FieldReading(node=number, type=kind) for number, kind in enumerate(kinds)))
    assert [field.type for field in fillable(form)] == ["text", "email"]
