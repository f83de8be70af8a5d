"""`formscout db`: the schema, brought up to date or checked."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

import typer

from formscout.cli.whereabouts import DataDirOption, database
from formscout.domain.errors import PlatformError, SchemaNewerError, SchemaOutdatedError, StoreUnavailableError
from formscout.storage import schema

LOOK_SECONDS: Final = 1.0
"""Between two looks while waiting: pods that start together must not crowd the database."""

Result = TypeVar("Result")

app = typer.Typer(no_args_is_help=True, help="The database's schema.")


@app.command()
def upgrade(
    allow_newer: Annotated[
        bool, typer.Option("--allow-newer", help="A newer release's schema, which is left as it is, is no failure.")
    ] = False,
    wait_seconds: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=0, help="How long to wait for a database that starts.")
    ] = 0,
    data_dir: DataDirOption = None,
) -> None:
    """Bring the schema up to this release; never down: a schema of a newer release ends with exit status 1."""

    async def run() -> str:
        async with database(data_dir) as pool:
            return await _until_it_answers(wait_seconds, lambda: schema.upgrade(pool))

    revision = asyncio.run(run())
    if revision != schema.head() and not allow_newer:
        raise SchemaNewerError(
            f"The schema is at {revision}, which this release does not know: it goes up to {schema.head()}, "
            "and a schema is never taken down. Deploy the newer release again, restore a backup of before, "
            "or let this release run on the newer schema with --allow-newer."
        )
    typer.echo(f"The schema is at {revision}.")


@app.command()
def check(data_dir: DataDirOption = None) -> None:
    """Tell whether this release runs on the schema; exit status 1 if not."""

    async def run() -> None:
        async with database(data_dir) as pool:
            await schema.check(pool)

    asyncio.run(run())
    typer.echo(f"The schema fits this release ({schema.head()}).")


@app.command()
def wait(
    seconds: Annotated[float, typer.Option(min=0, help="How long to wait at most.")] = 600,
    data_dir: DataDirOption = None,
) -> None:
    """Wait until this release runs on the schema, and say what is waited for; exit status 1 when it takes longer."""

    async def run() -> None:
        async with database(data_dir) as pool:
            await _until_it_answers(seconds, lambda: schema.check(pool))

    asyncio.run(run())
    typer.echo(f"The schema fits this release ({schema.head()}).")


async def _until_it_answers(seconds: float, work: Callable[[], Awaitable[Result]]) -> Result:
    """Try again and again while the database or its schema is not there; each new reason is told once, so the log stays short."""
    until, told = time.monotonic() + seconds, ""
    while True:
        try:
            return await work()
        except (SchemaOutdatedError, StoreUnavailableError) as error:
            if not seconds:
                raise
            if time.monotonic() >= until:
                raise PlatformError(f"Waited {seconds:g} s for the database's schema in vain. {error.message}") from None
            if error.message != told:
                typer.echo(f"Waiting for the database's schema: {error.message}", err=True)
                told = error.message
        await asyncio.sleep(LOOK_SECONDS)
