"""The command as operators give it: on a whole installation of real processes, with a wrong clock, and with everything broken."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.doctor.conftest import Doctor
from tests.support.processes import START_SECONDS, Service, running, worker_arguments
from tests.support.tenants import KEY_ENTRY
from typer.testing import CliRunner

from formscout.cli.app import app as cli
from formscout.local.ports import free_port
from formscout.storage.database import Database

SECRETS = {"DATABASE_URL": "Geheim1", "REDIS_URL": "Geheim2", "FORMSCOUT_DOCTOR_REDIS_URL": "Geheim3", "FORMSCOUT_URL": "Geheim4"}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in list(os.environ):
        if name.startswith(("FORMSCOUT_", "DATABASE_", "REDIS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FORMSCOUT_DATA_DIR", str(tmp_path / "data"))
    return monkeypatch


def examined(*arguments: str) -> tuple[int, Mapping[str, Any]]:  # Any: JSON
    result = CliRunner().invoke(cli, ["doctor", "--json", "--timeout", "60", *arguments])
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def stores(database_url: str, good_redis: str) -> dict[str, str]:
    return {"DATABASE_URL": database_url, "REDIS_URL": good_redis, "FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY}


@pytest.fixture
def platform(doctor: Doctor, stores: dict[str, str], tmp_path: Path) -> Iterator[int]:
    """Run scheduler, API and upkeep worker; yields the API's port."""
    del doctor  # its stores are empty
    port = free_port()
    api = {**stores, "FORMSCOUT_API_HOST": "127.0.0.1", "FORMSCOUT_API_PORT": str(port)}
    with (
        running(("formscout_scheduler.beat",), stores, log=tmp_path / "scheduler.log") as scheduler,
        running(("formscout_api.main",), api, log=tmp_path / "api.log") as served,
        running(worker_arguments("formscout_scheduler.worker", "budget"), stores, log=tmp_path / "worker.log") as worker,
    ):
        _until_ready(port, served)
        _until(lambda: "leads" in scheduler.said, scheduler)
        _until(lambda: " ready" in worker.said, worker)
        yield port


def _until_ready(port: int, served: Service) -> None:
    def is_ready() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health/ready").json()["redis"] == "up"  # type: ignore[no-any-return] # JSON
        except httpx.HTTPError:
            return False

    _until(is_ready, served)


def _until(holds: Callable[[], bool], service: Service) -> None:
    ends = time.monotonic() + START_SECONDS
    while not holds():
        assert service.alive, service.story
        assert time.monotonic() < ends, service.story
        time.sleep(0.1)


def test_an_installation_that_works(environment: pytest.MonkeyPatch, stores: dict[str, str], platform: int) -> None:
    for name, value in stores.items():
        environment.setenv(name, value)
    status, report = examined("--url", f"http://127.0.0.1:{platform}")
    by_level: dict[str, set[str]] = {"ok": set(), "warn": set(), "fail": set()}
    for one in report["findings"]:
        by_level[one["level"]].add(one["check"])
    assert by_level["fail"] == set(), report
    assert by_level["warn"] == {"workers"}, "of discovery and analysis there are none"
    assert by_level["ok"] >= {
        "configuration",
        "schema",
        "leader",
        "dispatcher",
        "reconciler",
        "queues",
        "autoscaler",
        "workers",
        "api",
        "browser",
    }
    assert (status, report["level"]) == (0, "warn")


def test_a_machine_whose_clock_is_wrong(environment: pytest.MonkeyPatch, stores: dict[str, str], doctor: Doctor) -> None:
    del environment, doctor
    program = "from tests.support.skewed import skew; skew(60); from formscout.cli import main; main()"
    command = (sys.executable, "-c", program, "doctor", "--json", "--timeout", "60")
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    run = subprocess.run(command, env={**inherited, **stores}, capture_output=True, text=True, check=False, timeout=10 * START_SECONDS)  # noqa: S603 (ours)
    clocks = {one["check"]: one for one in json.loads(run.stdout)["findings"] if one["check"].endswith("-clock")}
    assert {name: one["level"] for name, one in clocks.items()} == {"postgresql-clock": "fail", "redis-clock": "fail"}
    assert "behind this machine's" in clocks["redis-clock"]["sentence"]
    assert run.returncode == 1


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_nothing_secret_is_said_though_everything_is_broken(
    environment: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ports = {name: free_port() for name in SECRETS}
    schemes = {"DATABASE_URL": "postgresql", "FORMSCOUT_URL": "https"}
    for name, secret in SECRETS.items():
        environment.setenv(name, f"{schemes.get(name, 'rediss')}://user:{secret}@127.0.0.1:{ports[name]}/0")
    environment.setenv("FORMSCOUT_ENCRYPTION_KEYS", "key:Geheim5")
    environment.setenv("FORMSCOUT_SNAPSHOT_STORE", "ftp://user:Geheim6@here")
    environment.setenv("FORMSCOUT_MAX_RUNNING", "Geheim7")
    environment.setenv("FORMSCOUT_BROWSER", str(tmp_path))
    result = CliRunner().invoke(cli, ["doctor", *arguments])
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Geheim" not in result.output
    assert {"postgresql", "redis", "configuration", "api"} <= {word.strip(' ":,') for word in result.output.split()}


@pytest.mark.parametrize("url", ["postgresql://user:Geheim@host:port/name", "no address with Geheim", "mysql://user:Geheim@host/name"])
def test_an_address_that_is_none_is_not_quoted(environment: pytest.MonkeyPatch, url: str) -> None:
    environment.setenv("DATABASE_URL", url)
    environment.setenv("REDIS_URL", url)
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 1
    assert "Geheim" not in result.output
    assert "redis-rights" not in result.output


def test_without_an_installation_the_machine_is_looked_at(environment: pytest.MonkeyPatch, database: Database) -> None:
    del environment, database
    _, report = examined("--port", str(free_port()))
    levels = {one["check"]: one["level"] for one in report["findings"]}
    assert levels.keys() >= {"python", "browser", "postgresql", "redis", "user", "data-directory", "port"}
    assert levels["port"] == "ok"
