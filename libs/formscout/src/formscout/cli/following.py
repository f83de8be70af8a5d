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


class _Bar:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("Waiting for a worker…", total=100)

    def update(self, status: Document) -> None:
        self._progress.update(self._task, completed=status["progress"], description=status["status"])


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


@contextmanager
def progress_on(console: Console) -> Iterator[Shown]:
    """Show progress on this console until the context ends."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (BarColumn(bar_width=30), TaskProgressColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress)


async def follow(api: ApiClient, task_id: str, shown: Shown) -> Document:
    """Return the status with which a discovery ends."""
    while True:
        status = await api.status(task_id)
        shown.update(status)
        if status["state"] in FINAL_STATES:
            return status
        await asyncio.sleep(POLL_SECONDS)


def failure_of(status: Document) -> str | None:
    """Return why a discovery did not succeed, None if it did."""
    if status["state"] == "SUCCESS":
        return None
    error = status.get("error") or {}
    return f"{error['message']} ({error['code']})" if error else str(status["status"])
