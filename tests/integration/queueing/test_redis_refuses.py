"""A Redis that answers and refuses to write: a real worker waits until it takes what it is given again."""

import asyncio

from redis.asyncio import Redis
from tests.support.processes import START_SECONDS, Ring, Service, Start
from tests.support.sessions import add_jobs, rows

from formscout.domain.jobs import JobKind, NewJob
from formscout.storage.database import Database

RESET = NewJob(kind=JobKind.RESET_BUDGETS)


async def says(worker: Service, words: str) -> None:
    """Wait until the worker, which stays alive, has written these words."""
    async with asyncio.timeout(START_SECONDS):
        while words not in worker.said:
            assert worker.alive, worker.story
            await asyncio.sleep(0.05)


async def test_a_worker_outlives_a_redis_that_is_out_of_memory(database: Database, broker: Redis, ring: Ring, start_worker: Start) -> None:
    await add_jobs(database, RESET)
    await ring()
    message = await broker.rpop("budget")
    assert isinstance(message, bytes)
    worker = start_worker("formscout_scheduler.worker", "budget")
    await says(worker, "ready")

    try:
        # At one stroke, so that the worker is given the message and may not write that it has it.
        pipe = broker.pipeline(transaction=True)
        pipe.lpush("budget", message)
        pipe.config_set("maxmemory", 1)
        await pipe.execute()
        await says(worker, "OutOfMemoryError")
    finally:
        await broker.config_set("maxmemory", 0)

    async with asyncio.timeout(START_SECONDS):
        while not await rows(database, "SELECT id FROM job WHERE state = 'succeeded'"):
            assert worker.alive, worker.story
            await ring()
            await asyncio.sleep(0.5)
    assert worker.stop() == 0
