"""The whole platform as processes that a test may kill, freeze and cut off from their stores."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
from redis import Redis
from tests.support import orchard
from tests.support.processes import Service, running, worker_arguments
from tests.support.proxy import Loop, Proxy
from tests.support.sessions import execute, rows
from tests.support.stores import WAIT_SECONDS, Store, start_stores, until
from tests.support.tenants import KEY_ENTRY, KEYS, Tenant, make_operator, make_tenant

from formscout.domain.errors import StoreUnavailableError
from formscout.domain.ids import NetworkId
from formscout.domain.networks import Scope
from formscout.local.directory import DataDirectory
from formscout.local.ports import free_port
from formscout.storage.database import Database
from formscout.usecases import networks
from formscout_discovery.browser.leftovers import sweep_leftovers

BROKEN_CONNECTIONS: Final = 3
"""At most in the pool, after a fault."""

SLICE_SECONDS: Final = 12
"""Small slices, so that every run hands over."""

API: Final = ("formscout_api.main",)
SCHEDULER: Final = ("formscout_scheduler.beat",)
DISCOVERY: Final = worker_arguments("formscout_discovery.worker", "discovery")
ANALYSIS: Final = worker_arguments("formscout_analysis.worker", "analysis")
UPKEEP: Final = worker_arguments("formscout_scheduler.worker", "budget")


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """The platform's times, in seconds."""

    lease: float
    reconcile: float
    leader: float

    def settings(self) -> dict[str, str]:
        """Return them as the services read them."""
        return {
            "FORMSCOUT_LEASE_SECONDS": str(self.lease),
            "FORMSCOUT_RECONCILE_SECONDS": str(self.reconcile),
            "FORMSCOUT_LEADER_SECONDS": str(self.leader),
        }


PRODUCTION: Final = Constants(lease=30, reconcile=5, leader=15)
SCALED: Final = Constants(lease=9, reconcile=1, leader=3)


