"""`formscout db`: the schema, brought up to date or checked."""

import asyncio

import typer

from formscout.cli.whereabouts import DataDirOption, database
from formscout.storage import schema

app = typer.Typer(no_args_is_help=True, help="The database's schema.")


@app.command()
def upgrade(data_dir: DataDirOption = None) -> None:
    """Bring the schema up to this release."""

    async def run() -> str:
        async with database(data_dir) as pool:
            return await schema.upgrade(pool)

    typer.echo(f"The schema is at {asyncio.run(run())}.")


@app.command()
def check(data_dir: DataDirOption = None) -> None:
    """Tell whether this release runs on the schema; exit status 1 if not."""

    async def run() -> None:
        async with database(data_dir) as pool:
            await schema.check(pool)

    asyncio.run(run())
    typer.echo(f"The schema fits this release ({schema.head()}).")
