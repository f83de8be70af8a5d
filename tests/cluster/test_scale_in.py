"""Scale-ins that hit busy pods: the visit in hand is finished or handed over, nothing is killed, nothing is spent."""

import json
import time
from typing import Final

from tests.cluster.test_scaling import nothing_was_killed
from tests.support.cluster.hits import GRACE_SECONDS, Hit, Work, hit_of, table
from tests.support.cluster.kube import until
from tests.support.cluster.release import DISCOVERY, Release

HITS: Final = 20
PODS: Final = 3
LEFT: Final = 1


def test_twenty_scale_ins_of_busy_pods_cost_no_visit_no_lease_and_no_attempt(installed: Release) -> None:
    began = time.time()
    work, hits = Work(release=installed, at_once=PODS + 1), list[Hit]()
    with installed.paused(DISCOVERY):
        while len(hits) < HITS:
            installed.scale(DISCOVERY, PODS)
            work.until_busy(PODS)
            hits += _scale_in(installed)
            installed.timeline.add("mark", words=f"{len(hits)} hits")
            (installed.report / "scale-ins.json").write_text(json.dumps(table(hits), indent=1))
        installed.scale(DISCOVERY, PODS)
        work.all_found()
        installed.scale(DISCOVERY, 0)
        until(lambda: not installed.watcher.standing(DISCOVERY), "the last pod is gone")
    installed.picture("scale-ins", began, DISCOVERY)
    again = work.begun_again()
    drained = sorted(hit.drained_seconds for hit in hits)
    figures = {"scale_ins": len(hits), "drained_seconds_median": drained[len(drained) // 2], "drained_seconds_most": drained[-1]}
    installed.figure(**figures, gone_seconds_most=max(hit.gone_seconds for hit in hits), pages_begun_again=again)
    assert all(hit.exit_code == 0 and not hit.bad_words for hit in hits), hits
    assert max(hit.gone_seconds for hit in hits) < GRACE_SECONDS
    assert again <= 2 * len(hits), "each hit costs at most the pages that were on their way in that pod"
    nothing_was_killed(installed, began)


def _scale_in(installed: Release) -> list[Hit]:
    """Scale in and return the hits that the pods' own logs prove."""
    before = {pod.name for pod in installed.watcher.standing(DISCOVERY)}
    installed.scale(DISCOVERY, LEFT)

    def going() -> list[str]:
        return sorted(before - {pod.name for pod in installed.watcher.standing(DISCOVERY)})

    until(lambda: len(going()) == len(before) - LEFT, "pods are told to end")
    victims = [pod for pod in installed.watcher.of(DISCOVERY) if pod.name in going()]
    until(lambda: all(pod.gone_at for pod in victims), "they are gone", seconds=2 * GRACE_SECONDS)
    return [hit for hit in map(hit_of, victims) if hit is not None]
