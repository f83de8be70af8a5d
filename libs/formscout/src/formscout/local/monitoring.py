"""Prometheus beside the embedded platform, where one is installed: told which processes to read, and by which rules to judge."""

import importlib.util
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from formscout.local.directory import write_private
from formscout.local.ports import preferred
from formscout.local.processes import ProcessSpec
from formscout.local.services import HOST, Layout
from formscout.local.supervisor import Supervisor

PROMETHEUS_PORT: Final = 9090
"""The port to try first; another one is taken where it is not free."""

PROMETHEUS_SECONDS: Final = 90.0
"""It is up in one; the rest is for a busy machine and much that was measured before."""

MEASURED: Final = ("scheduler", "discovery", "analysis", "upkeep")
"""The processes that serve their metrics on a port of their own; the API does beside its routes."""

COMPONENTS: Final = {
    "api": "api",
    "scheduler": "scheduler",
    "discovery": "discovery-worker",
    "analysis": "analysis-worker",
    "upkeep": "upkeep-worker",
    "flower": "flower",
}
"""The names of the processes as chart and compose.yaml have them."""

SCRAPE_SECONDS: Final = 5
"""Between two looks: somebody is watching."""

KEPT: Final = "15d"
"""How long Prometheus keeps what it has measured."""

BUILT: Final = Path(".formscout/tools/checkers/bin/prometheus")
"""Where `make checkers` puts it."""

RULES: Final = Path("charts/formscout/files/rules")
"""Those of the chart, from the repository's root, where all commands run."""

NO_PROMETHEUS: Final = (
    "There is no Prometheus on this machine: `make checkers` gets one, or install Debian's package `prometheus`, or put it on PATH. "
    "Until then read /metrics of the processes yourself."
)
NO_FLOWER: Final = "Flower is not installed: `uv sync --all-packages` brings it, or install `formscout[embedded]`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """A Prometheus that is up."""

    url: str
    rules: int  # files


def find_prometheus() -> Path | None:
    """Return the Prometheus to start: the one on PATH, else the one that set-up has brought."""
    found = shutil.which("prometheus")
    if found is not None:
        return Path(found)
    return BUILT.absolute() if os.access(BUILT, os.X_OK) else None


def flower_is_there() -> bool:
    """Tell whether Flower is installed."""
    return importlib.util.find_spec("flower") is not None


async def start_prometheus(supervisor: Supervisor, layout: Layout) -> Prometheus | None:
    """Start Prometheus and wait until it answers; None where there is none. Raises `PlatformError` when it will not start."""
    program = find_prometheus()
    if program is None:
        return None
    port, rules = preferred(PROMETHEUS_PORT), sorted(RULES.absolute().glob("*.yaml"))
    supervisor.keep(prometheus(program, layout, rules, port=port))
    url = f"http://{HOST}:{port}/"
    await supervisor.wait_ready("prometheus", lambda: _is_ready(url), seconds=PROMETHEUS_SECONDS)
    return Prometheus(url=url, rules=len(rules))


def prometheus(program: Path, layout: Layout, rules: Sequence[Path], *, port: int) -> ProcessSpec:
    """Write what Prometheus is told and return how to run it."""
    directory = layout.directory.monitoring
    directory.mkdir(mode=0o700, exist_ok=True)
    settings = directory / "prometheus.yml"
    write_private(settings, json.dumps(configuration(layout, rules), indent=2))  # JSON is YAML
    arguments = (
        f"--config.file={settings}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--storage.tsdb.retention.time={KEPT}",
        f"--web.listen-address={HOST}:{port}",
        "--log.level=warn",
    )
    return ProcessSpec(name="prometheus", argv=(str(program), *arguments), environment={"PATH": os.environ.get("PATH", os.defpath)})


def configuration(layout: Layout, rules: Sequence[Path]) -> dict[str, object]:
    """Return what Prometheus is told: a job a process, named like its component."""
    ports = {"api": layout.api_port, **layout.metrics_ports}
    if layout.flower_port is not None:
        ports["flower"] = layout.flower_port
    jobs = [{"job_name": COMPONENTS[name], "static_configs": [{"targets": [f"{HOST}:{port}"]}]} for name, port in ports.items()]
    every = f"{SCRAPE_SECONDS}s"
    return {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(file) for file in rules],
        "scrape_configs": jobs,
    }


async def _is_ready(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            return (await client.get(f"{url}-/ready")).is_success
    except httpx.HTTPError:
        return False
