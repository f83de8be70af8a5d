"""Money under many processes: of 1,000 holds of a four-hundredth exactly 400 succeed, also when processes are killed in between."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest
from tests.support.money import assert_ledger_agrees, period_now
from tests.support.processes import START_SECONDS, Service, running
from tests.support.sessions import execute, rows, scalar
from tests.support.tenants import Tenant

from formscout.storage.database import Database
from formscout.usecases.budgets import settle_expired

LIMIT: Final = 5_000_000
PARTS: Final = 400
PROCESSES: Final = 8
ATTEMPTS: Final = 125
"""Of each process: 1,000 together."""


@pytest.fixture
def spenders(database_url: str, tenant: Tenant, tmp_path: Path) -> Iterator[list[Service]]:
    """Start eight processes that spend; whatever is left of them in the end is killed."""
    arguments = ("tests.support.spender", database_url, str(tenant.subscription.id), str(ATTEMPTS), str(LIMIT // PARTS))
    with ExitStack() as stack:
        yield [stack.enter_context(running(arguments, {}, log=tmp_path / f"{number}.log")) for number in range(PROCESSES)]


def said(processes: list[Service], word: str) -> list[int]:
    """Return the numbers that whole lines with this word have."""
    lines = [line for one in processes for line in one.said.split("\n")[:-1]]
    return [int(line.split()[1]) for line in lines if line.startswith(f"{word} ")]


async def until_ended(processes: list[Service]) -> None:
    for one in processes:
        assert await asyncio.to_thread(one.ended) == 0, one.story
        assert one.said.endswith("done 0\n"), one.story


def kill_once_it_holds(victim: Service) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not said([victim], "held") and victim.alive:
        assert time.monotonic() < deadline, victim.story
        time.sleep(0.005)
    victim.kill()


async def reap(database: Database) -> None:
    """Let the time of every hold be over, and several reapers at once look for them."""
    await execute(database, "UPDATE reservation SET expires_at = now() - interval '1 second' WHERE state = 'held'")
    await asyncio.gather(*(settle_expired(database) for _ in range(3)))


async def test_of_a_thousand_holds_of_eight_processes_exactly_those_that_fit_succeed(
    database: Database, tenant: Tenant, spenders: list[Service]
) -> None:
    await until_ended(spenders)
    assert len(said(spenders, "held")) == len(set(said(spenders, "held"))) == PARTS
    assert len(said(spenders, "refused")) == PROCESSES * ATTEMPTS - PARTS
    await assert_ledger_agrees(database)
    await reap(database)
    await assert_ledger_agrees(database)
    found = await period_now(database, tenant)
    assert (found.spent, found.reserved) == (LIMIT, 0)
    assert await scalar(database, "SELECT count(*) FROM ledger_entry WHERE kind = 'open'") == 1


async def test_processes_that_are_killed_take_no_money_with_them_and_leave_none_held(
    database: Database, tenant: Tenant, spenders: list[Service], database_url: str, tmp_path: Path
) -> None:
    for victim in spenders[: PROCESSES // 2]:
        await asyncio.to_thread(kill_once_it_holds, victim)
    await until_ended(spenders[PROCESSES // 2 :])
    arguments = ("tests.support.spender", database_url, str(tenant.subscription.id), str(ATTEMPTS * 4), str(LIMIT // PARTS))
    with running(arguments, {}, log=tmp_path / "rest.log") as rest:  # enough for whatever the dead did not take
        await until_ended([rest])
        everybody = [*spenders, rest]
        assert await scalar(database, "SELECT count(*) FROM reservation") == PARTS
        told = {word: set(said(everybody, word)) for word in ("held", "settled")}
    written = dict(await rows(database, "SELECT id, state FROM reservation"))
    assert told["held"] <= set(written), "what was said to be held is held"
    assert all(written[one] == "settled" for one in told["settled"]), "what was said to be settled is settled"
    await assert_ledger_agrees(database)
    await reap(database)
    await assert_ledger_agrees(database)
    found = await period_now(database, tenant)
    assert (found.spent, found.reserved) == (LIMIT, 0)
    assert await scalar(database, "SELECT count(*) FROM reservation WHERE state = 'held'") == 0
