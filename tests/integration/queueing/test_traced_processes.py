"""One trace of a real discovery by real processes; and none of what is secret in it, in any span or log line."""

import asyncio
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx
import pytest
from redis.asyncio import Redis
from tests.support import secretive
from tests.support.otlp import Collector, Received, collecting
from tests.support.processes import Service, Start, worker_arguments
from tests.support.secretive import running_secretive
from tests.support.sessions import rows
from tests.support.tenants import KEY_ENTRY, KEYS, Tenant, make_operator
from tests.support.trace_trees import path_of, render, roots

from formscout.domain.networks import Credentials, Scope, SignIn, SignInKind
from formscout.local.ports import free_port
from formscout.storage.database import Database
from formscout.usecases.networks import NetworkDraft, create_network

TRACE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"
CLIENT: Final = "00f067aa0ba902b7"

PATIENCE_SECONDS: Final = 300
"""It takes some 20 s; the rest is for a busy machine."""

SERVICES: Final = ("formscout-api", "formscout-scheduler", "formscout-discovery", "formscout-analysis")

Api = tuple[httpx.AsyncClient, list[Service]]

NAMES: Final = re.compile(
    r"(GET|POST) /api/[a-z_{}/-]+|accept discovery|ring (discovery|analysis)|job (discover_slice|analyze_form_page)|slice|start browser"
    r"|sign in|visit|load page|inspect forms|press controls|analysis|describe forms"
)


@pytest.fixture
def application() -> Iterator[str]:
    """Serve the application full of secrets."""
    with running_secretive() as address:
        yield address


@pytest.fixture
async def asker(database: Database, tenant: Tenant, application: str) -> Tenant:
    """Make a company whose network is that application."""
    _, operator = await make_operator(database)
    draft = NetworkDraft(
        name="Secretive",
        base_url=application,
        scope=Scope(allow_private=True),
        sign_in=SignIn(kind=SignInKind.PASSWORD, username="somebody@example.com"),
    )
    credentials = Credentials(password=secretive.PASSWORD)
    network = await create_network(database, operator, keys=KEYS, project_id=tenant.project.id, draft=draft, credentials=credentials)
    return replace(tenant, network=network)


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Collect what the processes send."""
    with collecting() as listening:
        yield listening


@pytest.fixture
def api(
    broker: Redis, start: Start, collector: Collector, asker: Tenant, tmp_path: Path
) -> Iterator[tuple[httpx.AsyncClient, list[Service]]]:
    """Start everything and return a client of it, with all processes."""
    del broker
    port, scratch = free_port(), tmp_path / "scratch"
    scratch.mkdir()
    more = {**collector.variables, "FORMSCOUT_LOG_LEVEL": "DEBUG"}
    services = [
        start("formscout_api.main", FORMSCOUT_API_PORT=str(port), **more),
        start("formscout_scheduler.beat", **more),
        start(*worker_arguments("formscout_discovery.worker", "discovery"), FORMSCOUT_SCRATCH=str(scratch), **more),
        start(*worker_arguments("formscout_analysis.worker", "analysis"), **more),
    ]
    headers = {"Authorization": f"Bearer {asker.member_key}"}
    yield httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, trust_env=False), services
    for service in services:
        assert service.stop() == 0, service.story


async def test_one_trace_id_leads_to_every_slice_visit_and_analysis_and_to_no_secret(
    api: Api, asker: Tenant, database: Database, database_url: str, collector: Collector
) -> None:
    client, services = api
    async with client:
        status = await discover(client, services, asker)
    assert status["state"] == "SUCCESS", [service.said for service in services]
    slices, visits, pages = (await rows(database, _COUNTS))[0]
    counts = {"job discover_slice": slices, "slice": slices, "visit": visits, "job analyze_form_page": pages, "analysis": pages}
    spans = collector.wait_for(lambda spans: all(len(named(spans, name)) == number for name, number in counts.items()))
    trace = [span for span in spans if span.trace_id == TRACE]
    shape(trace, counts)
    assert pages == secretive.FORM_PAGES, render(trace)
    assert {span.service for span in trace} == set(SERVICES)

    assert [span.name for span in spans if NAMES.fullmatch(span.name) is None] == [], "names are few, and say nothing of anybody"
    keys = (KEY_ENTRY.partition(":")[2], asker.member_key, asker.admin_key, database_url)
    for secret in (*secretive.SECRETS, *keys):
        assert not any(secret.encode() in body for body in collector.bodies), secret
        assert not any(secret in service.said for service in services), secret
    discovery = services[2].said
    assert re.search(rf'"trace_id": "{TRACE}"', discovery), "a line leads to its trace"
    assert '"job_id"' in discovery


_COUNTS: Final = """
    SELECT (SELECT count(*) FROM job WHERE kind = 'discover_slice'), (SELECT count(*) FROM visit), (SELECT count(*) FROM form_page)
"""


async def discover(client: httpx.AsyncClient, services: list[Service], asker: Tenant) -> dict[str, object]:
    """Ask for a discovery in a trace of the client's own and wait for its end."""
    ends = time.monotonic() + PATIENCE_SECONDS
    headers = {"traceparent": f"00-{TRACE}-{CLIENT}-01"}
    accepted: httpx.Response | None = None
    while True:
        assert all(service.alive for service in services), [service.story for service in services]
        assert time.monotonic() < ends, [service.said for service in services]
        try:
            if accepted is None:
                answer = await client.post("/api/crawl/discover-forms", json=asker.discovery, headers=headers)
                accepted = answer.raise_for_status()
                assert accepted.headers["traceresponse"].startswith(f"00-{TRACE}-")
            status: dict[str, object] = (await client.get(accepted.json()["status_url"])).raise_for_status().json()
        except httpx.ConnectError:  # it is not up yet
            status = {}
        if status.get("state") in {"SUCCESS", "FAILURE"}:
            return status
        await asyncio.sleep(0.2)


def shape(trace: list[Received], counts: dict[str, int]) -> None:
    """Assert that it is one tree, below the client's span, and what hangs below what."""
    (root,) = roots(trace)
    assert (root.name, root.kind, root.parent_id) == ("POST /api/crawl/discover-forms", "SERVER", CLIENT), render(trace)
    run = ["job discover_slice", "accept discovery", "POST /api/crawl/discover-forms"]
    below = {
        "job discover_slice": run,
        "slice": ["slice", *run],
        "visit": ["visit", "slice", *run],
        "job analyze_form_page": ["job analyze_form_page", "visit", "slice", *run],
        "analysis": ["analysis", "job analyze_form_page", "visit", "slice", *run],
    }
    for name, path in below.items():
        assert [path_of(span, trace) for span in named(trace, name)] == [path] * counts[name], render(trace)
    assert {span.parent_id for span in named(trace, "ring discovery")} == {named(trace, "accept discovery")[0].span_id}


def named(spans: list[Received], name: str) -> list[Received]:
    return [span for span in spans if span.name == name]
