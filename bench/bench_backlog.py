"""Accepting discoveries while more and more wait: an accepted one must cost the same behind 100,000 others as behind none.

`uv run python -m bench.bench_backlog [BACKLOG [TURNS]]`. Counted is the CPU time of the API, PostgreSQL, Redis and the scheduler. Between
the turns the backlog is filled up by statements of our own; what a turn measures is accepted over HTTP. Goal: last ≤ 1.1 × the first.
"""

import asyncio
import itertools
import statistics
import sys
from contextlib import ExitStack

import httpx
from bench.measure import cpu_seconds, machine
from bench.platform import CLIENTS, start_platform
from bench.stores import stores
from redis import Redis

from formscout.storage.database import Database

BACKLOG, TURNS, UNITS = 100_000, 5, 400

MARK, MEGABYTE_MARK = 1.1, 20

_FILL = """
    WITH made AS (
        INSERT INTO crawl_session (task_id, company_id, project_id, network_id, user_id, product_id, state, options, sentence,
            pages_known, pages_open)
        SELECT gen_random_uuid(), company_id, project_id, network_id, user_id, product_id, 'queued', options, sentence, 1, 1
        FROM (SELECT * FROM crawl_session ORDER BY id LIMIT 1) AS pattern, generate_series(1, {count}) RETURNING id, company_id
    ), paged AS (
        INSERT INTO frontier_page (session_id, key_digest, key, address, template, source, depth, priority, path, state)
        SELECT made.id, key_digest, key, address, template, source, depth, priority, path, 'waiting'
        FROM made, (SELECT * FROM frontier_page ORDER BY id LIMIT 1) AS pattern
    )
    INSERT INTO job (kind, queue, state, company_id, session_id) SELECT 'discover_slice', 'discovery', 'queued', company_id, id FROM made
"""


async def main() -> int:
    """Run the benchmark and return the exit status."""
    numbers = [int(word) for word in sys.argv[1:3]]
    backlog, turns = [*numbers, *(BACKLOG, TURNS)[len(numbers) :]]
    print(machine())
    with ExitStack() as running:
        at = running.enter_context(stores())
        ours = await start_platform(at, running, "backlog")
        database, tenant = Database.connect(ours.database_url), ours.tenant
        roots = (ours.api.pid, ours.scheduler.pid, *at.roots)
        limits = httpx.Limits(max_connections=CLIENTS, max_keepalive_connections=CLIENTS)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ours.port}", headers=ours.headers, limits=limits, timeout=60) as client:
            turn = itertools.cycle(tenant.networks)
            await _accept(client, tenant.ids, turn, UNITS)
            first = [await _cost(client, tenant.ids, turn, roots) for _ in range(turns)]
            async with database.look() as connection:
                for _ in range(10):
                    await connection.exec_driver_sql(_FILL.format(count=backlog // 10))
                await connection.exec_driver_sql("ANALYZE")
            await _accept(client, tenant.ids, turn, UNITS)
            last = [await _cost(client, tenant.ids, turn, roots) for _ in range(turns)]
        await database.close()
        held = Redis.from_url(at.redis).info("memory")["used_memory"] / 1_000_000
    return _report(first, last, backlog=backlog, megabytes=held)


def _report(first: list[float], last: list[float], *, backlog: int, megabytes: float) -> int:
    before, after = statistics.median(first), statistics.median(last)
    ratio = after / before
    print(f"\nAccepting a discovery behind others ({len(first)} turns of {UNITS} each, medians)")
    print(f"  behind some        {before * 1000:8.2f} ms CPU ({min(first) * 1000:.2f}–{max(first) * 1000:.2f})")
    print(f"  behind {backlog:8,}    {after * 1000:8.2f} ms CPU ({min(last) * 1000:.2f}–{max(last) * 1000:.2f})")
    print(f"  ratio              {ratio:8.2f}   mark ≤ {MARK}: {'kept' if ratio <= MARK else 'MISSED'}")
    print(f"  Redis holds        {megabytes:8.1f} MB   mark ≤ {MEGABYTE_MARK}: {'kept' if megabytes <= MEGABYTE_MARK else 'MISSED'}")
    return 0 if ratio <= MARK and megabytes <= MEGABYTE_MARK else 1


async def _cost(client: httpx.AsyncClient, ids: dict[str, int], turn: "itertools.cycle[int]", roots: tuple[int, ...]) -> float:
    before = cpu_seconds(roots)
    await _accept(client, ids, turn, UNITS)
    return (cpu_seconds(roots) - before) / UNITS


async def _accept(client: httpx.AsyncClient, ids: dict[str, int], turn: "itertools.cycle[int]", units: int) -> None:
    left = itertools.count(units, -1)

    async def one() -> None:
        while next(left) > 0:
            answer = await client.post("/api/crawl/discover-forms", json={**ids, "network_id": next(turn), "force": True})
            answer.raise_for_status()

    await asyncio.gather(*(one() for _ in range(CLIENTS)))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
