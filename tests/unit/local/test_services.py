"""What each process of the embedded platform is given."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from formscout.local.directory import DataDirectory
from formscout.local.services import Layout, analysis_children, services
from formscout.local.supervisor import LONGEST_PAUSE_SECONDS, pause_after

OURS = {
    "PATH": "/bin",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "ANTHROPIC_API_KEY": "key-of-the-model",
    "FORMSCOUT_API_KEY": "fsk_operator",
    "FORMSCOUT_LOG_LEVEL": "DEBUG",
    "DATABASE_URL": "postgresql://elsewhere",
}


def layout(*, demo_port: int | None = None, flower_port: int | None = None, metrics_ports: Mapping[str, int] | None = None) -> Layout:
    return Layout(
        directory=DataDirectory(path=Path("/data")),
        database_url="postgresql://here",
        redis_url="redis://here",
        encryption_keys="id:key",
        api_port=8000,
        demo_port=demo_port,
        flower_port=flower_port,
        flower_password="of-flower",
        metrics_ports=metrics_ports or {},
    )


def environments(given: Layout) -> dict[str, dict[str, str]]:
    return {spec.name: spec.environment for spec in services(given, OURS)}


def test_only_those_that_handle_credentials_get_the_encryption_keys() -> None:
    found = environments(layout(demo_port=1, flower_port=2))
    assert {name for name, given in found.items() if "FORMSCOUT_ENCRYPTION_KEYS" in given} == {"api", "discovery", "scheduler"}


def test_only_analysis_gets_the_models_key_and_nobody_an_operators_or_a_clouds() -> None:
    found = environments(layout(demo_port=1, flower_port=2))
    assert {name for name, given in found.items() if "ANTHROPIC_API_KEY" in given} == {"analysis"}
    assert not {name for name, given in found.items() if {"FORMSCOUT_API_KEY", "AWS_SECRET_ACCESS_KEY"} & given.keys()}


def test_the_demo_application_knows_nothing_of_the_stores() -> None:
    assert not {"DATABASE_URL", "REDIS_URL"} & environments(layout(demo_port=1))["demo"].keys()


def test_flower_looks_on_behind_a_password_and_knows_nothing_but_redis() -> None:
    (flower,) = [spec for spec in services(layout(flower_port=2), OURS) if spec.name == "flower"]
    assert "--read-only=true" in flower.argv
    assert flower.environment["FLOWER_BASIC_AUTH"] == "operator:of-flower"
    assert "DATABASE_URL" not in flower.environment


def test_figures_are_served_where_somebody_reads_them() -> None:
    ports = {"scheduler": 1, "discovery": 2, "analysis": 3, "upkeep": 4}
    found = {name: given.get("FORMSCOUT_METRICS_PORT") for name, given in environments(layout(metrics_ports=ports)).items()}
    assert found == {"api": None, "scheduler": "1", "discovery": "2", "analysis": "3", "upkeep": "4"}
    assert not [name for name, given in environments(layout()).items() if "FORMSCOUT_METRICS_PORT" in given]


def test_the_stores_are_the_embedded_ones_whatever_our_environment_says() -> None:
    assert {given["DATABASE_URL"] for given in environments(layout()).values()} == {"postgresql://here"}


def test_settings_of_ours_reach_every_process() -> None:
    assert {given["FORMSCOUT_LOG_LEVEL"] for given in environments(layout()).values()} == {"DEBUG"}


def test_each_worker_serves_exactly_one_queue() -> None:
    workers = [spec.argv for spec in services(layout(), OURS) if "worker" in spec.argv]
    assert sorted(argv[argv.index("-Q") + 1] for argv in workers) == ["analysis", "budget", "discovery"]


def test_demo_and_flower_run_only_when_asked_for() -> None:
    assert {"demo", "flower"}.isdisjoint(environments(layout()))
    assert {"demo", "flower"} <= environments(layout(demo_port=1, flower_port=2)).keys()


def test_no_secret_shows_when_a_layout_or_a_process_is_printed() -> None:
    shown = repr(layout()) + repr(services(layout(flower_port=2), OURS))
    assert not [secret for secret in ("id:key", "redis://here", "postgresql://here", "key-of-the-model", "of-flower") if secret in shown]


@pytest.mark.parametrize(("processors", "children"), [(1, 1), (2, 1), (4, 2), (64, 4)])
def test_analysis_leaves_processors_to_the_browser(processors: int, children: int) -> None:
    assert analysis_children(processors) == children


def test_pauses_double_up_to_the_longest() -> None:
    assert [pause_after(ends) for ends in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert pause_after(50) == LONGEST_PAUSE_SECONDS
