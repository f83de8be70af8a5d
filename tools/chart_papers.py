"""Writes what is made from the chart: golden files of its tests, the manifests of k8s/, the README with all values.

python -m tools.chart_papers goldens|manifests|readme
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from tests.support import charts

ROOT: Final = Path(__file__).resolve().parents[1]
GOLDENS: Final = ROOT / "tests/chart/goldens"
MANIFESTS: Final = ROOT / "k8s/manifests"
EXAMPLES: Final = ROOT / "k8s/examples"
README: Final = charts.CHART / "README.md"
HEAD: Final = charts.CHART / "README.head.md"

NOTICE: Final = "# Rendered from the chart with k8s/examples/{name}; change those, then: make manifests\n"


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value of the chart: where it stands, what it is without being set, what its comment says."""

    path: str
    default: Any  # whatever YAML holds
    comment: str | None


def values() -> list[Value]:
    """Return every value, in the order of values.yaml; a map that has no commented parts is one value."""
    text = (charts.CHART / "values.yaml").read_text(encoding="utf-8")
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(node, yaml.MappingNode)
    return list(_values(node, yaml.safe_load(text), text.splitlines(), ""))


def _values(node: yaml.MappingNode, default: dict[str, Any], lines: list[str], above: str) -> Iterator[Value]:
    for key, below in node.value:
        path = f"{above}{key.value}"
        comment = _comment(lines, key.start_mark.line)
        if comment is None and isinstance(below, yaml.MappingNode) and below.value and not below.flow_style:
            yield from _values(below, default[key.value], lines, f"{path}.")
        else:
            yield Value(path=path, default=default[key.value], comment=comment)


def _comment(lines: list[str], line: int) -> str | None:
    """Return the comment right above a line, if it is one of a value: the first of its lines opens with `# --`."""
    taken: list[str] = []
    while line > 0 and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        taken.insert(0, lines[line].lstrip().removeprefix("#").strip())
        if taken[0].startswith("-- "):
            return " ".join(taken).removeprefix("-- ")
    return None


def goldens() -> dict[Path, str]:
    """Return what each example of the chart renders to."""
    return {GOLDENS / f"{name}.yaml": charts.settled(found) for name, found in charts.installations()}


def manifests() -> dict[Path, str]:
    """Return manifests that `kubectl apply` takes, of those examples that generate no secrets."""
    return {
        MANIFESTS / file.name: NOTICE.format(name=file.name) + charts.settled(charts.objects(file))
        for file in sorted(EXAMPLES.glob("*-values.yaml"))
    }


def readme() -> dict[Path, str]:
    """Return the chart's README: what is written by hand, then a table of all values."""
    rows = [f"| `{value.path}` | {_shown(value.default)} | {_cell(value.comment or '')} |" for value in values()]
    head = HEAD.read_text(encoding="utf-8").rstrip()
    return {README: "\n".join([head, "", "## Values", "", "| Value | Default | |", "|---|---|---|", *rows, ""])}


def _shown(default: Any) -> str:
    text = yaml.safe_dump(default, default_flow_style=True, width=10_000, sort_keys=False).removesuffix("\n...\n").strip()
    return f"`{_cell(text)}`"


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|")


KINDS: Final = {"goldens": goldens, "manifests": manifests, "readme": readme}


def main(kind: str) -> None:
    """Write them, and take away those that nothing makes any more."""
    made = KINDS[kind]()
    for folder in {path.parent for path in made if kind != "readme"}:
        for old in set(folder.glob("*.yaml")) - set(made):
            old.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    if len(sys.argv) != len(("program", "kind")) or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    main(sys.argv[1])
