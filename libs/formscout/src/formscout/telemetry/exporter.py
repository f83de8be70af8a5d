"""Serves the figures that a worker's pool processes leave in a directory: `python -m formscout.telemetry.exporter SOCKET DIRECTORY`.

A process of its own: the worker's main process forks all its life, and must have no threads. It ends when its standard input does, so it
never outlives the worker, and it imports next to nothing, since it is there beside every worker.
"""

import selectors
import signal
import socket
import struct
import sys
from collections.abc import Iterable
from http.server import HTTPServer
from typing import Final

from prometheus_client import CollectorRegistry, Metric, MetricsHandler
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

READER_SECONDS: Final = 10
"""What a reader may take for its request and for each piece of the answer; readers come one by one."""

LOOKS: Final = 5
"""At a file that is being begun just then, and is not whole yet."""


class Figures(Collector):
    """Reads the directory anew each time."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def collect(self) -> Iterable[Metric]:
        """Return the sum of all files."""
        for _ in range(LOOKS - 1):
            try:
                return self._read()
            except (struct.error, RuntimeError, ValueError, OSError):
                continue
        return self._read()

    def _read(self) -> list[Metric]:
        return list(MultiProcessCollector(None, path=self._directory).collect())  # type: ignore[no-untyped-call] # it has no types


class Handler(MetricsHandler):
    """Answers a reader, or gives it up."""

    timeout = READER_SECONDS


def serve(listener: socket.socket, directory: str) -> None:
    """Answer until standard input ends."""
    registry = CollectorRegistry()
    registry.register(Figures(directory))
    server = HTTPServer(("", 0), Handler.factory(registry), bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    with selectors.DefaultSelector() as ready:
        ready.register(listener, selectors.EVENT_READ)
        ready.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is sys.stdin:
                    return
                server.handle_request()


if __name__ == "__main__":
    # Both may be meant for the whole process group; the worker itself ends us, when it has ended its work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
