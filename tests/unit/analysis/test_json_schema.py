"""A form as JSON Schema: what it takes and what it refuses."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.support.snapshots import page

from formscout.domain.forms import Choice, Constraints, FieldReading, FormReading
from formscout_analysis.export.json_schema import input_schema
from formscout_analysis.export.keys import keys
from formscout_analysis.pipeline import describe

NATIVE_TYPES = (
    "text search tel url email password date month week time datetime-local number range color checkbox radio file select textarea"
)
ARIA_TYPES = "combobox listbox slider switch spinbutton contenteditable picker"


def schema_of(html: str) -> dict[str, Any]:
    (description,) = describe(page(f"<form>{html}<button>Save</button></form>"))
    Draft202012Validator.check_schema(description.input_schema)
    return description.input_schema


def takes(html: str, value: dict[str, object]) -> bool:
    return Draft202012Validator(schema_of(html), format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(value)


@pytest.mark.parametrize(
    ("html", "value", "taken"),
    [
        ('<input name="a" required>', {}, False),
        ('<input name="a" required>', {"a": ""}, False),
        ('<input name="a">', {}, True),
        ('<input name="a" minlength="2" maxlength="3">', {"a": "abcd"}, False),
        ('<input name="a" pattern="[a-z]{2}">', {"a": "abc"}, False),
        ('<input name="a" pattern="[a-z]{2}">', {"a": "ab"}, True),
        ('<input name="a" pattern="a|b">', {"a": "ax"}, False),
        ('<input name="a" pattern="[">', {"a": "anything"}, True),
        ('<input name="a" type="email">', {"a": "nobody"}, False),
        ('<input name="a" type="date">', {"a": "2026-02-30"}, False),
        ('<input name="a" type="time">', {"a": "23:59"}, True),
        ('<input name="a" type="time">', {"a": "24:00"}, False),
        ('<input name="a" type="month">', {"a": "2026-13"}, False),
        ('<input name="a" type="number" min="1" max="9">', {"a": 10}, False),
        ('<input name="a" type="number">', {"a": 1.5}, False),
        ('<input name="a" type="number" step="any">', {"a": 1.5}, True),
        ('<input name="a" type="number" min="0" step="5">', {"a": 7}, False),
        ('<input name="a" type="number" min="1" step="5">', {"a": 6}, True),
        ('<input name="a" type="range">', {"a": 101}, False),
        ('<label><input name="a" type="checkbox" required>I agree</label>', {"a": False}, False),
        ('<label><input name="a" type="checkbox">News</label>', {"a": False}, True),
        ('<select name="a"><option value="x">X</option></select>', {"a": "X"}, False),
        ('<select name="a"><option value="x">X</option></select>', {"a": "x"}, True),
        ('<select name="a" required><option value="">Choose</option><option>x</option></select>', {"a": ""}, False),
        ('<select name="a" multiple><option>x</option><option>y</option></select>', {"a": ["x", "y"]}, True),
        ('<select name="a" multiple><option>x</option></select>', {"a": ["x", "x"]}, False),
        ('<input type="checkbox" name="a" value="1"><input type="checkbox" name="a" value="2">', {"a": ["1", "3"]}, False),
        ('<input type="radio" name="a" value="1"><input type="radio" name="a" value="2">', {"a": "2"}, True),
        ('<input role="combobox" name="a">', {"a": "whatever the list holds"}, True),
    ],
)
def test_a_schema_takes_what_the_page_takes(html: str, value: dict[str, object], *, taken: bool) -> None:
    assert takes(html, value) is taken


def test_choices_carry_their_titles() -> None:
    schema = schema_of('<select name="a"><option value="de">Germany</option><option value="fr">France</option></select>')
    assert schema["properties"]["a"]["anyOf"] == [{"const": "de", "title": "Germany"}, {"const": "fr", "title": "France"}]
    assert schema["properties"]["a"]["enum"] == ["de", "fr"]


def test_passwords_are_write_only_and_fixed_fields_read_only_and_never_required() -> None:
    schema = schema_of('<input type="password" name="p"><input name="r" readonly required><input name="d" disabled required>')
    assert schema["properties"]["p"]["writeOnly"] is True
    assert schema["properties"]["r"]["readOnly"] is True
    assert schema["properties"]["d"]["readOnly"] is True
    assert "required" not in schema


def test_a_file_says_what_it_may_hold() -> None:
    schema = schema_of('<input type="file" name="a" accept="image/png"><input type="file" name="b" multiple accept="image/*,.pdf">')
    assert schema["properties"]["a"] == {
        "title": "a",
        "type": "string",
        "contentEncoding": "base64",
        "contentMediaType": "image/png",
    }
    assert schema["properties"]["b"]["items"]["contentMediaType"] == "application/octet-stream"


def test_properties_stand_in_document_order_under_the_page_s_own_words() -> None:
    schema = schema_of(
        '<label>Mail <input name="user[mail]" aria-describedby="h"></label><p id="h">We never share it</p><label>Age '
        '<input name="age"></label>'
    )
    assert list(schema["properties"]) == ["user_mail", "age"]
    assert schema["properties"]["user_mail"] == {"title": "Mail", "description": "We never share it", "type": "string"}


def test_a_honeypot_must_stay_empty() -> None:
    html = '<input name="a"><div style="display:none"><input name="website_hp" tabindex="-1" autocomplete="off"></div>'
    assert not takes(html, {"website_hp": "x"})
    assert takes(html, {"website_hp": ""})


text = st.text(max_size=90)
readings = st.builds(
    FieldReading,
    node=st.just(0),
    nodes=st.sampled_from([(0,), (0, 1)]),
    name=text,
    label=text,
    type=st.sampled_from(f"{NATIVE_TYPES} {ARIA_TYPES}".split()),
    required=st.booleans(),
    disabled=st.booleans(),
    readonly=st.booleans(),
    choices=st.lists(st.builds(Choice, value=text, label=text, disabled=st.booleans()), max_size=4).map(tuple),
    choices_complete=st.booleans(),
    constraints=st.builds(
        Constraints,
        min=st.none() | text | st.decimals(allow_nan=True, places=2).map(str),
        max=st.none() | text | st.integers().map(str),
        step=st.none() | text | st.sampled_from(["any", "0", "0.01", "-1", "1e-3"]),
        min_length=st.none() | st.integers(0, 9),
        max_length=st.none() | st.integers(0, 9),
        pattern=st.none() | text,
        accept=st.none() | text,
        multiple=st.booleans(),
    ),
)


@given(st.lists(readings, max_size=6))
def test_keys_are_safe_and_unique_and_the_schema_is_always_valid(fields: list[FieldReading]) -> None:
    names = keys(fields)
    assert len(set(names)) == len(fields)
    assert all(1 <= len(k) <= 64 and k.isascii() and k.replace("_", "a").replace("-", "a").isalnum() for k in names)
    schema = input_schema(FormReading(root=0, fields=tuple(fields)), names)
    Draft202012Validator.check_schema(schema)
    assert list(schema["properties"]) == list(names)
