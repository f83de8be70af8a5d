"""A node that is drained in the middle of slices: evictions keep to the disruption budget, and the work goes on."""

import time
from typing import Final

from tests.cluster.test_scaling import nothing_was_killed
from tests.support.cluster.hits import Work, hit_of
from tests.support.cluster.kube import until
from tests.support.cluster.release import DISCOVERY, Release

PODS: Final = 2


def test_a_drain_evicts_one_pod_after_the_other_and_loses_nothing(installed: Release) -> None:
    began = time.time()
    work = Work(release=installed, at_once=PODS)
    with installed.paused(DISCOVERY):
        installed.scale(DISCOVERY, PODS)
        work.until_busy(PODS)
        victims = list(installed.watcher.standing(DISCOVERY))
        installed.timeline.add("mark", words="drain")
        assert installed.kube.evict(victims[0].name)
        assert not installed.kube.evict(victims[1].name), "its disruption budget lets one pod of two go at a time"
        until(lambda: installed.kube.evict(victims[1].name), "the second goes once the first one's replacement is ready")
        until(lambda: all(pod.gone_at for pod in victims), "both are gone")
        work.all_found()
        installed.scale(DISCOVERY, 0)
        until(lambda: not installed.watcher.standing(DISCOVERY), "the last pod is gone")
    hits = [hit for hit in map(hit_of, victims) if hit is not None]
    installed.figure(evicted=len(victims), evicted_while_busy=len(hits), drained_seconds=[hit.drained_seconds for hit in hits])
    installed.picture("drain", began, DISCOVERY)
    assert hits, "at least one was in the middle of a slice"
    assert all(hit.exit_code == 0 and not hit.bad_words for hit in hits), hits
    nothing_was_killed(installed, began)
