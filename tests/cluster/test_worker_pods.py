"""A discovery worker's pod: soon ready, small while idle, and its Chromium in a sandbox of its own."""

import json
from typing import Any, Final

from tests.support.cluster.kube import Json, until
from tests.support.cluster.release import DISCOVERY, Release

READY_SECONDS: Final = 10.0
IDLE_BYTES: Final = 200e6

PROCESSES: Final = """
import json, os
found = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    try:
        command = open(f"/proc/{pid}/cmdline").read().split("\\0")
        status = dict(line.split(":\\t", 1) for line in open(f"/proc/{pid}/status").read().splitlines() if ":\\t" in line)
        spaces = {name: os.readlink(f"/proc/{pid}/ns/{name}") for name in ("user", "pid", "net")}
    except OSError as error:
        command, status, spaces = [repr(error)], {}, {}
    command = " ".join(command).split()  # Chromium writes its children's into one
    found.append({"pid": int(pid), "command": command, "filters": status.get("Seccomp_filters"), "spaces": spaces})
print(json.dumps(found))
"""
"""What runs in the container, as its own user sees it; the namespaces of a sandboxed process are hidden from it, which is a sign, too."""


def test_a_pod_is_ready_soon_and_small_while_idle(installed: Release) -> None:
    with installed.paused(DISCOVERY):
        installed.scale(DISCOVERY, 1)
        until(lambda: any(pod.ready_at for pod in installed.watcher.standing(DISCOVERY)), "a worker is ready")
        pod = next(pod for pod in installed.watcher.standing(DISCOVERY) if pod.ready_at)
        assert pod.ready_at is not None
        assert pod.scheduled_at is not None
        took = pod.ready_at - pod.scheduled_at
        until(lambda: _working_set(installed, pod.name) > 0, "the kubelet has measured the pod", seconds=90)
        idle = _working_set(installed, pod.name)
        installed.figure(worker_ready_seconds=round(took, 1), idle_megabytes=round(idle / 1e6, 1))
        installed.scale(DISCOVERY, 0)
        until(lambda: not installed.watcher.standing(DISCOVERY) and pod.gone_at, "the worker is gone")
    assert pod.exit_code == 0, pod
    assert idle <= IDLE_BYTES, idle
    assert took <= READY_SECONDS, took  # whole seconds: Kubernetes stamps no fractions


def test_chromium_keeps_its_own_sandbox(installed: Release) -> None:
    """Its renderers run in namespaces of their own under a filter of their own, and nothing told it to go without."""
    run = installed.discover(installed.orchard(12), max_slices=1)
    try:
        until(lambda: _renderers(installed), "a renderer runs")
        processes = _processes(installed)
        renderers = [one for one in processes if "--type=renderer" in one["command"]]
        worker = next(one for one in processes if one["pid"] == 1)
        assert not any("--no-sandbox" in one["command"] for one in processes)
        assert any("--type=zygote" in one["command"] for one in processes)
        deeper = [int(one["filters"]) > int(worker["filters"]) for one in renderers]
        assert deeper, "each renderer has a seccomp filter of its own above the container's"
        assert all(deeper), processes
        apart = {one["spaces"].get("user") for one in renderers} - {worker["spaces"]["user"]}
        assert apart, "renderers are in another user namespace than the worker"
    finally:
        installed.operator.ask("POST", run.status_url.replace("status", "cancel"))


def _processes(installed: Release) -> list[dict[str, Any]]:  # Any: JSON
    pod = next(iter(installed.busy(DISCOVERY)), None)
    if pod is None:
        return []
    done = installed.kube.kubectl("exec", pod, "--", "python", "-c", PROCESSES, check=False)
    found: list[dict[str, Any]] = json.loads(done.stdout) if done.returncode == 0 else []
    return found


def _renderers(installed: Release) -> list[dict[str, Any]]:  # Any: as above
    return [one for one in _processes(installed) if "--type=renderer" in one["command"]]


def _working_set(installed: Release, pod: str) -> int:
    """Return the memory of a pod that the kubelet counts against its limit; 0 while it has not looked yet."""
    node = installed.kube.read(installed.kube.path("pods", pod))["spec"]["nodeName"]
    summary: Json = installed.kube.read(f"/api/v1/nodes/{node}/proxy/stats/summary")
    found: Json = next((one for one in summary["pods"] if one["podRef"]["name"] == pod), {})
    containers: list[Json] = found.get("containers", [])
    return sum(one.get("memory", {}).get("workingSetBytes", 0) for one in containers)
