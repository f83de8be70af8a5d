"""Two real discovery workers on one session: what they find is what one finds alone, each form and each page once."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from redis.asyncio import Redis
from tests.support.clinic import FORMS
from tests.support.figures import check_labels, read, wait_for
from tests.support.misbehaving import MisbehavingSite
from tests.support.processes import Ring, Service, Start, worker_arguments
from tests.support.sessions import ask, rows, scalar, session_now
from tests.support.tenants import KEY_ENTRY, Tenant, make_tenant

from formscout.domain.networks import Politeness, Scope
from formscout.local.ports import free_port
from formscout.queueing.presence import WORKERS_KEY
from formscout.storage.database import Database
from formscout.usecases.jobs import reconcile
from formscout.usecases.unit_of_work import unit_of_work
from formscout_discovery.crawl.memory import INSTANCES_OF_A_TEMPLATE
from formscout_discovery.detection.folding import fields_of

WORKERS: Final = 2
TABS: Final = 2
PATIENCE_SECONDS: Final = 300
"""It takes some 20 s; the rest is for a busy machine."""


@pytest.fixture
async def clinic(database: Database, site: MisbehavingSite) -> Tenant:
    """Make a company whose network is the application with known forms."""
    tenant = await make_tenant(database, "Acme", base_url=f"{site.base}/clinic/")
    network = replace(
        tenant.network,
        scope=Scope(include=(f"{site.base}/clinic/",), allow_private=True),
        politeness=Politeness(max_parallel_tabs=TABS),
    )
    async with unit_of_work(database) as work:
        await work.networks.replace(network)
    return tenant


@pytest.fixture
def ports() -> list[int]:
    """Return where each worker serves its metrics."""
    return [free_port() for _ in range(WORKERS)]


@pytest.fixture
async def discovery(start: Start, broker: Redis, tmp_path: Path, ports: list[int]) -> AsyncIterator[list[Service]]:
    """Start the workers, slices of twenty seconds so that they hand over, and wait until all are ready to take one."""
    scratch = tmp_path / "scratch"
    settings = {
        "FORMSCOUT_ENCRYPTION_KEYS": KEY_ENTRY,
        "FORMSCOUT_SCRATCH": str(scratch),
        "FORMSCOUT_PAGES_A_SLICE": "1",
        "FORMSCOUT_SLICE_SECONDS": "20",
    }
    scratch.mkdir()
    arguments = worker_arguments("formscout_discovery.worker", "discovery")
    started = [start(*arguments, **settings, FORMSCOUT_METRICS_PORT=str(port)) for port in ports]
    ends = time.monotonic() + PATIENCE_SECONDS
    while await broker.hlen(WORKERS_KEY) < WORKERS:
        assert all(service.alive for service in started), [service.said for service in started]
        assert time.monotonic() < ends
        await asyncio.sleep(0.05)
    yield started
    for service in started:
        assert service.stop() == 0, service.said


async def test_slices_beside_each_other_find_what_one_finds_alone(
    database: Database, clinic: Tenant, site: MisbehavingSite, ring: Ring, discovery: list[Service], *, ports: list[int]
) -> None:
    session = await ask(database, clinic, max_slices=WORKERS)
    ends = time.monotonic() + PATIENCE_SECONDS
    while await scalar(database, "SELECT count(*) FROM job WHERE kind = 'discover_slice' AND state IN ('queued', 'running')"):
        await reconcile(database)  # a worker that a busy machine kept from its heartbeat hands its slice on
        await ring()
        assert time.monotonic() < ends, [service.said for service in discovery]
        await asyncio.sleep(0.05)

    slices = await rows(database, "SELECT state FROM job WHERE kind = 'discover_slice'")
    assert set(slices) == {("succeeded",)}
    assert len(slices) >= WORKERS, "a page that led to others started one more"
    kept = [tuple(signature) for (signature,) in await rows(database, "SELECT signature FROM form")]
    assert Counter(frozenset(entry.partition("|")[0] for entry in fields_of(one)) for one in kept) == Counter(FORMS.keys())
    pages = await rows(database, "SELECT state, visit.id IS NOT NULL FROM frontier_page page LEFT JOIN visit ON visit.page_id = page.id")
    assert set(pages) == {("done", True), ("skipped", False)}
    now = await session_now(database, session.id)
    assert (now.visits, now.failure) == (pages.count(("done", True)), None)
    assert now.pages_found == await scalar(database, "SELECT count(*) FROM form_page WHERE state = 'pending'")
    assert await scalar(database, "SELECT pages_open FROM crawl_session") == 0
    rooms = await scalar(database, "SELECT count(*) FROM visit WHERE address LIKE '%/rooms/%'")
    assert INSTANCES_OF_A_TEMPLATE <= rooms < INSTANCES_OF_A_TEMPLATE + WORKERS * TABS, "each tab may start on one together with the last"
    assert site.writes() == []
    await check_figures(database, clinic, ports, slices=len(slices))


async def check_figures(database: Database, clinic: Tenant, ports: list[int], *, slices: int) -> None:
    """Assert that the metrics of all workers add up to what the rows say, and tell of nobody."""
    texts = [wait_for(port, lambda _: True) for port in ports]
    for text in texts:
        check_labels(text, clinic)
    figures: defaultdict[str, float] = defaultdict(float)
    for name, value in (series for text in texts for series in read(text).items()):
        figures[name.partition("{")[0]] += value
    told = [figures[f"formscout_{name}_total"] for name in ("visits", "clicks", "form_pages_found", "forms_found", "judged_requests")]
    queries = (
        "count(*) FROM visit",
        "sum(clicks) FROM visit",
        "count(*) FROM form_page",
        "count(*) FROM form",
        "sum(count) FROM judged_request",
    )
    assert told == [await scalar(database, f"SELECT {query}") for query in queries]
    assert figures["formscout_slices_total"] >= slices
    assert figures["formscout_browser_starts_total"] == figures["formscout_slices_total"]
    assert figures["formscout_browser_memory_bytes"] == 0, "no browser runs any more"
