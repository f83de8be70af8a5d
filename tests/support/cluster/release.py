"""The chart, installed in a namespace of its own, and what the tests do to it."""

import base64
import os
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.support.cluster import images
from tests.support.cluster.client import Api, Company, Discovery
from tests.support.cluster.kube import Json, Kube, run, until
from tests.support.cluster.timeline import Entry, Panel, Timeline, draw, series
from tests.support.cluster.watching import LOAD, OBSERVER, Pod, Watcher
from tests.support.orchard import NAMES

ROOT: Final = Path(__file__).parents[3]
CHART: Final = Path(os.environ.get("CLUSTER_CHART", ROOT / "charts" / "formscout"))
VALUES: Final = ROOT / "tests" / "cluster" / "values.yaml"

NAME: Final = "formscout"
NAMESPACE: Final = "formscout-cluster-test"
NODE_SETUP: Final = "formscout-node-setup"

HELM: Final = os.environ.get("HELM", "helm")
INSTALL_MINUTES: Final = 15

KEDA: Final = "keda.sh/v1alpha1"
PAUSED: Final = "autoscaling.keda.sh/paused"

ORCHARD: Final = "formscout-orchard"
ORCHARD_PORT: Final = 8020

DISCOVERY: Final = "discovery-worker"
ANALYSIS: Final = "analysis-worker"
UPKEEP: Final = "upkeep-worker"
QUEUES: Final = {"discovery": DISCOVERY, "analysis": ANALYSIS, "budget": UPKEEP}


def helm(*arguments: str, check: bool = True) -> Any:  # Any: a completed process
    """Run helm in the namespace."""
    return run(HELM, "--namespace", NAMESPACE, *arguments, check=check, seconds=INSTALL_MINUTES * 60 + 60)


def chart_options(tag: str) -> tuple[str, ...]:
    """Return what the chart is installed and upgraded with; CLUSTER_KUBELET and CLUSTER_VALUES say what this cluster needs."""
    kubelet = os.environ.get("CLUSTER_KUBELET", "/var/lib/kubelet")
    values = [part for file in shlex.split(os.environ.get("CLUSTER_VALUES", "")) for part in ("--values", file)]
    seccomp = f"discoveryWorker.sandbox.daemonSet.seccompDirectory={kubelet}/seccomp"
    tags = ("images", "database.own.image", "redis.own.image")
    sets = [f"{image}.tag={images.TAG if image != 'images' else tag}" for image in tags] + [seccomp]
    return ("--values", str(VALUES), *values, *(part for one in sets for part in ("--set-string", one)))


