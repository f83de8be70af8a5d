"""The connection pool to PostgreSQL that every store works on."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self, TypeAlias

import asyncpg  # type: ignore[import-untyped]  # it ships neither types nor stubs
import msgspec
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from formscout.domain.errors import StoreUnavailableError
from formscout.storage.looks import UNAVAILABLE, Looks, to_json
from formscout.telemetry import metrics

Connection: TypeAlias = AsyncConnection
"""What every store works on; named here, so that a use case can hold one without knowing SQLAlchemy."""

OUT_OF_RESOURCES: Final = "PostgreSQL has no room left for this: its disk, memory or connections are used up. Make room, then try again."

_RESOURCE_CLASSES: Final = ("53", "58")
"""Of SQLSTATE: insufficient resources (a full disk is 53100), and errors of the system below, such as a disk that cannot be written."""

IDLE_SECONDS: Final = 20
"""How long a transaction may stand still: a process that is frozen in one keeps its locks no longer, less than a lease."""

_SESSION: Final = {
    "application_name": "formscout",
    "jit": "off",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
}

_PING: Final = text("SELECT 1")
_AWAY: Final = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What says while one connects that PostgreSQL is away: SQLAlchemy leaves the driver's own errors as they are then."""


class Database:
    """A pool of connections; one a process, made after the fork."""

    def __init__(self, engine: AsyncEngine, *, looks: Looks) -> None:
        self.engine = engine
        self._looks = looks
        self._alone = engine.execution_options(isolation_level="AUTOCOMMIT")  # the same pool

    @classmethod
    def connect(cls, url: str, *, pool_size: int = 2) -> Self:
        """Return a pool of at most `pool_size` connections, none of them opened yet.

        `url` is `postgresql://…` as libpq knows it; the driver is ours. Statements are cached a connection, which PgBouncer
        knows since 1.21 (`max_prepared_statements`).
        """
        address = url.replace("postgres://", "postgresql://", 1)
        engine = create_async_engine(
            address.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=False,
            pool_recycle=1800,
            json_serializer=to_json,
            json_deserializer=msgspec.json.decode,
            connect_args={"server_settings": _SESSION, "timeout": 10},
        )
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
        return cls(engine, looks=Looks(address))

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction: committed at the end, rolled back when anything is raised."""
        async with self._connected(self.engine) as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection on which each statement stands alone: two round trips less than a transaction, for one look."""
        async with self._connected(self._alone) as connection:
            yield connection

    async def find_row(self, statement: str, *values: object) -> Mapping[str, Any] | None:  # Any: whatever the columns hold
        """Return the one row of a statement with the driver's own parameters (`$1`), or None: for what clients repeat all day."""
        return await self._looks.find_row(statement, *values)

    async def find_rows(self, statement: str, *values: object) -> Sequence[Mapping[str, Any]]:  # Any: whatever the columns hold
        """Return the rows of such a statement."""
        return await self._looks.find_rows(statement, *values)

    def joined(self, connection: AsyncConnection) -> "Database":
        """Return a database whose transactions are all part of the one that is open on the connection; whoever opened it ends it."""
        return _Joined(self, connection)

    def connections(self) -> dict[str, int]:
        """Return how many connections are open: `in_use` and `idle`."""
        pool = self.engine.pool
        assert isinstance(pool, QueuePool), "the engine was made with one"
        return {"in_use": pool.checkedout() + self._looks.in_use, "idle": pool.checkedin() + self._looks.idle}

    def tell_connections(self, tell: Callable[[Mapping[str, int]], None]) -> None:
        """Say how many connections are open whenever one is taken or given back; for a process that nobody can ask."""

        def taken(*_: object) -> None:
            tell(self.connections())

        def given_back(*_: object) -> None:
            # The pool counts it only after this.
            counts = self.connections()
            tell({"in_use": counts["in_use"] - 1, "idle": counts["idle"] + 1})

        event.listen(self.engine.sync_engine, "checkout", taken)
        event.listen(self.engine.sync_engine, "checkin", given_back)

    async def ping(self) -> None:
        """Raise `StoreUnavailableError` unless PostgreSQL answers."""
        async with self.look() as connection:
            await connection.execute(_PING)

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Lend a connection; whatever says that PostgreSQL is not there leaves as `StoreUnavailableError`."""
        try:
            connection = await engine.connect()
        except _AWAY as error:
            raise _failed(UNAVAILABLE) from error
        try:
            yield connection
        except asyncpg.InternalClientError as error:  # SQLAlchemy does not know it
            await connection.invalidate()
            raise _failed(UNAVAILABLE) from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise _failed(UNAVAILABLE) from error
            if _is_out_of_resources(error):
                raise _failed(OUT_OF_RESOURCES) from error
            raise
        finally:
            await connection.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._looks.close()
        await self.engine.dispose()


class _Joined(Database):
    """A database on which everything joins one open transaction; single looks, which only read, go their own way."""

    def __init__(self, database: Database, connection: AsyncConnection) -> None:
        super().__init__(database.engine, looks=database._looks)  # noqa: SLF001 (of the same module)
        self._connection = connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        yield self._connection


def _failed(message: str) -> StoreUnavailableError:
    metrics.STORE_FAILURES.inc(store=metrics.Store.POSTGRESQL)
    return StoreUnavailableError(message)


def _refuse_closed(connection: Any, record: object, proxy: object) -> None:  # Any: the driver's, seen through SQLAlchemy
    """Have the pool take another connection where the server has closed this one meanwhile: the driver knows, so no ping is needed."""
    del record, proxy
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _is_out_of_resources(error: DBAPIError) -> bool:
    """Tell whether the server could not do it now, and could later: nothing is wrong with what was asked."""
    state = getattr(error.orig, "sqlstate", None) or ""
    return state.startswith(_RESOURCE_CLASSES)
