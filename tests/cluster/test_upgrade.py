"""A rolling upgrade with a change of the schema under load, and the downgrade that is refused."""

import time
from collections import Counter
from typing import Final

from tests.cluster.test_scaling import nothing_was_killed
from tests.support.cluster import images, release
from tests.support.cluster.kube import until
from tests.support.cluster.release import ANALYSIS, DISCOVERY, NAME, Release, helm
from tests.support.cluster.watching import LOAD, OBSERVER

RATE: Final = 20
"""Requests a second, while every pod is replaced."""

TAIL_SECONDS: Final = 20
"""Of load after the upgrade: the last old pods go in it."""

ASK_REVISION: Final = """
import asyncio, os, asyncpg
async def main():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    print(await connection.fetchval("SELECT version_num FROM alembic_version"))
asyncio.run(main())
"""


def test_an_upgrade_with_a_new_schema_under_load_answers_every_request_and_loses_no_work(installed: Release) -> None:
    began = time.time()
    runs = [(size, installed.discover(installed.orchard(size), max_slices=1)) for size in (34, 33)]
    until(lambda: installed.busy(DISCOVERY), "a pod is busy")
    before = _revision(installed)
    with installed.load(RATE):
        installed.timeline.add("mark", words="upgrade")
        upgrade = time.time()
        _upgrade(images.NEXT_TAG)
        installed.figure(upgrade_seconds=round(time.time() - upgrade, 1))
        installed.timeline.add("mark", words="upgraded")
        time.sleep(TAIL_SECONDS)
    assert (before, _revision(installed)) == ("0001", "0002")
    requests = installed.timeline.of(LOAD, since=began)
    statuses = Counter(str(one.get("status") or one.get("error")) for one in requests)
    slowest = sorted(one["seconds"] for one in requests)
    seconds = requests[-1]["at"] - requests[0]["at"]
    p99 = slowest[int(len(slowest) * 0.99)]
    installed.figure(requests=len(requests), a_second=round(len(requests) / seconds, 1), statuses=dict(statuses), p99_seconds=p99)
    for size, run in runs:
        assert len(run.until_ended()["forms"]) == size
    installed.picture("upgrade", began, DISCOVERY, ANALYSIS)
    assert set(statuses) == {"200"}, statuses
    nothing_was_killed(installed, began)


def test_a_downgrade_stops_at_the_schema_with_a_sentence_and_the_newer_release_goes_on(installed: Release) -> None:
    done = helm("upgrade", NAME, str(release.CHART), *release.chart_options(images.TAG), "--timeout=2m")
    assert done.returncode == 0, "helm itself has nothing to object"
    try:
        until(lambda: "newer" in _migration_says(installed), "the migration Job says why it stops", why=lambda: _migration_says(installed))
        installed.figure(downgrade_says=_migration_says(installed).strip().splitlines()[-1][:300])
        assert installed.operator.ask("GET", "/health/ready")
    finally:
        _upgrade(images.NEXT_TAG)


def _upgrade(tag: str) -> None:
    helm("upgrade", NAME, str(release.CHART), "--wait", f"--timeout={release.INSTALL_MINUTES}m", *release.chart_options(tag))


def _migration_says(installed: Release) -> str:
    """Return the last words of the newest migration pod."""
    pods = installed.watcher.of("migration")
    return "\n".join(words for _, words in pods[-1].said) if pods else ""


def _revision(installed: Release) -> str:
    return str(installed.kube.kubectl("exec", OBSERVER, "--", "python", "-c", ASK_REVISION).stdout.strip())
