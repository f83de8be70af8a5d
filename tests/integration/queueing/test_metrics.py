"""The figures of real workers and of the scheduler: complete, whatever becomes of pool processes, and about nobody."""

import asyncio
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
from redis.asyncio import Redis
from tests.support import workers
from tests.support.figures import check_labels, fetch, read, wait_for
from tests.support.processes import START_SECONDS, Ring, Service, Start, worker_arguments
from tests.support.sessions import add_jobs, ask, scalar
from tests.support.tenants import Tenant

from formscout.domain.jobs import JobKind, NewJob
from formscout.local.ports import free_port
from formscout.queueing.intake import MALFORMED_COUNTS_KEY
from formscout.storage.database import Database

FINISHED = 'formscout_job_ends_total{code="none",kind="reset_budgets",outcome="finished",queue="budget"}'
GAUGE = "formscout_browser_memory_bytes"
HELD = 1000
"""What the gauge says while a job runs that will die."""


async def work_off(database: Database, ring: Ring, jobs: int, worker: Service) -> None:
    """Write jobs and wait until all are done."""
    await add_jobs(database, *[NewJob(kind=JobKind.RESET_BUDGETS)] * jobs)
    ends = time.monotonic() + START_SECONDS
    while await scalar(database, "SELECT count(*) FROM job WHERE state IN ('queued', 'running')"):
        await ring()
        assert worker.alive, worker.story
        assert time.monotonic() < ends, worker.said
        await asyncio.sleep(0.05)


def pool_processes(worker: Service) -> int:
    return worker.said.count("The pool process is ready")


def directory_of(port: int) -> Path:
    return Path(tempfile.gettempdir()) / f"formscout-metrics-{port}"


def exporter_of(worker: Service) -> psutil.Process:
    for one in psutil.Process(worker.pid).children():
        with suppress(psutil.NoSuchProcess):  # a pool process that ends just then
            if "formscout.telemetry.exporter" in one.cmdline():
                return one
    raise AssertionError(worker.story)


async def test_figures_outlive_pool_processes_and_what_a_dead_one_had_is_gone(
    database: Database, ring: Ring, start: Start, tmp_path_factory: pytest.TempPathFactory
) -> None:
    hold, port = tmp_path_factory.mktemp("hold") / "hold", free_port()
    (left := directory_of(port)).mkdir()
    (left / "counter_7.db").write_bytes(b"of a worker that was killed")
    arguments = worker_arguments("tests.support.counting_worker", "budget")
    worker = start(*arguments, "--max-tasks-per-child", "1", FORMSCOUT_METRICS_PORT=str(port), HOLD_FILE=str(hold), HELD=str(HELD))
    await work_off(database, ring, 3, worker)
    wait_for(port, lambda figures: figures.get(FINISHED) == 3, worker)
    wait_for(port, lambda _: pool_processes(worker) >= 4, worker)

    hold.touch()
    await add_jobs(database, NewJob(kind=JobKind.RESET_BUDGETS))
    await ring()
    wait_for(port, lambda figures: figures.get(GAUGE) == HELD, worker)
    hold.unlink()
    text = wait_for(port, lambda figures: figures.get(GAUGE) != HELD, worker)
    assert read(text)[FINISHED] == 3
    files = {path.name for path in directory_of(port).iterdir()}
    assert {re.sub(r"^[a-z_]+_", "", name) for name in files} == {"0.db"}, "one slot, so one of each kind"

    exporter_of(worker).kill()
    wait_for(port, lambda figures: figures[FINISHED] == 3, worker)
    assert worker.stop() == 0, worker.said
    assert not directory_of(port).exists()
    with pytest.raises(httpx.TransportError):
        fetch(port)


async def test_a_worker_that_is_killed_takes_its_exporter_with_it(database: Database, broker: Redis, start: Start) -> None:
    del database, broker
    port = free_port()
    worker = start(*worker_arguments("formscout_analysis.worker", "analysis"), FORMSCOUT_METRICS_PORT=str(port))
    wait_for(port, lambda _: True, worker)
    exporter = exporter_of(worker)
    psutil.Process(worker.pid).kill()
    exporter.wait(START_SECONDS)


async def test_a_run_is_told_by_scheduler_and_worker_and_tells_of_nobody(
    database: Database, tenant: Tenant, broker: Redis, start: Start
) -> None:
    ports = {"scheduler": free_port(), "analysis": free_port()}
    await broker.hset(MALFORMED_COUNTS_KEY, "analysis", "3")
    await broker.rpush("unrouted", "?", "?")
    await ask(database, tenant)
    claim = await workers.begin(database)
    await workers.visit(database, claim, titles=["Sign in"], links=["https://app.example.com/next"])
    worker = start(*worker_arguments("formscout_analysis.worker", "analysis"), FORMSCOUT_METRICS_PORT=str(ports["analysis"]))
    scheduler = start("formscout_scheduler.beat", FORMSCOUT_METRICS_PORT=str(ports["scheduler"]))
    failed = 'formscout_job_ends_total{code="form_absent",kind="analyze_form_page",outcome="failed",queue="analysis"}'
    analysis = wait_for(ports["analysis"], lambda figures: figures.get(failed) == 1, worker, scheduler)
    wanted = {
        'formscout_queue_workers{queue="analysis"}': 1,
        'formscout_queue_slots{queue="analysis"}': 1,
        'formscout_queue_messages{queue="unrouted"}': 2,
        'formscout_malformed_messages_total{queue="analysis"}': 3,
        "formscout_scheduler_leader": 1,
    }
    told = wait_for(ports["scheduler"], lambda figures: wanted.items() <= dict(figures).items(), worker, scheduler)
    for text in (analysis, told):
        check_labels(text, tenant)
    figures = read(told)
    # The slice is in no worker's hand, so it may wait again by now.
    assert sum(figures[f'formscout_queue_{state}_jobs{{queue="discovery"}}'] for state in ("waiting", "running", "delayed")) == 1
    assert figures['formscout_dispatched_messages_total{queue="analysis"}'] >= 1
    assert figures['formscout_dispatch_lag_seconds_count{queue="analysis"}'] >= 1
    assert figures['formscout_scheduler_turn_seconds_count{turn="dispatch"}'] > 0
    assert 'formscout_database_connections{state="idle"}' in figures
    assert read(analysis)['formscout_job_wait_seconds_count{kind="analyze_form_page",queue="analysis"}'] == 1
    assert (scheduler.stop(), worker.stop()) == (0, 0)


async def test_a_port_that_is_taken_is_said_at_once(database: Database, broker: Redis, start: Start) -> None:
    del database, broker
    port = free_port()
    first = start("formscout_scheduler.beat", FORMSCOUT_METRICS_PORT=str(port))
    wait_for(port, lambda _: True, first)
    for arguments in (("formscout_scheduler.beat",), worker_arguments("formscout_analysis.worker", "analysis")):
        refusing = start(*arguments, FORMSCOUT_METRICS_PORT=str(port))
        assert refusing.ended() != 0
        assert f"metrics cannot be served on port {port}" in refusing.said
        assert "Traceback" not in refusing.said
