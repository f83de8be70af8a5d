"""The schema's version: brought up to date by command, and checked by every process before it starts."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from formscout import tables
from formscout.domain.errors import SchemaOutdatedError
from formscout.storage.database import Database

UPGRADE_COMMAND: Final = "formscout db upgrade"
_UPGRADE_LOCK: Final = 0x_F0_12_05
"""Key of the advisory lock that lets one upgrade run at a time; any number that nobody else uses."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """Return the revision that this release works on."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None, "the migrations have exactly one head"
    return revision


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_known(revision: str) -> bool:
    try:
        return ScriptDirectory.from_config(_config()).get_revision(revision) is not None
    except CommandError:
        return False


async def upgrade(database: Database) -> str:
    """Bring the schema to this release's revision and return it; a schema of a newer release is left as it is."""

    def run(connection: Connection) -> str:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
        current = _current(connection)
        if current is not None and not _is_known(current):
            return current
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return head()

    async with database.begin() as connection:
        return await connection.run_sync(run)


async def current(database: Database) -> str | None:
    """Return the revision that the schema is at, None where there is none."""
    async with database.begin() as connection:
        return await connection.run_sync(_current)


async def check(database: Database) -> None:
    """Raise `SchemaOutdatedError` unless the schema is this release's, or a newer one.

    Newer is fine: migrations expand before they contract, so a process that is still draining runs on the next schema.
    """
    found = await current(database)
    if found == head() or (found is not None and not _is_known(found)):
        return
    state = "has no Formscout schema" if found is None else f"is at schema {found}"
    raise SchemaOutdatedError(f"The database {state}, this release needs {head()}. Run `{UPGRADE_COMMAND}` first.")
