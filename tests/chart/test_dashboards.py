"""The dashboards in the chart: in one ConfigMap, under the label that Grafana's sidecar looks for."""

import json

import yaml
from tests.support import charts
from tests.support.dashboards import FILES


def test_the_dashboards_come_as_the_sidecar_wants_them() -> None:
    settings = ("enabled=true", "label=dashboards", "labelValue=yes", "folder=Crawling")
    arguments = [part for one in settings for part in ("--set", f"monitoring.dashboards.{one}")]
    answer = charts.template(*arguments)
    assert answer.ok, answer.complaint
    found = [one for one in yaml.safe_load_all(answer.output) if one and "dashboards" in one["metadata"]["labels"]]
    assert [(one["kind"], one["metadata"]["annotations"]["grafana_folder"]) for one in found] == [("ConfigMap", "Crawling")]
    assert found[0]["metadata"]["labels"]["dashboards"] == "yes"
    boards = {name.removeprefix("formscout-"): json.loads(text) for name, text in found[0]["data"].items()}
    assert boards == {file.name: json.loads(file.read_text(encoding="utf-8")) for file in FILES}


def test_nobody_gets_dashboards_who_did_not_ask() -> None:
    answer = charts.template()
    assert answer.ok, answer.complaint
    assert "grafana" not in answer.output
