"""The embedded platform: stores, schema and services of one data directory, up until the context ends."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from formscout.domain.errors import PlatformError, UnauthenticatedError
from formscout.local import postgres, redis
from formscout.local.browser import require_browser
from formscout.local.directory import DataDirectory, read_variables, write_variables
from formscout.local.interrupts import Interrupts
from formscout.local.logstream import LogStream
from formscout.local.monitoring import MEASURED, Prometheus, flower_is_there, start_prometheus
from formscout.local.ports import free_port, preferred, require_free
from formscout.local.redis import RedisAddress
from formscout.local.services import Layout, own_environment, services
from formscout.local.supervisor import Supervisor
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.usecases.companies import authenticate, bootstrap_operator

DEMO_PORT: Final = 8010
FLOWER_PORT: Final = 5555
"""The ports to try first; another one is taken where they are not free."""

STORE_SECONDS: Final = 60.0
"""A store is up in less than one; the rest is for crash recovery on a busy disk."""

SERVICE_SECONDS: Final = 90.0
"""A service is up in some five; the rest is for a busy machine."""

OPERATOR: Final = "operator@localhost"

STORES: Final = ("redis", "postgres")
"""Ended last, in this order."""


@dataclass(frozen=True, kw_only=True)
class PlatformOptions:
    """What to start."""

    data_directory: Path
    port: int | None  # None: any free one
    demo: bool = False
    flower: bool = False
    monitoring: bool = False  # Prometheus and Flower, where they are installed


@dataclass(frozen=True, kw_only=True)
class Platform:
    """A platform that is up."""

    layout: Layout
    api_key: str = field(repr=False)  # an operator's
    supervisor: Supervisor
    log: LogStream
    prometheus: Prometheus | None = None  # None: not asked for, or not installed

    @property
    def url(self) -> str:
        """Where the API answers."""
        return self.layout.url


@asynccontextmanager
async def running_platform(options: PlatformOptions, log: LogStream, interrupts: Interrupts) -> AsyncIterator[Platform]:
    """Start everything and yield it; end every process afterwards. Raises `PlatformError` that says what to do."""
    directory = DataDirectory(path=options.data_directory)
    require_browser()
    with directory.locked():
        if options.port is not None:
            require_free(options.port)
        supervisor = Supervisor(log)
        interrupts.on_second = supervisor.kill_all
        try:
            layout = await start_stores(supervisor, log, directory, options)
            api_key = await _prepare_database(layout)
            write_variables(directory.stores_env, {"DATABASE_URL": layout.database_url, "REDIS_URL": layout.redis_url})
            await _start_services(supervisor, layout)
            write_variables(directory.client_env, {"FORMSCOUT_URL": layout.url, "FORMSCOUT_API_KEY": api_key})
            prometheus = await start_prometheus(supervisor, layout) if options.monitoring else None
            yield Platform(layout=layout, api_key=api_key, supervisor=supervisor, log=log, prometheus=prometheus)
        finally:
            await supervisor.stop_all(last=STORES)


async def start_stores(supervisor: Supervisor, log: LogStream, directory: DataDirectory, options: PlatformOptions) -> Layout:
    """Start PostgreSQL and Redis of a directory that we hold; return where they, and what follows, listen."""
    address = RedisAddress(port=free_port(), password=directory.redis_password())
    supervisor.keep(redis.server(directory, address))
    await postgres.prepare_cluster(directory)
    supervisor.keep(postgres.server(directory))
    try:
        await supervisor.wait_ready("postgres", lambda: postgres.accepts_connections(directory), seconds=STORE_SECONDS)
    except PlatformError as error:
        raise postgres.explain_failure(directory, log.tail("postgres")) from error
    address = await _redis_ready(supervisor, log, directory, address)
    return Layout(
        directory=directory,
        database_url=postgres.database_url(directory),
        redis_url=address.url,
        encryption_keys=directory.encryption_keys(),
        api_port=free_port() if options.port is None else options.port,
        demo_port=preferred(DEMO_PORT) if options.demo else None,
        flower_port=preferred(FLOWER_PORT) if options.flower or (options.monitoring and flower_is_there()) else None,
        flower_password=directory.flower_password(),
        metrics_ports={name: free_port() for name in MEASURED} if options.monitoring else {},
        processors=os.cpu_count() or 1,
    )


async def _redis_ready(supervisor: Supervisor, log: LogStream, directory: DataDirectory, address: RedisAddress) -> RedisAddress:
    try:
        await supervisor.wait_ready("redis", lambda: redis.answers(address), seconds=STORE_SECONDS)
    except PlatformError:
        # Its log is damaged, or somebody took the port in between: a fresh start mends both and loses nothing.
        await supervisor.stop(["redis"])
        aside = redis.set_aside(directory)
        log.write("formscout", f"Redis could not read its log; it starts anew, the old files lie in {aside}")
        address = RedisAddress(port=free_port(), password=address.password)
        supervisor.keep(redis.server(directory, address))
        await supervisor.wait_ready("redis", lambda: redis.answers(address), seconds=STORE_SECONDS)
    return address


async def _prepare_database(layout: Layout) -> str:
    """Bring the schema up to date and return an operator's key: the one of the last start if it is still good."""
    database = Database.connect(layout.database_url, pool_size=1)
    try:
        await schema.upgrade(database)
        kept = read_variables(layout.directory.client_env).get("FORMSCOUT_API_KEY", "")
        try:
            if (await authenticate(database, kept)).is_operator:
                return kept
        except UnauthenticatedError:
            pass  # none yet, or revoked since
        return await bootstrap_operator(database, OPERATOR, again=True)
    finally:
        await database.close()


async def _start_services(supervisor: Supervisor, layout: Layout) -> None:
    specs = services(layout, own_environment())
    for spec in specs:
        supervisor.keep(spec)
    await supervisor.wait_ready("api", lambda: _answers(f"{layout.url}/health/ready"), seconds=SERVICE_SECONDS)
    if layout.demo_url is not None:
        health = f"{layout.demo_url}_demo/health"
        await supervisor.wait_ready("demo", lambda: _answers(health), seconds=SERVICE_SECONDS)


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:  # no proxy stands before our own loopback
            return (await client.get(url)).is_success
    except httpx.HTTPError:
        return False
