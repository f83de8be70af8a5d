"""`formscout webhooks`: endpoints and deliveries of every company, as the database knows them."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from formscout.cli.admin import INSTALLATION
from formscout.cli.whereabouts import DataDirOption, database
from formscout.domain.errors import InvalidInputError
from formscout.domain.ids import CompanyId, DeliveryId, WebhookId
from formscout.domain.webhooks import DeliveryState, WebhookDelivery, WebhookEndpoint
from formscout.usecases.deliveries import list_deliveries, redeliver, redeliver_failed
from formscout.usecases.webhooks import list_webhooks

app = typer.Typer(no_args_is_help=True, help="Webhooks and their deliveries.")

_LARGEST = 2**63 - 1
"""PostgreSQL's bigint ends here."""

_WIDE = 250
"""Columns of a table that goes to a file or a pipe: nothing is cut off then."""

_ENDPOINT = ("id", "company_id", "address", "event_types", "failing_since", "disabled_at", "disabled_because")
_DELIVERY = ("id", "event_type", "event_id", "state", "attempts", "next_at", "last_status", "error_code", "error")

WebhookArgument = Annotated[int, typer.Argument(metavar="WEBHOOK", min=1, max=_LARGEST, help="The webhook's id.")]


@app.command("list")
def show_list(
    company: Annotated[int | None, typer.Option(min=1, max=_LARGEST, help="Only those of the company with this id.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only those with an id above it.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    data_dir: DataDirOption = None,
) -> None:
    """List webhooks."""
    company_id = None if company is None else CompanyId(company)

    async def run() -> Sequence[WebhookEndpoint]:
        async with database(data_dir) as pool:
            return await list_webhooks(pool, INSTALLATION, company_id=company_id, after=after, limit=limit)

    _print(_ENDPOINT, asyncio.run(run()))


@app.command()
def deliveries(
    webhook: WebhookArgument,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    data_dir: DataDirOption = None,
) -> None:
    """List a webhook's deliveries, newest first."""

    async def run() -> Sequence[WebhookDelivery]:
        async with database(data_dir) as pool:
            return await list_deliveries(pool, INSTALLATION, webhook_id=WebhookId(webhook), state=state, before=None, limit=limit)

    _print(_DELIVERY, asyncio.run(run()))


@app.command("redeliver")
def send_again(
    webhook: WebhookArgument,
    delivery: Annotated[list[int] | None, typer.Argument(metavar="[DELIVERY]...", min=1, max=_LARGEST, help="Ids of deliveries.")] = None,
    failed_hours: Annotated[int | None, typer.Option(min=1, max=24 * 365, help="All that failed of the last so many hours.")] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send deliveries of a webhook again: those named, or all that failed lately; under their events' same ids."""
    if bool(delivery) == (failed_hours is not None):
        raise InvalidInputError("Name the deliveries to send again, or say --failed-hours N for all that failed lately.")

    async def run() -> int:
        webhook_id = WebhookId(webhook)
        async with database(data_dir) as pool:
            if failed_hours is not None:
                since = datetime.now(UTC) - timedelta(hours=failed_hours)
                return await redeliver_failed(pool, INSTALLATION, webhook_id=webhook_id, since=since)
            for one in delivery or ():
                await redeliver(pool, INSTALLATION, webhook_id=webhook_id, delivery_id=DeliveryId(one))
            return len(delivery or ())

    typer.echo(f"{asyncio.run(run())} deliveries are sent again; a scheduler begins within a second.")


def _print(columns: Sequence[str], found: Sequence[object]) -> None:
    table = Table(*columns)
    for one in found:
        table.add_row(*(_text(getattr(one, name)) for name in columns))
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(f"{one}" for one in value)
    return "" if value is None else f"{value}"
