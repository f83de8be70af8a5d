"""The chart's objects are what Kubernetes, KEDA and the other operators accept, and what good practice asks."""

import json
import lzma
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest
import yaml
from tests.support import charts

HERE: Final = Path(__file__).parent
EXCEPTIONS: Final = HERE / "kube_score_exceptions.yaml"
GOOD: Final = 10
"""kube-score's grade for a check that has nothing to say."""


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    with tarfile.open(fileobj=BytesIO(lzma.decompress((HERE / "schemas.tar.xz").read_bytes()))) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _written(tmp_path: Path, kubernetes: str) -> list[str]:
    paths = []
    for values in (*charts.example_values(), *sorted((charts.ROOT / "k8s/examples").glob("*-values.yaml"))):
        path = tmp_path / f"{values.parent.name}-{values.stem}.yaml"
        path.write_text(charts.rendered(values, kubernetes), encoding="utf-8")
        paths.append(str(path))
    assert paths
    return paths


@pytest.mark.parametrize("kubernetes", charts.KUBERNETES)
def test_every_object_is_one_that_kubernetes_and_the_operators_know(kubernetes: str, schemas: Path, tmp_path: Path) -> None:
    locations = [f"{schemas}/{place}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json" for place in (kubernetes, "operators")]
    options = [option for location in locations for option in ("-schema-location", location)]
    answer = charts.run("kubeconform", "-strict", "-kubernetes-version", kubernetes, *options, *_written(tmp_path, kubernetes))
    assert answer.ok, answer.output + answer.complaint


def test_the_schemas_find_a_misspelt_key(schemas: Path, tmp_path: Path) -> None:
    """A check that accepts everything would look as green."""
    wrong = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "a"}, "spec": {"triggers": [], "polling": 3}}
    wrong["spec"] = {"scaleTargetRef": {"name": "a"}, "triggers": [], "polling": 3}
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(wrong), encoding="utf-8")
    location = f"{schemas}/operators/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    answer = charts.run("kubeconform", "-strict", "-schema-location", location, str(path))
    assert not answer.ok
    assert "polling" in answer.output


@pytest.mark.parametrize("values", charts.example_values(), ids=lambda path: path.stem)
def test_helm_has_nothing_to_say_against_it(values: Path) -> None:
    answer = charts.run("helm", "lint", "--strict", str(charts.CHART), "--kube-version", charts.NEWEST, "--values", str(values))
    assert answer.ok, answer.output + answer.complaint


def test_kube_score_finds_only_what_is_argued(tmp_path: Path) -> None:
    """Each exception names its check, the components that it holds for, and why; one that is no longer needed goes."""
    argued = yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))
    found: set[tuple[str, str]] = set()
    for path in _written(tmp_path, charts.NEWEST):
        output = charts.run("kube-score", "score", "--kubernetes-version", "v1.35", "--output-format", "json", path).output
        for scored in json.loads(output):
            name = scored["object_meta"]["labels"]["app.kubernetes.io/component"]
            found |= {(check["check"]["id"], name) for check in scored["checks"] if not check["skipped"] and check["grade"] < GOOD}
    allowed = {(check, name) for check, exception in argued.items() for name in exception["components"]}
    everywhere = {check for check, exception in argued.items() if exception["components"] == ["*"]}
    assert not {item for item in found - allowed if item[0] not in everywhere}
    assert set(argued) == {check for check, _ in found}
    assert not {item for item in allowed if item[1] != "*"} - found
    assert all(len(exception["why"]) > len("a reason") for exception in argued.values())
