"""A process that spends, `python -m tests.support.spender DATABASE SUBSCRIPTION ATTEMPTS AMOUNT`, and says what it was told was done."""

import asyncio
import sys
from typing import Final

from tests.support.money import MODEL

from formscout.domain.budgets import Spending
from formscout.domain.errors import BudgetExhaustedError
from formscout.domain.ids import SubscriptionId
from formscout.domain.prices import Usage
from formscout.storage.database import Database
from formscout.usecases.budgets import reserve, settle

AT_ONCE: Final = 4
"""Connections, so that eight of these processes are 32 writers."""


async def run(database_url: str, subscription_id: int, attempts: int, amount: int) -> None:
    """Hold so much so often, at once, and settle every second hold; the others are left to the reaper."""
    database = Database.connect(database_url, pool_size=AT_ONCE)
    spending = Spending(subscription_id=SubscriptionId(subscription_id), project_id=None, model=MODEL)

    async def attempt(number: int) -> None:
        try:
            hold = await reserve(database, spending, amount=amount)
        except BudgetExhaustedError:
            _say("refused", number)
            return
        _say("held", hold.id)
        if number % 2 and await settle(database, hold, spent=amount, usage=Usage(input_tokens=amount)):
            _say("settled", hold.id)

    await asyncio.gather(*(attempt(number) for number in range(attempts)))
    await database.close()
    _say("done", 0)


def _say(word: str, number: int) -> None:
    sys.stdout.write(f"{word} {number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
