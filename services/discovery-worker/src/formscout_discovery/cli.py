"""The command line of the discovery worker: freezes pages as snapshot files, without any platform."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import typer

from formscout.domain.errors import FormscoutError
from formscout.domain.pages import VisitOutcome
from formscout.storage.snapshot_codec import SUFFIX, encode
from formscout_discovery.browser.options import BrowserOptions, TabRules
from formscout_discovery.browser.pool import SignedInBrowser, launch
from formscout_discovery.crawl.ports import PageLostError

LONGEST_NAME: Final = 120
"""Characters of a file's name; file systems allow 255 bytes."""

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Freezes pages as Formscout's discovery sees them.")


@app.callback()
def door() -> None:
    """Make `snapshot` a command of its own, beside those that will follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A page to freeze, and the file to write."""

    address: str
    file: Path


@app.command()
def snapshot(
    pages: Annotated[list[str], typer.Argument(metavar="URL|FILE...", help="Addresses, or HTML files on disk.")],
    out: Annotated[Path, typer.Option(help="Directory for the snapshot files; made if it is not there.")],
    offline: Annotated[bool, typer.Option("--offline", help="Let no request leave; only files on disk are read.")] = False,
    no_scripts: Annotated[bool, typer.Option("--no-scripts", help="Run none of the pages' JavaScript.")] = False,
    tabs: Annotated[int, typer.Option(min=1, max=16, help="Pages to open at the same time.")] = 2,
) -> None:
    """Freeze each page and write one snapshot file a page; nothing that changes an application is sent."""
    try:
        targets = list(targets_of(pages, out))
        out.mkdir(parents=True, exist_ok=True)
    except (ValueError, OSError) as error:
        raise typer.BadParameter(str(error)) from error
    try:
        failed = asyncio.run(_freeze_all(targets, offline=offline, scripts=not no_scripts, tabs=tabs))
    except FormscoutError as error:
        print(error.message, file=sys.stderr)
        raise typer.Exit(1) from error
    raise typer.Exit(1 if failed else 0)


def targets_of(pages: Iterable[str], out: Path) -> Iterator[Target]:
    """Say what to open and where to write for each argument; raise `ValueError` for one that is neither address nor file."""
    taken: set[str] = set()
    for page in pages:
        if urlsplit(page).scheme in ("http", "https"):
            address = page
            name = _slug(page.partition("://")[2])
        else:
            path = Path(page)
            if not path.is_file():
                raise ValueError(f"{page} is neither an http(s) address nor a file.")
            address = path.resolve().as_uri()
            name = _slug(path.stem)
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}-{count}"
        taken.add(unique)
        yield Target(address=address, file=out / f"{unique}{SUFFIX}")


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "-", text).strip("-.")[:LONGEST_NAME] or "page"


async def _freeze_all(targets: list[Target], *, offline: bool, scripts: bool, tabs: int) -> int:
    """Freeze all targets in one browser; return how many failed."""
    waiting = iter(targets)
    with tempfile.TemporaryDirectory(prefix="formscout-snapshot-") as scratch:
        # Chromium refuses its own sandbox to root.
        options = BrowserOptions(scratch=Path(scratch), sandbox=os.geteuid() != 0, offline=offline)
        async with launch(options) as chromium, chromium.browse(TabRules(allow_private=True, scripts=scripts)) as browser:
            failures = await asyncio.gather(*(_freeze_in_turn(browser, waiting) for _ in range(min(tabs, len(targets)))))
    return sum(failures)


async def _freeze_in_turn(browser: SignedInBrowser, waiting: Iterator[Target]) -> int:
    """Take targets until none is left; return how many failed."""
    tab = await browser.new_tab()
    failed = 0
    for target in waiting:
        arrival = await tab.open(target.address)
        reason = arrival.sentence
        if arrival.outcome is VisitOutcome.OK:
            try:
                taken = await tab.capture()
            except PageLostError as error:
                reason = error.message
            else:
                await asyncio.to_thread(target.file.write_bytes, encode(taken))
                print(f"{target.address} -> {target.file}")
                continue
        failed += 1
        print(f"{target.address}: {reason} ({arrival.outcome.value})", file=sys.stderr)
    await tab.close()
    return failed


def main() -> None:
    """Run the command line."""
    app()
