"""What is declared as a metric: named by the conventions, with meaning and few labels, and written down for operators."""

import re
from pathlib import Path

import pytest

from formscout.domain.crawls import FailureReason
from formscout.telemetry import metrics
from formscout.telemetry.catalogue import FILE, render
from formscout.telemetry.instruments import DECLARED, Histogram

LABELS = {
    *("attempt", "cause", "code", "component", "end", "found", "kind", "method", "outcome", "queue", "reason", "route"),
    *("size", "state", "status", "store", "turn", "verdict", "version"),
    "key",
    "level",
    "model",
    "part",
    "threshold",
}
"""None of them is somebody's id, address or name. Add one only if its values are few, and known beforehand."""

UNITS = ("_seconds", "_bytes", "_info", "_total")
COUNTED = (
    "jobs",
    "messages",
    "workers",
    "slots",
    "connections",
    "followers",
    "leader",
    "in_progress",
    "subscriptions",
    "microdollars",
    "holds",
)
"""What a gauge without a unit counts."""


def test_every_name_follows_the_conventions_and_is_there_once() -> None:
    names = [one.name for one in DECLARED]
    assert len(names) == len(set(names))
    for one in DECLARED:
        assert re.fullmatch(r"formscout(_[a-z]+)+", one.name)
        assert one.name.endswith((*UNITS, *COUNTED)), one.name
        assert one.name.endswith("_total") == (one.kind == "counter"), one.name
        assert not re.search(r"_(milliseconds|minutes|ms|kb|mb|count|sum|bucket)(_|$)", one.name), f"{one.name}: base units alone"
        assert one.by, f"{one.name}: told by nobody"


def test_every_metric_says_in_a_sentence_what_it_is() -> None:
    for one in DECLARED:
        assert re.fullmatch(r"[A-Z1].+\.", one.meaning), one.name
        assert "|" not in one.meaning, "it stands in a table"


def test_labels_are_of_a_short_list() -> None:
    assert {label for one in DECLARED for label in one.labels} == LABELS


@pytest.mark.parametrize("one", [one for one in DECLARED if isinstance(one, Histogram)], ids=lambda one: one.name)
def test_buckets_rise_and_are_few(one: Histogram) -> None:
    assert list(one.buckets) == sorted(set(one.buckets))
    assert len(one.buckets) <= 13


def test_a_code_that_nobody_knows_is_no_label_of_its_own() -> None:
    assert metrics.code_label(FailureReason.SIGN_IN_FAILED) == "sign_in_failed"
    assert metrics.code_label("store_unavailable") == "store_unavailable"
    assert metrics.code_label("https://app.example.com/customers/17") == "other"


def test_the_operators_table_is_what_is_declared() -> None:
    written = (Path(__file__).parents[3] / FILE).read_text(encoding="utf-8")
    assert written == render(), "run `python -m formscout.telemetry.catalogue` and commit the file"
