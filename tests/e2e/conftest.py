"""The whole platform as a stranger starts it, with the demo application; once a run."""

import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest

from formscout.local.directory import read_variables
from formscout.local.ports import free_port

FORMSCOUT: Final = Path(sys.executable).with_name("formscout")

DISCOVERY_SECONDS: Final = 420
"""A discovery of the demo application takes one to two minutes on two busy cores."""

STOP_SECONDS: Final = 60


@dataclass(frozen=True, kw_only=True)
class RunningPlatform:
    """`formscout up --demo` that has ended its first discovery and serves."""

    process: psutil.Popen
    data_dir: Path
    inventory: Path
    log: Path
    api: httpx.Client

    @property
    def demo_url(self) -> str:
        """Where the demo application answers."""
        url: str = self.api.get("/api/networks/1").json()["base_url"]
        return url

    def service(self, module: str) -> psutil.Process:
        """Return the main process of a service: a child of the platform that we started, and of no other."""
        return next(child for child in self.process.children() if any(module in part for part in child.cmdline()))

    def discover(self) -> dict[str, Any]:  # Any: JSON
        """Ask for another discovery of the demo application."""
        ids = {"project_id": 1, "network_id": 1, "user_id": 3, "company_id": 1, "product_id": 1}
        accepted: dict[str, Any] = self.api.post("/api/crawl/discover-forms", json=ids).raise_for_status().json()
        return accepted

    def status(self, accepted: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
        """Return how a discovery stands."""
        found: dict[str, Any] = self.api.get(accepted["status_url"]).raise_for_status().json()
        return found


def until(condition: Callable[[], bool], *, seconds: float) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.25)


@pytest.fixture(scope="session")
def platform() -> Iterator[RunningPlatform]:
    """Start the platform, wait for its first discovery, and end it afterwards."""
    with tempfile.TemporaryDirectory(prefix="formscout-e2e-") as name:
        directory = Path(name)
        log, inventory = directory / "log", directory / "inventory.json"
        options = ("--out", str(inventory), "--port", str(free_port()), "--data-dir", str(directory / "data"))
        with log.open("w") as output:
            process = psutil.Popen([str(FORMSCOUT), "up", "--demo", *options], stdout=output, stderr=output)
        try:
            until(lambda: "Ctrl-C ends it." in log.read_text() or process.poll() is not None, seconds=DISCOVERY_SECONDS)
            assert process.poll() is None, log.read_text()
            variables = read_variables(directory / "data" / "client.env")
            headers = {"Authorization": f"Bearer {variables['FORMSCOUT_API_KEY']}"}
            with httpx.Client(base_url=variables["FORMSCOUT_URL"], headers=headers, timeout=30, trust_env=False) as api:
                yield RunningPlatform(process=process, data_dir=directory / "data", inventory=inventory, log=log, api=api)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(STOP_SECONDS)
