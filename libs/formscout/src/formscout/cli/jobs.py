"""`formscout jobs`: the work behind the queues, as the database knows it."""

import asyncio
from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from formscout.cli.whereabouts import DataDirOption, database
from formscout.domain.errors import NotFoundError
from formscout.domain.ids import JobId
from formscout.domain.jobs import Job, JobState, Queue
from formscout.usecases.jobs import find_job, list_jobs

app = typer.Typer(no_args_is_help=True, help="The jobs behind the queues.")

_COLUMNS = ("id", "kind", "state", "session_id", "form_page_id", "attempts", "worker", "available_at", "error_code")


@app.command("list")
def show_list(
    queue: Annotated[Queue | None, typer.Option(help="Only this queue's.")] = None,
    state: Annotated[JobState | None, typer.Option(help="Only those in this state.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only those with an id above it.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    data_dir: DataDirOption = None,
) -> None:
    """List jobs."""

    async def run() -> Sequence[Job]:
        async with database(data_dir) as pool:
            return await list_jobs(pool, queue=queue, state=state, after=after, limit=limit)

    table = Table(*_COLUMNS)
    for job in asyncio.run(run()):
        table.add_row(*(_text(getattr(job, name)) for name in _COLUMNS))
    Console().print(table)


@app.command()
def show(job: Annotated[int, typer.Argument(metavar="JOB", min=1, help="The job's id.")], data_dir: DataDirOption = None) -> None:
    """Show one job, with why it failed."""

    async def run() -> Job | None:
        async with database(data_dir) as pool:
            return await find_job(pool, JobId(job))

    found = asyncio.run(run())
    if found is None:
        raise NotFoundError("job", job)
    for field in fields(found):
        typer.echo(f"{field.name:<17} {_text(getattr(found, field.name))}")


def _text(value: object) -> str:
    return "" if value is None else f"{value}"
