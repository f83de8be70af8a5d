"""The dashboards' files are what their builders make, and ask for nothing that no process tells."""

import json
import re

import pytest
from tests.support.dashboards import FILES, Query, queries
from tools.dashboards.__main__ import boards, render

from formscout.telemetry import metrics
from formscout.telemetry.instruments import Instrument

OF_THE_LIBRARY = ("process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}
OF_THE_SCRAPER = {"namespace", "pod", "instance", "le"}

DECLARED = [one for one in vars(metrics).values() if isinstance(one, Instrument)]
NAMES = {f"{one.name}{suffix}": one for one in DECLARED for suffix in SUFFIXES.get(one.kind, ("",))}


def test_the_files_are_what_the_builders_make() -> None:
    assert {file.name: file.read_text(encoding="utf-8") for file in FILES} == dict(map(render, boards())), "run `make dashboards`"


def test_every_dashboard_and_panel_says_what_it_shows() -> None:
    for file in FILES:
        one = json.loads(file.read_text(encoding="utf-8"))
        assert one["uid"] == f"formscout-{file.stem}"
        assert one["description"].endswith(".")
        titles = [panel["title"] for panel in one["panels"]]
        assert len(titles) == len(set(titles))
        for panel in one["panels"]:
            assert panel["description"].endswith("."), panel["title"]
            assert panel["datasource"]["uid"] == "${datasource}"


@pytest.mark.parametrize("query", tuple(queries()), ids=str)
def test_a_panel_asks_for_what_is_declared(query: Query) -> None:
    names = set(re.findall(r"\b(?:formscout|process)_[a-z_]+(?=\{)", query.text))
    assert names
    assert names <= {*NAMES, *OF_THE_LIBRARY}
    known = {label for name in names if name in NAMES for label in NAMES[name].labels} | OF_THE_SCRAPER
    assert set(re.findall(r"\b([a-z]+)(?:=~|!~|!=|=)\"", query.text)) <= known
    assert set(re.findall(r"\{\{([a-z]+)\}\}", query.legend)) <= known
    for selector in re.findall(r"\{([^}]*)\}", query.text):
        assert selector.startswith('namespace=~"$namespace"'), "a Prometheus may see several installations"
