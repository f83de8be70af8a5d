"""What a job costs: behind a backlog of 1,000 and of 100,000 others, and from accepted to finished beside procrastinate and plain Celery.

`uv run python -m bench.bench_jobs [TURNS]`. Counted is the CPU time of PostgreSQL, Redis, the scheduler, the worker and of this process,
which accepts the jobs. Marks: behind 100,000 ≤ 1.1 × behind 1,000; Redis ≤ 20 MB; accepted to finished ≤ 1.3 × procrastinate.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack

import redis.asyncio
from bench.measure import Contestant, machine, measure, report
from bench.stores import Stores, process, stores
from bench.tenant import create_database
from sqlalchemy import text

from formscout.domain.jobs import Finished, JobKind, NewJob, Queue
from formscout.queueing.app import create_app
from formscout.security.encryption import make_key_entry
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.storage.jobs import JobStore
from formscout.usecases.jobs import finish_job, reconcile
from formscout_scheduler.dispatcher import Dispatcher

SMALL, LARGE = 1_000, 100_000
"""Jobs that wait while others are accepted, claimed and ended."""

COMPANIES = 50
"""Among whom the backlog is spread: a claim looks at each."""

LIVES, PASSES, NOOPS = 300, 200, 300
"""Units of one turn."""

FLAT_MARK, PROCRASTINATE_MARK, REDIS_MARK_MB = 1.1, 1.3, 20
PATIENCE_SECONDS = 300.0


async def main() -> int:
    """Run the benchmarks and return the exit status."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    print(machine())
    with ExitStack() as running:
        at = running.enter_context(stores())
        kept = await _backlogs(at, turns)
        kept &= await _noops(at, turns, running)
    return 0 if kept else 1


