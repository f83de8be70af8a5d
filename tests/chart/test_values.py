"""Every value is documented, used and checked."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from tests.support import charts
from tools import chart_papers

SCHEMA: Final[Mapping[str, Any]] = json.loads((charts.CHART / "values.schema.json").read_text(encoding="utf-8"))  # Any: JSON

HELMS_OWN: Final = "global"
"""Helm hands it to every chart, so it must be allowed; this chart takes nothing from it."""


def _schema_paths(node: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str | None]]:
    """Return each key that the schema knows, with its description; in another order than the values."""
    for key, below in node.get("properties", {}).items():
        yield f"{above}{key}", below.get("description")
        yield from _schema_paths(below, f"{above}{key}.")


def _templates() -> str:
    paths = [*charts.CHART.glob("templates/**/*.yaml"), *charts.CHART.glob("templates/**/*.tpl"), charts.CHART / "templates/NOTES.txt"]
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(paths))


def test_every_value_says_what_it_is_for() -> None:
    assert not [value.path for value in chart_papers.values() if not value.comment]


def test_every_value_is_used_by_a_template() -> None:
    """A value that changes nothing is a promise that is not kept."""
    text = _templates()
    unused = [value.path for value in chart_papers.values() if not re.search(rf"[.\"]{value.path.rsplit('.', 1)[-1]}\b", text)]
    assert not unused


def test_the_schema_knows_every_value() -> None:
    """The defaults pass, and each of them is refused once it is misspelt."""
    assert charts.template(values=charts.CHART / "ci/small-values.yaml").ok


def test_values_and_schema_know_the_same_keys_and_say_the_same_of_them() -> None:
    documented = {value.path: value.comment or "" for value in chart_papers.values()}
    known = dict(_schema_paths(SCHEMA))
    levels = {path.rpartition(".")[0] for path in documented}
    levels |= {level[: dot.start()] for level in levels for dot in re.finditer(r"\.", level)}
    parts = {path for path in known if any(path.startswith(f"{value}.") for value in documented)}  # of a value that is a map
    assert set(known) - levels - parts - {HELMS_OWN} == set(documented)
    assert {path: _plain(known[path] or "") for path in documented} == {path: _plain(comment) for path, comment in documented.items()}


def _plain(text: str) -> str:
    return text.replace("`", "'")


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("apii.replicas=2", "apii"),
        ("api.replica=2", "replica"),
        ("discoveryWorker.autoscaling.maxReplica=4", "maxReplica"),
        ("redis.own.persistence.sise=2Gi", "sise"),
        ("networkPolicy.enable=true", "enable"),
        ("keda.enabled=perhaps", "keda"),
        ("api.replicas=many", "replicas"),
        ("api.replicas=-1", "replicas"),
        ("log.level=LOUD", "level"),
        ("discoveryWorker.sandbox.mode=maybe", "mode"),
        ("images.pullPolicy=Sometimes", "pullPolicy"),
    ],
)
def test_a_value_that_is_unknown_or_of_a_wrong_kind_is_refused_by_name(setting: str, named: str) -> None:
    answer = charts.template("--set", setting, values=charts.CHART / "ci/small-values.yaml")
    assert not answer.ok
    assert named in answer.complaint


def test_every_level_of_the_values_is_closed() -> None:
    """At each map that the chart names keys of, a key that it does not know is refused."""
    levels = sorted({value.path.rpartition(".")[0] for value in chart_papers.values()})
    accepted: list[str] = []
    for level in levels:
        answer = charts.template("--set", ".".join(filter(None, (level, "noSuchValue"))) + "=1", values=_small())
        if answer.ok or "noSuchValue" not in answer.complaint:
            accepted.append(level)
    assert not accepted


def _small() -> Path:
    return charts.CHART / "ci/small-values.yaml"
