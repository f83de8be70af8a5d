"""The supervisor: keeps processes running, starts again what dies, and ends them all."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from formscout.domain.errors import PlatformError
from formscout.local.logstream import LogStream
from formscout.local.processes import ManagedProcess, ProcessSpec, adopt_orphans, children, reap_orphans

FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 30.0
"""Between a process's end and its next start: doubled each time, so that a broken one does not burn the machine."""

HEALTHY_SECONDS: Final = 60.0
"""A process that ran so long starts with the first pause again."""

START_ATTEMPTS: Final = 3
"""Ends of a process during start-up after which the platform gives up and shows why."""

READY_POLL_SECONDS: Final = 0.1
REAP_SECONDS: Final = 5.0


def pause_after(ends: int) -> float:
    """Return how many seconds to wait before the next start after `ends` quick ends in a row."""
    pause: float = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (ends - 1))
    return pause


class Supervisor:
    """Processes by name; use it as a context, so that none outlives it."""

    def __init__(self, log: LogStream) -> None:
        self._log = log
        self._running: dict[str, ManagedProcess] = {}
        self._stopping: list[ManagedProcess] = []
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._ends: dict[str, int] = {}
        self._starting = asyncio.Lock()  # a process just started is not yet known as ours, and must not be taken for an orphan
        self._others: set[int] = set()  # children that this process had before
        self._reaper: asyncio.Task[None] | None = None

    def keep(self, spec: ProcessSpec) -> None:
        """Start a process and keep it running."""
        if self._reaper is None:
            self._others = children()
            adopt_orphans(adopt=True)
            self._reaper = asyncio.create_task(self._reap(), name="reap orphans")
        self._ends[spec.name] = 0
        self._keepers[spec.name] = asyncio.create_task(self._keep(spec), name=f"keep {spec.name}")

    async def wait_ready(self, name: str, probe: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
        """Wait until `probe` says yes; raise `PlatformError` when the process keeps ending, or time is up."""
        deadline = asyncio.get_running_loop().time() + seconds
        while not await probe():
            if self._ends[name] >= START_ATTEMPTS:
                raise PlatformError(f"{name} would not start. Its last words:\n" + "\n".join(self._log.tail(name)))
            if asyncio.get_running_loop().time() > deadline:
                raise PlatformError(f"{name} was not ready after {seconds:.0f} s. Its last words:\n" + "\n".join(self._log.tail(name)))
            await asyncio.sleep(READY_POLL_SECONDS)

    def pids(self) -> dict[str, int]:
        """Return the ids of the processes that run."""
        return {name: process.pid for name, process in self._running.items()}

    def ends(self, name: str) -> int:
        """Return how often in a row a process ended soon after its start."""
        return self._ends.get(name, 0)

    def kill_all(self) -> None:
        """End every process without any grace; a `stop` that waits for one goes on at once."""
        for process in self._running.values():
            process.kill()
        for process in self._stopping:
            process.kill()

    async def stop(self, names: Iterable[str]) -> None:
        """End these processes side by side, and all that they had started."""
        chosen = [name for name in names if name in self._keepers]
        for name in chosen:
            self._keepers.pop(name).cancel()
        stopping = [self._running.pop(name) for name in chosen if name in self._running]
        self._stopping += stopping
        await asyncio.gather(*(process.stop() for process in stopping))
        self._stopping = [process for process in self._stopping if process not in stopping]

    async def stop_all(self, *, last: Iterable[str] = ()) -> None:
        """End everything, the processes of `last` after the others, in their order."""
        order = tuple(last)
        await self.stop([name for name in self._keepers if name not in order])
        for name in order:
            await self.stop([name])
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        reap_orphans((), others=self._others, kill=True)
        adopt_orphans(adopt=False)

    async def _keep(self, spec: ProcessSpec) -> None:
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            async with self._starting:
                process = await ManagedProcess.start(spec, lambda line: self._log.write(spec.name, line))
                self._running[spec.name] = process
            status = await process.wait()
            async with self._starting:
                self._running.pop(spec.name, None)
                reap_orphans(set(self.pids().values()), others=self._others, kill=True)
            healthy = loop.time() - started >= HEALTHY_SECONDS
            self._ends[spec.name] = 1 if healthy else self._ends[spec.name] + 1
            pause = pause_after(self._ends[spec.name])
            self._log.write("formscout", f"{spec.name} {describe_end(status)}; it is started again in {pause:.0f} s")
            await asyncio.sleep(pause)

    async def _reap(self) -> None:
        while True:
            await asyncio.sleep(REAP_SECONDS)
            async with self._starting:
                reap_orphans(set(self.pids().values()), others=self._others, kill=False)


def describe_end(status: int) -> str:
    """Say how a process ended."""
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
