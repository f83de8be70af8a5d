"""Accepting a discovery and polling its status: ours against the plain way of `plain_app.py`.

`uv run python -m bench.bench_http [TURNS]`. Counted is the CPU time of the API process, of PostgreSQL and of Redis; for accepting that
of our scheduler, too: it sends the messages that the plain way sends in the request. Goals: accept ≤ 0.4 ×, status ≤ 0.6 ×.
"""

import asyncio
import itertools
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx
from bench.measure import Contestant, machine, measure, report
from bench.platform import CLIENTS, start_platform
from bench.stores import Stores, free_port, process, stores
from bench.tenant import Tenant, create_database

from formscout.domain.jobs import Queue
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.usecases.slices import begin_slice

ACCEPTS, POLLS = 300, 2000
"""Units of one turn: a second of CPU time or more, which the kernel counts in steps of 10 ms."""

ACCEPT_MARK, STATUS_MARK = 0.4, 0.6


async def main() -> int:
    """Run both benchmarks and return the exit status."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(machine())
    with ExitStack() as running:
        at = running.enter_context(stores())
        ours, tenant = await _start_ours(at, running)
        plain = await _start_plain(at, running)
        limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with (
            httpx.AsyncClient(base_url=ours.url, headers=ours.headers, limits=limits, timeout=30) as our_client,
            httpx.AsyncClient(base_url=plain.url, limits=limits, timeout=30) as plain_client,
        ):
            # Forced, or each request would join the session that the first one started.
            pairs = ((plain, plain_client, tenant.ids), (ours, our_client, {**tenant.ids, "force": True}))
            status = [await _polls(side, client, sent) for side, client, sent in pairs]
            statuses = await measure(status, units=POLLS, turns=turns, warm_up=POLLS // 4)
            accepts = await measure(
                [_accepts(side, client, sent, tenant.networks) for side, client, sent in pairs],
                units=ACCEPTS,
                turns=turns,
                warm_up=ACCEPTS // 4,
            )
    kept = report("Accepting a discovery", accepts, baseline="plain", mark=ACCEPT_MARK)
    kept &= report("Polling a status", statuses, baseline="plain", mark=STATUS_MARK)
    return 0 if kept else 1


Begin = Callable[[httpx.AsyncClient, str], Awaitable[None]]
"""Does what a worker does when it takes a task up, so that there is progress to report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One way to accept and report: where it listens, and whose CPU time counts."""

    name: str
    port: int
    roots: tuple[int, ...]
    senders: tuple[int, ...] = ()  # who sends the messages of accepted jobs, where the API itself does not
    begin: Begin
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


async def _start_ours(at: Stores, running: ExitStack) -> tuple[Side, Tenant]:
    ours = await start_platform(at, running, "ours")

    async def begin(_client: httpx.AsyncClient, _task: str) -> None:
        database = Database.connect(ours.database_url)
        async with database.begin() as connection:
            claim = await JobStore(connection).claim(Queue.DISCOVERY, worker="bench")
        assert claim is not None, "a discovery waits"
        await begin_slice(database, claim)
        await database.close()

    roots, senders = (ours.api.pid, *at.roots), (ours.scheduler.pid,)
    return Side(name="ours", port=ours.port, roots=roots, senders=senders, begin=begin, headers=ours.headers), ours.tenant


async def _start_plain(at: Stores, running: ExitStack) -> Side:
    settings = {"DATABASE_URL": await create_database(at, "plain"), "REDIS_URL": f"{at.redis}/1"}
    port = free_port()
    arguments = ["uvicorn", "bench.plain_app:app", "--port", str(port), "--no-access-log", "--log-level", "warning"]
    plain = running.enter_context(process(arguments, settings, port=port))

    async def begin(client: httpx.AsyncClient, task: str) -> None:
        (await client.post(f"/bench/progress/{task}")).raise_for_status()

    return Side(name="plain", port=port, roots=(plain.pid, *at.roots), begin=begin)


def _accepts(side: Side, client: httpx.AsyncClient, body: Mapping[str, int], networks: Sequence[int]) -> Contestant:
    turn = itertools.cycle(networks)

    async def accept() -> None:
        answer = await client.post("/api/crawl/discover-forms", json={**body, "network_id": next(turn)})
        assert answer.status_code == HTTPStatus.ACCEPTED, answer.text

    return Contestant(name=side.name, work=lambda units: _in_parallel(units, accept), roots=(*side.roots, *side.senders))


async def _polls(side: Side, client: httpx.AsyncClient, body: Mapping[str, int]) -> Contestant:
    task = (await client.post("/api/crawl/discover-forms", json=body)).json()["task_id"]
    await side.begin(client, task)

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
