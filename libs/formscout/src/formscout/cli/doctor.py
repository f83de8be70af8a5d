"""`formscout doctor`: looks at this machine, and says of each thing that it is well or what to do."""

import asyncio
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Final

import redis
import typer
from redis.backoff import NoBackoff
from redis.retry import Retry
from rich.console import Console

from formscout.cli.whereabouts import DataDirOption, data_directory
from formscout.config import find_variable, with_authorities
from formscout.domain.errors import FormscoutError
from formscout.local import postgres
from formscout.local import redis as local_redis
from formscout.local.browser import require_browser
from formscout.local.directory import DataDirectory
from formscout.local.ports import is_free
from formscout.storage import schema
from formscout.storage.database import Database
from formscout.storage.redis_servers import RedisServers

_PARTS: Final = ("formscout", "formscout-api", "formscout-discovery", "formscout-analysis", "formscout-scheduler")
_OLDEST_PYTHON: Final = (3, 11)
_TIMEOUT_SECONDS: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was found of one thing; `advice` is what to do, None where all is well."""

    thing: str
    found: str
    advice: str | None = None


def doctor(port: Annotated[int, typer.Option(help="The API's port.")] = 8000, data_dir: DataDirOption = None) -> None:
    """Look at this machine; exit status 1 if something has to be done."""
    findings = [
        _python(),
        *_versions(),
        _looked("Chromium", _browser),
        _looked("PostgreSQL", lambda: str(postgres.programs())),
        _looked("Redis", lambda: str(local_redis.programs())),
        _root(),
        _looked("Data directory", lambda: _directory(DataDirectory(path=data_directory(data_dir)))),
        _port(port),
        *asyncio.run(_stores(find_variable("DATABASE_URL"), find_variable("REDIS_URL"))),
    ]
    console = Console()
    for finding in findings:
        mark, colour = ("ok", "green") if finding.advice is None else ("to do", "red")
        console.print(f"[{colour}]{mark:>5}[/{colour}]  {finding.thing}: ", end="", highlight=False)
        console.print(finding.advice or finding.found, markup=False, highlight=False, soft_wrap=True)
    if any(finding.advice is not None for finding in findings):
        raise typer.Exit(1)


def _looked(thing: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(thing=thing, found=look())
    except FormscoutError as error:
        return Finding(thing=thing, found="", advice=error.message)


def _python() -> Finding:
    old = sys.version_info < _OLDEST_PYTHON
    wanted = ".".join(map(str, _OLDEST_PYTHON))
    return Finding(thing="Python", found=platform.python_version(), advice=f"Install Python {wanted} or later." if old else None)


def _versions() -> list[Finding]:
    found = []
    for part in _PARTS:
        try:
            found.append(Finding(thing=part, found=version(part)))
        except PackageNotFoundError:
            found.append(Finding(thing=part, found="", advice="It is not installed; run `uv sync --all-packages`, or ignore it here."))
    return found


def _browser() -> str:
    path = require_browser()
    run = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False)  # noqa: S603 (the browser itself)
    return f"{run.stdout.strip() or 'version unknown'} at {path}"


def _root() -> Finding:
    if os.geteuid() != 0:
        return Finding(thing="User", found="not root")
    if shutil.which("setpriv") is None:
        return Finding(
            thing="User", found="root", advice="Install util-linux (setpriv), or run as an ordinary user: PostgreSQL refuses root."
        )
    return Finding(thing="User", found="root; better an ordinary user, Chromium's own sandbox is off as root")


def _directory(directory: DataDirectory) -> str:
    if not directory.path.exists():
        return f"{directory.path} (will be made)"
    with directory.locked():
        return f"{directory.path}"


def _port(port: int) -> Finding:
    free = is_free(port)
    advice = None if free else f"Port {port} is taken; stop what listens there, or start with --port."
    return Finding(thing="Port", found=f"{port} is free", advice=advice)


async def _stores(database_url: str | None, redis_url: str | None) -> list[Finding]:
    found = []
    if database_url is not None:
        found.append(await _database(database_url))
    if redis_url is not None:
        found.append(await asyncio.to_thread(_redis, redis_url))
    return found


async def _database(url: str) -> Finding:
    database = Database.connect(url, pool_size=1)
    try:
        await schema.check(database)
    except FormscoutError as error:
        return Finding(thing="Database", found="", advice=error.message)
    finally:
        await database.close()
    return Finding(thing="Database", found="reachable, its schema fits")


def _redis(url: str) -> Finding:
    thing = "Message broker"
    ca = os.environ.get("FORMSCOUT_REDIS_CA")
    try:
        servers = RedisServers.parse(with_authorities(url, Path(ca) if ca else None))
        with servers.client(
            socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS, retry=Retry(NoBackoff(), 0)
        ) as client:
            client.ping()
    except FormscoutError as error:
        return Finding(thing=thing, found="", advice=error.message)
    except (redis.RedisError, ValueError) as error:
        return Finding(thing=thing, found="", advice=_broker_advice(error))
    return Finding(thing=thing, found="reachable")


def _broker_advice(error: Exception) -> str:
    """Say what to do; what redis-py says of connecting holds the place and the reason, never a password."""
    if isinstance(error, redis.AuthenticationError):
        return "It refuses user name or password; check those in REDIS_URL."
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        advice = "Name its authority's file in FORMSCOUT_REDIS_CA, and in REDIS_URL the host as the certificate has it"
        return f"Its certificate is not trusted ({error}). {advice}."
    if isinstance(error, ValueError):
        return f"{error}."
    return f"It does not answer ({type(error).__name__}: {error}); check REDIS_URL."
