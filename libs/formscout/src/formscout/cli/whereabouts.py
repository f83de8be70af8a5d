"""Where the platform is that a command talks to: named by the environment, else the embedded one that runs here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from formscout.cli.client import ApiClient
from formscout.config import find_variable
from formscout.domain.errors import PlatformError
from formscout.local.directory import DataDirectory, default_data_directory, read_variables
from formscout.storage.database import Database

DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", envvar="FORMSCOUT_DATA_DIR", help="Where the embedded platform keeps everything.", show_default=False),
]

_START: Final = "start one with `formscout up`"


def data_directory(given: Path | None) -> Path:
    """Return the data directory that is meant, absolute."""
    return (given or default_data_directory()).expanduser().absolute()


def api_of_environment() -> tuple[str, str] | None:
    """Return address and key from FORMSCOUT_URL and FORMSCOUT_API_KEY, None without them; raise if only one is set."""
    url, key = find_variable("FORMSCOUT_URL"), find_variable("FORMSCOUT_API_KEY")
    if url and key:
        return url, key
    if url or key:
        raise PlatformError("Set both FORMSCOUT_URL and FORMSCOUT_API_KEY, or neither to use an embedded platform.")
    return None


@asynccontextmanager
async def api_client(given: Path | None = None) -> AsyncIterator[ApiClient]:
    """Open a client of the platform that the environment names, else of the embedded one of the data directory."""
    found = api_of_environment()
    if found is None:
        variables = read_variables(DataDirectory(path=data_directory(given)).client_env)
        found = (variables.get("FORMSCOUT_URL", ""), variables.get("FORMSCOUT_API_KEY", ""))
    if not all(found):
        raise PlatformError(f"There is no platform to ask: set FORMSCOUT_URL and FORMSCOUT_API_KEY, or {_START}.")
    async with ApiClient.open(*found) as client:
        yield client


def store_variable(name: str, given: Path | None = None) -> str | None:
    """Return DATABASE_URL or REDIS_URL: the environment's, else the embedded platform's."""
    return find_variable(name) or read_variables(DataDirectory(path=data_directory(given)).stores_env).get(name)


@asynccontextmanager
async def database(given: Path | None = None) -> AsyncIterator[Database]:
    """Open the database that DATABASE_URL names, else the embedded platform's; it runs while `formscout up` does."""
    url = store_variable("DATABASE_URL", given)
    if url is None:
        raise PlatformError(f"There is no database to work on: set DATABASE_URL, or {_START}.")
    pool = Database.connect(url, pool_size=1)
    try:
        yield pool
    finally:
        await pool.close()
