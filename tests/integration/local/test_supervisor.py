"""The supervisor with real processes: what dies starts again, and nothing that it started outlives it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from formscout.domain.errors import PlatformError
from formscout.local.logstream import LogStream
from formscout.local.processes import ProcessSpec
from formscout.local.supervisor import Supervisor

SECONDS = 20

DAEMON = "import os, subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {inner!r}], start_new_session=True); time.sleep(600)"
STUBBORN = "import os, pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); {note}; time.sleep(600)"


def spec(code: str, *, grace: float = 5) -> ProcessSpec:
    return ProcessSpec(name="child", argv=(sys.executable, "-c", code), environment={"PATH": os.defpath}, grace_seconds=grace)


def note(file: Path) -> str:
    return f"pathlib.Path({str(file)!r}).write_text(str(os.getpid()))"


@pytest.fixture
def log() -> LogStream:
    return LogStream(console=None, file=None)


@pytest.fixture
async def supervisor(log: LogStream) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(log)
    yield supervisor
    await supervisor.stop_all()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 (processes set no event of ours)
            await asyncio.sleep(0.05)


def written(file: Path) -> bool:
    return file.exists() and bool(file.read_text())


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_a_killed_process_is_started_again_with_what_it_had_started_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    inner = STUBBORN.format(note=note(tmp_path / "inner"))
    supervisor.keep(spec(DAEMON.format(inner=inner)))
    await until(lambda: written(tmp_path / "inner"))
    first, orphan = supervisor.pids()["child"], int((tmp_path / "inner").read_text())
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.pids().get("child", first) != first)
    await until(lambda: is_gone(orphan))


async def test_stopping_ends_descendants_in_sessions_of_their_own(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.keep(spec(DAEMON.format(inner=STUBBORN.format(note=note(tmp_path / "inner")))))
    await until(lambda: written(tmp_path / "inner"))
    orphan = int((tmp_path / "inner").read_text())
    await supervisor.stop_all()
    await until(lambda: is_gone(orphan))


async def test_a_process_that_ignores_the_stop_signal_is_killed_after_its_grace(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.keep(spec(STUBBORN.format(note=note(tmp_path / "pid")), grace=0.3))
    await until(lambda: written(tmp_path / "pid"))
    async with asyncio.timeout(5):
        await supervisor.stop(["child"])
    assert is_gone(int((tmp_path / "pid").read_text()))


async def test_a_process_that_keeps_ending_is_reported_with_its_last_words(supervisor: Supervisor) -> None:
    supervisor.keep(spec("import sys; sys.exit('the setting X is missing')"))

    def never() -> Awaitable[bool]:
        return asyncio.sleep(0, result=False)

    with pytest.raises(PlatformError, match="the setting X is missing"):
        await supervisor.wait_ready("child", never, seconds=SECONDS)


async def test_every_line_is_read_long_ones_and_the_last_without_an_end_included(supervisor: Supervisor, log: LogStream) -> None:
    supervisor.keep(spec("import sys, time; print('x' * 200_000); sys.stderr.write('last'); sys.stderr.flush(); time.sleep(0.2)"))
    await until(lambda: "last" in log.tail("child"))
    assert sum(len(line) for line in log.tail("child")) >= 200_000
