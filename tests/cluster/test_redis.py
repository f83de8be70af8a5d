"""Redis is gone for five minutes: no pod is taken away for it, accepted work is kept, and all of it is done afterwards."""

import os
import time
from typing import Final

from tests.support.cluster.kube import until
from tests.support.cluster.release import ANALYSIS, DISCOVERY, Release
from tests.support.cluster.watching import OBSERVER

AWAY_SECONDS: Final = float(os.environ.get("CLUSTER_REDIS_AWAY_SECONDS", "300"))

PODS: Final = 2


def test_redis_gone_for_five_minutes_costs_no_pod_and_no_work(installed: Release) -> None:
    began = time.time()
    network = installed.orchard(34, politeness={"max_parallel_tabs": 1})
    runs = [(34, installed.discover(network, max_slices=1)), (33, installed.discover(installed.orchard(33), max_slices=1))]
    until(lambda: len(installed.busy(DISCOVERY)) >= PODS, "two pods are busy")
    crashes = installed.figures()["crashes"]
    statefulset = next(
        one["metadata"]["name"] for one in installed.kube.items("statefulsets", group="apps/v1") if "redis" in one["metadata"]["name"]
    )
    path = installed.kube.path("statefulsets", statefulset, group="apps/v1") + "/scale"
    installed.kube.patch(path, {"spec": {"replicas": 0}})
    installed.timeline.add("mark", words="Redis gone")
    until(lambda: "redis" in installed.timeline.of(OBSERVER)[-1], "Redis is gone")
    gone = time.time()
    accepted = (32, installed.discover(installed.orchard(32), max_slices=1))  # needs PostgreSQL only
    while time.time() < gone + AWAY_SECONDS:
        assert installed.asked(DISCOVERY) >= 1, "an error never scales to zero"
        time.sleep(5)
    installed.kube.patch(path, {"spec": {"replicas": 1}})
    until(lambda: "redis" not in installed.timeline.of(OBSERVER)[-1], "Redis is back")
    back = time.time()
    installed.timeline.add("mark", words="Redis back")
    until(lambda: accepted[1].status["state"] != "PENDING", "what was accepted meanwhile is begun")
    installed.figure(redis_away_seconds=round(back - gone), work_resumed_seconds=round(time.time() - back, 1))
    for size, run in [*runs, accepted]:
        assert len(run.until_ended()["forms"]) == size
    until(lambda: installed.asked(DISCOVERY) == 0 and installed.asked(ANALYSIS) == 0, "both sleep again", seconds=600)
    installed.picture("redis-gone", began, DISCOVERY, ANALYSIS)
    restarted = [(pod.name, pod.restarts) for pod in installed.watcher.pods.values() if pod.restarts and (pod.ready_at or 0) > began - 60]
    assert not restarted, restarted
    assert installed.figures()["crashes"] == crashes, "no lease expired and no attempt was spent"
