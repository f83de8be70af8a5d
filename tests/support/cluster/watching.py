"""Watches a namespace from outside: its pods and how each container ended, its Deployments' replicas, and every pod's own log."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Final

import httpx
from tests.support.cluster.kube import Json, Kube
from tests.support.cluster.timeline import Timeline

FOLLOW_TRIES: Final = 5
"""A kubelet refuses the log of a container that it has just started, sometimes."""

PERIOD_SECONDS: Final = 1.0

OBSERVER: Final = "formscout-observer"
LOAD: Final = "formscout-load"


def seconds(stamp: str) -> float:
    """Return a time of Kubernetes in seconds since 1970."""
    return (
        datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp() if stamp.endswith("Z") else datetime.fromisoformat(stamp).timestamp()
    )


@dataclass(kw_only=True)
class Pod:
    """A pod that was seen, also when it is gone."""

    name: str
    component: str
    said: list[tuple[float, str]] = field(default_factory=list)  # its main container's own words, when it said them
    told_to_end_at: float | None = None  # when it was deleted or evicted
    scheduled_at: float | None = None
    ready_at: float | None = None
    restarts: int = 0
    exit_code: int | None = None
    ended_at: float | None = None
    reason: str = ""
    gone_at: float | None = None

    def lines(self) -> Iterator[tuple[float, dict[str, Any]]]:  # Any: a log line's fields
        """Yield its log's lines that are JSON."""
        for at, line in list(self.said):
            if line.startswith("{"):
                yield at, json.loads(line)


@dataclass(kw_only=True)
class Watcher:
    """What was seen of the namespace since it is watched."""

    kube: Kube
    timeline: Timeline
    pods: dict[str, Pod] = field(default_factory=dict)
    _stop: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _followed: set[tuple[str, str]] = field(default_factory=set)

    def of(self, component: str) -> list[Pod]:
        """Return the pods of a component, gone ones too, in the order in which they came."""
        with self._lock:
            return [pod for pod in self.pods.values() if pod.component == component]

    def standing(self, component: str) -> list[Pod]:
        """Return a component's pods that were not told to end."""
        return [pod for pod in self.of(component) if pod.told_to_end_at is None and pod.gone_at is None]

    def watch_pods(self) -> None:
        """Follow every pod."""
        for event in self.kube.watch(self.kube.path("pods"), self._stop.is_set):
            if event["type"] in {"ADDED", "MODIFIED", "DELETED"}:
                self._see(event["object"], gone=event["type"] == "DELETED")

    def _see(self, found: Json, *, gone: bool) -> None:
        name, labels = found["metadata"]["name"], found["metadata"].get("labels", {})
        component = labels.get("app.kubernetes.io/component", name)
        with self._lock:
            pod = self.pods.setdefault(name, Pod(name=name, component=component))
        deleted = found["metadata"].get("deletionTimestamp")
        if deleted and pod.told_to_end_at is None:
            # The stamp lies in the future by the grace, and has no fractions: the moment of seeing is more exact.
            pod.told_to_end_at = time.time()
            self.timeline.add("pod", pod=name, component=component, what="told to end")
        for condition in found["status"].get("conditions", []):
            if condition["status"] == "True" and condition["type"] == "PodScheduled" and pod.scheduled_at is None:
                pod.scheduled_at = seconds(condition["lastTransitionTime"])
            if condition["status"] == "True" and condition["type"] == "Ready" and pod.ready_at is None:
                pod.ready_at = time.time()
                self.timeline.add("pod", pod=name, component=component, what="ready")
        for status in found["status"].get("containerStatuses", [])[:1]:
            self._see_container(pod, status)
        if gone and pod.gone_at is None:
            pod.gone_at = time.time()
            self.timeline.add("pod", pod=name, component=component, what="gone", exit_code=pod.exit_code, reason=pod.reason)

    def _see_container(self, pod: Pod, status: Json) -> None:
        pod.restarts = status["restartCount"]
        key = (pod.name, status.get("containerID", ""))
        if key[1] and "waiting" not in status["state"] and key not in self._followed:
            self._followed.add(key)
            Thread(target=self._follow, args=(pod, status["name"]), daemon=True).start()
        ended = status["state"].get("terminated")
        if ended and pod.exit_code is None:
            pod.exit_code, pod.reason, pod.ended_at = ended["exitCode"], ended["reason"], seconds(ended["finishedAt"])
            self.timeline.add("pod", pod=pod.name, component=pod.component, what="ended", exit_code=pod.exit_code, reason=pod.reason)

    def _follow(self, pod: Pod, container: str) -> None:
        before, tries = len(pod.said), 0
        while len(pod.said) == before and tries < FOLLOW_TRIES and not self._stop.wait(tries):
            tries += 1
            self._follow_once(pod, container)

    def _follow_once(self, pod: Pod, container: str) -> None:
        try:
            for line in self.kube.log_lines(pod.name, container):
                stamp, _, words = line.partition(" ")
                at = seconds(stamp[:26] + "Z")
                pod.said.append((at, words))
                if pod.component in {OBSERVER, LOAD} and words.startswith("{"):
                    self.timeline.add(pod.component, **json.loads(words))
        except (httpx.HTTPError, ValueError) as error:
            self.timeline.add("log", pod=pod.name, what="could not be followed to its end", error=repr(error))

    def sample(self) -> None:
        """Note each second what every Deployment was asked for, and has."""
        while not self._stop.wait(PERIOD_SECONDS):
            try:
                deployments = self.kube.items("deployments", group="apps/v1")
            except httpx.HTTPError as error:
                self.timeline.add("replicas", error=repr(error))
                continue
            figures = {}
            for one in deployments:
                component = one["metadata"].get("labels", {}).get("app.kubernetes.io/component", one["metadata"]["name"])
                figures[f"{component} asked"] = one["spec"]["replicas"]
                figures[f"{component} ready"] = one["status"].get("readyReplicas", 0)
            self.timeline.add("replicas", **figures)

    def write_logs(self, directory: Path) -> None:
        """Write what every pod said, gone ones too: nobody else keeps it."""
        directory.mkdir(parents=True, exist_ok=True)
        for pod in list(self.pods.values()):
            lines = (f"{datetime.fromtimestamp(at, UTC).isoformat()} {words}\n" for at, words in list(pod.said))
            (directory / f"{pod.name}.log").write_text("".join(lines))

    def end(self) -> None:
        """Stop watching."""
        self._stop.set()


@contextmanager
def watching(kube: Kube, timeline: Timeline) -> Iterator[Watcher]:
    """Watch a namespace for as long as the block runs."""
    watcher = Watcher(kube=kube, timeline=timeline)
    for work in (watcher.watch_pods, watcher.sample):
        Thread(target=work, daemon=True).start()
    try:
        yield watcher
    finally:
        watcher.end()
