"""Runs in a pod beside the platform: each second one line with what lies in Redis and stands in PostgreSQL."""

import asyncio
import json
import os
import time
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # it ships no types; only figures come from it
from redis.asyncio import Redis

QUEUES: Final = ("discovery", "analysis", "budget")

PERIOD_SECONDS: Final = 1.0

STORE_SECONDS: Final = 2.0
"""How long a store may take before it counts as away."""

ROWS: Final = """
SELECT (SELECT count(*) FROM job WHERE queue = 'discovery' AND state = 'queued') AS discovery_queued,
       (SELECT count(*) FROM job WHERE queue = 'discovery' AND state = 'running') AS discovery_running,
       (SELECT count(*) FROM job WHERE queue = 'analysis' AND state = 'queued') AS analysis_queued,
       (SELECT count(*) FROM job WHERE queue = 'analysis' AND state = 'running') AS analysis_running,
       (SELECT count(*) FROM job WHERE queue = 'budget' AND state = 'queued') AS budget_queued,
       (SELECT count(*) FROM job WHERE queue = 'budget' AND state = 'running') AS budget_running,
       (SELECT count(*) FROM job WHERE state = 'running' AND lease_until < now()) AS leases_run_out,
       (SELECT coalesce(sum(attempts), 0) FROM job) AS attempts_spent,
       (SELECT count(*) FROM job_crash) AS crashes,
       (SELECT count(*) FROM visit) AS visits
"""

BUSY: Final = "SELECT worker, queue, session_id FROM job WHERE state = 'running'"


async def redis_figures(redis: Redis) -> dict[str, int]:
    """Return the messages that wait and that a worker holds, by queue, in the way that KEDA reads them."""
    figures = {}
    for queue in QUEUES:
        figures[f"{queue}_waiting"] = await redis.llen(queue)
        figures[f"{queue}_in_flight"] = await redis.hlen(f"unacked:{queue}")
    return figures


async def row_figures(connection: asyncpg.Connection) -> dict[str, Any]:  # Any: numbers, and who is busy
    """Return the jobs by state, what was spent, and who is busy."""
    row = await connection.fetchrow(ROWS)
    return {**row, "busy": [list(one) for one in await connection.fetch(BUSY)]}


async def main() -> None:
    """Look each second, until told to end; a store that is away is said to be."""
    redis = Redis(
        host=os.environ["REDIS_HOST"],
        username=os.environ["REDIS_USERNAME"],
        password=os.environ["REDIS_PASSWORD"],
        socket_timeout=STORE_SECONDS,
        socket_connect_timeout=STORE_SECONDS,
    )
    connection = None
    while True:
        began = time.time()
        line: dict[str, Any] = {"at": began}
        try:
            line |= await asyncio.wait_for(redis_figures(redis), STORE_SECONDS)
        except Exception as error:  # noqa: BLE001 it says what it saw, and looks again
            line["redis"] = repr(error)
        try:
            if connection is None or connection.is_closed():
                connection = await asyncpg.connect(os.environ["DATABASE_URL"], timeout=STORE_SECONDS)
            line |= await asyncio.wait_for(row_figures(connection), STORE_SECONDS)
        except Exception as error:  # noqa: BLE001 as above
            line["postgres"] = repr(error)
        print(json.dumps(line), flush=True)  # noqa: T201 its log is what it is for
        await asyncio.sleep(max(0.0, began + PERIOD_SECONDS - time.time()))


if __name__ == "__main__":
    asyncio.run(main())
