"""Which processes make up the embedded platform beside its stores, and what each is given: only what it needs."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from formscout.local.directory import DataDirectory
from formscout.local.processes import ProcessSpec

HOST: Final = "127.0.0.1"

_INHERITED: Final = (
    "HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR",
    "SSL_CERT_DIR", "SSL_CERT_FILE",
    "COVERAGE_PROCESS_START",
)  # fmt: skip
"""What of our environment every process gets."""

_OWN_PREFIX: Final = "FORMSCOUT_"

_TRACES_PREFIX: Final = "OTEL_"
"""The standard variables that say where spans go."""

_NEVER_INHERITED: Final = frozenset(
    {"FORMSCOUT_API_KEY", "FORMSCOUT_ENCRYPTION_KEYS", "FORMSCOUT_URL", "FORMSCOUT_ALIVE_FILE", "FORMSCOUT_METRICS_PORT"}
)
"""What does not travel with the other `FORMSCOUT_…` settings: secrets, addresses of ours, and what only one process can have."""

_BROWSER_VARIABLES: Final = ("PLAYWRIGHT_BROWSERS_PATH",)
_MODEL_VARIABLES: Final = ("ANTHROPIC_API_KEY",)

WATCHING: Final = "formscout.queueing.watching"
"""The Celery application that Flower looks on with."""

FLOWER_USER: Final = "operator"

DRAIN_SECONDS: Final = 15.0
"""Grace of a worker: it drops or ends the visit in hand and hands the rest over."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the parts of one embedded platform are to listen, and what they are given."""

    directory: DataDirectory
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    encryption_keys: str = field(repr=False)
    flower_password: str = field(default="", repr=False)
    api_port: int
    demo_port: int | None = None  # None: without the demo application
    flower_port: int | None = None  # None: without Flower
    metrics_ports: Mapping[str, int] = field(default_factory=dict)  # of processes that serve their metrics, by name
    processors: int = 2

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://{HOST}:{self.api_port}"

    @property
    def demo_url(self) -> str | None:
        """Where the demo application answers."""
        return None if self.demo_port is None else f"http://{HOST}:{self.demo_port}/"


def services(layout: Layout, environment: Mapping[str, str]) -> tuple[ProcessSpec, ...]:
    """Return the services to run, made of a layout and of our own environment."""
    traced = {name: value for name, value in environment.items() if name.startswith(_TRACES_PREFIX)}
    common = (
        _inherited(environment)
        | traced
        | {
            "PYTHONUNBUFFERED": "1",
            # Said once by `doctor`; three workers saying it in six lines each hides what matters.
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
            "DATABASE_URL": layout.database_url,
            "REDIS_URL": layout.redis_url,
            "FORMSCOUT_LOG_FORMAT": "text",
        }
    )
    blobs = {"FORMSCOUT_SNAPSHOT_STORE": layout.directory.blobs.as_uri()}
    sealed = {"FORMSCOUT_ENCRYPTION_KEYS": layout.encryption_keys}
    api = {"FORMSCOUT_API_HOST": HOST, "FORMSCOUT_API_PORT": str(layout.api_port)}
    # A directory of its own, so that two platforms on one machine do not end each other's browsers.
    browser = {"FORMSCOUT_SCRATCH": str(layout.directory.path / "browsers")} | _named(environment, _BROWSER_VARIABLES)
    model = _named(environment, _MODEL_VARIABLES)
    children = analysis_children(layout.processors)

    def told(name: str) -> dict[str, str]:
        port = layout.metrics_ports.get(name)
        return common if port is None else common | {"FORMSCOUT_METRICS_PORT": str(port)}

    specs = [
        _python("api", ("formscout_api.main",), common | blobs | sealed | api),
        _python("scheduler", ("formscout_scheduler.beat",), told("scheduler") | blobs | sealed),  # it deletes blobs, and signs webhooks
        _worker("discovery", "formscout_discovery.worker", "discovery", 1, told("discovery") | blobs | sealed | browser),
        _worker("analysis", "formscout_analysis.worker", "analysis", children, told("analysis") | blobs | model),
        _worker("upkeep", "formscout_scheduler.worker", "budget", 1, told("upkeep")),
    ]
    if layout.demo_port is not None:
        demo = ("formscout_demo.main", "--host", HOST, "--port", str(layout.demo_port), "--data-dir", str(layout.directory.demo))
        specs.append(_python("demo", demo, _inherited(environment) | {"PYTHONUNBUFFERED": "1"}))
    if layout.flower_port is not None:
        specs.append(_flower(layout, layout.flower_port, _inherited(environment)))
    return tuple(specs)


def analysis_children(processors: int) -> int:
    """Return how many analyses run at once: a page takes 40-150 ms of one processor, and the browser needs the others."""
    return max(1, min(4, processors // 2))


def own_environment() -> dict[str, str]:
    """Return this process's environment."""
    return dict(os.environ)


def _inherited(environment: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in environment.items() if name.startswith(_OWN_PREFIX) and name not in _NEVER_INHERITED}
    return _named(environment, _INHERITED) | own


def _named(environment: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: environment[name] for name in names if name in environment}


def _flower(layout: Layout, port: int, inherited: dict[str, str]) -> ProcessSpec:
    """Return how to run Flower: it looks on, behind a password, and needs nothing but Redis."""
    arguments = ("celery", "-A", WATCHING, "flower", f"--address={HOST}", f"--port={port}", "--read-only=true")
    given = {"REDIS_URL": layout.redis_url, "FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{layout.flower_password}"}
    return _python("flower", arguments, inherited | given)


def _python(name: str, arguments: tuple[str, ...], environment: dict[str, str]) -> ProcessSpec:
    return ProcessSpec(name=name, argv=(sys.executable, "-m", *arguments), environment=environment, grace_seconds=DRAIN_SECONDS)


def _worker(name: str, module: str, queue: str, children: int, environment: dict[str, str]) -> ProcessSpec:
    arguments = (
        *("celery", "-q", "-A", module, "worker", "-Q", queue, "-P", "prefork", "-c", str(children), "-n", f"{name}@%h"),
        *("--without-mingle", "--without-gossip"),
    )
    return _python(name, arguments, environment)
