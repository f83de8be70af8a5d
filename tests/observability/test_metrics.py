"""What the processes tell after a real run: well formed, about nobody, and little enough for twenty workers."""

import subprocess

import pytest
from tests.support.charts import TOOLS
from tests.support.figures import check_families
from tests.support.observed import COMPONENTS, Observed

WORKERS = 20
MOST_SERIES = 3000
WORKER_COMPONENTS = ("discovery", "analysis", "upkeep")

TWICE = 2
"""API and scheduler stand beside another of their kind in such an installation."""


@pytest.mark.parametrize("component", COMPONENTS)
def test_promtool_has_nothing_to_say_against_it(observed: Observed, component: str) -> None:
    done = subprocess.run(  # noqa: S603 (Prometheus' own)
        [TOOLS / "promtool", "check", "metrics"], input=observed.exposition(component), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("component", COMPONENTS)
def test_labels_are_few_and_tell_of_nobody(observed: Observed, component: str) -> None:
    tells = ("Harbour", "Away", "127.0.0.1", "example.com", "demo")
    check_families(observed.exposition(component), tells)


def test_twenty_workers_make_no_more_series_than_a_prometheus_takes_in_passing(observed: Observed) -> None:
    series = {sample.labels["job"]: sample.value for sample in observed.query('count by (job) ({job=~".+"})')}
    worker = max(series[component] for component in WORKER_COMPONENTS)
    rest = TWICE * sum(series[component] for component in COMPONENTS if component not in WORKER_COMPONENTS)
    assert WORKERS * worker + rest <= MOST_SERIES, series


def test_every_process_tells_its_connections_to_postgresql(observed: Observed) -> None:
    open_now = observed.query("sum by (job) (formscout_database_connections)")
    assert {sample.labels["job"]: sample.value >= 1 for sample in open_now} == dict.fromkeys(COMPONENTS, True)
