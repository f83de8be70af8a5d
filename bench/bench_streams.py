"""Event streams that stay open: what each costs in memory, and how long an event takes from its commit to the client.

`uv run python -m bench.bench_streams [STREAMS [ROUNDS]]`. One API process, each stream of its own session and on its own connection; a
round writes one event to every session, then the last one ends them all. Goals: ≤ 40 kB a stream, p99 ≤ 1 s, one last event each.
"""

import asyncio
import resource
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field

import uvloop
from bench.measure import machine
from bench.stores import free_port, process, stores
from bench.tenant import create_database, make_tenant

from formscout.security.encryption import KeyRing, make_key_entry
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.usecases.networks import NetworkDraft

STREAMS, ROUNDS = 2000, 5

ROUND_SECONDS = 3.0
"""Between two rounds."""

OPENING_AT_ONCE = 50
"""Below the 2048 connections that the kernel keeps waiting for us."""

KILOBYTE_MARK, SECONDS_MARK = 40, 1.0

_SESSIONS = """
    INSERT INTO crawl_session (task_id, company_id, project_id, network_id, user_id, product_id, state, options, sentence)
    SELECT gen_random_uuid(), {company_id}, {project_id}, {network_id}, {user_id}, {product_id}, 'running', '{{}}', 'Bench'
    FROM generate_series(1, {count}) RETURNING task_id
"""

_EVENT = """
    WITH taken AS (UPDATE crawl_session SET last_event = last_event + 1 RETURNING id, last_event)
    INSERT INTO session_event (session_id, sequence, kind, data) SELECT id, last_event, '{kind}', '{{}}' FROM taken
"""


@dataclass(slots=True)
class Seen:
    """What a client has seen: when each event came, and whether its stream ended after the last one."""

    arrivals: list[float] = field(default_factory=list)
    ended: int = 0
    is_closed: bool = False


async def main() -> int:
    """Run the benchmark and return the exit status."""
    numbers = [int(word) for word in sys.argv[1:3]]
    count, rounds = [*numbers, *(STREAMS, ROUNDS)[len(numbers) :]]
    print(machine())
    _raise_limit(2 * count + 200)
    with ExitStack() as running:
        at = running.enter_context(stores())
        url, entry, port = await create_database(at, "streams"), make_key_entry("bench"), free_port()
        database = Database.connect(url)
        await schema.upgrade(database)
        tenant = await make_tenant(database, KeyRing.parse(entry), NetworkDraft(name="Staging", base_url="https://app.example.com/"))
        async with database.begin() as connection:
            tasks = (await connection.exec_driver_sql(_SESSIONS.format(**tenant.ids, count=count))).scalars().all()
        settings = {
            "DATABASE_URL": url,
            "REDIS_URL": f"{at.redis}/0",
            "FORMSCOUT_ENCRYPTION_KEYS": entry,
            "FORMSCOUT_API_PORT": str(port),
            "FORMSCOUT_LOG_LEVEL": "WARNING",
            "FORMSCOUT_FOLLOWERS_PER_USER": str(count),
        }
        api = running.enter_context(process(["formscout_api.main"], settings, port=port))
        await _open(port, tenant.key, [str(tasks[0])])  # what the first stream loads is not the others' cost
        before = api.memory_info().rss
        streams = await _open(port, tenant.key, [str(task) for task in tasks[1:]])
        await asyncio.sleep(ROUND_SECONDS)
        kilobytes = (api.memory_info().rss - before) / 1000 / len(streams)
        idle = api.cpu_times()
        await asyncio.sleep(ROUND_SECONDS)
        share = sum(api.cpu_times()[:2]) - sum(idle[:2])
        delays: list[float] = []
        for turn in range(rounds):
            kind = "ended" if turn == rounds - 1 else "visit"
            async with database.begin() as connection:
                await connection.exec_driver_sql(_EVENT.format(kind=kind))
            committed = time.perf_counter()
            await asyncio.sleep(ROUND_SECONDS)
            delays += [seen.arrivals[turn] - committed for seen in streams if len(seen.arrivals) > turn]
        await database.close()
    return _report(streams, delays, kilobytes=kilobytes, rounds=rounds, idle_share=share / ROUND_SECONDS)


def _report(streams: list[Seen], delays: list[float], *, kilobytes: float, rounds: int, idle_share: float) -> int:
    delays.sort()
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    whole = sum(len(seen.arrivals) == rounds and seen.ended == 1 and seen.is_closed for seen in streams)
    print(f"\n{len(streams)} open streams, {rounds} events each")
    print(f"  memory a stream        {kilobytes:8.1f} kB   mark ≤ {KILOBYTE_MARK}: {'kept' if kilobytes <= KILOBYTE_MARK else 'MISSED'}")
    print(f"  event to client p50    {p50:8.3f} s")
    print(f"  event to client p99    {p99:8.3f} s    mark ≤ {SECONDS_MARK}: {'kept' if p99 <= SECONDS_MARK else 'MISSED'}")
    print(f"  API's CPU while silent {idle_share:8.1%} of a core")
    print(f"  every event once, one last event, then closed: {whole} of {len(streams)}")
    return 0 if kilobytes <= KILOBYTE_MARK and p99 <= SECONDS_MARK and whole == len(streams) else 1


async def _open(port: int, key: str, tasks: list[str]) -> list[Seen]:
    """Open a stream for each task; returns once all are answered."""
    gate = asyncio.Semaphore(OPENING_AT_ONCE)

    async def one(task: str) -> Seen:
        async with gate:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
            lines = (f"GET /api/crawl/events/{task} HTTP/1.1", "Host: bench", f"Authorization: Bearer {key}", "", "")
            writer.write("\r\n".join(lines).encode())
            assert b" 200 " in await reader.readline(), "the stream is answered"
            seen = Seen()
            _reading.append(asyncio.create_task(_read(reader, writer, seen)))
            return seen

    return list(await asyncio.gather(*(one(task) for task in tasks)))


_reading: list[asyncio.Task[None]] = []
"""Kept, or the tasks would be collected while they run."""


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
    while line := await reader.readline():
        if line.startswith(b"event: "):
            seen.arrivals.append(time.perf_counter())
            seen.ended += line.strip() == b"event: ended"
        if line == b"0\r\n":  # the last chunk
            seen.is_closed = True
            break
    writer.close()  # not before: a writer that nobody holds closes its connection


def _raise_limit(files: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, hard) if hard != resource.RLIM_INFINITY else files, hard))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(main()))
