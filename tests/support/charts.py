"""The chart as tests see it: rendered by the real helm, as objects."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
CHART: Final = ROOT / "charts/formscout"
TOOLS: Final = ROOT / ".formscout/tools/checkers/bin"
"""Where `make setup` puts helm and the checkers."""

NAMESPACE: Final = "formscout"
OLDEST: Final = "1.33.0"
NEWEST: Final = "1.35.0"
KUBERNETES: Final = (OLDEST, "1.34.0", NEWEST)
"""The versions that the chart supports."""

Object = dict[str, Any]  # a Kubernetes object, as deep as it goes

WORKLOADS: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})
GENERATED: Final = "generated"
"""Stands for what helm makes at random, so that two renderings are equal."""


class Dumper(yaml.SafeDumper):
    """Writes lists indented, and texts of several lines as they are read."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's signature
        """Indent lists below their key, too."""
        return super().increase_indent(flow=flow, indentless=False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


Dumper.add_representer(str, _text)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What helm said."""

    ok: bool
    output: str
    complaint: str


def run(tool: str, *arguments: str) -> Answer:
    """Run one of the checkers; the repository's root is where it stands."""
    done = subprocess.run([TOOLS / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - our own tools
    return Answer(ok=done.returncode == 0, output=done.stdout, complaint=done.stderr)


def template(*arguments: str, values: Path | None = None, kubernetes: str = NEWEST) -> Answer:
    """Render the chart as `helm template` does."""
    files = ("--values", str(values)) if values else ()
    return run("helm", "template", NAMESPACE, str(CHART), "--namespace", NAMESPACE, "--kube-version", kubernetes, *files, *arguments)


def example_values() -> tuple[Path, ...]:
    """Return the values files of whole installations that the chart carries."""
    return tuple(sorted((CHART / "ci").glob("*-values.yaml")))


@cache
def rendered(values: Path, kubernetes: str = NEWEST) -> str:
    """Return the manifests of an installation, as helm writes them."""
    answer = template(values=values, kubernetes=kubernetes)
    assert answer.ok, answer.complaint
    return answer.output


@cache
def objects(values: Path, kubernetes: str = NEWEST) -> tuple[Object, ...]:
    """Return the objects of an installation."""
    return tuple(found for found in yaml.safe_load_all(rendered(values, kubernetes)) if found)


def installations() -> Iterator[tuple[str, tuple[Object, ...]]]:
    """Yield each example's name with its objects."""
    for values in example_values():
        yield values.stem.removesuffix("-values"), objects(values)


def workloads(found: tuple[Object, ...]) -> Iterator[tuple[Object, Object]]:
    """Yield each workload with its pod template."""
    for each in found:
        if each["kind"] in WORKLOADS:
            yield each, each["spec"]["template"]
        elif each["kind"] == "Pod":
            yield each, each


def called(each: Object) -> str:
    """Return what people call an object: Kind/name."""
    return f"{each['kind']}/{each['metadata']['name']}"


def component(each: Object) -> str:
    """Return the component that an object belongs to."""
    return str(each["metadata"]["labels"]["app.kubernetes.io/component"])


def settled(found: tuple[Object, ...]) -> str:
    """Write objects in one order, with a word instead of what helm makes at random: for comparing."""
    parts = []
    for each in sorted(found, key=lambda item: (component(item), item["kind"], item["metadata"]["name"])):
        shown = each
        if each["kind"] == "Secret":
            shown = {
                key: dict.fromkeys(value, GENERATED) if key in {"data", "stringData"} and value else value for key, value in each.items()
            }
        parts.append(yaml.dump(shown, Dumper=Dumper, sort_keys=False, width=160, allow_unicode=True))
    return "---\n" + "---\n".join(parts)
