"""A release with a newer schema takes over while the one before it works: nothing is lost, and each bears the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos.conftest import LARGER, Begin
from tests.support.chaos_platform import ANALYSIS, API, DISCOVERY, SCHEDULER, UPKEEP, Platform
from tests.support.chaos_runs import AT_WORK, Result
from tests.support.next_release import REVISION, NextRelease, next_release
from tests.support.stores import until

PROCESSES = {"discovery": DISCOVERY, "analysis": ANALYSIS, "upkeep": UPKEEP, "scheduler": SCHEDULER}

ATTEMPTS = "SELECT coalesce(sum(attempts), 0) FROM job WHERE session_id = :id"


@pytest.fixture
def release(platform: Platform, tmp_path: Path) -> Iterator[NextRelease]:
    """Make the next release; afterwards this one runs alone again."""
    api = dict(platform.settings["api"])
    yield next_release(tmp_path)
    for name in PROCESSES:
        if (new := platform.services.pop(f"{name}-new", None)) is not None:
            new.kill()
    platform.services["api"].kill()
    platform.start("api", API, **api)
    platform.heal()


def test_old_and_new_code_are_at_work_at_once(
    platform: Platform, undisturbed: Result, larger: Result, begin_run: Begin, release: NextRelease
) -> None:
    early = platform.start("discovery-new", DISCOVERY, **release.settings)
    assert early.ended() != 0
    assert f"this release needs {REVISION}" in early.said
    run = begin_run(size=LARGER, slices=2)
    run.until_visits(2)
    with release.upgraded(platform):
        with run.fault("rolling replacement by a release with a newer schema, both at work on one session", "no attempt is spent"):
            for name, arguments in PROCESSES.items():
                platform.start(f"{name}-new", arguments, **release.settings)
            until(lambda: run.count(AT_WORK) == len(("old", "new")), "old and new are at work", why=run.diagnosis)
            for name in PROCESSES:
                assert platform.services[name].stop() == 0, platform.services[name].said
            platform.services["api"].stop()
            platform.start("api", API, **platform.settings["api"], **release.settings)
            until(platform.ready, "the API is ready")
        run.keeps_its_promises(larger)
        assert run.count(ATTEMPTS) == 0
        for name in ("discovery", "analysis"):
            assert "The job ended" in platform.services[f"{name}-new"].said
        rolled_back = begin_run()
        with rolled_back.fault("rolling back, the schema staying newer", "the old code starts and works on it"):
            for name in PROCESSES:
                platform.replace(name)
                assert platform.services.pop(f"{name}-new").stop() == 0
        rolled_back.keeps_its_promises(undisturbed)
