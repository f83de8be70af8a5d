"""`formscout forms`: shows what a crawl session has found."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console

from formscout.cli.discover import Detail
from formscout.cli.inventories import as_csv, as_json, as_table
from formscout.cli.whereabouts import DataDirOption, api_client


class Format(StrEnum):
    """How to show forms."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def forms(
    session: Annotated[int, typer.Argument(metavar="SESSION", min=1, help="The crawl session's id.")],
    output: Annotated[Format, typer.Option("--format", help="How to show them.")] = Format.TABLE,
    detail: Annotated[Detail, typer.Option(help="How much the JSON says.")] = Detail.CORE,
    data_dir: DataDirOption = None,
) -> None:
    """Show the forms of a crawl session."""

    async def ask() -> dict[str, object]:
        async with api_client(data_dir) as api:
            return await api.inventory(session, detail=detail)

    inventory = asyncio.run(ask())
    if output is Format.JSON:
        sys.stdout.write(as_json(inventory))
    elif output is Format.CSV:
        sys.stdout.write(as_csv(inventory))
    else:
        Console().print(as_table(inventory))
