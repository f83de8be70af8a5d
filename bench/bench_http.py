"""Accepting a discovery and polling its status: ours against the plain way of `plain_app.py`.

`uv run python -m bench.bench_http [TURNS]`. Counted is the CPU time of the API process, of PostgreSQL and of Redis; for accepting that
of our scheduler, too: it sends the messages that the plain way sends in the request. Goals: accept ≤ 0.5 ×, status ≤ 0.8 ×.
"""

import asyncio
import itertools
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from http import HTTPStatus
from typing import Any

import httpx
from bench.measure import Contestant, machine, measure, report
from bench.stores import Stores, free_port, process, stores
from bench.tenant import create_database, make_tenant

from formscout.security.encryption import KeyRing, make_key_entry
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.usecases.networks import NetworkDraft

CLIENTS = 4
"""Requests in flight: enough that no contestant waits for the client."""

ACCEPTS, POLLS = 300, 600
"""Units of one turn: some seconds of work."""

ACCEPT_MARK, STATUS_MARK = 0.5, 0.8


async def main() -> int:
    """Run both benchmarks and return the exit status."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(machine())
    with ExitStack() as running:
        at = running.enter_context(stores())
        ours, body = await _start_ours(at, running)
        plain = await _start_plain(at, running)
        limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with (
            httpx.AsyncClient(base_url=ours.url, headers=ours.headers, limits=limits, timeout=30) as our_client,
            httpx.AsyncClient(base_url=plain.url, limits=limits, timeout=30) as plain_client,
        ):
            # Forced, or each request would join the session that the first one started.
            pairs = ((plain, plain_client, body), (ours, our_client, {**body, "force": True}))
            status = [await _polls(side, client, sent) for side, client, sent in pairs]
            statuses = await measure(status, units=POLLS, turns=turns, warm_up=POLLS // 4)
            accepts = await measure(
                [_accepts(side, client, sent) for side, client, sent in pairs], units=ACCEPTS, turns=turns, warm_up=ACCEPTS // 4
            )
    kept = report("Accepting a discovery", accepts, baseline="plain", mark=ACCEPT_MARK)
    kept &= report("Polling a status", statuses, baseline="plain", mark=STATUS_MARK)
    return 0 if kept else 1


class Side:
    """One way to accept and report: where it listens, and whose CPU time counts."""

    def __init__(self, name: str, port: int, roots: tuple[int, ...], senders: tuple[int, ...], headers: Mapping[str, str]) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self.roots = roots
        self.senders = senders  # who sends the messages of accepted jobs, where the API itself does not
        self.headers = headers


async def _start_ours(at: Stores, running: ExitStack) -> tuple[Side, dict[str, Any]]:  # Any: the body's fields
    url = await create_database(at, "ours")
    entry = make_key_entry("bench")
    database = Database.connect(url)
    await schema.upgrade(database)
    draft = NetworkDraft(name="Staging", base_url="https://app.example.com/")
    tenant = await make_tenant(database, KeyRing.parse(entry), draft)
    await database.close()
    port = free_port()
    settings = {
        "DATABASE_URL": url,
        "REDIS_URL": f"{at.redis}/0",
        "FORMSCOUT_ENCRYPTION_KEYS": entry,
        "FORMSCOUT_API_PORT": str(port),
        "FORMSCOUT_LOG_LEVEL": "WARNING",
    }
    api = running.enter_context(process(["formscout_api.main"], settings, port=port))
    scheduler = running.enter_context(process(["formscout_scheduler.beat"], settings))
    return Side("ours", port, (api.pid, *at.roots), (scheduler.pid,), {"Authorization": f"Bearer {tenant.key}"}), tenant.ids


async def _start_plain(at: Stores, running: ExitStack) -> Side:
    settings = {"DATABASE_URL": await create_database(at, "plain"), "REDIS_URL": f"{at.redis}/1"}
    port = free_port()
    arguments = ["uvicorn", "bench.plain_app:app", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    plain = running.enter_context(process(arguments, settings, port=port))
    return Side("plain", port, (plain.pid, *at.roots), (), {})


def _accepts(side: Side, client: httpx.AsyncClient, body: dict[str, Any]) -> Contestant:
    async def accept() -> None:
        answer = await client.post("/api/crawl/discover-forms", json=body)
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text

    return Contestant(name=side.name, work=lambda units: _in_parallel(units, accept), roots=(*side.roots, *side.senders))


async def _polls(side: Side, client: httpx.AsyncClient, body: dict[str, Any]) -> Contestant:
    task = (await client.post("/api/crawl/discover-forms", json=body)).json()["task_id"]
    if side.name == "plain":
        (await client.post(f"/bench/progress/{task}")).raise_for_status()

    async def poll() -> None:
        answer = await client.get(f"/api/crawl/status/{task}")
        assert answer.status_code == HTTPStatus.OK, answer.text

    return Contestant(name=side.name, work=lambda units: _in_parallel(units, poll), roots=side.roots)


async def _in_parallel(units: int, request: Any) -> None:  # Any: a coroutine function without arguments
    left = itertools.count(units, -1)

    async def client() -> None:
        while next(left) > 0:
            await request()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
