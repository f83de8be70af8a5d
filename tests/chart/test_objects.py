"""What must hold for the objects of every installation, whatever its values."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from tests.support import charts

from formscout.config import PlatformSettings
from formscout_analysis.config import AnalysisSettings
from formscout_api.config import ApiSettings
from formscout_discovery.config import DiscoverySettings
from formscout_scheduler.config import BeatSettings, SchedulerSettings

INSTALLATIONS: Final = dict(charts.installations())
SETTINGS: Final[dict[str, type[PlatformSettings]]] = {
    "api": ApiSettings,
    "discovery-worker": DiscoverySettings,
    "analysis-worker": AnalysisSettings,
    "scheduler": BeatSettings,
    "upkeep-worker": SchedulerSettings,
}
SANDBOX: Final = "sandbox"
"""The DaemonSet that puts a file on the nodes: the one pod that may mount them, in a namespace of its own."""

RESERVE_SECONDS: Final = 15
"""Between the end of a drain and the kill."""

QUEUES: Final = {"discovery-worker": "discovery", "analysis-worker": "analysis", "upkeep-worker": "budget"}

each_installation = pytest.mark.parametrize("name", INSTALLATIONS)


def _pods(name: str) -> list[tuple[charts.Object, charts.Object]]:
    return [(each, pod) for each, pod in charts.workloads(INSTALLATIONS[name]) if charts.component(each) != SANDBOX]


def _containers(pod: charts.Object) -> list[Any]:
    return [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]


@each_installation
def test_every_pod_keeps_to_pod_security_restricted(name: str) -> None:
    for each, pod in _pods(name):
        spec, shown = pod["spec"], charts.called(each)
        assert spec["securityContext"]["runAsNonRoot"] is True, shown
        assert spec["securityContext"]["runAsUser"] > 0, shown
        assert spec["securityContext"]["seccompProfile"]["type"] in {"RuntimeDefault", "Localhost"}, shown
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), shown
        assert not [volume for volume in spec.get("volumes", ()) if "hostPath" in volume], shown
        for container in _containers(pod):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False, shown
            assert security["readOnlyRootFilesystem"] is True, shown
            assert security["capabilities"] == {"drop": ["ALL"]}, shown
            assert not [port for port in container.get("ports", ()) if "hostPort" in port], shown


@each_installation
def test_no_pod_has_a_token_for_kubernetes(name: str) -> None:
    for each, pod in charts.workloads(INSTALLATIONS[name]):
        assert pod["spec"]["automountServiceAccountToken"] is False, charts.called(each)
        assert pod["spec"]["serviceAccountName"] != "default", charts.called(each)
    for each in INSTALLATIONS[name]:
        assert each["kind"] not in {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}, charts.called(each)
        if each["kind"] == "ServiceAccount":
            assert each["automountServiceAccountToken"] is False, charts.called(each)


@each_installation
def test_every_container_has_requests_and_a_memory_limit(name: str) -> None:
    for each, pod in charts.workloads(INSTALLATIONS[name]):
        for container in _containers(pod):
            resources = container["resources"]
            assert {"cpu", "memory"} <= set(resources["requests"]), (charts.called(each), container["name"])
            assert "memory" in resources["limits"], (charts.called(each), container["name"])


@each_installation
def test_every_image_is_named_by_a_version(name: str) -> None:
    for each, pod in charts.workloads(INSTALLATIONS[name]):
        for container in _containers(pod):
            version = re.search(r"(?::(?P<tag>[\w.-]+)|@sha256:[0-9a-f]{64})$", container["image"])
            assert version, (charts.called(each), container["image"])
            assert version["tag"] != "latest", charts.called(each)


@each_installation
def test_who_is_scaled_by_somebody_has_no_replicas_of_its_own(name: str) -> None:
    """Each upgrade would set them back, and kill who works."""
    found = INSTALLATIONS[name]
    owned = [each["spec"]["scaleTargetRef"]["name"] for each in found if each["kind"] in {"ScaledObject", "HorizontalPodAutoscaler"}]
    assert len(owned) == len(set(owned)), "two autoscalers for one"
    deployments = {each["metadata"]["name"]: each for each in found if each["kind"] == "Deployment"}
    assert set(owned) <= set(deployments)
    for called, each in deployments.items():
        assert ("replicas" in each["spec"]) == (called not in owned), called


@each_installation
def test_every_object_says_whose_it_is(name: str) -> None:
    wanted = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component", "helm.sh/chart"}
    for each in INSTALLATIONS[name]:
        assert wanted <= set(each["metadata"]["labels"]), charts.called(each)


@each_installation
def test_selectors_match_the_pods_that_they_are_for(name: str) -> None:
    found = INSTALLATIONS[name]
    labels = [pod["metadata"]["labels"] for _, pod in charts.workloads(found)]
    for each in found:
        spec = each.get("spec", {})
        selector = {
            "Service": lambda spec: spec["selector"],
            "NetworkPolicy": lambda spec: spec["podSelector"].get("matchLabels", {}),
            "PodDisruptionBudget": lambda spec: spec["selector"]["matchLabels"],
            "PodMonitor": lambda spec: spec["selector"]["matchLabels"],
        }.get(each["kind"])
        if selector:
            wanted = selector(spec).items()
            assert [pod for pod in labels if wanted <= pod.items()], charts.called(each)
        if each["kind"] in {"Deployment", "StatefulSet", "DaemonSet"}:
            assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items(), charts.called(each)


@each_installation
def test_every_pod_is_shut_off_but_for_what_is_named(name: str) -> None:
    found = INSTALLATIONS[name]
    policies = [each["spec"] for each in found if each["kind"] == "NetworkPolicy"]
    assert any(not policy["podSelector"].get("matchLabels", {}).get("app.kubernetes.io/component") for policy in policies), "no default"
    for each, pod in _pods(name):
        shut = [policy for policy in policies if policy["podSelector"].get("matchLabels", {}).items() <= pod["metadata"]["labels"].items()]
        assert {way for policy in shut for way in policy["policyTypes"]} == {"Ingress", "Egress"}, charts.called(each)


@each_installation
def test_discovery_reaches_no_metadata_service(name: str) -> None:
    for each in INSTALLATIONS[name]:
        if each["kind"] == "NetworkPolicy" and charts.component(each) == "discovery-worker":
            for rule in each["spec"]["egress"]:
                for peer in rule.get("to", ()):
                    if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0":
                        assert {"169.254.0.0/16", "10.0.0.0/8"} <= set(peer["ipBlock"]["except"])


@each_installation
def test_what_runs_for_long_is_watched(name: str) -> None:
    for each, pod in _pods(name):
        if each["kind"] in {"Deployment", "StatefulSet"}:
            container = pod["spec"]["containers"][0]
            assert "livenessProbe" in container, charts.called(each)
            assert charts.component(each) not in {"api", "database", "redis"} or "readinessProbe" in container, charts.called(each)


@each_installation
def test_every_variable_is_a_setting_that_the_process_reads(name: str) -> None:
    """A misspelt one would be ignored: the value would change nothing."""
    source = "\n".join(path.read_text(encoding="utf-8") for tree in ("libs", "services") for path in Path(charts.ROOT, tree).rglob("*.py"))
    for each, pod in _pods(name):
        classes = [SETTINGS[charts.component(each)]] if charts.component(each) in SETTINGS else list(SETTINGS.values())
        known = {f"FORMSCOUT_{field.upper()}" for settings in classes for field in settings.model_fields}
        for container in _containers(pod):
            named = [variable["name"] for variable in container.get("env", ()) if variable["name"].startswith("FORMSCOUT_")]
            assert not [variable for variable in named if variable not in known and f'"{variable}' not in source], charts.called(each)


@each_installation
def test_each_queue_scales_by_what_waits_and_what_is_in_hand(name: str) -> None:
    """The list alone would kill who holds a message: it has left the list."""
    found = INSTALLATIONS[name]
    workers = {each["metadata"]["name"]: pod["spec"]["containers"][0].get("args") for each, pod in charts.workloads(found)}
    scaled = [each for each in found if each["kind"] == "ScaledObject"]
    assert not scaled or len(scaled) == len(QUEUES)
    for each in scaled:
        spec, queue = each["spec"], QUEUES[charts.component(each)]
        triggers = {trigger["name"]: trigger["metadata"]["listName"] for trigger in spec["triggers"]}
        assert triggers == {"waiting": queue, "inflight": f"unacked:{queue}"}
        command = workers[spec["scaleTargetRef"]["name"]]
        modifiers = spec["advanced"]["scalingModifiers"]
        assert modifiers["formula"] == "waiting + inflight"
        assert modifiers["target"] == command[command.index("-c") + 1], "what a pod works on at once"
        assert command[command.index("-Q") + 1] == queue
        assert modifiers["activationTarget"] == "0"
        assert modifiers["metricType"] == "AverageValue"
        assert spec["fallback"]["replicas"] >= 1
        assert spec["fallback"]["behavior"] == "currentReplicasIfHigher"
        assert spec["minReplicaCount"] >= (1 if queue == "budget" else 0)
        assert all(trigger["authenticationRef"]["name"] for trigger in spec["triggers"])


@each_installation
def test_nobody_is_killed_before_the_drain_can_end(name: str) -> None:
    for each, pod in _pods(name):
        if charts.component(each) == "discovery-worker" and each["kind"] == "Deployment":
            variables = {variable["name"]: variable.get("value") for variable in pod["spec"]["containers"][0]["env"]}
            drain = float(variables.get("FORMSCOUT_DRAIN_SECONDS") or 0)
            assert drain > 0
            assert pod["spec"]["terminationGracePeriodSeconds"] >= drain + RESERVE_SECONDS


def test_whatever_tells_how_it_does_is_read_at_a_port_that_it_has() -> None:
    """By the operator or by annotations; a monitor of a port that no container has reads nothing, and says nothing."""
    answer = charts.template("--set", "monitoring.scrapeAnnotations=true", values=charts.CHART / "ci/production-values.yaml")
    assert answer.ok, answer.complaint
    found = tuple(each for each in yaml.safe_load_all(answer.output) if each)
    monitored = {charts.component(each): each["spec"]["podMetricsEndpoints"][0]["port"] for each in found if each["kind"] == "PodMonitor"}
    pods = {charts.component(each): pod for each, pod in charts.workloads(found) if charts.component(each) in monitored}
    assert monitored.keys() == pods.keys() == {*SETTINGS, "flower"}
    for name, pod in pods.items():
        ports = {port["name"]: port["containerPort"] for port in pod["spec"]["containers"][0]["ports"]}
        assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(ports[monitored[name]]), name


def test_flower_looks_on_behind_a_password_with_redis_alone() -> None:
    """Whoever reaches it must not be able to end a worker, nor to read the database."""
    (pod,) = [pod for each, pod in _pods("production") if charts.component(each) == "flower"]
    (container,) = pod["spec"]["containers"]
    assert {"--read-only=true", "formscout.queueing.watching"} <= set(container["args"])
    assert [one["valueFrom"]["secretKeyRef"] for one in container["env"] if one["name"] == "FLOWER_BASIC_AUTH"]
    (secrets,) = [volume["projected"]["sources"] for volume in pod["spec"]["volumes"] if volume["name"] == "secrets"]
    assert {item["path"] for source in secrets for item in source["secret"]["items"]} <= {"REDIS_URL", "redis-ca.crt"}
