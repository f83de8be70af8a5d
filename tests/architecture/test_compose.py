"""Rules about compose.yaml: it says nothing that the code does not know, and asks for nothing that nobody writes."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.architecture import sources

FILE: Final = sources.ROOT / "compose.yaml"

ONCE: Final = frozenset({"migrate", "bootstrap"})
"""What ends when it has done its work."""

THEIR_OWN: Final = frozenset({"OPERATOR_EMAIL", "OPERATOR_KEY", "FLOWER_BASIC_AUTH"})
"""Variables that a command of compose.yaml itself reads, or Flower."""


@cache
def compose() -> Mapping[str, Any]:  # Any: what a YAML file holds
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))  # type: ignore[no-any-return]  # the file's top is a mapping


def ours() -> Iterator[tuple[str, Mapping[str, Any]]]:  # Any: as above
    for name, service in compose()["services"].items():
        if "formscout-" in service["image"]:
            yield name, service


def test_every_setting_that_it_gives_stands_in_the_table_of_settings() -> None:
    """A variable that nobody reads looks as if it worked."""
    table = (sources.ROOT / "docs/operations/README.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)) | THEIR_OWN
    assert not {variable for _, service in ours() for variable in service["environment"]} - known


def test_everything_that_it_asks_for_is_written_or_has_a_default(tmp_path: Path) -> None:
    """The first `up` must not end with a question that no paper answers."""
    file = tmp_path / "env"
    # The tag is given, so that no history is needed.
    command = (str(sources.ROOT / "tools/compose-env"), str(file))
    subprocess.run(command, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin", "TAG": "1.2.3"})  # noqa: S603 (ours)
    written = dict(line.split("=", 1) for line in file.read_text().splitlines())
    assert written["FORMSCOUT_TAG"] == "1.2.3"
    assert file.stat().st_mode & 0o077 == 0
    wanted = re.findall(r"(?<!\$)\$\{(\w+)([:?-]*)", FILE.read_text(encoding="utf-8"))
    assert wanted
    assert not {name for name, rest in wanted if name not in written and "-" not in rest}
    assert not [name for name in written if name not in {wanted_name for wanted_name, _ in wanted}]
    again = subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "TAG": "1.2.3"})  # noqa: S603 (ours)
    assert again.returncode == 1
    assert "holds the keys of your data" in again.stderr


def test_images_are_named_without_a_registry_and_by_a_version() -> None:
    """Which registry serves images is set where they run; "latest" is another one tomorrow."""
    for service in compose()["services"].values():
        name, _, tag = service["image"].rpartition(":") if "${FORMSCOUT_TAG" not in service["image"] else ("", "", "given")
        assert "." not in name.split("/")[0]
        assert tag
        assert tag != "latest"


@pytest.mark.parametrize("name", [name for name, _ in ours()])
def test_our_services_run_as_restricted_as_the_images_allow(name: str) -> None:
    """Untrusted pages end up in these processes."""
    service = compose()["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["restart"] == ("on-failure" if name in ONCE else "unless-stopped")
    assert "container_name" not in service, "a service with a name of its own cannot be scaled"


def test_what_works_waits_for_the_schema_and_says_how_it_does() -> None:
    """A worker on no schema ends at once, again and again; and what cannot be asked cannot be seen to hang."""
    for name, service in ours():
        if name not in ONCE and "profiles" not in service:
            assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
            assert service["healthcheck"]["test"]
            assert service["stop_grace_period"]


def test_the_browser_keeps_its_sandbox_by_a_profile_that_is_there() -> None:
    """Docker's own profile forbids user namespaces, without which the worker refuses to start."""
    (option,) = [each for each in compose()["services"]["discovery-worker"]["security_opt"] if each.startswith("seccomp=")]
    default = re.search(r":-([^}]+)}", option)
    assert default is not None
    assert (sources.ROOT / default[1]).is_file()


def prometheus() -> Mapping[str, Any]:  # Any: as above
    return yaml.safe_load(compose()["configs"]["prometheus"]["content"])  # type: ignore[no-any-return]  # as above


def test_prometheus_reads_every_process_that_tells_how_it_does() -> None:
    """A process without figures looks as if it had nothing to tell; a name stands for as many containers as there are."""
    ports = {"api": 8000, "flower": 5555}
    for name, service in ours():
        if "FORMSCOUT_METRICS_PORT" in service["environment"]:
            ports[name] = int(service["environment"]["FORMSCOUT_METRICS_PORT"])
    assert ports.keys() == {name for name, _ in ours()} - ONCE
    read = {job["job_name"]: job["dns_sd_configs"] for job in prometheus()["scrape_configs"]}
    assert {name: (found["names"], found["type"], found["port"]) for name, (found,) in read.items()} == {
        name: ([name], "A", port) for name, port in ports.items()
    }


def test_rules_and_dashboards_are_the_charts() -> None:
    """What is judged and shown must not depend on where the platform runs."""
    mounted = {
        name: dict(volume.split(":")[:2] for volume in compose()["services"][name]["volumes"] if volume.endswith(":ro"))
        for name in ("prometheus", "grafana")
    }
    assert all(list((sources.ROOT / folder).glob("*.*")) for places in mounted.values() for folder in places)
    assert mounted["prometheus"] == {"./charts/formscout/files/rules": "/etc/prometheus/rules"}
    assert prometheus()["rule_files"] == ["/etc/prometheus/rules/*.yaml"]
    assert mounted["grafana"] == {"./charts/formscout/files/dashboards": "/etc/grafana/dashboards"}
    (provider,) = yaml.safe_load(compose()["configs"]["folders"]["content"])["providers"]
    assert provider["options"]["path"] == "/etc/grafana/dashboards"


def test_flower_looks_on_behind_a_password_and_holds_no_secret_but_redis() -> None:
    """Whoever reaches it must not be able to end a worker, nor to read the database."""
    service = compose()["services"]["flower"]
    assert {"--read-only=true", "formscout.queueing.watching"} <= set(service["command"])
    assert service["environment"].keys() == {"REDIS_URL", "FLOWER_BASIC_AUTH"}
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
