"""One process of the embedded platform: started in a group of its own, read line by line, ended with all it started."""

import asyncio
import ctypes
import os
import shutil
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import psutil

READ_BYTES: Final = 65_536
"""How much of a process's output is taken at once; a longer line is cut there."""

_PR_SET_CHILD_SUBREAPER: Final = 36  # linux/prctl.h


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """What to start, and how it likes to be ended."""

    name: str
    argv: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)  # it carries secrets
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 15  # between the stop signal and SIGKILL; a visit ends in less
    launcher: tuple[str, ...] | None = None  # None: `tied_to_parent`


def tied_to_parent(signal_name: str = "TERM") -> tuple[str, ...]:
    """Return the launcher that has the kernel signal a process when the supervisor is gone, however it went (Linux only)."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return () if setpriv is None else (setpriv, "--pdeathsig", signal_name, "--")


def adopt_orphans(*, adopt: bool) -> None:
    """Make this process the parent of whatever loses its parent below it, so that no browser escapes, or end that (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)


def children() -> set[int]:
    """Return the ids of this process's children."""
    return {child.pid for child in psutil.Process().children()}


class ManagedProcess:
    """A running process; `write` gets each line that it or a descendant prints."""

    def __init__(self, spec: ProcessSpec, process: asyncio.subprocess.Process, reading: asyncio.Task[None]) -> None:
        self.spec = spec
        self._process = process
        self._reading = reading

    @classmethod
    async def start(cls, spec: ProcessSpec, write: Callable[[str], None]) -> "ManagedProcess":
        """Start it in a session of its own, so that a Ctrl-C on the terminal reaches the supervisor alone."""
        # A pipe of our own: asyncio's would make `wait` wait for every descendant that still holds it.
        read_end, write_end = os.pipe()
        try:
            launcher = tied_to_parent() if spec.launcher is None else spec.launcher
            process = await asyncio.create_subprocess_exec(
                *launcher,
                *spec.argv,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=write_end,
                stderr=write_end,
                env=spec.environment,
                start_new_session=True,
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        return cls(spec, process, asyncio.create_task(_read_lines(read_end, write), name=f"read {spec.name}"))

    @property
    def pid(self) -> int:
        """The process's id, and its group's."""
        return self._process.pid

    async def wait(self) -> int:
        """Return its exit status (negative: the signal that ended it); what it left in its group is killed."""
        status = await self._process.wait()
        self._kill_group()
        with suppress(TimeoutError):
            # The last lines are often the reason; a descendant outside the group may hold the pipe for ever.
            await asyncio.wait_for(asyncio.shield(self._reading), timeout=1)
        self._reading.cancel()
        return status

    def kill(self) -> None:
        """End it and its group without any grace."""
        self._kill_group()

    async def stop(self) -> None:
        """End it: the stop signal, its grace, SIGKILL; then everything that it had started."""
        descendants = _descendants(self.pid)
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(self.spec.stop_signal)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), timeout=self.spec.grace_seconds)
        descendants += _descendants(self.pid)
        self._kill_group()
        for descendant in descendants:
            with suppress(psutil.NoSuchProcess):
                descendant.kill()  # psutil looks at the start time first, so a reused id is safe
        await self.wait()

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def reap_orphans(living: Collection[int], *, others: Collection[int], kill: bool) -> None:
    """Bury the adopted orphans that have ended; with `kill`, end first those outside the groups of `living` processes.

    `others` are children that are none of the supervisor's business.

    What is adopted and in no living group is a browser whose driver died, or a part of one. Short tools run in our own group.
    """
    own_group = os.getpgid(0)
    for child in psutil.Process().children():
        with suppress(ProcessLookupError, ChildProcessError, psutil.NoSuchProcess):
            group = os.getpgid(child.pid)
            if child.pid in living or child.pid in others or group == own_group:
                continue
            if kill and group not in living:
                child.kill()
            os.waitpid(child.pid, os.WNOHANG)


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


async def _read_lines(read_end: int, write: Callable[[str], None]) -> None:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(read_end, "rb", buffering=0)
    )
    rest = b""
    try:
        while chunk := await reader.read(READ_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > READ_BYTES:
                lines.append(rest)
                rest = b""
            for line in lines:
                write(line.decode(errors="replace").rstrip("\r"))
        if rest:
            write(rest.decode(errors="replace"))
    finally:
        transport.close()
