"""Follows a discovery to its end, with live progress on a terminal and plain lines elsewhere."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from formscout.cli.client import ApiClient, Document

POLL_SECONDS: Final = 1.0
"""Short enough to look live; an unchanged status costs the API next to nothing."""

LINE_SECONDS: Final = 5.0
"""Between two lines where there is no terminal to redraw."""

FINAL_STATES: Final = frozenset({"SUCCESS", "FAILURE", "REVOKED"})


class Shown(Protocol):
    """Somewhere to show how a discovery stands."""

    def update(self, status: Document) -> None:
        """Show it."""

    def found(self, form: Document) -> None:
        """Show a form that was just described."""


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("Waiting for a worker…", total=100)

    def update(self, status: Document) -> None:
        self._progress.update(self._task, completed=status["progress"], description=status["status"])

    def found(self, form: Document) -> None:
        _print_form(self._progress.console, form)


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ("", 0.0)

    def update(self, status: Document) -> None:
        now = asyncio.get_running_loop().time()
        sentence, at = self._last
        final = status["state"] in FINAL_STATES
        if status["status"] != sentence and (final or now - at >= LINE_SECONDS):
            self._console.print(f"{status['progress']:>3} %  {status['status']}", markup=False, highlight=False, soft_wrap=True)
            self._last = (status["status"], now)

    def found(self, form: Document) -> None:
        _print_form(self._console, form)


@contextmanager
def progress_on(console: Console) -> Iterator[Shown]:
    """Show progress on this console until the context ends."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (BarColumn(bar_width=30), TaskProgressColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress)


def _print_form(console: Console, form: Document) -> None:
    line = f"  +    {form['purpose']}: {form['title'] or 'without a title'}, {form['address']}"
    console.print(line, markup=False, highlight=False, soft_wrap=True)


async def follow(api: ApiClient, accepted: Document, shown: Shown) -> Document:
    """Show each form of an accepted discovery as it is described; return the status with which the discovery ends."""
    known: set[int] = set()
    while True:
        status = await api.status(accepted["task_id"])
        shown.update(status)
        if status["forms_found"] > len(known):
            async for form in api.items(f"/api/sessions/{accepted['session_id']}/forms"):
                if form["purpose"] is not None and form["id"] not in known:
                    known.add(form["id"])
                    shown.found(form)
        if status["state"] in FINAL_STATES:
            return status
        await asyncio.sleep(POLL_SECONDS)


def failure_of(status: Document) -> str | None:
    """Return why a discovery did not succeed, None if it did."""
    if status["state"] == "SUCCESS":
        return None
    error = status.get("error") or {}
    return f"{error['message']} ({error['code']})" if error else str(status["status"])