@dataclass
class Platform:
    """A platform that is up, its faults at hand."""

    directory: DataDirectory
    constants: Constants
    loop: Loop
    postgres: Store
    redis: Store
    proxies: dict[str, Proxy]  # by the store, or the process and its store
    database: Database  # past the proxies, for looking
    broker: Redis  # past the proxies, too
    access_log: Path
    url: str
    application: str
    tenant: Tenant
    operator_key: str
    settings: dict[str, dict[str, str]] = field(default_factory=dict)  # by the process's name
    services: dict[str, Service] = field(default_factory=dict)
    _arguments: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _networks: dict[int, NetworkId] = field(default_factory=dict)
    _starts: int = 0

    def start(self, name: str, arguments: tuple[str, ...], **settings: str) -> Service:
        """Start a process under a name, or start it again."""
        self._starts += 1
        given = {**self.settings["all"], **settings}
        log = self.directory.log.parent / f"{name}-{self._starts}.log"
        self.services[name] = self._stack.enter_context(running(arguments, given, log=log))
        self._arguments[name] = arguments
        self.settings[name] = settings
        return self.services[name]

    def replace(self, name: str) -> Service:
        """Start a process again that has ended, as its supervisor would."""
        return self.start(name, self._arguments[name], **self.settings[name])

    @contextmanager
    def beside(self, name: str, arguments: tuple[str, ...], **settings: str) -> Iterator[Service]:
        """Run one more process for as long as the block runs."""
        service = self.start(name, arguments, **settings)
        try:
            yield service
        finally:
            self.services.pop(name).kill()

    def heal(self) -> None:
        """End what faults a test before has left: every process runs, every way is open."""
        for proxy in self.proxies.values():
            proxy.restore()
        for store in (self.postgres, self.redis):
            if not store.runs:
                store.start()
        self.broker.config_set("maxmemory", 0)
        for name, service in list(self.services.items()):
            if not service.alive:
                self.replace(name)
            else:
                os.killpg(service.pid, signal.SIGCONT)
        until(self.ready, "the API is ready")

    @property
    def is_production(self) -> bool:
        """Whether it runs with its real times."""
        return self.constants == PRODUCTION

    def ready(self) -> bool:
        """Tell whether the API answers and its stores are there."""
        try:
            return httpx.get(f"{self.url}/health/ready", trust_env=False, timeout=10).is_success
        except httpx.HTTPError:
            return False

    def pool_process(self, name: str) -> psutil.Process:
        """Return the pool process of a worker."""
        found = self._pool_processes(name)
        assert found, f"{name} has a pool process"
        return found[0]

    def has_pool_process(self, name: str) -> bool:
        """Tell whether a worker has its pool process: one that was just started, or killed, has none for a moment."""
        return bool(self._pool_processes(name))

    def _pool_processes(self, name: str) -> list[psutil.Process]:
        main = psutil.Process(self.services[name].pid)
        return [child for child in main.children() if any("celery" in part for part in child.cmdline())]

    def browser(self, name: str) -> psutil.Process:
        """Return the Chromium of a discovery worker."""
        main = psutil.Process(self.services[name].pid)
        for child in main.children(recursive=True):
            command = child.cmdline()
            if any(part.startswith("--formscout-browser=") for part in command) and not any(p.startswith("--type=") for p in command):
                return child
        raise AssertionError(f"{name} has a browser")

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process and all of its group."""
        os.killpg(self.services[name].pid, number)

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:  # Any: whatever the columns hold
        """Return the rows of a statement; connections that a fault has broken are replaced."""
        for _ in range(BROKEN_CONNECTIONS):
            with suppress(StoreUnavailableError):
                return self.loop.call(rows(self.database, statement, **values))
        return self.loop.call(rows(self.database, statement, **values))

    def value(self, statement: str, **values: object) -> Any:  # Any: as above
        """Return the one value of a statement."""
        return self.rows(statement, **values)[0][0]

    def execute(self, statement: str, **values: object) -> None:
        """Run a statement."""
        self.loop.call(execute(self.database, statement, **values))

    def client(self, *, timeout: float = 30) -> httpx.Client:
        """Return a client of the API with the tenant's key."""
        headers = {"Authorization": f"Bearer {self.tenant.admin_key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout, trust_env=False)

    def ask(self, method: str, url: str, **request: Any) -> httpx.Response:  # Any: as httpx takes them
        """Ask the API, and again for as long as it says that a store is away, or a new one is not up yet: so its clients are told to do."""
        end = time.monotonic() + WAIT_SECONDS
        with self.client() as api:
            while (answer := _unless_refused(api, method, url, **request)) is None or answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                assert time.monotonic() < end, "nobody listens" if answer is None else answer.text
                time.sleep(1)
        return answer.raise_for_status()

    def body(self, size: int, *, slices: int = 1) -> dict[str, Any]:  # Any: JSON
        """Return the request for a discovery of the application with so many pages, by so many slices at once."""
        if size not in self._networks:
            self._networks[size] = self.loop.call(self._network(size))
        return {**self.tenant.discovery, "network_id": self._networks[size], "max_slices": slices}

    async def _network(self, size: int) -> NetworkId:
        _, operator = await make_operator(self.database)
        base = f"{self.application}{orchard.home(size)}"
        draft = networks.NetworkDraft(name=f"Orchard {size}", base_url=base, scope=Scope(include=(base,), allow_private=True))
        made = await networks.create_network(self.database, operator, keys=KEYS, project_id=self.tenant.project.id, draft=draft)
        return made.id

    def close(self) -> None:
        """End every process, browsers too."""
        self._stack.close()
        sweep_leftovers(self.directory.path / "browsers")


@contextmanager
def running_platform(path: Path, constants: Constants) -> Iterator[Platform]:
    """Start stores, services and the application in a directory; whatever happens, all of them are ended."""
    loop = Loop()
    with ExitStack() as ends:
        ends.callback(loop.close)
        directory = DataDirectory(path=path)
        directory.prepare()
        platform = _with_stores(ends, loop, directory, constants)
        ends.callback(platform.close)
        _start_services(platform)
        until(platform.ready, "the API is ready")
        yield platform


def _with_stores(ends: ExitStack, loop: Loop, directory: DataDirectory, constants: Constants) -> Platform:
    stores = start_stores(ends, loop, directory, pool_size=2)
    database, address = stores.database, stores.address
    socket = str(directory.sockets / ".s.PGSQL.5432")
    proxies = {
        "postgres": Proxy(loop, socket),
        "api-postgres": Proxy(loop, socket),
        "redis": Proxy(loop, ("127.0.0.1", address.port)),
    }
    for proxy in proxies.values():
        ends.callback(proxy.close)
    operator_key, _ = loop.call(make_operator(database))
    return Platform(
        directory=directory,
        constants=constants,
        loop=loop,
        postgres=stores.postgres,
        redis=stores.redis,
        proxies=proxies,
        database=database,
        broker=Redis.from_url(address.url),
        access_log=directory.log.parent / "access.log",
        url=f"http://127.0.0.1:{free_port()}",
        application=f"http://127.0.0.1:{free_port()}",
        tenant=loop.call(make_tenant(database, "Acme")),
        operator_key=operator_key,
        settings={
            "all": {
                "DATABASE_URL": _database_url(proxies["postgres"]),
                "REDIS_URL": f"redis://:{address.password}@127.0.0.1:{proxies['redis'].port}/0",
                "FORMSCOUT_SNAPSHOT_STORE": directory.blobs.as_uri(),
                "FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY,
                "FORMSCOUT_SCRATCH": str(directory.path / "browsers"),
                "FORMSCOUT_SLICE_SECONDS": str(SLICE_SECONDS),
                "FORMSCOUT_PAGES_A_SLICE": "1",  # as many slices as a discovery asks for: one, unless its test says more
                "FORMSCOUT_WEBHOOKS_ALLOW_PRIVATE": "true",
                **constants.settings(),
            }
        },
    )


def _unless_refused(api: httpx.Client, method: str, url: str, **request: Any) -> httpx.Response | None:  # Any: as above
    """Return the answer; None where nobody listens, so that nothing was sent either."""
    try:
        return api.request(method, url, **request)
    except httpx.ConnectError:
        return None


def _database_url(proxy: Proxy) -> str:
    return f"postgresql://postgres@127.0.0.1:{proxy.port}/postgres"


def _start_services(platform: Platform) -> None:
    port = platform.application.rpartition(":")[2]
    platform.access_log.touch()
    platform.start("application", ("tests.support.orchard", "--port", port, "--log", str(platform.access_log)))
    api = {"DATABASE_URL": _database_url(platform.proxies["api-postgres"]), "FORMSCOUT_API_PORT": platform.url.rpartition(":")[2]}
    platform.start("api", API, **api)
    platform.start("scheduler", SCHEDULER)
    platform.start("discovery", DISCOVERY)
    platform.start("analysis", ANALYSIS)
    platform.start("upkeep", UPKEEP)
