"""What Prometheus beside the embedded platform is told, and where it is looked for."""

from pathlib import Path

import pytest
from tests.unit.local.test_services import layout

from formscout.local.monitoring import BUILT, configuration, find_prometheus


def targets(told: dict[str, object]) -> dict[str, list[str]]:
    jobs = told["scrape_configs"]
    assert isinstance(jobs, list)
    return {job["job_name"]: job["static_configs"][0]["targets"] for job in jobs}


def test_every_process_that_serves_figures_is_read() -> None:
    given = layout(flower_port=5, metrics_ports={"scheduler": 1, "discovery": 2, "analysis": 3, "upkeep": 4})
    told = configuration(given, [Path("/rules/alerts.yaml")])
    assert targets(told) == {
        "api": ["127.0.0.1:8000"],
        "scheduler": ["127.0.0.1:1"],
        "discovery-worker": ["127.0.0.1:2"],
        "analysis-worker": ["127.0.0.1:3"],
        "upkeep-worker": ["127.0.0.1:4"],
        "flower": ["127.0.0.1:5"],
    }
    assert told["rule_files"] == ["/rules/alerts.yaml"]


def test_that_of_set_up_is_taken_where_none_is_on_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert find_prometheus() is None
    BUILT.parent.mkdir(parents=True)
    BUILT.write_text("#!/bin/sh\n")
    BUILT.chmod(0o755)
    assert find_prometheus() == tmp_path / BUILT
    (tmp_path / "prometheus").symlink_to(BUILT)
    assert find_prometheus() == tmp_path / "prometheus"
