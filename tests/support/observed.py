"""The whole platform as real processes that tell their metrics, with a real Prometheus that scrapes them every second."""

import math
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from tests.support import stores
from tests.support.charts import TOOLS
from tests.support.processes import Service, running
from tests.support.proxy import Loop

from formscout.local import postgres
from formscout.local.demo import Registration, register_demo
from formscout.local.directory import DataDirectory
from formscout.local.ports import free_port
from formscout.local.services import Layout, own_environment, services
from formscout.storage.database import Database
from formscout.usecases.companies import bootstrap_operator
from formscout_discovery.browser.leftovers import sweep_leftovers

PROMETHEUS: Final = TOOLS / "prometheus"
SCRAPE_SECONDS: Final = 1

WAIT_SECONDS: Final = 600
"""How long anything is waited for before the test fails; a wait ends with its condition, so only a failure takes that long."""

until: Final = partial(stores.until, seconds=WAIT_SECONDS)
"""The same wait as elsewhere, with this limit."""

ASK_SECONDS: Final = 30
"""What a query may take on a busy machine."""

COMPONENTS: Final = ("api", "scheduler", "discovery", "analysis", "upkeep")
"""The services that tell metrics; Prometheus scrapes each under its name."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One series of an answer, with its last value."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series of an answer over a time: pairs of time and value."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]

    @property
    def is_finite(self) -> bool:
        """Whether any of its values is a number."""
        return any(math.isfinite(value) for _, value in self.points)


class Prometheus:
    """A Prometheus that answers queries."""

    def __init__(self, url: str) -> None:
        self.url: Final = url

    def ready(self) -> bool:
        """Tell whether it answers."""
        try:
            return httpx.get(f"{self.url}/-/ready", trust_env=False, timeout=ASK_SECONDS).is_success
        except httpx.HTTPError:
            return False

    def query(self, expression: str, *, at: float | None = None) -> list[Sample]:
        """Return what an expression is now, or was at a time; a scalar is a series without labels."""
        data = self._ask("query", query=expression, **({} if at is None else {"time": str(at)}))
        if data["resultType"] == "scalar":
            return [Sample(labels={}, value=float(data["result"][1]))]
        return [Sample(labels=one["metric"], value=float(one["value"][1])) for one in data["result"]]

    def query_range(self, expression: str, *, start: float, end: float, step: float = SCRAPE_SECONDS) -> list[Series]:
        """Return what an expression was from a time to another."""
        data = self._ask("query_range", query=expression, start=str(start), end=str(end), step=str(step))
        return [
            Series(labels=one["metric"], points=tuple((float(at), float(value)) for at, value in one["values"])) for one in data["result"]
        ]

    def targets(self) -> dict[str, str]:
        """Return the health of each target, by its component."""
        found = self._ask("targets")["activeTargets"]
        return {one["labels"]["job"]: one["health"] for one in found}

    def _ask(self, what: str, **parameters: str) -> Any:  # Any: JSON
        answer = httpx.post if what.startswith("query") else httpx.get
        arguments: dict[str, Any] = {"data": parameters} if what.startswith("query") else {}
        body = answer(f"{self.url}/api/v1/{what}", trust_env=False, timeout=ASK_SECONDS, **arguments).json()
        assert body["status"] == "success", body
        return body["data"]


@dataclass(frozen=True, kw_only=True)
class Observed:
    """A platform that is up, and who watches it."""

    layout: Layout
    registration: Registration
    api: httpx.Client  # an operator's
    loop: Loop
    database: Database
    processes: Mapping[str, Service]
    ports: Mapping[str, int]  # of the metrics, by component
    prometheus: Prometheus
    began: float  # Unix time

    def query(self, expression: str, *, at: float | None = None) -> list[Sample]:
        """Return what an expression is now, or was at a time."""
        return self.prometheus.query(expression, at=at)

    def query_range(self, expression: str) -> list[Series]:
        """Return what an expression was from the beginning until now."""
        return self.prometheus.query_range(expression, start=self.began, end=time.time())

    def exposition(self, component: str) -> str:
        """Return what a process tells."""
        answer = httpx.get(f"http://127.0.0.1:{self.ports[component]}/metrics", trust_env=False, timeout=ASK_SECONDS)
        return answer.raise_for_status().text

    def discover(self, **changes: object) -> dict[str, Any]:  # Any: JSON
        """Ask for a discovery of the demo application."""
        one = self.registration
        ids = {"project_id": one.project_id, "network_id": one.network_id, "user_id": one.user_id, "company_id": one.company_id}
        body = {**ids, "product_id": one.product_id, **changes}
        accepted: dict[str, Any] = self.api.post("/api/crawl/discover-forms", json=body).raise_for_status().json()
        return accepted

    def status(self, accepted: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
        """Return how a discovery stands."""
        found: dict[str, Any] = self.api.get(accepted["status_url"]).raise_for_status().json()
        return found

    def story(self) -> str:
        """Return what every process wrote, for whoever reads why a test failed."""
        return "\n".join(f"== {name}\n{service.story}" for name, service in self.processes.items())


@contextmanager
def observed_platform(path: Path) -> Iterator[Observed]:
    """Start stores, services, demo application and Prometheus in a directory; whatever happens, all of them are ended."""
    with ExitStack() as ends:
        loop = Loop()
        ends.callback(loop.close)
        directory = DataDirectory(path=path)
        directory.prepare()
        ends.callback(lambda: sweep_leftovers(path / "browsers"))
        layout, database, operator_key = _prepare(ends, loop, directory)
        ports = {name: layout.api_port if name == "api" else free_port() for name in COMPONENTS}
        processes = {}
        for spec in services(layout, own_environment()):
            settings = {**spec.environment, "FORMSCOUT_WEBHOOKS_ALLOW_PRIVATE": "true"}
            if spec.name in ports:
                settings["FORMSCOUT_METRICS_PORT"] = str(ports[spec.name])
            log = directory.log.parent / f"{spec.name}.log"
            processes[spec.name] = ends.enter_context(running(spec.argv[2:], settings, log=log))  # it begins with `python -m`
        began = time.time()
        prometheus = ends.enter_context(_prometheus(path, ports))
        headers = {"Authorization": f"Bearer {operator_key}"}
        api = ends.enter_context(httpx.Client(base_url=layout.url, headers=headers, timeout=ASK_SECONDS, trust_env=False))
        observed = Observed(
            layout=layout,
            registration=loop.call(register_demo(layout, operator_key)),
            api=api,
            loop=loop,
            database=database,
            processes=processes,
            ports=ports,
            prometheus=prometheus,
            began=began,
        )
        urls = (f"{layout.url}/health/ready", f"{layout.demo_url}_demo/health")
        until(lambda: all(_answers(url) for url in urls), "API and demo answer", why=observed.story)
        healthy = dict.fromkeys(COMPONENTS, "up")
        until(lambda: prometheus.targets() == healthy, "each process is scraped", why=lambda: f"{prometheus.targets()} {observed.story()}")
        yield observed


def _prepare(ends: ExitStack, loop: Loop, directory: DataDirectory) -> tuple[Layout, Database, str]:
    started = stores.start_stores(ends, loop, directory, pool_size=1)
    layout = Layout(
        directory=directory,
        database_url=postgres.database_url(directory),
        redis_url=started.address.url,
        encryption_keys=directory.encryption_keys(),
        api_port=free_port(),
        demo_port=free_port(),
    )
    return layout, started.database, loop.call(bootstrap_operator(started.database, "operator@localhost", again=True))


@contextmanager
def _prometheus(path: Path, ports: Mapping[str, int]) -> Iterator[Prometheus]:
    """Scrape each process under its component's name."""
    configuration = {
        "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "scrape_timeout": f"{SCRAPE_SECONDS}s"},
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"pod": f"formscout-{name}-0"}}]}
            for name, port in ports.items()
        ],
    }
    file = path / "prometheus.yaml"
    file.write_text(yaml.safe_dump(configuration))
    log = path / "prometheus.log"
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        str(PROMETHEUS),
        f"--config.file={file}",
        f"--storage.tsdb.path={path / 'prometheus'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--log.level=warn",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)  # noqa: S603 (Prometheus' own)
    try:
        prometheus = Prometheus(url)
        until(lambda: prometheus.ready() or process.poll() is not None, "Prometheus answers", why=log.read_text)
        assert process.poll() is None, log.read_text()
        yield prometheus
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=ASK_SECONDS).is_success
    except httpx.HTTPError:
        return False
