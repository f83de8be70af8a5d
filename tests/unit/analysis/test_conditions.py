"""Fields that wait for a choice, and the steps of a wizard."""

from jsonschema import Draft202012Validator
from tests.support.snapshots import node, page

from formscout.domain.snapshots import ProbeDelta
from formscout_analysis.pipeline import describe

COMPANY = (
    '<form><label for="k">Kind</label><select id="k" name="kind"><option value="p">Person</option><option value="c">Company'
    "</option></select>"
    '<div style="display:none"><label for="v">VAT number *</label><input id="v" name="vat"></div><button>Save</button></form>'
)


def test_a_field_that_a_choice_shows_is_conditional_and_required_only_then() -> None:
    plain = page(COMPANY)
    delta = ProbeDelta(control=node(plain, "k"), choice="c", shown=(node(plain, "v"),))
    (form,) = describe(page(COMPANY, deltas=(delta,)))
    validator = Draft202012Validator(form.input_schema)
    assert [f.conditional for f in form.fields] == [False, True]
    assert validator.is_valid({"kind": "p"})
    assert not validator.is_valid({"kind": "c"})
    assert validator.is_valid({"kind": "c", "vat": "1"})
    assert form.ui_schema["elements"][1]["rule"] == {
        "effect": "SHOW",
        "condition": {"scope": "#/properties/kind", "schema": {"const": "c"}},
    }


def test_values_with_the_same_effect_become_one_condition() -> None:
    html = COMPANY.replace("</select>", '<option value="n">Society</option></select>')
    plain = page(html)
    deltas = tuple(ProbeDelta(control=node(plain, "k"), choice=c, shown=(node(plain, "v"),)) for c in ("c", "n"))
    (form,) = describe(page(html, deltas=deltas))
    assert len(form.input_schema["allOf"]) == 1
    assert form.ui_schema["elements"][1]["rule"]["condition"]["schema"] == {"enum": ["c", "n"]}


def test_choices_that_depend_on_another_field_do_not_bind_without_it() -> None:
    html = (
        '<form><select id="c" name="country"><option>DE</option><option>FR</option></select>'
        '<select id="t" name="town"><option>Bonn</option><option>Lyon</option></select></form>'
    )
    plain = page(html)
    deltas = (
        ProbeDelta(control=node(plain, "c"), choice="DE", choices={node(plain, "t"): ("Bonn",)}),
        ProbeDelta(control=node(plain, "c"), choice="FR", choices={node(plain, "t"): ("Lyon",)}),
    )
    (form,) = describe(page(html, deltas=deltas))
    validator = Draft202012Validator(form.input_schema)
    assert validator.is_valid({"country": "DE", "town": "Bonn"})
    assert not validator.is_valid({"country": "DE", "town": "Lyon"})


def test_a_check_box_as_control_is_true_or_false() -> None:
    html = (
        '<form><label><input type="checkbox" id="c" name="gift">Gift</label>'
        '<p style="display:none"><label for="m">Words *</label><input id="m" name="words"></p></form>'
    )
    plain = page(html)
    delta = ProbeDelta(control=node(plain, "c"), choice="true", shown=(node(plain, "m"),))
    (form,) = describe(page(html, deltas=(delta,)))
    assert not Draft202012Validator(form.input_schema).is_valid({"gift": True})
    assert Draft202012Validator(form.input_schema).is_valid({"gift": False})


def test_parts_of_which_one_is_seen_with_a_next_button_are_steps() -> None:
    (form,) = describe(
        page(
            '<form><fieldset><legend>You</legend><input name="a"></fieldset><fieldset style="display:none"><legend>Home'
            '</legend><input name="b"></fieldset>'
            '<button type="button">Next</button><button>Send</button></form>'
        )
    )
    assert [f.step for f in form.fields] == ["You", "Home"]
    assert not any(f.conditional for f in form.fields)
    assert form.ui_schema["type"] == "Categorization"
    assert [c["label"] for c in form.ui_schema["elements"]] == ["You", "Home"]


def test_fields_of_one_field_set_are_one_group_of_the_layout() -> None:
    (form,) = describe(page('<form><fieldset><legend>Home</legend><input name="a"><input name="b"></fieldset><input name="c"></form>'))
    group, last = form.ui_schema["elements"]
    assert (group["type"], group["label"], len(group["elements"])) == ("Group", "Home", 2)
    assert last == {"type": "Control", "scope": "#/properties/c", "label": "c"}


def test_only_the_forms_asked_for_are_described() -> None:
    snapshot = page('<form id="x"><input name="a"></form><form id="y"><input name="b"></form>')
    (form,) = describe(snapshot, roots=[node(snapshot, "y")])
    assert form.fields[0].key == "b"
