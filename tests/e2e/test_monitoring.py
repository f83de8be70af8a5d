"""`formscout up --monitoring`: Prometheus reads every process and knows the chart's rules, Flower asks for its password."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from tests.e2e.conftest import DISCOVERY_SECONDS, FORMSCOUT, STOP_SECONDS, until

from formscout.local.monitoring import COMPONENTS, RULES
from formscout.local.ports import free_port
from formscout.local.services import FLOWER_USER


@pytest.fixture
def said(tmp_path: Path) -> Iterator[str]:
    """Start the platform, yield what it says once it is up, and end it."""
    log, data = tmp_path / "log", tmp_path / "data"
    with log.open("w") as output:
        command = (str(FORMSCOUT), "up", "--monitoring", "--port", str(free_port()), "--data-dir", str(data))
        process = psutil.Popen(command, stdout=output, stderr=output)
    try:
        until(lambda: "Ctrl-C ends it." in log.read_text() or process.poll() is not None, seconds=DISCOVERY_SECONDS)
        assert process.poll() is None, log.read_text()
        yield log.read_text()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def address(said: str, name: str) -> str:
    """Return where something is by what was said."""
    found = re.search(rf"{name} is at (http://127\.0\.0\.1:\d+/)", said)
    assert found is not None, said
    return found[1]


def test_prometheus_reads_every_process_and_flower_looks_on_behind_its_password(said: str) -> None:
    prometheus, flower = address(said, "Prometheus"), address(said, "Flower")
    with httpx.Client(base_url=prometheus, trust_env=False, timeout=30) as client:

        def ask(query: str) -> dict[str, float]:
            found: list[dict[str, Any]] = client.get("/api/v1/query", params={"query": query}).json()["data"]["result"]  # Any: JSON
            return {one["metric"].get("job", ""): float(one["value"][1]) for one in found}

        until(lambda: ask("up") == dict.fromkeys(COMPONENTS.values(), 1.0), seconds=DISCOVERY_SECONDS)
        until(lambda: ask("max(formscout_scheduler_leader)") == {"": 1.0}, seconds=DISCOVERY_SECONDS)
        groups = client.get("/api/v1/rules").json()["data"]["groups"]
        assert len({group["file"] for group in groups}) == len(list(RULES.glob("*.yaml")))
    (password,) = re.findall(r"password in (\S+)\)", said)
    assert httpx.get(f"{flower}tasks", trust_env=False).status_code == 401
    login = httpx.BasicAuth(FLOWER_USER, Path(password).read_text().strip())
    assert httpx.get(f"{flower}tasks", auth=login, trust_env=False).status_code == 200