@dataclass(kw_only=True)
class Release:
    """The installed chart."""

    kube: Kube
    watcher: Watcher
    timeline: Timeline
    report: Path
    install_seconds: float
    operator: Api
    company: Company

    def deployment(self, component: str) -> Json:
        """Return a component's Deployment."""
        found = self.kube.items("deployments", group="apps/v1", labels=f"app.kubernetes.io/component={component}")
        assert len(found) == 1, f"{component} has one Deployment, not {[one['metadata']['name'] for one in found]}"
        return found[0]

    def name_of(self, component: str) -> str:
        """Return the name of a component's Deployment."""
        name: str = self.deployment(component)["metadata"]["name"]
        return name

    def asked(self, component: str) -> int:
        """Return how many pods a component is asked for."""
        replicas: int = self.deployment(component)["spec"]["replicas"]
        return replicas

    def scale(self, component: str, replicas: int) -> None:
        """Ask for so many pods by hand."""
        self.timeline.add("mark", words=f"{component} scaled to {replicas}")
        self.kube.scale(self.name_of(component), replicas)

    @contextmanager
    def paused(self, component: str) -> Iterator[None]:
        """Take KEDA's hands off a component for as long as the block runs."""
        name = self.name_of(component)
        path = self.kube.path("scaledobjects", name, group=KEDA)
        self.kube.patch(path, {"metadata": {"annotations": {PAUSED: "true"}}})
        until(lambda: _condition(self.kube.read(path), "Paused") == "True", f"{component} is paused")
        try:
            yield
        finally:
            self.kube.patch(path, {"metadata": {"annotations": {PAUSED: None}}})

    def orchard(self, size: int, **more: Any) -> int:  # Any: fields of the network
        """Register the orchard with so many pages and return the network's id."""
        assert size <= len(NAMES), f"it has {len(NAMES)} trees"
        base = f"http://{ORCHARD}.{NAMESPACE}.svc.cluster.local:{ORCHARD_PORT}/orchard/{size}/"
        return self.company.network(f"Orchard {size} {time.time()}", base, **{"scope": {"include": [base]}, **more})

    def demo(self) -> int:
        """Register the demo application and return the network's id."""
        service = self._service("demo")
        base = f"http://{service['metadata']['name']}.{NAMESPACE}.svc.cluster.local:{service['spec']['ports'][0]['port']}/"
        sign_in = {"kind": "password", "username": "demo@example.com", "password": "demo-password"}
        return self.company.network(f"Demo {time.time()}", base, sign_in=sign_in)

    def discover(self, network_id: int, **more: Any) -> Discovery:  # Any: fields of the body
        """Ask for a discovery."""
        found = self.company.discover(network_id, **more)
        self.timeline.add("mark", at=found.asked_at, words=f"discovery {found.session_id} asked for")
        return found

    def _service(self, component: str) -> Json:
        return self.kube.items("services", labels=f"app.kubernetes.io/component={component}")[0]

    def figures(self) -> Entry:
        """Return what the observer saw last with both stores there."""
        until(self._whole, "the observer has seen both stores", seconds=60)
        return self._whole()[-1]

    def _whole(self) -> list[Entry]:
        recent = self.timeline.of(OBSERVER, since=time.time() - 30)
        return [entry for entry in recent if "redis" not in entry and "postgres" not in entry]

    def busy(self, component: str) -> dict[str, float]:
        """Return the pods of a component that held a job when the observer looked last, and when that was."""
        seen = self.figures()
        names = {worker.partition("@")[2].rpartition(":")[0] for worker, _, _ in seen["busy"]}
        return {pod.name: seen["at"] for pod in self.watcher.standing(component) if pod.name in names}

    def start_observer(self) -> None:
        """Start the pod that looks into both stores each second."""
        keda = {"REDIS_USERNAME": "REDIS_USERNAME_KEDA", "REDIS_PASSWORD": "REDIS_PASSWORD_KEDA", "DATABASE_URL": "DATABASE_URL"}
        secrets = [{"name": name, "valueFrom": {"secretKeyRef": {"name": NAME, "key": key}}} for name, key in keda.items()]
        host = {"name": "REDIS_HOST", "value": self._service("redis")["metadata"]["name"]}
        run_script(self.kube, OBSERVER, "observer.py", [*secrets, host])

    @contextmanager
    def load(self, rate: int) -> Iterator[None]:
        """Send so many requests a second to the API from inside the cluster, for as long as the block runs."""
        url = {"name": "FORMSCOUT_URL", "value": f"http://{NAME}-api.{NAMESPACE}.svc.cluster.local"}
        run_script(
            self.kube,
            LOAD,
            "requests_load.py",
            [url, {"name": "FORMSCOUT_API_KEY", "value": self.company.key}, {"name": "RATE", "value": str(rate)}],
        )
        try:
            until(lambda: self.timeline.of(LOAD), "the first request was answered")
            yield
        finally:
            self.kube.kubectl("delete", "pod", LOAD, "--wait=true", "--grace-period=3")

    def picture(self, name: str, since: float, *components: str) -> Path:
        """Write what was seen since then as data and as a picture, and return the picture's path."""
        self.timeline.write(self.report / f"{name}.jsonl", since=since)
        replicas, stores = self.timeline.of("replicas", since=since), self.timeline.of(OBSERVER, since=since)
        panels = []
        for queue, component in QUEUES.items():
            if component in components:
                queued = {
                    "waiting": series(stores, f"{queue}_queued"),
                    "messages": series(stores, f"{queue}_waiting"),
                    "in flight": series(stores, f"{queue}_in_flight"),
                }
                pods = {"asked for": series(replicas, f"{component} asked"), "ready": series(replicas, f"{component} ready")}
                panels += [Panel(title=f"queue {queue}", lines=queued), Panel(title=f"pods of {component}", lines=pods)]
        panels.append(
            Panel(title="leases run out, attempts spent", lines={one: series(stores, one) for one in ("leases_run_out", "attempts_spent")})
        )
        panels.append(Panel(title="containers killed (137)", lines={"killed": self._killed(since)}))
        path = self.report / f"{name}.svg"
        draw(path, name, panels, [(mark["at"], mark["words"]) for mark in self.timeline.of("mark", since=since)])
        return path

    def _killed(self, since: float) -> list[tuple[float, float]]:
        ended = sorted(one["at"] for one in self.timeline.of("pod", since=since) if one["what"] == "ended" and one["exit_code"] == 137)
        return [(since, 0.0), *((at, float(number)) for number, at in enumerate(ended, 1)), (time.time(), float(len(ended)))]

    def figure(self, **what: Any) -> None:  # Any: numbers with their names
        """Note a figure for the report's last lines."""
        self.timeline.add("figure", **what)


