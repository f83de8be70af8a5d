"""How the figures of a process come out of it: a process with a pool leaves them in files, any other serves them itself."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import GC_COLLECTOR, PLATFORM_COLLECTOR, PROCESS_COLLECTOR, CollectorRegistry, start_http_server, values
from prometheus_client.multiprocess import mark_process_dead

from formscout.domain.errors import SettingsError
from formscout.telemetry import exporter, metrics
from formscout.telemetry.instruments import Component, go_live

END_SECONDS: Final = 5
"""What the exporter gets to end: it has nothing to finish."""

EVERY_ADDRESS: Final = "::" if socket.has_dualstack_ipv6() else "0.0.0.0"  # noqa: S104 (a scraper stands elsewhere)

_DIRECTORY_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Where `prometheus_client` looks for the directory."""

_log = structlog.get_logger(__name__)


class PoolExposure:
    """The figures of a Celery worker: its pool processes write them to files, named by the slot that a process has in the pool.

    A process that takes over a slot goes on where the one before stopped, so counters never fall and files never grow in number.
    """

    def __init__(self, component: Component) -> None:
        self._component = component
        self._directory: Path | None = None
        self._listener: socket.socket | None = None
        self._exporter: subprocess.Popen[bytes] | None = None

    def open(self, port: int | None) -> None:
        """Listen and start the exporter, before the pool is forked; None: nothing is exposed. Raises `SettingsError`."""
        if port is None:
            return
        try:
            family = socket.AF_INET6 if ":" in EVERY_ADDRESS else socket.AF_INET
            self._listener = socket.create_server((EVERY_ADDRESS, port), family=family, dualstack_ipv6=family is socket.AF_INET6)
            # The port is ours alone, so the directory is, too; a worker that was killed may have left it.
            directory = Path(tempfile.gettempdir()) / f"formscout-metrics-{port}"
            with suppress(FileNotFoundError):
                shutil.rmtree(directory)
            directory.mkdir(mode=0o700)
        except OSError as error:
            raise _cannot_serve(port, error) from None
        self._directory = directory
        self._start()

    def look_after(self) -> None:
        """Start the exporter anew where it has died."""
        if self._exporter is not None and (status := self._exporter.poll()) is not None:
            _log.warning("The process that serves the metrics ended; it is started again", status=status)
            self._start()

    def enter(self, slot: int) -> None:
        """Let this pool process count; called in it, after the fork."""
        if self._directory is None:
            return
        self._leave_to_main()
        os.environ[_DIRECTORY_VARIABLE] = str(self._directory)
        mark_process_dead(slot)  # type: ignore[no-untyped-call] # what the process before it had is gone with it
        values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call] # it has no types
        go_live(self._component, None)
        metrics.tell_build(self._component)

    def close(self) -> None:
        """End the exporter and take the files away."""
        if self._exporter is not None and self._exporter.stdin is not None:
            self._exporter.stdin.close()
            try:
                self._exporter.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._exporter.kill()
        if self._listener is not None:
            self._listener.close()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
        self._exporter = self._directory = None

    def _start(self) -> None:
        assert self._listener is not None, "it is open"
        number = self._listener.fileno()
        self._exporter = subprocess.Popen(  # noqa: S603 (our own module)
            (sys.executable, "-m", exporter.__name__, str(number), str(self._directory)), stdin=subprocess.PIPE, pass_fds=(number,)
        )

    def _leave_to_main(self) -> None:
        """Close what only the main process is to hold open: the exporter ends when that ends."""
        if self._listener is not None:
            self._listener.close()
        if self._exporter is not None and self._exporter.stdin is not None:
            self._exporter.stdin.close()
        self._exporter = None


def expose(component: Component, port: int | None) -> None:
    """Serve the figures of this process, which forks nothing, from a thread of its own. Raises `SettingsError`."""
    if port is None:
        return
    registry = CollectorRegistry()
    for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
        registry.register(collector)
    go_live(component, registry)
    metrics.tell_build(component)
    try:
        start_http_server(port, addr=EVERY_ADDRESS, registry=registry)
    except OSError as error:
        raise _cannot_serve(port, error) from None


def _cannot_serve(port: int, error: OSError) -> SettingsError:
    return SettingsError(
        f"FORMSCOUT_METRICS_PORT: metrics cannot be served on port {port}: {error.strerror}. Name a free port, or unset it."
    )
