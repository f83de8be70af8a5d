"""A paid call: what it can cost at most is held before it, and what it did cost is written after it, however it ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import structlog

from formscout.domain.budgets import Reservation, Spending
from formscout.domain.errors import InvalidInputError, StoreUnavailableError
from formscout.domain.prices import MOST_TOKENS, Price, PriceList, Usage
from formscout.storage.budgets import BudgetStore
from formscout.storage.database import Database
from formscout.usecases.budgets import charge, release, reserve, settle

CLOSE_SECONDS: Final = 10.0
"""What writing the end of a call may take when the caller is cancelled; what is not written by then, the reaper charges in full."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class PaidCall:
    """One attempt at a call under its hold; say once how it ended, else it is charged in full."""

    hold: Reservation
    price: Price
    _usage: Usage | None = field(default=None, init=False)
    _refused: bool = field(default=False, init=False)

    def answered(self, usage: Usage) -> int:
        """Say what the answer took, also one that is of no use; returns what it costs in micro-dollars."""
        self._usage = usage
        return self.price.cost(usage)

    def refused(self) -> None:
        """Say that the service refused it before any work (4xx), so it costs nothing."""
        self._refused = True

    async def close(self, database: Database) -> None:
        """Write how it ended."""
        if self._usage is not None:
            await settle(database, self.hold, spent=self.price.cost(self._usage), usage=self._usage)
        elif self._refused:
            await release(database, self.hold)
        else:
            await charge(database, self.hold.id)


@asynccontextmanager
async def paid_call(
    database: Database, prices: PriceList, spending: Spending, *, prompt_tokens: int, max_output_tokens: int
) -> AsyncIterator[PaidCall]:
    """Hold the most that one attempt can cost, and write at the end what it did; each attempt is a call of its own.

    `prompt_tokens` is not below the truth. Raises what `reserve` does, and `UnknownModelError` for a model without a price today; then
    nothing is held. Whatever is raised within passes on, the hold's end being written; where that fails the reaper charges it.
    """
    for name, count in (("prompt_tokens", prompt_tokens), ("max_output_tokens", max_output_tokens)):
        if not 0 <= count <= MOST_TOKENS:
            raise InvalidInputError(f"{name} is {count}; a call takes 0 to {MOST_TOKENS} tokens.")
    async with database.look() as connection:
        today = await BudgetStore(connection).today()
    price = prices.price(spending.model, today)
    amount = price.upper_bound(prompt_tokens=prompt_tokens, max_output_tokens=max_output_tokens)
    call = PaidCall(hold=await reserve(database, spending, amount=amount), price=price)
    try:
        yield call
    finally:
        ending = asyncio.ensure_future(call.close(database))
        try:
            await asyncio.shield(asyncio.wait_for(ending, CLOSE_SECONDS))
        except (StoreUnavailableError, TimeoutError) as error:
            _log.warning(
                "What a call cost could not be written; its hold is charged in full",
                reservation_id=call.hold.id,
                error=type(error).__name__,
            )
