"""The connection pool to PostgreSQL that every store works on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine


def _to_json(value: Any) -> str:  # Any: whatever a JSONB column holds, domain values included
    return msgspec.json.encode(value).decode()


class Database:
    """A pool of connections; one a process, made after the fork."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @classmethod
    def connect(cls, url: str, *, pool_size: int = 2) -> Self:
        """Return a pool of at most `pool_size` connections, none of them opened yet.

        `url` is `postgresql://…` as libpq knows it; the driver is ours. Statements are cached a connection, which PgBouncer
        knows since 1.21 (`max_prepared_statements`).
        """
        address = url.replace("postgres://", "postgresql://", 1).replace("postgresql://", "postgresql+asyncpg://", 1)
        engine = create_async_engine(
            address,
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=False,
            pool_recycle=1800,
            json_serializer=_to_json,
            json_deserializer=msgspec.json.decode,
            connect_args={"server_settings": {"application_name": "formscout", "jit": "off"}, "timeout": 10},
        )
        return cls(engine)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction: committed at the end, rolled back when anything is raised."""
        async with self.engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
