"""Single looks past SQLAlchemy: few connections of the driver's own, for the one statement that clients repeat all day."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # it ships neither types nor stubs
import msgspec

from formscout.domain.errors import StoreUnavailableError

CONNECTIONS: Final = 2
"""A look takes some 0.1 ms on the server, so two carry what one process can ask; none is opened before the first look."""

UNAVAILABLE: Final = "PostgreSQL cannot be reached, or went away meanwhile. Try again, and check DATABASE_URL if it stays."

AWAY: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the server's last word came between two statements, and the driver does not know what to do with it
)
"""What the driver says when PostgreSQL ends a connection, under a statement or before."""


class Looks:
    """Runs statements that stand alone; a connection needs no reset between them, which a general pool would pay for.

    Measured for the status of a session, against SQLAlchemy's pool and execution: a third of the CPU time.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._idle: list[Any] = []  # Any: asyncpg has no types
        self.in_use = 0  # connections under a statement

    @property
    def idle(self) -> int:
        """How many connections are open and unused."""
        return len(self._idle)

    async def find_row(self, statement: str, *values: object) -> Mapping[str, Any] | None:  # Any: whatever the columns hold
        """Return the one row of a statement with the driver's own parameters (`$1`), or None. Raises `StoreUnavailableError`."""
        row: Mapping[str, Any] | None = await self._run(lambda connection: connection.fetchrow(statement, *values))
        return row

    async def find_rows(self, statement: str, *values: object) -> Sequence[Mapping[str, Any]]:  # Any: as above
        """Return the rows of such a statement. Raises `StoreUnavailableError`."""
        rows: Sequence[Mapping[str, Any]] = await self._run(lambda connection: connection.fetch(statement, *values))
        return rows

    async def _run(self, look: Callable[[Any], Awaitable[Any]]) -> Any:  # Any: asyncpg has no types
        async with self._free:
            # One that lay idle may have died, or dies under the statement; as a look only reads, it is made again on the next one.
            while self._idle:
                connection = self._idle.pop()
                if not connection.is_closed():
                    with suppress(*AWAY):
                        return await self._look(connection, look)
            try:
                return await self._look(await self._connect(), look)
            except AWAY as error:
                raise StoreUnavailableError(UNAVAILABLE) from error

    async def _look(self, connection: Any, look: Callable[[Any], Awaitable[Any]]) -> Any:  # Any: as above
        self.in_use += 1
        try:
            return await look(connection)
        except AWAY:
            connection.terminate()
            raise
        finally:
            self.in_use -= 1
            if not connection.is_closed():
                self._idle.append(connection)

    async def close(self) -> None:
        """Close every connection."""
        while self._idle:
            await self._idle.pop().close()

    async def _connect(self) -> Any:  # Any: asyncpg has no types
        settings = {"application_name": "formscout", "jit": "off"}
        try:
            connection = await asyncpg.connect(self._url, timeout=10, server_settings=settings)
        except asyncpg.PostgresError as error:
            raise StoreUnavailableError(UNAVAILABLE) from error
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=to_json, decoder=msgspec.json.decode)
        return connection


def to_json(value: Any) -> str:  # Any: whatever a JSONB column holds, domain values included
    """Return the value as JSON."""
    return msgspec.json.encode(value).decode()
