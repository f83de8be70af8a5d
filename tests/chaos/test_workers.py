"""A worker dies, freezes, is told to end, or is wrong about the time: the work goes on, and nothing is done twice."""

import signal
import time

import psutil
import pytest
from tests.support.chaos_platform import ANALYSIS, DISCOVERY, Platform
from tests.support.chaos_runs import DESCRIBED, Result, Run
from tests.support.stores import until

GOES_ON = "the pages in hand are begun again once, the rest goes on"

ATTEMPTS = "SELECT coalesce(sum(attempts), 0) FROM job WHERE session_id = :id"
HOLDERS = "SELECT count(DISTINCT worker) FROM job WHERE session_id = :id AND kind = 'discover_slice' AND worker IS NOT NULL"

GRACE_SECONDS = 30
CLOCK_OFF_SECONDS = 300


@pytest.mark.quick
def test_a_pool_process_is_killed(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("kill -9 of a worker's pool process", GOES_ON):
        platform.pool_process("discovery").kill()
    run.keeps_its_promises(undisturbed)


def test_a_main_process_is_killed(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("kill -9 of a worker's main process and its pool", GOES_ON):
        platform.services["discovery"].kill()
        platform.replace("discovery")
    run.keeps_its_promises(undisturbed)


def test_the_analysis_worker_is_killed(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("kill -9 of the analysis worker", "no form page is left out or described twice", measure=DESCRIBED):
        platform.services["analysis"].kill()
        platform.replace("analysis")
    run.keeps_its_promises(undisturbed)


def test_a_worker_is_frozen_past_its_lease_and_resumed(platform: Platform, run: Run, undisturbed: Result) -> None:
    """Another one takes over meanwhile; what the first writes when it wakes up is refused."""
    run.until_visits(3)
    with run.fault("SIGSTOP of a worker past its lease, then SIGCONT", "another goes on; its late writes are refused") as fault:
        platform.signal("discovery", signal.SIGSTOP)
        with platform.beside("discovery-2", DISCOVERY):
            visited = run.count("SELECT count(*) FROM visit WHERE session_id = :id")
            until(lambda: run.count(fault.measure) > visited, "another worker goes on", why=run.diagnosis)
            platform.signal("discovery", signal.SIGCONT)
            until(lambda: "Another worker holds this job now" in _said(platform) or "the work stops" in _said(platform), "it notices")
            platform.services["discovery-2"].stop()
    run.keeps_its_promises(undisturbed)


def _said(platform: Platform) -> str:
    return platform.services["discovery"].said


@pytest.mark.quick
def test_a_worker_is_told_to_end_in_the_middle_of_a_slice(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("SIGTERM with 30 s of grace in the middle of a slice", "it ends in time and hands over, no attempt spent"):
        began = time.monotonic()
        assert platform.services["discovery"].stop() == 0
        assert time.monotonic() - began < GRACE_SECONDS or not platform.is_production
        assert run.count(ATTEMPTS) == 0
        platform.replace("discovery")
    run.keeps_its_promises(undisturbed)


def test_every_process_is_replaced_during_a_job(platform: Platform, run: Run, undisturbed: Result) -> None:
    """A rolling replacement: each new process is there before the old one is told to go."""
    run.until_visits(2)
    with run.fault("rolling replacement of every process", "no attempt is spent, the API answers on its own again"):
        for name in ("discovery", "analysis", "upkeep", "scheduler"):
            old = platform.services[name]
            platform.replace(name)
            old.stop()
        platform.services["api"].stop()
        platform.replace("api")
        until(platform.ready, "the API is ready")
        assert run.count(ATTEMPTS) == 0
    run.keeps_its_promises(undisturbed)


@pytest.mark.parametrize("seconds", [CLOCK_OFF_SECONDS, -CLOCK_OFF_SECONDS], ids=["ahead", "behind"])
def test_the_clock_of_one_worker_is_five_minutes_off(platform: Platform, run: Run, undisturbed: Result, seconds: int) -> None:
    name = f"clock of one worker five minutes {'ahead' if seconds > 0 else 'behind'}"
    wrong = ("tests.support.skewed", str(seconds))
    with platform.beside("discovery-wrong", (*wrong, *DISCOVERY)), platform.beside("analysis-wrong", (*wrong, *ANALYSIS)):
        with run.fault(name, "leases are the database's, so nothing is lost or taken twice"):
            platform.services["discovery"].stop()
            platform.services["analysis"].stop()
        run.keeps_its_promises(undisturbed)
        assert run.count(ATTEMPTS) == 0
        assert "The job ended" in platform.services["discovery-wrong"].said


def test_chromium_is_killed(platform: Platform, run: Run, undisturbed: Result) -> None:
    run.until_visits(3)
    with run.fault("kill -9 of Chromium", "the pages in hand are begun again in a new browser"):
        platform.browser("discovery").kill()
    run.keeps_its_promises(undisturbed)


def test_chromium_runs_out_of_memory(platform: Platform, run: Run, undisturbed: Result) -> None:
    """The kernel ends the largest processes: the renderers."""
    run.until_visits(3)
    with run.fault("kill -9 of Chromium's renderers, as the kernel does out of memory", "the pages in hand are begun again"):
        for child in platform.browser("discovery").children(recursive=True):
            if "--type=renderer" in child.cmdline():
                child.kill()
    run.keeps_its_promises(undisturbed)


def test_chromium_hangs(platform: Platform, run: Run, undisturbed: Result) -> None:
    """It is never resumed: whoever waits for it gives up on it."""
    run.until_visits(3)
    with run.fault("SIGSTOP of Chromium for good", "its browser is given up, the pages in hand are begun again"):
        browser = platform.browser("discovery")
        for process in [browser, *browser.children(recursive=True)]:
            process.send_signal(signal.SIGSTOP)
        until(lambda: _is_gone(browser), "it is given up", seconds=400)
    run.keeps_its_promises(undisturbed)


def _is_gone(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
