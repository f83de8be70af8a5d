"""A worker's pod that is told to end in the middle of its work, and what its own log says about it."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from tests.support import orchard
from tests.support.cluster.client import Discovery
from tests.support.cluster.kube import until
from tests.support.cluster.release import DISCOVERY, ORCHARD, Release
from tests.support.cluster.watching import Pod

GRACE_SECONDS: Final = 120
TABS: Final = 2
"""Of a slice, by the networks of these tests: what may be on its way when a pod is hit."""

JOB_ENDED: Final = "The job ended"
BAD_WORDS: Final = ("SIGKILL", "WorkerLost", "The lease is lost", "was not renewed in time", "Another worker holds this job", "Traceback")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A pod that was told to end while a slice was in its hands."""

    pod: str
    told_to_end_at: float
    drained_seconds: float  # until its job was handed over
    gone_seconds: float  # until its container had ended
    exit_code: int | None
    bad_words: tuple[str, ...]


def hit_of(pod: Pod) -> Hit | None:
    """Return the hit that a pod's own log proves: its job began before it was told to end and ended after; None if it was idle."""
    assert pod.told_to_end_at is not None
    for at, line in pod.lines():
        if line.get("event") == JOB_ENDED and at > pod.told_to_end_at and at - line["seconds"] < pod.told_to_end_at:
            return Hit(
                pod=pod.name,
                told_to_end_at=pod.told_to_end_at,
                drained_seconds=round(at - pod.told_to_end_at, 1),
                gone_seconds=round((pod.gone_at or time.time()) - pod.told_to_end_at, 1),
                exit_code=pod.exit_code,
                bad_words=tuple(word for word in BAD_WORDS for _, said in pod.said if word in said),
            )
    return None


@dataclass(kw_only=True)
class Work:
    """Discoveries of orchards, as many as keep the pods busy for as long as a test goes on."""

    release: Release
    at_once: int
    runs: list[tuple[int, Discovery]] = field(default_factory=list)  # each with its orchard's size
    began: float = field(default_factory=time.time)

    def keep_on(self) -> None:
        """Ask for another discovery where one of them has ended."""
        going = [run for _, run in self.runs if run.status["state"] in {"PENDING", "PROGRESS"}]
        for _ in range(self.at_once - len(going)):
            size = len(orchard.NAMES) - len(self.runs) % 8
            self.runs.append((size, self.release.discover(self.release.orchard(size), max_slices=1)))

    def until_busy(self, pods: int) -> None:
        """Wait until so many pods have a slice in their hands and a page on its way."""

        def busy() -> bool:
            self.keep_on()
            return len(self.release.busy(DISCOVERY)) >= pods

        until(busy, f"{pods} pods are busy", why=self.release.figures)

    def all_found(self) -> None:
        """Wait for the end of every discovery and check that each found every form once, and lost no page."""
        for size, run in self.runs:
            inventory = run.until_ended()
            titles = Counter(form["title"] for form in inventory["forms"])
            assert len(titles) == sum(titles.values()) == size, titles
            failed = [page for page in inventory["pages"] if page.get("outcome") not in {None, "read", "ok", "visited"}]
            assert not failed, failed

    def begun_again(self) -> int:
        """Return how many page loads there were above what undisturbed discoveries take: what the hits have cost."""
        arrived: Counter[str] = Counter()
        for pod in self.release.watcher.of(ORCHARD):
            arrived.update(line["path"] for at, line in pod.lines() if at >= self.began and line.get("document"))
        expected: Counter[str] = Counter()
        for size, _ in self.runs:
            expected.update(orchard.documents(size))
        return sum((arrived - expected).values())


def table(hits: list[Hit]) -> list[dict[str, Any]]:  # Any: JSON
    """Return hits as the report shows them."""
    return [
        {"pod": hit.pod, "drained_seconds": hit.drained_seconds, "gone_seconds": hit.gone_seconds, "exit_code": hit.exit_code}
        for hit in hits
    ]
