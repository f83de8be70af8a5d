"""Health, metrics and the description of the API."""

import socket
from importlib.metadata import version
from pathlib import Path

import httpx
from tests.support import databases
from tests.support.api import Client, running, settings_for
from tests.support.figures import check_labels, read
from tests.support.tenants import Tenant, make_tenant

from formscout.storage.database import Database
from formscout_api.openapi import FILE, render


async def test_a_process_that_can_work_is_live_and_ready(clients: Client) -> None:
    client = clients(None)
    assert (await client.get("/health/live")).json() == {"status": "ok"}
    assert (await client.get("/health/ready")).json() == {"status": "ok", "database": "up", "redis": "up"}


async def test_redis_is_reported_but_not_needed(database_url: str) -> None:
    async with running(settings_for(database_url, f"redis://127.0.0.1:{_free_port()}/0")) as clients:
        ready = await clients(None).get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "database": "up", "redis": "down"})


async def test_without_postgresql_it_lives_and_is_not_ready_and_says_when_to_try_again(
    template: str,
    redis_url: str,
) -> None:
    url = await databases.create(template)
    async with running(settings_for(url, redis_url)) as clients:
        await databases.drop(template, url)
        client = clients("fsk_anything")
        assert (await client.get("/health/live")).status_code == 200
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["database"]) == (503, "down")
        answer = await client.get("/api/companies")
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:formscout:problem:store_unavailable"
        assert int(answer.headers["retry-after"]) > 0


async def test_a_connection_that_was_cut_costs_an_answer_at_most_and_is_replaced(template: str, redis_url: str) -> None:
    url = await databases.create(template)
    database = Database.connect(url)
    tenant = await make_tenant(database, "Acme")
    await database.close()
    async with running(settings_for(url, redis_url, key_cache_seconds=5)) as clients:
        client = clients(tenant.member_key)
        status_url = (await client.post("/api/crawl/discover-forms", json=tenant.discovery)).json()["status_url"]
        for path in (status_url, "/api/projects"):
            name = url.rsplit("/", 1)[1].partition("?")[0]
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            await databases.run(template, f"{cut}'{name}'")
            statuses = [(await client.get(path)).status_code for _ in range(10)]
            assert statuses[-1] == 200
            assert set(statuses) <= {200, 503}
            assert statuses.count(503) <= 1
    await databases.drop(template, url)


async def test_requests_are_counted_by_route_template(member: httpx.AsyncClient, tenant: Tenant) -> None:
    await member.get(f"/api/networks/{tenant.network.id}")
    await member.get("/api/networks/987654321")
    await member.get("/api/nowhere/1")
    await member.get("/api/nowhere/2")
    await member.request("BREW", f"/api/networks/{tenant.network.id}")
    text = (await member.get("/metrics")).text
    assert 'formscout_http_requests_total{method="GET",route="/api/networks/{network_id}",status="200"} 1.0' in text
    assert 'formscout_http_requests_total{method="GET",route="/api/networks/{network_id}",status="404"} 1.0' in text
    assert 'formscout_http_requests_total{method="ANY",route="unmatched",status="404"} 2.0' in text
    assert "formscout_http_request_seconds_bucket" in text
    assert "nowhere" not in text
    assert "BREW" not in text
    figures = read(text)
    assert figures["formscout_http_followers"] == 0
    assert figures['formscout_database_connections{state="in_use"}'] >= 0
    assert figures['formscout_redis_connections{state="idle"}'] >= 0
    assert figures[f'formscout_build_info{{component="api",version="{version("formscout")}"}}'] == 1
    check_labels(text, tenant)


async def test_the_description_is_served_and_is_the_one_in_the_repository(clients: Client) -> None:
    served = (await clients(None).get("/openapi.json")).json()
    assert "/api/crawl/discover-forms" in served["paths"]
    assert (await clients(None).get("/docs")).status_code == 200
    written = (Path(__file__).parents[3] / FILE).read_text(encoding="utf-8")
    assert written == render(), "run `python -m formscout_api.openapi` and commit the file"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
