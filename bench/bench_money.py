"""What a pair of reserve and settle costs: alone, and by 32 writers of 8 processes on one hot subscription beside one each.

`uv run python -m bench.bench_money [PAIRS]`. Counted is the time of each pair as its caller sees it, and the CPU time of PostgreSQL and of
the callers. Goal: none; two round trips a pair, and the ratio says what a hot row costs.
"""

import asyncio
import json
import statistics
import sys
import time
from typing import Final

from bench.measure import cpu_seconds, machine
from bench.stores import Stores, stores
from bench.tenant import create_database

from formscout.domain.budgets import Spending
from formscout.domain.ids import SubscriptionId
from formscout.domain.prices import Usage
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.usecases import companies
from formscout.usecases.budgets import reserve, settle

PROCESSES: Final = 8
WRITERS: Final = 4
"""Of each process."""

PLENTY: Final = 10**15
COST: Final = 100


async def spend(url: str, subscription_ids: list[int], pairs: int) -> tuple[list[float], float]:
    """Make so many pairs by one writer a subscription named; return what each took in seconds, and the CPU time of this process."""
    database = Database.connect(url, pool_size=len(subscription_ids))
    times: list[float] = []

    async def write(subscription_id: int) -> None:
        spending = Spending(subscription_id=SubscriptionId(subscription_id), project_id=None, model="claude-haiku-4-5")
        for _ in range(pairs):
            began = time.perf_counter()
            hold = await reserve(database, spending, amount=COST)
            await settle(database, hold, spent=COST, usage=Usage(input_tokens=COST))
            times.append(time.perf_counter() - began)

    cpu = time.process_time()
    await asyncio.gather(*(write(one) for one in subscription_ids))
    cpu = time.process_time() - cpu
    await database.close()
    return times, cpu


async def main() -> int:
    """Run the benchmark and return the exit status."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(machine())
    with stores() as at:
        url = await _prepare(at)
        await spend(url, [1], pairs)  # warm
        for name, ids in (("alone", [[1]]), ("32 apart", _apart()), ("32 on one", [[1] * WRITERS] * PROCESSES)):
            await _measure(at, url, name, ids, pairs)
    return 0


def _apart() -> list[list[int]]:
    return [[1 + process * WRITERS + writer for writer in range(WRITERS)] for process in range(PROCESSES)]


async def _prepare(at: Stores) -> str:
    url = await create_database(at, "money")
    database = Database.connect(url)
    await schema.upgrade(database)
    operator = await companies.authenticate(database, await companies.bootstrap_operator(database, "operator@example.com"))
    product = await companies.create_product(database, operator, name="Discovery")
    for number in range(PROCESSES * WRITERS):
        company = await companies.create_company(database, operator, name=f"Bench {number}")
        await companies.create_subscription(database, operator, company_id=company.id, product_id=product.id, monthly_limit=PLENTY)
    await database.close()
    return url


async def _measure(at: Stores, url: str, name: str, ids: list[list[int]], pairs: int) -> None:
    server = cpu_seconds(at.roots[:1])
    began = time.perf_counter()
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.bench_money", "--child", url, json.dumps(one), str(pairs), stdout=asyncio.subprocess.PIPE
        )
        for one in ids
    ]
    answers = [json.loads((await child.communicate())[0]) for child in children]
    wall = time.perf_counter() - began
    times = sorted(one for times, _ in answers for one in times)
    total = len(times)
    cpu = (cpu_seconds(at.roots[:1]) - server + sum(used for _, used in answers)) / total
    p95 = times[int(total * 0.95)]
    print(
        f"  {name:10} {total:6} pairs   CPU {cpu * 1000:6.2f} ms/pair   median {statistics.median(times) * 1000:7.2f} ms"
        f"   p95 {p95 * 1000:7.2f} ms   {total / wall:6.0f} pairs/s with starting"
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(json.dumps(asyncio.run(spend(sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4])))))
    else:
        sys.exit(asyncio.run(main()))
