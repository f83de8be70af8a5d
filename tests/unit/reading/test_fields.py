"""Controls as fields: groups, faces, choices, constraints, state."""

from tests.support.snapshots import page

from formscout.domain.forms import FieldReading
from formscout.reading import read_forms


def fields(html: str) -> tuple[FieldReading, ...]:
    (form,) = read_forms(page(f"<form>{html}</form>"))
    return form.fields


def test_radios_of_one_name_are_one_field_named_by_their_legend() -> None:
    (read,) = fields(
        '<fieldset><legend>Size</legend><label><input type="radio" name="s" value="1">Small</label><label>'
        '<input type="radio" name="s" value="2">Large</label></fieldset>'
    )
    assert (read.type, read.label, len(read.nodes)) == ("radio", "Size", 2)
    assert [(c.value, c.label) for c in read.choices] == [("1", "Small"), ("2", "Large")]


def test_check_boxes_of_one_name_are_one_field_and_a_single_one_has_no_choices() -> None:
    group, single = fields(
        '<p><b>Days</b> <label><input type="checkbox" name="d[]" value="mo">Mon</label><label>'
        '<input type="checkbox" name="d[]" value="tu">Tue</label></p>'
        '<label><input type="checkbox" name="ok">Agree</label>'
    )
    assert [c.label for c in group.choices] == ["Mon", "Tue"]
    assert (single.label, single.choices) == ("Agree", ())


def test_a_permission_matrix_is_one_field() -> None:
    row = (
        '<tr><td>{0}</td><td><input type="checkbox" name="role[1][]" value="{0}"></td><td>'
        '<input type="checkbox" name="role[2][]" value="{0}"></td></tr>'
    )
    (read,) = fields(f"<table><tr><th>Permission</th><th>Admin</th><th>Guest</th></tr>{row.format('read')}{row.format('write')}</table>")
    assert (read.name, len(read.nodes)) == ("role[1][]", 4)


def test_rows_of_a_layout_table_stay_apart() -> None:
    read = fields('<table><tr><th>A</th><td><input name="x[1]"></td></tr><tr><th>B</th><td><input name="x[2]"></td></tr></table>')
    assert [f.label for f in read] == ["A", "B"]


def test_a_face_over_a_hidden_select_is_one_field_that_is_seen() -> None:
    read, after = fields(
        '<label for="c">Country</label><select id="c" name="country" style="display:none"><option value="de">Germany</option></select>'
        '<span><span role="combobox">Germany</span></span><label for="z">Zip</label><input id="z" name="zip">'
    )
    assert (read.name, read.type, read.visible, read.label) == ("country", "select", True, "Country")
    assert [c.value for c in read.choices] == ["de"]
    assert after.name == "zip"


def test_a_rich_text_editor_over_a_hidden_textarea_is_one_field() -> None:
    (read,) = fields(
        '<label for="b">Body</label><textarea id="b" name="body" style="display:none"></textarea>'
        '<div class="editor"><iframe src="about:blank"><html><body contenteditable="true" aria-label="Rich Text Area"></body>'
        "</html></iframe></div>"
    )
    assert (read.name, read.type, read.label, read.visible) == ("body", "textarea", "Body", True)


def test_a_widget_is_named_by_the_hidden_input_that_carries_its_value() -> None:
    (form,) = read_forms(
        page(
            '<form><div><span>Text</span><input type="hidden" name="text"><div contenteditable="true"></div></div><button>Go'
            "</button></form>"
        )
    )
    assert [(f.name, f.label) for f in form.fields] == [("text", "Text")]
    assert form.hidden == ()


def test_a_labelled_hidden_input_with_a_button_is_a_picker() -> None:
    (read,) = fields('<label for="i">Image</label><input type="hidden" id="i" name="image"><button type="button">Choose</button>')
    assert (read.type, read.name, read.label) == ("picker", "image", "Image")


def test_a_list_box_of_a_combo_box_is_no_field_of_its_own() -> None:
    (read,) = fields(
        '<label for="c">Pet</label><input id="c" role="combobox" aria-controls="l"><ul id="l" role="listbox">'
        '<li role="option">Cat</li></ul>'
    )
    assert (read.type, [c.label for c in read.choices], read.choices_complete) == ("combobox", ["Cat"], False)


def test_aria_widgets_are_fields() -> None:
    read = fields(
        '<div role="slider" aria-label="Volume" aria-valuemin="0" aria-valuemax="11"></div><div role="switch" aria-label="Mute"></div>'
    )
    assert [(f.type, f.label) for f in read] == [("slider", "Volume"), ("switch", "Mute")]
    assert (read[0].constraints.min, read[0].constraints.max) == ("0", "11")


def test_a_select_keeps_groups_and_counts_its_choices() -> None:
    (read,) = fields(
        '<select name="c" multiple><optgroup label="EU"><option value="de">Germany</option></optgroup>'
        '<option value="us" disabled>US</option></select>'
    )
    assert [(c.value, c.label, c.group, c.disabled) for c in read.choices] == [("de", "Germany", "EU", False), ("us", "US", None, True)]
    assert (read.choices_total, read.choices_complete, read.constraints.multiple) == (2, True, True)


def test_constraints_are_read_as_far_as_the_type_heeds_them() -> None:
    number, text = fields(
        '<input type="number" name="n" min="1" max="9" step="2" maxlength="3">'
        '<input name="t" maxlength="10" minlength="x" pattern="[a-z]+" min="1">'
    )
    assert (number.constraints.min, number.constraints.max, number.constraints.step, number.constraints.max_length) == ("1", "9", "2", None)
    assert (text.constraints.max_length, text.constraints.min_length, text.constraints.pattern, text.constraints.min) == (
        10,
        None,
        "[a-z]+",
        None,
    )


def test_a_drop_zone_without_an_input_is_a_file_field() -> None:
    (read,) = fields('<div class="dropzone">Drop files here</div>')
    assert read.type == "file"


def test_a_field_set_groups_its_fields() -> None:
    first, second = fields(
        '<fieldset><legend>Home</legend><label>Street <input name="a"></label><label>Town <input name="b"></label></fieldset>'
    )
    assert (first.group, second.group) == ("Home", "Home")


def test_a_check_box_drawn_by_its_label_is_seen() -> None:
    (read,) = fields('<input type="checkbox" id="c" name="c" style="display:none"><label for="c">Dark</label>')
    assert read.visible
