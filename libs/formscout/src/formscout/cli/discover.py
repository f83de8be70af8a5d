"""`formscout discover`: finds the forms of any application and writes them down."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from formscout.cli import whereabouts
from formscout.cli.client import ApiClient, Document
from formscout.cli.following import failure_of, follow, progress_on
from formscout.cli.inventories import as_table, write_json
from formscout.cli.target import Application, ensure_target
from formscout.domain.crawls import CrawlMode
from formscout.domain.errors import FormscoutError, InvalidInputError, PlatformError
from formscout.domain.networks import RobotsPolicy
from formscout.local.directory import DataDirectory
from formscout.local.interrupts import Interrupts
from formscout.local.logstream import LogStream
from formscout.local.platform import PlatformOptions, running_platform


class Detail(StrEnum):
    """How much an inventory says."""

    CORE = "core"
    FULL = "full"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for."""

    application: Application
    options: Document
    detail: Detail
    out: Path | None
    data_dir: Path | None


def discover(  # noqa: PLR0917 (typer passes options by name)
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the application is.")],
    username: Annotated[str | None, typer.Option(help="The name to sign in with.")] = None,
    password_env: Annotated[str | None, typer.Option(metavar="VAR", help="Environment variable with the password.")] = None,
    totp_env: Annotated[str | None, typer.Option(metavar="VAR", help="Environment variable with the TOTP secret.")] = None,
    sign_in_url: Annotated[str | None, typer.Option(help="Where the sign-in form is, if URL does not lead to it.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Write the inventory (JSON) here.")] = None,
    max_pages: Annotated[int | None, typer.Option(min=1, max=100_000, help="Pages to visit at most.")] = None,
    max_minutes: Annotated[int | None, typer.Option(min=1, max=1440, help="Minutes to work at most.")] = None,
    mode: Annotated[
        CrawlMode, typer.Option(help="`observe` changes nothing; `submit` is for throw-away environments.")
    ] = CrawlMode.OBSERVE,
    robots: Annotated[
        RobotsPolicy, typer.Option(help="What robots.txt means; it is not fetched yet, so `obey` excludes nothing.")
    ] = RobotsPolicy.IGNORE,
    detail: Annotated[Detail, typer.Option(help="How much the inventory says.")] = Detail.CORE,
    allow_private: Annotated[bool, typer.Option("--allow-private", help="The application may be on a private address.")] = False,
    data_dir: whereabouts.DataDirOption = None,
) -> None:
    """Find every form of the application at URL; nothing in it is changed.

    Works on the platform at FORMSCOUT_URL with FORMSCOUT_API_KEY if they are set, else on an embedded one that it starts and stops.
    """
    console = Console(stderr=True)
    try:
        application = Application(
            url=url,
            username=username,
            password=_secret(password_env),
            totp_secret=_secret(totp_env),
            sign_in_url=sign_in_url,
            allow_private=allow_private,
        )
    except InvalidInputError as error:
        raise typer.BadParameter(error.message) from None
    bounds = {"max_pages": max_pages, "max_minutes": max_minutes}
    options = {"mode": mode, "robots": robots} | {name: value for name, value in bounds.items() if value is not None}
    if out is not None and not out.absolute().parent.is_dir():
        raise typer.BadParameter(f"{out.absolute().parent} is no directory.", param_hint="--out")
    order = Order(application=application, options=options, detail=detail, out=out, data_dir=data_dir)
    if not asyncio.run(_main(order, console)):
        raise typer.Exit(1)


async def _main(order: Order, console: Console) -> bool:
    interrupts = Interrupts()
    try:
        done = await interrupts.run(_discover(order, console, interrupts))
    except FormscoutError as error:
        console.print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
        return False
    if done is None:
        console.print("Interrupted: the discovery was cancelled.", style="red")
        return False
    return done


async def _discover(order: Order, console: Console, interrupts: Interrupts) -> bool:
    async with _platform(order, console, interrupts) as api:
        target = await ensure_target(api, order.application)
        accepted = await api.start_discovery({**target, **order.options})
        try:
            with progress_on(console) as shown:
                status = await follow(api, accepted, shown)
        except asyncio.CancelledError:
            await api.cancel(accepted["task_id"])
            raise
        inventory = await api.inventory(accepted["session_id"], detail=order.detail)
    if order.out is None:
        Console().print(as_table(inventory))
    else:
        await asyncio.to_thread(write_json, order.out, inventory)
    failure = failure_of(status)
    sentence = f"{len(inventory['forms'])} forms found in session {accepted['session_id']}" + (f", see {order.out}." if order.out else ".")
    console.print(failure or sentence, style="red" if failure else "green", markup=False, highlight=False, soft_wrap=True)
    return failure is None


@asynccontextmanager
async def _platform(order: Order, console: Console, interrupts: Interrupts) -> AsyncIterator[ApiClient]:
    """Open a client: of the platform that the environment names, else of one that lives as long as the context."""
    named = whereabouts.api_of_environment()
    if named is not None:
        async with ApiClient.open(*named) as api:
            yield api
        return
    with _directory(order.data_dir, console) as directory:
        log = LogStream(console=None, file=directory.log)
        try:
            console.print("Starting the embedded platform…")
            options = PlatformOptions(data_directory=directory.path, port=None)
            async with running_platform(options, log, interrupts) as platform, ApiClient.open(platform.url, platform.api_key) as api:
                yield api
        finally:
            log.close()


@contextmanager
def _directory(given: Path | None, console: Console) -> Iterator[DataDirectory]:
    """Yield the data directory; a temporary one where none is given and the usual one is in use."""
    directory = DataDirectory(path=whereabouts.data_directory(given))
    try:
        with directory.locked():
            pass
    except PlatformError:
        if given is not None:
            raise
        console.print(
            f"{directory.path} is in use; this discovery runs in a directory of its own, which is removed at the end.", soft_wrap=True
        )
        with tempfile.TemporaryDirectory(prefix="formscout-") as name:
            temporary = DataDirectory(path=Path(name))
            temporary.prepare()
            yield temporary
        return
    yield directory


def _secret(variable: str | None) -> str | None:
    """Return what an environment variable holds; a secret given as an argument would be seen by all users of the machine."""
    if variable is None:
        return None
    value = os.environ.get(variable)
    if not value:
        raise typer.BadParameter(f"The environment variable {variable} is not set or empty.")
    return value
