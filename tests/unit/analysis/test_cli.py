"""`formscout-analysis describe`."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.support.snapshots import page
from typer.testing import CliRunner

from formscout.storage.snapshot_codec import SUFFIX, encode
from formscout_analysis.cli import app

SCHEMA = Path(__file__).parents[3] / "docs" / "inventory.schema.json"
HTML = (
    '<form action="/s" method="post"><input type="hidden" name="t"><label>Name <input name="n" required></label>'
    "<button>Save</button></form>"
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name in ("b", "a"):
        (tmp_path / f"{name}{SUFFIX}").write_bytes(encode(page(HTML, address=f"https://app.example/{name}")))
    return tmp_path


def test_each_snapshot_becomes_one_line_in_the_order_of_names(directory: Path) -> None:
    out = directory / "forms.jsonl"
    result = CliRunner().invoke(app, ["describe", str(directory), "--out", str(out)])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["address"] for line in lines] == ["https://app.example/a", "https://app.example/b"]
    (form,) = lines[0]["forms"]
    assert form["hidden"] == ["t"]
    assert form["fields"][0]["key"] == "n"
    assert form["fields"][0]["evidence"]
    assert form["uiSchema"]["type"] == "VerticalLayout"


def test_a_described_form_is_what_the_inventory_s_schema_says(directory: Path) -> None:
    result = CliRunner().invoke(app, ["describe", str(directory / f"a{SUFFIX}")])
    schema = json.loads(SCHEMA.read_text())
    Draft202012Validator.check_schema(schema)
    described = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": "#/$defs/describedForm"}
    Draft202012Validator(described).validate(json.loads(result.stdout)["forms"][0])


def test_a_damaged_snapshot_is_named_and_the_others_are_described(directory: Path) -> None:
    (directory / f"bad{SUFFIX}").write_bytes(b"junk")
    result = CliRunner().invoke(app, ["describe", str(directory)])
    assert result.exit_code == 1
    assert f"bad{SUFFIX}: This is no snapshot" in result.stderr
    assert len(result.stdout.splitlines()) == 2


@pytest.mark.parametrize("missing", ["nowhere", "."])
def test_nothing_to_describe_is_wrong_usage(missing: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["describe", str(tmp_path / missing)])
    assert result.exit_code == 2
    assert "There is no" in result.stderr
