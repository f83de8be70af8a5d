"""Databases of a PostgreSQL server: made from a template, dropped again."""

from typing import Final
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

from sqlalchemy import text

from formscout.storage.database import Database

TEMPLATE: Final = "formscout_template"
"""The database that others are copied from: copying files is faster than running the migrations again."""


def named(server_url: str, name: str) -> str:
    """Return the address of another database on the same server."""
    parts = urlsplit(server_url)
    return urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, parts.fragment))


async def run(server_url: str, *statements: str) -> None:
    """Run statements that no transaction may hold, one after the other."""
    database = Database.connect(server_url, pool_size=1)
    async with database.look() as connection:
        for statement in statements:
            await connection.execute(text(statement))
    await database.close()


async def create(server_url: str) -> str:
    """Make a database from the template and return its address."""
    name = f"test_{uuid4().hex}"
    await run(server_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return named(server_url, name)


async def drop(server_url: str, database_url: str) -> None:
    """Drop a database, whoever is connected to it."""
    await run(server_url, f"DROP DATABASE IF EXISTS {urlsplit(database_url).path[1:]} WITH (FORCE)")


async def shut(server_url: str, database_url: str) -> None:
    """Cut every connection to a database and let nobody in, as if it were away."""
    name = urlsplit(database_url).path[1:]
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 (a name of ours)
    await run(server_url, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", cut)


async def open_again(server_url: str, database_url: str) -> None:
    """Let everybody in again."""
    await run(server_url, f"ALTER DATABASE {urlsplit(database_url).path[1:]} ALLOW_CONNECTIONS true")
