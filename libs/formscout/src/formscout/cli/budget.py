"""`formscout budget`: months, spending, ledgers and limits of every subscription, as the database knows them."""

import asyncio
import csv
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from formscout.cli.admin import INSTALLATION
from formscout.cli.whereabouts import DataDirOption, database
from formscout.domain.budgets import LimitChange, Spend, SpendBy
from formscout.domain.companies import Subscription
from formscout.domain.ids import SubscriptionId
from formscout.domain.prices import MICRO_DOLLARS, SCALE, built_in
from formscout.usecases import budgets, limits
from formscout.usecases.ledgers import LEDGER_COLUMNS, cells_of

app = typer.Typer(no_args_is_help=True, help="What subscriptions may spend on the model, and what they spent; amounts are micro-dollars.")

_LARGEST = 2**63 - 1
"""PostgreSQL's bigint ends here."""

_WIDE = 250
"""Columns of a table that goes to a file or a pipe: nothing is cut off then."""

SubscriptionArgument = Annotated[int, typer.Argument(metavar="SUBSCRIPTION", min=1, max=_LARGEST, help="The subscription's id.")]
MonthOption = Annotated[str | None, typer.Option(metavar="YYYY-MM", help="A month in UTC; this month when left out.")]


@app.command()
def show(subscription: SubscriptionArgument, month: MonthOption = None, data_dir: DataDirOption = None) -> None:
    """Show how a subscription's month stands."""
    meant = limits.parse_month(month)

    async def run() -> limits.Budget:
        async with database(data_dir) as pool:
            return await limits.get_budget(pool, INSTALLATION, subscription_id=SubscriptionId(subscription), month=meant)

    found = asyncio.run(run())
    period = found.period
    names = ("limit", "spent", "reserved", "left", "own_spent", "own_reserved", "overruns", "overrun_amount", "closed")
    rows = [("month", f"{period.month:%Y-%m}"), ("may spend", f"{found.may_spend}")]
    rows += [(name, f"{getattr(period, name)}") for name in names]
    _print(("of", "is"), [*rows, ("dollars spent", f"{period.spent / MICRO_DOLLARS:.2f}")])


@app.command()
def spend(
    subscription: SubscriptionArgument,
    by: Annotated[SpendBy, typer.Option(help="What it is added up by.")] = SpendBy.PROJECT,
    month: MonthOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show what a subscription spent in a month."""
    meant = limits.parse_month(month)

    async def run() -> Sequence[Spend]:
        async with database(data_dir) as pool:
            return await limits.get_spend(pool, INSTALLATION, subscription_id=SubscriptionId(subscription), month=meant, by=by)

    found = asyncio.run(run())
    rows = [(one.key, one.spent, one.own_spent, one.calls, one.usage.prompt_tokens, one.usage.output_tokens) for one in found]
    _print((by, "spent", "own_spent", "calls", "prompt_tokens", "output_tokens"), rows)


@app.command()
def ledger(
    subscription: SubscriptionArgument,
    month: MonthOption = None,
    after: Annotated[int, typer.Option(min=0, help="Only lines with an id above it.")] = 0,
    data_dir: DataDirOption = None,
) -> None:
    """Print a month's ledger as CSV."""
    meant = limits.parse_month(month)

    async def run() -> None:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        async with database(data_dir) as pool:
            lines = limits.export_ledger(pool, INSTALLATION, subscription_id=SubscriptionId(subscription), month=meant, after=after)
            writer.writerow(LEDGER_COLUMNS)
            async for batch in lines:
                writer.writerows(cells_of(one) for one in batch)

    asyncio.run(run())


@app.command("limit")
def set_limit(
    subscription: SubscriptionArgument,
    amount: Annotated[int, typer.Argument(metavar="MICRO_DOLLARS", help="A month; 0: no model is ever asked.")],
    next_month: Annotated[bool, typer.Option("--next-month", help="Let it hold from the next month on.")] = False,
    note: Annotated[str, typer.Option(help="Why, for those who read the changes later.")] = "",
    data_dir: DataDirOption = None,
) -> None:
    """Set a subscription's limit; who did it is written."""

    async def run() -> Subscription:
        async with database(data_dir) as pool:
            return await limits.set_limit(
                pool, INSTALLATION, subscription_id=SubscriptionId(subscription), limit=amount, next_month=next_month, note=note
            )

    changed = asyncio.run(run())
    since = "from next month on" if next_month else "now"
    typer.echo(f"The limit of subscription {changed.id} is {changed.monthly_limit} micro-dollars {since}.")


@app.command()
def changes(
    subscription: SubscriptionArgument,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    data_dir: DataDirOption = None,
) -> None:
    """Show who changed a subscription's limit, newest first."""

    async def run() -> Sequence[LimitChange]:
        async with database(data_dir) as pool:
            subscription_id = SubscriptionId(subscription)
            return await limits.list_limit_changes(pool, INSTALLATION, subscription_id=subscription_id, before=None, limit=limit)

    columns = ("id", "created_at", "month", "old_limit", "new_limit", "user_id", "note")
    _print(columns, [tuple(getattr(one, name) for name in columns) for one in asyncio.run(run())])


@app.command()
def check(subscription: SubscriptionArgument, data_dir: DataDirOption = None) -> None:
    """Say whether a subscription may still spend this month, and write it, as `check_budget_task` does."""

    async def run() -> bool:
        async with database(data_dir) as pool:
            return await budgets.check_budget(pool, SubscriptionId(subscription))

    typer.echo(f"{asyncio.run(run())}")


@app.command()
def reset(data_dir: DataDirOption = None) -> None:
    """Close past months and wake what waits for money, as `reset_monthly_budgets_task` does on the 1st; again it changes nothing."""

    async def run() -> int:
        async with database(data_dir) as pool:
            return await budgets.reset_monthly_budgets(pool)

    typer.echo(f"{asyncio.run(run())} months were closed.")


@app.command()
def prices() -> None:
    """Show the prices that this release knows, in dollars a million tokens."""
    rows = [
        (price.model, price.since, band.up_to_prompt_tokens or "any", *(f"{rate / SCALE:g}" for rate in rates))
        for price in built_in().prices
        for band in price.bands
        for rates in [(band.input, band.output, band.cache_write_5m, band.cache_write_1h, band.cache_read)]
    ]
    _print(("model", "from", "prompt up to", "input", "output", "cache write 5 min", "cache write 1 h", "cache read"), rows)


def _print(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if cell is None else f"{cell}" for cell in row))
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)