def _condition(found: Json, kind: str) -> str:
    return next((one["status"] for one in found.get("status", {}).get("conditions", []) if one["type"] == kind), "")


def run_script(kube: Kube, name: str, script: str, environment: list[Json]) -> None:
    """Run one of this folder's scripts in a pod of the API's image, as strictly confined as the platform's own."""
    source = (Path(__file__).parent / script).read_text()
    kube.kubectl("delete", "pod", name, "--ignore-not-found", "--wait=true", "--grace-period=1")
    kube.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {script: source}},
        pod(
            name,
            [container(f"{images.REGISTRY}/formscout-api:{images.TAG}", ["python", f"/scripts/{script}"], environment)],
            configmap=name,
        ),
    )


def container(image: str, command: list[str], environment: list[Json]) -> Json:
    """Return a container under Pod Security "restricted"."""
    return {
        "name": "main",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": command,
        "env": environment,
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "volumeMounts": [{"name": "scripts", "mountPath": "/scripts"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 (in a pod)
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
    }


def pod(name: str, containers: list[Json], *, configmap: str) -> Json:
    """Return a pod with scripts of a ConfigMap."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/component": name}},
        "spec": {
            "automountServiceAccountToken": False,
            "terminationGracePeriodSeconds": 2,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 10001,
                "runAsGroup": 10001,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": containers,
            "volumes": [{"name": "scripts", "configMap": {"name": configmap}}, {"name": "tmp", "emptyDir": {}}],
        },
    }


def start_orchard(kube: Kube, *, answer_seconds: float) -> None:
    """Serve the orchard in the cluster: the application that is discovered where the demo's own pace would not do."""
    source = (ROOT / "tests" / "support" / "orchard.py").read_text()
    command = ["python", "/scripts/orchard.py", "--host", "0.0.0.0", "--port", str(ORCHARD_PORT), "--log", "-"]  # noqa: S104 (in a pod)
    served = container(
        f"{images.REGISTRY}/formscout-demo:{images.TAG}", command, [{"name": "ORCHARD_ANSWER_SECONDS", "value": str(answer_seconds)}]
    )
    served["readinessProbe"] = {"httpGet": {"path": "/health", "port": ORCHARD_PORT}, "periodSeconds": 1}
    selector = {"app.kubernetes.io/name": ORCHARD}
    kube.apply(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": ORCHARD}, "data": {"orchard.py": source}},
        pod(ORCHARD, [served], configmap=ORCHARD),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": ORCHARD},
            "spec": {"selector": selector, "ports": [{"port": ORCHARD_PORT}]},
        },
    )
    kube.kubectl("wait", f"pod/{ORCHARD}", "--for=condition=Ready", "--timeout=120s")


def admit_tests(kube: Kube) -> None:
    """Let the tests' own pods through where NetworkPolicies are enforced: the chart denies everything it does not name."""
    ours = {"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "In", "values": [OBSERVER, LOAD, ORCHARD]}]}
    everything: list[Json] = [{}]
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    own = {"podSelector": ours, "policyTypes": ["Ingress", "Egress"], "ingress": everything, "egress": everything}
    reached = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": ours}]}]}
    kube.apply(
        {**policy, "metadata": {"name": "cluster-test"}, "spec": own},
        {**policy, "metadata": {"name": "cluster-test-reach"}, "spec": reached},
    )


def secret(kube: Kube, name: str, key: str) -> str:
    """Return a value of a Secret."""
    return base64.b64decode(kube.read(kube.path("secrets", name))["data"][key]).decode()


def ended_well(pod_seen: Pod) -> bool:
    """Tell whether a pod's container ended by itself within its grace."""
    return pod_seen.exit_code == 0
