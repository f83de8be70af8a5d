"""PostgreSQL and Redis of a platform under test, which can be ended and started again."""

import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.proxy import Loop

from formscout.local import postgres, redis
from formscout.local.directory import DataDirectory
from formscout.local.ports import free_port
from formscout.local.processes import ProcessSpec
from formscout.local.redis import RedisAddress
from formscout.storage import schema
from formscout.storage.database import Database

WAIT_SECONDS: Final = 240
"""How long anything is waited for before the test fails; a wait ends with its condition, so only a failure takes that long."""

LOOK_SECONDS: Final = 0.1


def until(condition: Callable[[], object], what: str, *, why: Callable[[], str] = str, seconds: float = WAIT_SECONDS) -> None:
    """Wait until a condition holds; the store it looks into may be away meanwhile."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}. {why()}"
        time.sleep(LOOK_SECONDS)


class Store:
    """PostgreSQL or Redis: ended and started again on the same data."""

    def __init__(self, loop: Loop, spec: ProcessSpec, log: Path, *, ready: Callable[[], bool]) -> None:
        self._spec = spec
        self._log = log
        self._ready = ready
        self._loop = loop
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        """Whether it was started and not stopped."""
        return self._process is not None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with self._log.open("ab") as output:
            command = (*(self._spec.launcher or ()), *self._spec.argv)
            self._process = subprocess.Popen(  # noqa: S603 (our own wheels' servers)
                command, env=self._spec.environment, stdout=output, stderr=output, start_new_session=True
            )
        until(self._ready, f"{self._spec.name} answers")

    def stop(self) -> None:
        """End the server in good order."""
        if self._process is not None:
            self._process.send_signal(self._spec.stop_signal)
            self._process.wait(timeout=WAIT_SECONDS)
            self._process = None


@dataclass(frozen=True, kw_only=True)
class Stores:
    """Both of them, with the schema in place."""

    postgres: Store
    redis: Store
    address: RedisAddress
    database: Database


def start_stores(ends: ExitStack, loop: Loop, directory: DataDirectory, *, pool_size: int) -> Stores:
    """Start both on a data directory, and end them with `ends`."""
    address = RedisAddress(port=free_port(), password=directory.redis_password())
    logs = directory.log.parent
    loop.call(postgres.prepare_cluster(directory))
    pg = Store(loop, postgres.server(directory), logs / "postgres.log", ready=lambda: loop.call(postgres.accepts_connections(directory)))
    broker = Store(loop, redis.server(directory, address), logs / "redis.log", ready=lambda: loop.call(redis.answers(address)))
    for store in (pg, broker):
        store.start()
        ends.callback(store.stop)
    database = Database.connect(postgres.database_url(directory), pool_size=pool_size)
    ends.callback(lambda: loop.call(database.close()))
    loop.call(schema.upgrade(database))
    return Stores(postgres=pg, redis=broker, address=address, database=database)
