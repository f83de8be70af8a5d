"""The file by which each process says that its main loop turns: there while it does, old when it hangs, gone when it ended."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.blocking import HUNG
from tests.support.processes import START_SECONDS, Service, Start, worker_arguments

from formscout.telemetry.alive import ALIVE_SECONDS

pytestmark = pytest.mark.usefixtures("database", "broker")

SCHEDULER = ("formscout_scheduler.beat",)
UPKEEP = worker_arguments("formscout_scheduler.worker", "budget")
ANALYSIS = worker_arguments("formscout_analysis.worker", "analysis")


def wait_until(holds: Callable[[], bool], *services: Service) -> None:
    ends = time.monotonic() + START_SECONDS
    while not holds():
        for service in services:
            assert service.alive, service.story
        assert time.monotonic() < ends, "\n".join(service.said for service in services)
        time.sleep(0.05)


def touched(file: Path) -> int:
    """Return when a file was touched, in nanoseconds; 0 when it is not there."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def wait_for_touches(files: list[Path], services: list[Service]) -> None:
    """Wait until each file is there, and was touched once more."""
    wait_until(lambda: all(map(touched, files)), *services)
    before = [touched(file) for file in files]
    wait_until(lambda: all(touched(file) > then for file, then in zip(files, before, strict=True)), *services)


@pytest.fixture
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    directory = tmp_path_factory.mktemp("alive")
    return [directory / name for name in ("scheduler", "upkeep", "analysis")]


def test_a_process_touches_its_file_until_its_main_loop_hangs(start: Start, files: list[Path]) -> None:
    services = [
        start("tests.support.blocking", *arguments, FORMSCOUT_ALIVE_FILE=str(file))
        for arguments, file in zip((SCHEDULER, UPKEEP, ANALYSIS), files, strict=True)
    ]
    wait_for_touches(files, services)
    for service in services:
        service.signal(signal.SIGUSR2)
    wait_until(lambda: all(HUNG in service.said for service in services), *services)
    last = [touched(file) for file in files]
    time.sleep(ALIVE_SECONDS + 1)
    assert [touched(file) for file in files] == last, "who hangs says nothing"
    assert all(service.alive for service in services)


def test_a_worker_that_waits_for_redis_does_not_hang_and_whoever_ends_takes_the_file_away(start: Start, files: list[Path]) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    services = [
        start(*arguments, REDIS_URL=nowhere, FORMSCOUT_ALIVE_FILE=str(file))
        for arguments, file in zip((SCHEDULER, ANALYSIS), (files[0], files[2]), strict=True)
    ]
    wait_for_touches([files[0], files[2]], services)
    assert [service.stop() for service in services] == [0, 0], "\n".join(service.said for service in services)
    assert not any(map(touched, files))


def test_a_file_that_cannot_be_written_is_said_at_once(start: Start, files: list[Path]) -> None:
    nowhere = str(files[0] / "alive")
    for refusing in [start(*arguments, FORMSCOUT_ALIVE_FILE=nowhere) for arguments in (SCHEDULER, ANALYSIS)]:
        assert refusing.ended() != 0
        assert "FORMSCOUT_ALIVE_FILE names" in refusing.said
        assert "Name a file, or unset it." in refusing.said
        assert "Traceback" not in refusing.said
