"""The chart's PrometheusRule is the files for any Prometheus, narrowed to the release, with the thresholds of its values."""

from pathlib import Path
from typing import Any

import yaml
from tests.support import charts

RULES = charts.CHART / "files/rules"
VALUES = charts.CHART / "ci/production-values.yaml"


def rendered(*settings: str) -> charts.Object:
    answer = charts.template(*(option for one in settings for option in ("--set-json", one)), values=VALUES)
    assert answer.ok, answer.complaint
    (found,) = (each for each in yaml.safe_load_all(answer.output) if each and each["kind"] == "PrometheusRule")
    return dict(found)


def rules(found: charts.Object) -> list[dict[str, Any]]:
    return [rule for group in found["spec"]["groups"] for rule in group["rules"]]


def written() -> list[dict[str, Any]]:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(RULES.glob("*.yaml"))]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def test_with_the_default_values_the_files_are_what_is_installed_for_this_namespace_alone() -> None:
    found = rules(rendered())
    assert len(found) == len(written())
    for installed, plain in zip(found, written(), strict=True):
        assert 'namespace=~".*"' not in installed["expr"]
        assert installed["expr"] == plain["expr"].replace('namespace=~".*"', f'namespace="{charts.NAMESPACE}"')
        told_apart = plain["expr"].startswith("vector(")
        namespace = {"namespace": charts.NAMESPACE} if told_apart else {}
        assert installed.get("labels", {}) == plain.get("labels", {}) | namespace
        assert installed.get("annotations") == plain.get("annotations")


def test_thresholds_objectives_and_the_place_of_the_pages_come_from_the_values() -> None:
    settings = {
        "oldestWaitingSeconds.discovery": ("formscout:oldest_waiting_seconds:threshold", "discovery", "60"),
        "oldestWaitingSeconds.analysis": ("formscout:oldest_waiting_seconds:threshold", "analysis", "61"),
        "oldestWaitingSeconds.budget": ("formscout:oldest_waiting_seconds:threshold", "budget", "62"),
        "failedJobsRatio": ("formscout:failed_jobs:threshold", None, "0.11"),
        "dispatchLagSeconds": ("formscout:dispatch_lag_seconds:threshold", None, "0.5"),
        "expiredLeases": ("formscout:expired_leases:threshold", None, "17"),
        "failedWebhooksRatio": ("formscout:failed_webhooks:threshold", None, "0.71"),
        "apiAvailability": ("formscout:slo_objective:ratio", "api-availability", "0.9999"),
        "sessionStart": ("formscout:slo_objective:ratio", "session-start", "0.91"),
        "sessionFinish": ("formscout:slo_objective:ratio", "session-finish", "0.92"),
    }
    given = [
        f"monitoring.rules.{'objectives' if record.startswith('formscout:slo') else 'thresholds'}.{name}={value}"
        for name, (record, _, value) in settings.items()
    ]
    found = rules(rendered(*given, 'monitoring.rules.runbooks="https://docs.example.com/runbooks/"'))
    fixed = [rule for rule in found if rule["expr"].startswith("vector(")]
    told = {(rule["record"], rule["labels"].get("queue", rule["labels"].get("slo"))): rule["expr"] for rule in fixed}
    assert told == {(record, label): f"vector({value})" for record, label, value in settings.values()}
    pages = [rule["annotations"]["runbook_url"] for rule in found if "alert" in rule]
    assert pages
    assert all(page.startswith("https://docs.example.com/runbooks/formscout-") for page in pages)


def test_promtool_takes_what_is_installed(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(rendered()["spec"]), encoding="utf-8")
    answer = charts.run("promtool", "check", "rules", str(path))
    assert answer.ok, answer.complaint


def test_there_are_none_unless_asked_for() -> None:
    assert "PrometheusRule" not in charts.rendered(charts.CHART / "ci/small-values.yaml")