async def _backlogs(at: Stores, turns: int) -> bool:
    small, large = [await _waiting(at, f"behind_{jobs}", jobs) for jobs in (SMALL, LARGE)]
    roots = (os.getpid(), *at.roots)
    sides = {}
    for number, (jobs, database) in enumerate(((SMALL, small), (LARGE, large))):
        client = redis.asyncio.Redis.from_url(f"{at.redis}/{number}")
        app = create_app("bench", f"{at.redis}/{number}", queue=None)
        dispatcher = Dispatcher(app=app, database=database, redis=client)
        await dispatcher.top_up()
        sides[jobs] = (database, dispatcher, client)
    used = float((await sides[LARGE][2].info("memory"))["used_memory"]) / 2**20
    print(f"\nRedis with both backlogs dispatched: {used:.1f} MB   mark ≤ {REDIS_MARK_MB}: {'kept' if used <= REDIS_MARK_MB else 'MISSED'}")
    kept = used <= REDIS_MARK_MB
    works: dict[str, tuple[int, Callable[[Database, Dispatcher], Awaitable[object]]]] = {
        "A job's life: accepted, claimed, ended": (LIVES, lambda database, _: _life(database)),
        "A pass of the dispatcher": (PASSES, lambda _, dispatcher: dispatcher.top_up()),
        "A pass of the reconciler": (PASSES, lambda database, _: reconcile(database)),
    }
    for title, (units, work) in works.items():
        contestants = [
            Contestant(name=f"behind {jobs:,}", work=_repeated(work, database, dispatcher), roots=roots)
            for jobs, (database, dispatcher, _) in sides.items()
        ]
        results = await measure(contestants, units=units, turns=turns, warm_up=units // 4)
        kept &= report(title, results, baseline=f"behind {SMALL:,}", mark=FLAT_MARK)
    for database, _, client in sides.values():
        await client.aclose()
        await database.close()
    return kept


def _repeated(
    work: Callable[[Database, Dispatcher], Awaitable[object]], database: Database, dispatcher: Dispatcher
) -> Callable[[int], Awaitable[None]]:
    async def repeat(units: int) -> None:
        for _ in range(units):
            await work(database, dispatcher)

    return repeat


async def _waiting(at: Stores, name: str, jobs: int) -> Database:
    """Make a database in which so many jobs wait."""
    database = Database.connect(await create_database(at, name))
    await schema.upgrade(database)
    async with database.begin() as connection:
        await connection.execute(text("INSERT INTO company (name) SELECT 'Company ' || n FROM generate_series(1, :n) n"), {"n": COMPANIES})
        statement = "INSERT INTO job (kind, queue, state, company_id) SELECT 'check_budget', 'budget', 'queued', 1 + n % :companies"
        await connection.execute(text(f"{statement} FROM generate_series(1, :jobs) n"), {"companies": COMPANIES, "jobs": jobs})
    async with database.look() as connection:
        await connection.execute(text("VACUUM ANALYZE job"))
    return database


async def _life(database: Database) -> None:
    async with database.begin() as connection:
        await JobStore(connection).add([NewJob(kind=JobKind.CHECK_BUDGET)])
    async with database.look() as connection:
        claim = await JobStore(connection).claim(Queue.BUDGET, worker="bench")
    assert claim is not None, "many wait"
    await finish_job(database, claim, Finished())


async def _noops(at: Stores, turns: int, running: ExitStack) -> bool:
    contestants = [await _procrastinate(at, running), _celery(at, running)]
    contestants += [await _ours(at, running, queue, kind, number) for number, (queue, kind) in enumerate(_OURS.items(), start=4)]
    results = await measure(contestants, units=NOOPS, turns=turns, warm_up=NOOPS // 4)
    report("A job that does nothing, accepted to finished", results[:2], baseline="procrastinate")
    return report("The same, ours", [results[0], *results[2:]], baseline="procrastinate", mark=PROCRASTINATE_MARK)


_OURS = {Queue.BUDGET: JobKind.CHECK_BUDGET, Queue.ANALYSIS: JobKind.ANALYZE_FORM_PAGE}


async def _ours(at: Stores, running: ExitStack, queue: Queue, kind: JobKind, number: int) -> Contestant:
    url, broker = await create_database(at, f"ours_{queue}"), f"{at.redis}/{number}"
    database = Database.connect(url)
    await schema.upgrade(database)
    settings = {"DATABASE_URL": url, "REDIS_URL": broker, "BENCH_QUEUE": queue, "FORMSCOUT_LOG_LEVEL": "WARNING"}
    settings["FORMSCOUT_ENCRYPTION_KEYS"] = make_key_entry("bench")
    scheduler = running.enter_context(process(["formscout_scheduler.beat"], settings))
    worker = running.enter_context(process([*_celery_worker("bench.noop_worker"), "-Q", queue], settings))

    async def work(units: int) -> None:
        for _ in range(units):
            async with database.begin() as connection:
                await JobStore(connection).add([NewJob(kind=kind)])
        await _until(lambda: _none(database, f"SELECT count(*) FROM job WHERE queue = '{queue}' AND state IN ('queued', 'running')"))  # noqa: S608 (ours)

    return Contestant(name=f"ours, on {queue}", work=work, roots=(os.getpid(), *at.roots, scheduler.pid, worker.pid))


async def _procrastinate(at: Stores, running: ExitStack) -> Contestant:
    url = await create_database(at, "procrastinate")
    os.environ["DATABASE_URL"] = url
    from bench.procrastinate_worker import app, nothing  # noqa: PLC0415 (it reads the address when imported)

    await app.open_async()
    await app.schema_manager.apply_schema_async()
    worker = running.enter_context(process(["bench.procrastinate_worker"], {"DATABASE_URL": url}))
    database = Database.connect(url)

    async def work(units: int) -> None:
        for number in range(units):
            await nothing.defer_async(number=number)
        await _until(lambda: _none(database, "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"))

    return Contestant(name="procrastinate", work=work, roots=(os.getpid(), *at.roots, worker.pid))


def _celery(at: Stores, running: ExitStack) -> Contestant:
    broker = f"{at.redis}/3"
    os.environ["REDIS_URL"] = broker
    from bench.plain_worker import nothing  # noqa: PLC0415 (it reads the address when imported)

    worker = running.enter_context(process(_celery_worker("bench.plain_worker"), {"REDIS_URL": broker}))
    client = redis.asyncio.Redis.from_url(broker)

    async def idle() -> bool:
        return not await client.llen("celery") and not await client.hlen("unacked")

    async def work(units: int) -> None:
        for number in range(units):
            nothing.delay(number)
        await _until(idle)

    return Contestant(name="plain Celery", work=work, roots=(os.getpid(), *at.roots, worker.pid))


def _celery_worker(module: str) -> Sequence[str]:
    return ("celery", "-A", module, "worker", "-c", "1", "--without-mingle", "--without-gossip", "-l", "WARNING")


async def _none(database: Database, statement: str) -> bool:
    async with database.look() as connection:
        return not (await connection.execute(text(statement))).scalar_one()


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not await done():
        assert time.monotonic() < ends, "the jobs do not end"
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
