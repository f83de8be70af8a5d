"""What a field is called, and where that was read."""

import pytest
from tests.support.snapshots import page

from formscout.domain.forms import FieldReading, LabelSource
from formscout.reading import read_forms


def field(html: str, place: int = 0) -> FieldReading:
    (form,) = read_forms(page(f"<form>{html}</form>"))
    return form.fields[place]


@pytest.mark.parametrize(
    ("html", "label", "source"),
    [
        ('<label for="a">First name:</label><input id="a">', "First name", LabelSource.LABEL_FOR),
        ("<label>First name <input></label>", "First name", LabelSource.LABEL_WRAP),
        ('<b id="l">Mail</b><input aria-labelledby="l">', "Mail", LabelSource.ARIA_LABELLEDBY),
        ('<input aria-label="Phone">', "Phone", LabelSource.ARIA_LABEL),
        ("<table><tr><th>Town</th><td><input></td></tr></table>", "Town", LabelSource.TABLE_HEADER),
        ("<dl><dt>Town</dt><dd><input></dd></dl>", "Town", LabelSource.TABLE_HEADER),
        ("<div><div>Street</div><div><div><input></div></div></div>", "Street", LabelSource.LAYOUT),
        ('<input title="Your age">', "Your age", LabelSource.TITLE),
        ('<input placeholder="Nickname">', "Nickname", LabelSource.PLACEHOLDER),
        ('<input name="user[zipCode]">', "zip code", LabelSource.NAME),
        ("<input>", "", LabelSource.NONE),
    ],
)
def test_a_label_comes_from_the_surest_source(html: str, label: str, source: LabelSource) -> None:
    read = field(html)
    assert (read.label, read.label_source) == (label, source)


def test_an_explicit_label_beats_what_stands_nearer() -> None:
    assert field('<label for="a">Amount</label><span>EUR</span><input id="a" placeholder="0.00">').label == "Amount"


def test_a_label_out_of_sight_still_names_its_field() -> None:
    assert field('<label for="a" style="display:none">Query</label><input id="a">').label == "Query"


def test_what_asks_to_choose_is_no_label() -> None:
    read = field('<div><div>Status</div><input readonly placeholder="Select an item…"></div>')
    assert (read.label, read.type, read.readonly) == ("Status", "combobox", False)


def test_a_check_box_is_named_by_the_words_behind_it() -> None:
    assert field("<input type='text' name='x'><p><input type='checkbox'> <span>Send me news</span></p>", 1).label == "Send me news"


def test_words_that_belong_to_the_field_before_name_no_other() -> None:
    assert field("<div>City</div><div><input name='city'></div><div><input name='b'></div>", 1).label == "b"


def test_a_text_too_far_away_is_no_label() -> None:
    html = '<div><p data-box="10,10,100,20">Welcome</p><input data-box="10,500,200,30" name="q1"></div>'
    assert field(html).label_source is LabelSource.NAME


def test_a_help_text_explains_and_does_not_name() -> None:
    read = field('<div><label>Groups</label><div class="help">Who approves</div><div><input></div></div>')
    assert (read.label, read.description) == ("Groups", "Who approves")


def test_a_described_field_carries_its_help() -> None:
    assert field('<input name="a" aria-describedby="h"><p id="h">At least 8 characters</p>').description == "At least 8 characters"


@pytest.mark.parametrize(
    "html",
    [
        '<input name="a" required>',
        '<input name="a" aria-required="true">',
        '<label for="a">Name <span aria-hidden="true">*</span></label><input id="a">',
        '<label for="a">Name <i class="required"></i></label><input id="a">',
        '<div class="row required"><label for="a">Name</label><input id="a"></div>',
        '<label for="a">Name (required)</label><input id="a">',
    ],
)
def test_a_field_is_required_by_attribute_star_class_or_word(html: str) -> None:
    assert field(html).required


@pytest.mark.parametrize(
    "html", ['<label for="a">Name (optional)</label><input id="a">', "<label>Rating 1 * 5 <input></label>", '<input name="a">']
)
def test_other_fields_are_not_required(html: str) -> None:
    assert not field(html).required


def test_stars_colons_and_the_word_required_are_taken_off() -> None:
    assert field('<label for="a">* Name (required):</label><input id="a">').label == "Name"


def test_labelled_grids_name_fields_whose_labels_are_drawn_as_buttons() -> None:
    cell = '<div class="field"><div class="field-label"><button type="button">{}</button></div><div>{}</div></div>'
    (form,) = read_forms(
        page(
            '<div class="grid">'
            + cell.format("Title", "<input>")
            + cell.format("Colour", '<input placeholder="#"><input type="color" hidden>')
            + cell.format("Active", '<button role="checkbox">Enabled</button>')
            + cell.format("Author", "<span>Nobody</span><button>Choose</button>")
            + "</div>"
        )
    )
    assert [(f.label, f.type) for f in form.fields] == [("Title", "text"), ("Colour", "text"), ("Active", "checkbox"), ("Author", "picker")]
