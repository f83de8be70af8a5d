"""`formscout up`: the embedded platform in the foreground, with `--demo` a first discovery."""

import asyncio
import json
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from formscout.cli.client import ApiClient, Document
from formscout.cli.following import failure_of, follow, progress_on
from formscout.cli.inventories import as_table, write_json
from formscout.cli.whereabouts import DataDirOption, data_directory
from formscout.domain.errors import FormscoutError
from formscout.local.demo import register_demo
from formscout.local.directory import DataDirectory
from formscout.local.interrupts import Interrupts
from formscout.local.logstream import LogStream
from formscout.local.monitoring import NO_FLOWER, NO_PROMETHEUS
from formscout.local.platform import Platform, PlatformOptions, running_platform
from formscout.local.services import FLOWER_USER

DEFAULT_PORT: Final = 8000


def up(  # noqa: PLR0917 (typer passes options by name)
    demo: Annotated[bool, typer.Option("--demo", help="Add the demo application and discover its forms.")] = False,
    once: Annotated[bool, typer.Option("--once", help="End after that discovery.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Write that discovery's inventory (JSON) here.")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The API's port.")] = DEFAULT_PORT,
    data_dir: DataDirOption = None,
    flower: Annotated[bool, typer.Option("--flower", help="Add Flower, which shows Celery's tasks.")] = False,
    monitoring: Annotated[bool, typer.Option("--monitoring", help="Add Prometheus and Flower, where they are installed.")] = False,
) -> None:
    """Run the whole platform on this machine until Ctrl-C: PostgreSQL, Redis, the API, the scheduler and the workers."""
    if (once or out is not None) and not demo:
        raise typer.BadParameter("--once and --out go with --demo: they are about its discovery.")
    if out is not None and not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"{out.absolute().parent} is no directory.", param_hint="--out")
    console = Console()
    options = PlatformOptions(data_directory=data_directory(data_dir), port=port, demo=demo, flower=flower, monitoring=monitoring)
    if not asyncio.run(_main(options, console, once=once, out=out)):
        raise typer.Exit(1)


async def _main(options: PlatformOptions, console: Console, *, once: bool, out: Path | None) -> bool:
    """Return whether all went well: the discovery, if it was to be the end; else an end by Ctrl-C."""
    interrupts = Interrupts()
    directory = DataDirectory(path=options.data_directory)
    directory.prepare()
    log = LogStream(console=console, file=directory.log)
    try:
        done = await interrupts.run(_serve(options, console, log, interrupts, once=once, out=out))
    except FormscoutError as error:
        Console(stderr=True).print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
        return False
    finally:
        log.close()
    return not once if done is None else done


async def _serve(
    options: PlatformOptions, console: Console, log: LogStream, interrupts: Interrupts, *, once: bool, out: Path | None
) -> bool:
    async with running_platform(options, log, interrupts) as platform:
        _say(console, f"Formscout is up at {platform.url} (documentation: {platform.url}/docs).")
        for sentence in _said_of_monitoring(platform, wanted=options.monitoring):
            _say(console, sentence)
        _say(console, f"Address and key for other programs: {platform.layout.directory.client_env}")
        if options.demo:
            succeeded = await _first_discovery(platform, console, out)
            if once:
                return succeeded
        _say(console, "Ctrl-C ends it.")
        await asyncio.Event().wait()
    return True


def _said_of_monitoring(platform: Platform, *, wanted: bool) -> Iterator[str]:
    layout = platform.layout
    if layout.flower_port is not None:
        login = f"user {FLOWER_USER}, password in {layout.directory.flower_file}"
        yield f"Flower is at http://127.0.0.1:{layout.flower_port}/ ({login})."
    elif wanted:
        yield NO_FLOWER
    if platform.prometheus is not None:
        rules = platform.prometheus.rules
        yield f"Prometheus is at {platform.prometheus.url} ({f'with {rules} files of rules' if rules else 'without rules'})."
    elif wanted:
        yield NO_PROMETHEUS


async def _first_discovery(platform: Platform, console: Console, out: Path | None) -> bool:
    """Discover the demo application as any user would, over HTTP."""
    request = asdict(await register_demo(platform.layout, platform.api_key))
    async with ApiClient.open(platform.url, platform.api_key) as api:
        accepted = await api.start_discovery(request)
        _say(console, f"Discovering the demo application at {platform.layout.demo_url} …")
        with progress_on(console) as shown:
            status = await follow(api, accepted, shown)
        inventory = await api.inventory(accepted["session_id"])
    if out is not None:
        await asyncio.to_thread(write_json, out, inventory)
    failure = failure_of(status)
    console.print(as_table(inventory))
    _say(console, failure or f"The discovery succeeded: {status['status']}", style="red" if failure else "green")
    for command in curls(platform.url, platform.api_key, request, accepted["task_id"]):
        console.print(f"\n{command}", markup=False, highlight=False, soft_wrap=True)
    console.print()
    return failure is None


def curls(url: str, key: str, request: Document, task_id: str) -> tuple[str, str, str]:
    """Return a command for each of the endpoints, ready to be pasted into a shell."""
    authorization = shlex.quote(f"Authorization: Bearer {key}")
    body = shlex.quote(json.dumps(request))
    return (
        f"curl -s -X POST {url}/api/crawl/discover-forms -H {authorization} -H 'Content-Type: application/json' -d {body}",
        f"curl -s {url}/api/crawl/status/{task_id} -H {authorization}",
        f"curl -s {url}/api/crawl/queue-stats -H {authorization}",
    )


def _say(console: Console, sentence: str, *, style: str = "bold") -> None:
    console.print(sentence, style=style, markup=False, highlight=False, soft_wrap=True)
