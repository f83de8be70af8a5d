"""The release after this one: a copy of the library with one more migration, whose processes work beside the present ones."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.support.chaos_platform import Platform

import formscout

REVISION: Final = "0002"

MIGRATION: Final = """
\"\"\"What the next release adds, which no process of this one knows.\"\"\"

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# In the order in which everybody locks them.
TABLES = ("crawl_session", "job", "frontier_page", "form_page", "visit", "session_event")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("next_release", sa.Text()))
    op.create_table("next_release", sa.Column("id", sa.BigInteger(), primary_key=True))


def downgrade() -> None:
    op.drop_table("next_release")
    for table in TABLES:
        op.drop_column(table, "next_release")
"""

TAKE_BACK: Final = """
import asyncio, os
from alembic import command
from formscout.storage import schema
from formscout.storage.database import Database

def back(connection):
    config = schema._config()
    config.attributes["connection"] = connection
    command.downgrade(config, "-1")

async def main():
    database = Database.connect(os.environ["DATABASE_URL"])
    async with database.begin() as connection:
        await connection.run_sync(back)
    await database.close()

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextRelease:
    """A directory that holds it."""

    directory: Path

    @property
    def settings(self) -> dict[str, str]:
        """What lets a process run it."""
        return {"PYTHONPATH": str(self.directory)}

    @contextmanager
    def upgraded(self, platform: Platform) -> Iterator[None]:
        """Have its schema for as long as the block runs; only tests ever take one back."""
        self._run(platform, "from formscout.cli import main; main()", "db", "upgrade")
        try:
            yield
        finally:
            self._run(platform, TAKE_BACK)

    def _run(self, platform: Platform, code: str, *arguments: str) -> None:
        settings = {**os.environ, **platform.settings["all"], **self.settings}
        ran = subprocess.run((sys.executable, "-c", code, *arguments), env=settings, capture_output=True, text=True, check=False)  # noqa: S603 (ours)
        assert ran.returncode == 0, ran.stderr


def next_release(directory: Path) -> NextRelease:
    """Make it."""
    assert formscout.__file__ is not None
    copy = directory / "formscout"
    shutil.copytree(Path(formscout.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "tables" / "migrations" / "versions" / f"{REVISION}_next.py").write_text(MIGRATION)
    return NextRelease(directory=directory)
