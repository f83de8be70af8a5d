"""`formscout doctor`: looks at a running installation, or at this machine, and says of each thing that it is well or what to mend."""

import asyncio
import json
import os
from dataclasses import asdict
from typing import Annotated, Final

import typer
from rich.console import Console

from formscout.checkup.checks import examine_installation
from formscout.checkup.findings import Level, Report
from formscout.checkup.installation import Installation
from formscout.cli.machine import examine_machine
from formscout.cli.whereabouts import DataDirOption, data_directory
from formscout.config import find_variable
from formscout.domain.errors import PlatformError
from formscout.local.browser import find_browser
from formscout.local.directory import DataDirectory, read_variables

TIMEOUT_SECONDS: Final = 15.0
"""What each check may take; the slowest, a browser's start, takes two seconds where nothing is wrong."""

_COLOURS: Final = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}
_OFF: Final = frozenset({"0", "false", "off", "no", "n", "f"})


def doctor(
    port: Annotated[int, typer.Option(help="The API's port, where this machine is looked at.")] = 8000,
    data_dir: DataDirOption = None,
    url: Annotated[str | None, typer.Option("--url", help="The API's address; by default FORMSCOUT_URL.")] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=1, metavar="SECONDS", help="What each check may take.")] = TIMEOUT_SECONDS,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look at the installation that DATABASE_URL and REDIS_URL name, else at the embedded one that runs, else at this machine.

    Exit status 0: nothing fails, though there may be warnings; 1: something does; 2: the command was not understood.
    """
    directory = DataDirectory(path=data_directory(data_dir))
    installation = _installation(directory, url)
    if installation is None:
        report = examine_machine(directory, port=port, seconds=timeout)
    else:
        report = asyncio.run(examine_installation(installation, seconds=timeout))
    _show(report, as_json=as_json)
    if report.level is Level.FAIL:
        raise typer.Exit(1)


def _installation(directory: DataDirectory, url: str | None) -> Installation | None:
    """Return what is to be looked at; None where nothing is named, and nothing runs here."""
    wanted = os.environ.get("FORMSCOUT_BROWSER_SANDBOX", "").lower()
    sandbox = wanted not in _OFF if wanted else os.geteuid() != 0  # Chromium refuses it to root
    if find_variable("DATABASE_URL") or find_variable("REDIS_URL"):
        return Installation.of_environment(api_url=url, browser=find_browser(), sandbox=sandbox)
    stores = read_variables(directory.stores_env)
    if not stores or not _is_held(directory):
        return None
    return Installation(
        database_url=stores.get("DATABASE_URL"),
        redis_url=stores.get("REDIS_URL"),
        encryption_keys=directory.encryption_keys(),
        snapshot_store=directory.blobs.as_uri(),
        api_url=url or read_variables(directory.client_env).get("FORMSCOUT_URL"),
        browser=find_browser(),
        sandbox=sandbox,
    )


def _is_held(directory: DataDirectory) -> bool:
    """Tell whether an embedded platform runs on the directory."""
    try:
        with directory.locked():
            return False
    except PlatformError:
        return True


def _show(report: Report, *, as_json: bool) -> None:
    if as_json:
        left_out = [asdict(one) for one in report.not_looked_at]
        document = {"level": report.level, "findings": [asdict(one) for one in report.findings], "notLookedAt": left_out}
        typer.echo(json.dumps(document, indent=2))
        return
    console = Console()
    for finding in report.findings:
        colour = _COLOURS[finding.level]
        console.print(f"[{colour}]{finding.level:>5}[/{colour}]  {finding.check}: ", end="", highlight=False)
        console.print(finding.sentence, markup=False, highlight=False, soft_wrap=True)
        if finding.mend is not None:
            console.print(f"       {finding.mend}", markup=False, highlight=False, soft_wrap=True)
    for one in report.not_looked_at:
        console.print(f"    -  {one.check}: not looked at, {one.why}.", style="dim", markup=False, highlight=False, soft_wrap=True)
