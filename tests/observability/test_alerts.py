"""Each alert fires on what it is for, is silent on what comes near, and no part of its condition is there for nothing."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.observability.alert_cases import BURN_FAST, BURN_SLOW, CASES, Case
from tests.support import charts

FOLDER: Final = charts.CHART / "files/rules"
FILES: Final = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.yaml"))}
GROUPS: Final = sorted((group for file in FILES.values() for group in file["groups"]), key=lambda group: "alert" in group["rules"][0])
"""What alerts look at comes before them."""
RULES: Final = [rule for group in GROUPS for rule in group["rules"]]
ALERTS: Final = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RUNBOOKS: Final = charts.ROOT / "docs/operations/runbooks"
SECTIONS: Final = ("## What it means", "## What users notice", "## Look first", "## Causes, the likeliest first", "## Over when")

EVALUATED: Final = {"FormscoutWebhooksFail": "5m", BURN_FAST: "5m", BURN_SLOW: "15m"}
"""How often promtool works out the rules, where every minute would take it minutes."""

COMPARISON: Final = re.compile(r" (>=|<=|==|>|<) ")
"""As it stands in a condition; operators within a selector have no spaces around them."""

each_alert = pytest.mark.parametrize("alert", sorted(ALERTS))


def kebab(alert: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", alert).lower()


def as_promtool(case: Case) -> dict[str, Any]:
    """Return the case as promtool reads it: which instances fire, by the labels that matter."""
    names = case.by.split(", ")
    samples = []
    for values in case.fires:
        labels = ",".join(f'{name}="{value}"' for name, value in zip(names, values.split(", "), strict=True) if value)
        samples.append({"labels": "{" + labels + "}", "value": 1})
    firing = f'max by ({case.by}) (ALERTS{{alertname="{case.alert}",alertstate="firing"}})'
    return {
        "name": case.name,
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": case.at, "exp_samples": samples}],
    }


def needed(alert: str, rules: dict[str, Any]) -> dict[str, Any]:
    """Leave out the other alerts, and what only objectives need or only they do not: promtool works out every rule every minute."""
    burns = alert in {BURN_FAST, BURN_SLOW}
    files = deepcopy({name: content for name, content in rules.items() if (name == "slo.yaml") == burns})
    for group in (group for file in files.values() for group in file["groups"]):
        group["rules"] = [rule for rule in group["rules"] if rule.get("alert", alert) == alert]
    return files


def check(cases: list[Case], rules: dict[str, Any], folder: Path) -> charts.Answer:
    rules = needed(cases[0].alert, rules)
    for name, content in rules.items():
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    there = {group["name"] for file in rules.values() for group in file["groups"]}
    order = [group["name"] for group in GROUPS if group["name"] in there]
    interval = EVALUATED.get(cases[0].alert, "1m")
    test = {
        "rule_files": sorted(rules),
        "evaluation_interval": interval,
        "group_eval_order": order,
        "tests": [as_promtool(case) for case in cases],
    }
    (folder / "test.yaml.txt").write_text(yaml.safe_dump(test, sort_keys=False), encoding="utf-8")
    return charts.run("promtool", "test", "rules", str(folder / "test.yaml.txt"))


def of(alert: str) -> list[Case]:
    return [case for case in CASES if case.alert == alert]


def mutants(alert: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rules without one comparison of the alert's condition each, and without its patience."""

    def changed(**values: Any) -> dict[str, Any]:
        files = deepcopy(FILES)
        for group in (group for file in files.values() for group in file["groups"]):
            for rule in group["rules"]:
                if rule.get("alert") == alert:
                    rule.update(values)
        return files

    expression = ALERTS[alert]["expr"]
    for found in COMPARISON.finditer(expression):
        without = f"{expression[: found.start()]} {found[1]} bool {expression[found.end() :]}"
        yield f"without {expression[found.start() : found.start() + 30]}…", changed(expr=without)
    if not COMPARISON.search(expression):
        yield "always", changed(expr='vector(1) + on () group_right () label_replace(vector(1), "queue", "discovery", "", "")')
    if "for" in ALERTS[alert]:
        yield "at once", changed(**{"for": "0s"})


def test_promtool_finds_nothing_wrong() -> None:
    answer = charts.run("promtool", "check", "rules", *(str(FOLDER / name) for name in FILES))
    assert answer.ok, answer.complaint
    assert "found" in answer.output


@each_alert
def test_an_alert_fires_and_stays_silent_as_it_should(alert: str, tmp_path: Path) -> None:
    cases = of(alert)
    assert any(case.fires for case in cases)
    assert any(not case.fires for case in cases)
    answer = check(cases, FILES, tmp_path)
    assert answer.ok, answer.output + answer.complaint


@each_alert
def test_no_part_of_a_condition_is_there_for_nothing(alert: str, tmp_path: Path) -> None:
    """Where a threshold is taken away, a case fails."""
    silent = [case for case in of(alert) if not case.fires]
    survivors = [name for name, rules in mutants(alert) if check(silent, rules, tmp_path).ok]
    assert not survivors


def test_every_case_is_one_of_an_alert() -> None:
    assert {case.alert for case in CASES} == set(ALERTS)


@each_alert
def test_an_alert_says_how_grave_it_is_and_where_its_page_is(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"].endswith(".")
    page = RUNBOOKS / f"{kebab(alert)}.md"
    assert rule["annotations"]["runbook_url"] == str(page.relative_to(charts.ROOT))
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {alert}\n")
    assert [line for line in text.splitlines() if line.startswith("## ")] == list(SECTIONS)


def test_every_page_is_one_of_an_alert_and_is_listed() -> None:
    pages = {path.name for path in RUNBOOKS.glob("*.md")}
    assert pages == {f"{kebab(alert)}.md" for alert in ALERTS}
    listed = set(re.findall(r"\(runbooks/([a-z-]+\.md)\)", (RUNBOOKS.parent / "README.md").read_text(encoding="utf-8")))
    assert listed == pages


def test_every_selector_can_be_narrowed_to_a_namespace() -> None:
    """The chart puts the release's there: else the alerts of one installation would speak of all that a Prometheus scrapes."""
    for rule in RULES:
        names = re.findall(r"\b(?:formscout|certmanager)[a-z0-9_:]*", rule["expr"])
        selectors = re.findall(r'\b(?:formscout|certmanager)[a-z0-9_:]*\{(?:exported_)?namespace=~"\.\*"', rule["expr"])
        assert len(names) == len(selectors), rule
