# /// script
# requires-python = ">=3.11"
# dependencies = ["kubernetes-validate==1.37.0", "pyyaml==6.0.3"]
# ///
"""Makes tests/chart/schemas.tar.xz, the JSON schemas that the chart's tests hold its objects against without a network.

    make chart-schemas

Kubernetes' own come from a Python package, those of the operators from the definitions in their Go modules. The
result is committed: it is small, and so a test needs neither the package (22 MB) nor the modules (40 MB).
"""

import importlib.util
import io
import json
import lzma
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[1]
TARGET: Final = ROOT / "tests/chart/schemas.tar.xz"

KUBERNETES: Final = ("1.33.0", "1.34.0", "1.35.0")
"""The versions that the chart supports: those that KEDA 2.20 supports."""

DEFINITIONS: Final = {
    "github.com/kedacore/keda/v2@v2.20.2": (
        "config/crd/bases/keda.sh_scaledobjects.yaml",
        "config/crd/bases/keda.sh_triggerauthentications.yaml",
    ),
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": (
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
    "github.com/external-secrets/external-secrets@v1.3.2": (
        "config/crds/bases/external-secrets.io_externalsecrets.yaml",
        "config/crds/bases/external-secrets.io_secretstores.yaml",
    ),
    "sigs.k8s.io/gateway-api@v1.4.1": (
        "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml",
        "config/crd/standard/gateway.networking.k8s.io_gateways.yaml",
    ),
    "sigs.k8s.io/security-profiles-operator@v0.9.1": ("deploy/base-crds/crds/seccompprofile.yaml",),
    "github.com/cloudnative-pg/cloudnative-pg@v1.28.0": ("config/crd/bases/postgresql.cnpg.io_clusters.yaml",),
}

Schema = dict[str, Any]  # JSON Schema, as deep as it goes


def main() -> None:
    """Write the archive; the same input gives the same bytes."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, schema in sorted({**dict(_kubernetes()), **dict(_operators())}.items()):
            content = json.dumps(_without_prose(schema), sort_keys=True, separators=(",", ":")).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    TARGET.write_bytes(lzma.compress(archive.getvalue(), preset=9 | lzma.PRESET_EXTREME))
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size} bytes")


def _kubernetes() -> Iterator[tuple[str, Schema]]:
    """Yield each version's definitions, and for each kind a file that points into them, as kubeconform looks for it."""
    package = importlib.util.find_spec("kubernetes_validate")
    assert package is not None
    assert package.origin is not None
    for version in KUBERNETES:
        folder = Path(package.origin).parent / f"kubernetes-json-schema/v{version}-local-strict"
        definitions = json.loads((folder / "_definitions.json").read_text())["$defs"]
        yield f"{version}/_definitions.json", {"$defs": definitions}
        for name, schema in definitions.items():
            for kind in schema.get("x-kubernetes-group-version-kind", ()):
                group = kind["group"].split(".")[0]
                file = "-".join(filter(None, (kind["kind"], group, kind["version"]))).lower()
                if kind["kind"] == name.rsplit(".", 1)[-1]:  # not those, such as DeleteOptions, that belong to every group
                    yield f"{version}/{file}.json", {"$ref": f"_definitions.json#/$defs/{name}"}


def _operators() -> Iterator[tuple[str, Schema]]:
    for module, paths in DEFINITIONS.items():
        place = json.loads(subprocess.run(["go", "mod", "download", "-json", module], check=True, capture_output=True, text=True).stdout)[
            "Dir"
        ]
        for path in paths:
            definition = yaml.safe_load((Path(place) / path).read_text())["spec"]
            for version in definition["versions"]:
                file = f"{definition['names']['kind']}-{definition['group'].split('.')[0]}-{version['name']}".lower()
                yield f"operators/{file}.json", _closed(version["schema"]["openAPIV3Schema"])


def _closed(schema: Any) -> Any:
    """Refuse unknown keys wherever the API server would drop them: then a misspelt one is found."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    opened = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
    if isinstance(schema.get("properties"), dict) and "type" in schema and not opened:
        closed.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string"):
        closed["type"] = ["integer", "string"]
        closed.pop("anyOf", None)
    return closed


def _without_prose(schema: Any) -> Any:
    """Drop what checks nothing: descriptions are most of the bytes."""
    if isinstance(schema, list):
        return [_without_prose(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_prose(part)
        for key, part in schema.items()
        if not (key == "description" and isinstance(part, str)) and not key.startswith("x-kubernetes-")
    }


if __name__ == "__main__":
    main()
