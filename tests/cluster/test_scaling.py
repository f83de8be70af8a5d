"""Each queue's pods follow its work: from none to many and back, for whole discoveries with Chromium in the pods."""

import json
import time
from pathlib import Path
from typing import Final

from tests.support.cluster.kube import until
from tests.support.cluster.release import ANALYSIS, DISCOVERY, QUEUES, UPKEEP, Release
from tests.support.cluster.watching import OBSERVER
from tests.support.scoring import Score, score

TRUTH: Final = json.loads((Path(__file__).parents[2] / "demo" / "truth.json").read_text())

FIRST_POD_SECONDS: Final = 20
"""From work queued to the first extra pod asked for; KEDA looks every 10 s, the HPA by its cluster's period."""

MOST: Final = 3
"""Pods of discovery and analysis, by the values of this test."""

ORCHARDS: Final = (30, 31)

CHECKS: Final = 20_000
"""Budget checks that are written at once: more than one worker does within the HPA's period."""

ADD_CHECKS: Final = """
import asyncio, os, asyncpg, sys
async def main():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute("INSERT INTO job (kind, queue, state, subscription_id) SELECT 'check_budget', 'budget', 'queued', $1 "
                             "FROM generate_series(1, $2)", int(sys.argv[1]), int(sys.argv[2]))
asyncio.run(main())
"""


def test_discovery_and_analysis_go_from_none_to_many_and_back(installed: Release) -> None:
    began = time.time()
    until(lambda: installed.asked(DISCOVERY) == 0 and installed.asked(ANALYSIS) == 0, "both sleep")
    demo = installed.discover(installed.demo())
    orchards = [(size, installed.discover(installed.orchard(size), max_slices=1)) for size in ORCHARDS]
    first = _first_asked(installed, DISCOVERY, since=demo.asked_at, more_than=0)
    installed.figure(discovery_first_pod_seconds=round(first - demo.asked_at, 1))
    until(lambda: _most_ready(installed, DISCOVERY, began) == MOST, "three discovery pods work at once")
    inventory = demo.until_ended()
    assert score(TRUTH, inventory) == Score(missed=(), twice=(), unlisted=())
    for size, run in orchards:
        assert len(run.until_ended()["forms"]) == size
    until(lambda: installed.asked(DISCOVERY) == 0 and installed.asked(ANALYSIS) == 0, "both sleep again")
    until(lambda: not installed.watcher.standing(DISCOVERY), "the last pod is gone")
    installed.picture("scale-out-and-in", began, DISCOVERY, ANALYSIS)
    nothing_was_killed(installed, began)
    assert first - demo.asked_at <= FIRST_POD_SECONDS


def test_analysis_comes_from_none_when_pages_wait(installed: Release) -> None:
    began = time.time()
    with installed.paused(ANALYSIS):
        installed.scale(ANALYSIS, 0)
        until(lambda: all(pod.gone_at for pod in installed.watcher.of(ANALYSIS)), "the last pod is gone, which would still take pages")
        run = installed.discover(installed.orchard(34), max_slices=2)
        until(lambda: installed.figures()["analysis_queued"] >= 32, "form pages wait", seconds=600)
    released = time.time()
    installed.timeline.add("mark", words="analysis released")
    first = _first_asked(installed, ANALYSIS, since=released, more_than=0)
    assert len(run.until_ended()["forms"]) == 34
    until(lambda: installed.asked(ANALYSIS) == 0, "analysis sleeps again")
    installed.figure(analysis_first_pod_seconds=round(first - released, 1), analysis_most_pods=_most_asked(installed, ANALYSIS, released))
    installed.picture("analysis", began, DISCOVERY, ANALYSIS)
    assert _most_asked(installed, ANALYSIS, released) >= 2
    nothing_was_killed(installed, began)


def test_upkeep_goes_from_one_to_two_and_back(installed: Release) -> None:
    began = time.time()
    until(lambda: installed.asked(UPKEEP) == 1, "one upkeep worker waits")
    installed.kube.kubectl("exec", OBSERVER, "--", "python", "-c", ADD_CHECKS, str(installed.company.subscription_id), str(CHECKS))
    queued = time.time()
    installed.timeline.add("mark", words=f"{CHECKS} checks queued")
    first = _first_asked(installed, UPKEEP, since=queued, more_than=1)
    until(lambda: installed.figures()["budget_queued"] == 0, "all checks are done", seconds=900)
    until(lambda: installed.asked(UPKEEP) == 1, "one is left")
    installed.figure(upkeep_second_pod_seconds=round(first - queued, 1))
    installed.picture("budget", began, UPKEEP)
    nothing_was_killed(installed, began)
    assert first - queued <= FIRST_POD_SECONDS


def nothing_was_killed(installed: Release, since: float) -> None:
    """Check that no container ended by a signal, no lease ran out and no attempt was spent since then."""
    ended = [one for one in installed.timeline.of("pod", since=since) if one["what"] == "ended" and one["component"] in QUEUES.values()]
    assert all(one["exit_code"] == 0 for one in ended), ended
    seen = [one for one in installed.timeline.of(OBSERVER, since=since) if "attempts_spent" in one]
    assert {one["leases_run_out"] for one in seen} == {0}
    assert len({one["crashes"] for one in seen}) == 1, "no lease expired and no attempt was spent"


def _first_asked(installed: Release, component: str, *, since: float, more_than: int) -> float:
    """Return when a component was first asked for more pods."""

    def found() -> list[float]:
        seen = installed.timeline.of("replicas", since=since)
        return [one["at"] for one in seen if one.get(f"{component} asked", 0) > more_than]

    until(found, f"{component} is asked for more than {more_than}")
    return found()[0]


def _most_asked(installed: Release, component: str, since: float) -> int:
    return max(int(one.get(f"{component} asked", 0)) for one in installed.timeline.of("replicas", since=since))


def _most_ready(installed: Release, component: str, since: float) -> int:
    return max(int(one.get(f"{component} ready", 0)) for one in installed.timeline.of("replicas", since=since))
