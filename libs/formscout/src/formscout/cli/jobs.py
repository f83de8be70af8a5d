"""`formscout jobs`: the work behind the queues, as the database knows it."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from formscout.cli.whereabouts import DataDirOption, database
from formscout.domain.ids import CompanyId, CrawlSessionId, JobId
from formscout.domain.jobs import Crash, Job, JobState, Queue
from formscout.storage.database import Database
from formscout.usecases.jobs import cancel_job, list_jobs, retry_job, set_job_aside, show_job

app = typer.Typer(no_args_is_help=True, help="The jobs behind the queues.")

JobArgument = Annotated[int, typer.Argument(metavar="JOB", min=1, max=2**63 - 1, help="The job's id.")]

_WIDE = 250
"""Columns of a table that goes to a file or a pipe: nothing is cut off then."""

_COLUMNS = ("id", "kind", "state", "session_id", "form_page_id", "attempts", "worker", "available_at", "error_code")


@app.command("list")
def show_list(  # noqa: PLR0917 (they are options, given by name)
    queue: Annotated[Queue | None, typer.Option(help="Only this queue's.")] = None,
    state: Annotated[JobState | None, typer.Option(help="Only those in this state.")] = None,
    company: Annotated[int | None, typer.Option(min=1, help="Only those of the company with this id.")] = None,
    session: Annotated[int | None, typer.Option(min=1, help="Only those of the crawl session with this id.")] = None,
    after: Annotated[int, typer.Option(min=0, help="Only those with an id above it.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    data_dir: DataDirOption = None,
) -> None:
    """List jobs."""
    company_id = None if company is None else CompanyId(company)
    session_id = None if session is None else CrawlSessionId(session)

    async def run() -> Sequence[Job]:
        async with database(data_dir) as pool:
            return await list_jobs(pool, queue=queue, state=state, company_id=company_id, session_id=session_id, after=after, limit=limit)

    table = Table(*_COLUMNS)
    for job in asyncio.run(run()):
        table.add_row(*(_text(getattr(job, name)) for name in _COLUMNS))
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)


@app.command()
def show(job: JobArgument, data_dir: DataDirOption = None) -> None:
    """Show one job, why it failed, and the crashes on it, the last one first."""

    async def run() -> tuple[Job, Sequence[Crash]]:
        async with database(data_dir) as pool:
            return await show_job(pool, JobId(job))

    found, crashes = asyncio.run(run())
    for field in fields(found):
        typer.echo(f"{field.name:<17} {_text(getattr(found, field.name))}")
    for crash in crashes:
        said = crash.error or "it fell silent"
        last = "never" if crash.heartbeat_at is None else f"{crash.heartbeat_at}"
        typer.echo(f"{'crash':<17} {crash.at} attempt {crash.attempt} on {crash.worker}: {said} (last sign of life: {last})")


@app.command()
def retry(job: JobArgument, data_dir: DataDirOption = None) -> None:
    """Let a job run again that failed, was set aside, or waits for later; a session that failed with it goes on where it was."""
    _do(retry_job, job, data_dir)


@app.command()
def cancel(job: JobArgument, data_dir: DataDirOption = None) -> None:
    """Cancel a job: one that waits never starts, a slice that runs stops within a visit; its session is cancelled with a slice."""
    _do(cancel_job, job, data_dir)


@app.command("set-aside")
def set_aside(job: JobArgument, data_dir: DataDirOption = None) -> None:
    """Take a job out that waits or runs, until it is retried or cancelled; its session waits meanwhile."""
    _do(set_job_aside, job, data_dir)


def _do(use_case: Callable[[Database, JobId], Awaitable[Job]], job: int, data_dir: Path | None) -> None:
    async def run() -> Job:
        async with database(data_dir) as pool:
            return await use_case(pool, JobId(job))

    changed = asyncio.run(run())
    asked = " and was asked to stop" if changed.cancel_requested and changed.state is JobState.RUNNING else ""
    typer.echo(f"Job {changed.id} is {changed.state.replace('_', ' ')}{asked}.")


def _text(value: object) -> str:
    return "" if value is None else f"{value}"
