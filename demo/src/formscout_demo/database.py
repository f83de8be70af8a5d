"""The SQLite file that holds the demo's records."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request

Value = str | int | float | None
Values = Mapping[str, Value]


class Database:
    """Opens the file anew for each statement: nothing is left open, whatever ends the process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_empty(self) -> bool:
        """Whether the file has no tables yet."""
        return self.find("SELECT name FROM sqlite_master") is None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose statements take effect together at the end, or not at all."""
        connection = sqlite3.connect(self.path, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def rows(self, sql: str, values: Values | None = None) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self.transaction() as connection:
            return connection.execute(sql, values or {}).fetchall()

    def find(self, sql: str, values: Values | None = None) -> sqlite3.Row | None:
        """Return the first row of a query, if there is one."""
        return next(iter(self.rows(sql, values)), None)

    def row(self, sql: str, values: Values | None = None) -> sqlite3.Row:
        """Return the first row of a query that always has one."""
        return self.rows(sql, values)[0]

    def write(self, sql: str, values: Values | None = None) -> int:
        """Run a statement that changes records; returns the id of the row it inserted."""
        with self.transaction() as connection:
            return connection.execute(sql, values or {}).lastrowid or 0

    def create_tables(self) -> None:
        """Make every table, empty, in place of those that are there."""
        with self.transaction() as connection:
            for table in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                connection.execute(f"DROP TABLE {table['name']}")
        with self.transaction() as connection:
            connection.executescript(files(__package__).joinpath("schema.sql").read_text())


def database_of(request: Request) -> Database:
    """Return the application's database."""
    database: Database = request.app.state.database
    return database
