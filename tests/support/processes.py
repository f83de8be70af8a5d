"""The real services as processes, started as their images start them and ended by their own ids."""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

START_SECONDS = 60
"""It takes some 3 s; the rest is for a busy machine."""


class Service:
    """A running service, in a process group of its own."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """The id of its main process."""
        return self._process.pid

    @property
    def said(self) -> str:
        """What it wrote until now."""
        return self._log.read_text()

    @property
    def story(self) -> str:
        """What it wrote, and how it ended if it has: a signal's number is negative. For whoever reads why a test failed."""
        return f"{self.said}\nprocess {self.pid} ended with {self._process.poll()}"

    @property
    def alive(self) -> bool:
        """Whether the main process runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill main process and pool at once, as a node that loses its power does."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(timeout=START_SECONDS)

    def signal(self, number: signal.Signals) -> None:
        """Send its main process a signal: SIGSTOP freezes it, SIGCONT lets it go on."""
        self._process.send_signal(number)

    def stop(self) -> int:
        """Tell it to end, and return its exit status."""
        self._process.terminate()
        return self.ended()

    def ended(self) -> int:
        """Wait until it ends by itself, and return its exit status."""
        return self._process.wait(timeout=START_SECONDS)


Start = Callable[..., Service]
"""Starts a service of the test's stores; the arguments are those of `python -m`, the keywords its settings."""

Ring = Callable[[], Awaitable[int]]
"""Lets the dispatcher look once; returns how many messages it sent."""


@contextmanager
def running(arguments: Sequence[str], settings: Mapping[str, str], *, log: Path) -> Iterator[Service]:
    """Run `python -m` with these arguments and settings; whatever is left of it in the end is killed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FORMSCOUT_", "DATABASE_", "REDIS_"))}
    command = (sys.executable, "-m", *arguments)
    with log.open("wb") as output:
        # A session of its own: what it forks is ended with it, and nothing else is.
        process = subprocess.Popen(command, env={**inherited, **settings}, stdout=output, stderr=output, start_new_session=True)  # noqa: S603 (ours)
    service = Service(process, log)
    try:
        yield service
    finally:
        if service.alive:
            service.kill()


def worker_arguments(module: str, queues: str) -> tuple[str, ...]:
    """Return the arguments that start a worker with one pool process."""
    return ("celery", "-A", module, "worker", "-Q", queues, "-P", "prefork", "-c", "1", "--without-mingle", "--without-gossip")
