"""A Kubernetes cluster as an outsider sees it: its API through `kubectl proxy`, and kubectl itself for the rest."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx

KUBECTL: Final = os.environ.get("KUBECTL", "kubectl")

LOOK_SECONDS: Final = 0.5

WAIT_SECONDS: Final = 300
"""How long anything is waited for before the test fails; a wait ends with its condition, so only a failure takes that long."""

COMMAND_SECONDS: Final = 600

MERGE_PATCH: Final = {"content-type": "application/merge-patch+json"}

Json = dict[str, Any]  # Any: whatever Kubernetes answers


def until(condition: Callable[[], object], what: str, *, seconds: float = WAIT_SECONDS, why: Callable[[], object] = str) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}. {why()}"
        time.sleep(LOOK_SECONDS)


def run(*command: str, text: str | None = None, check: bool = True, seconds: float = COMMAND_SECONDS) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it said; one that fails is shown with its words."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603 (commands of our own)
    assert not check or done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done


@dataclass(kw_only=True)
class Kube:
    """One namespace of the cluster."""

    namespace: str
    http: httpx.Client

    def kubectl(self, *arguments: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl in the namespace."""
        return run(KUBECTL, "--namespace", self.namespace, *arguments, text=text, check=check)

    def apply(self, *objects: Json) -> None:
        """Make objects, or change them."""
        self.kubectl("apply", "--filename", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))

    def path(self, kind: str, name: str = "", *, group: str = "v1") -> str:
        """Return the address of a kind's objects in the namespace, or of one of them."""
        root = f"/api/{group}" if "/" not in group else f"/apis/{group}"
        return f"{root}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")

    def read(self, path: str, **parameters: str) -> Json:
        """Return what stands at an address."""
        answer: Json = self.http.get(path, params=parameters).raise_for_status().json()
        return answer

    def find(self, path: str) -> Json | None:
        """Return what stands at an address, if anything does."""
        answer = self.http.get(path)
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status().json()

    def items(self, kind: str, *, labels: str = "", group: str = "v1") -> list[Json]:
        """Return a kind's objects in the namespace."""
        found: list[Json] = self.read(self.path(kind, group=group), labelSelector=labels)["items"]
        return found

    def patch(self, path: str, change: Json) -> Json:
        """Change an object."""
        answer: Json = self.http.patch(path, content=json.dumps(change), headers=MERGE_PATCH).raise_for_status().json()
        return answer

    def scale(self, deployment: str, replicas: int) -> None:
        """Ask for so many pods, as `kubectl scale` does."""
        self.patch(self.path("deployments", deployment, group="apps/v1") + "/scale", {"spec": {"replicas": replicas}})

    def evict(self, pod: str) -> bool:
        """Ask for a pod's eviction, as a drain of its node does; False: its disruption budget says not now."""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": self.namespace}}
        answer = self.http.post(self.path("pods", pod) + "/eviction", json=body)
        if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            return False
        answer.raise_for_status()
        return True

    def watch(self, path: str, stop: Callable[[], bool], **parameters: str) -> Iterator[Json]:
        """Yield an address's objects as they are and as they change, until told to stop."""
        while not stop():
            with suppress(httpx.TransportError), self.http.stream("GET", path, params={"watch": "1", **parameters}, timeout=5) as answer:
                for line in answer.iter_lines():
                    if stop():
                        return
                    yield json.loads(line)

    def log_lines(self, pod: str, container: str) -> Iterator[str]:
        """Yield a container's log from its beginning until the container's end."""
        parameters = {"container": container, "follow": "true", "timestamps": "true"}
        with self.http.stream("GET", self.path("pods", pod) + "/log", params=parameters, timeout=None) as answer:
            answer.raise_for_status()
            yield from answer.iter_lines()

    @contextmanager
    def forwarded(self, target: str, port: int) -> Iterator[str]:
        """Yield an address of this machine that leads to a pod or a Service's pod, for as long as that pod lives."""
        command = (KUBECTL, "--namespace", self.namespace, "port-forward", target, f":{port}")
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 (our own command)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()  # "Forwarding from 127.0.0.1:39247 -> 8000"
            assert line.startswith("Forwarding from 127.0.0.1:"), line + process.stdout.read()
            yield "http://" + line.split()[2]
        finally:
            process.terminate()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@contextmanager
def connected(namespace: str) -> Iterator[Kube]:
    """Connect to the cluster that KUBECONFIG names, for as long as the block runs."""
    process = subprocess.Popen((KUBECTL, "proxy", "--port=0"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 (as above)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()  # "Starting to serve on 127.0.0.1:37119"
        assert "127.0.0.1:" in line, f"kubectl proxy said {line}; does KUBECONFIG name a cluster that answers?"
        limits = httpx.Limits(max_connections=None)  # a watch and each followed log hold one
        with httpx.Client(base_url=f"http://{line.split()[-1]}", timeout=30, trust_env=False, limits=limits) as http:
            yield Kube(namespace=namespace, http=http)
    finally:
        process.terminate()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
