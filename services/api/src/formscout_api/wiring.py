"""The one place where the API constructs what its routes work with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import time
from typing import Final, Self

from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from formscout.queueing.presence import WORKERS_KEY, Worker, present, redis_connections
from formscout.security.encryption import KeyRing
from formscout.storage.database import Database
from formscout.storage.redis_servers import RedisServers
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases.admission import Admission
from formscout_api.auth import Authenticator
from formscout_api.config import ApiSettings
from formscout_api.quota import WINDOW_SECONDS, Quota
from formscout_api.watch import Watch

QUOTA_KEY: Final = "formscout:quota:"
"""Before the names of the Redis counters of quotas; each is forgotten soon after its minute."""


class Broker:
    """Redis as the API needs it: it may be down, and health says so."""

    def __init__(self, url: str) -> None:
        # One try: whoever waits for the answer can do without it.
        self._client = RedisServers.parse(url).async_client(socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))

    async def answers(self) -> bool:
        """Tell whether Redis answers within a second."""
        try:
            return bool(await self._client.ping())
        except (RedisError, OSError):
            return False

    async def workers(self) -> list[Worker] | None:
        """Return the workers that lately said that they are there, or None when Redis does not answer."""
        try:
            entries: dict[bytes, bytes] = await self._client.hgetall(WORKERS_KEY)  # type: ignore[assignment] # no decoding was asked for
        except (RedisError, OSError):
            return None
        return present(entries, now=time())

    async def add(self, counts: Mapping[str, int]) -> Sequence[int] | None:
        """Add to the counters of a quota and return what they stand at, or None when Redis does not take it."""
        pipeline = self._client.pipeline(transaction=False)
        for name, count in counts.items():
            pipeline.incrby(QUOTA_KEY + name, count)
            pipeline.expire(QUOTA_KEY + name, 2 * WINDOW_SECONDS)
        try:
            results = await pipeline.execute()
        except (RedisError, OSError):
            return None
        totals: Sequence[int] = results[::2]
        return totals

    def connections(self) -> Mapping[str, int]:
        """Return how many connections are open, by state."""
        return redis_connections(self._client)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What the routes receive; nothing in it is opened before its first use."""

    database: Database
    keys: KeyRing
    snapshots: SnapshotStore
    authenticator: Authenticator
    broker: Broker
    admission: Admission
    quota: Quota
    watch: Watch
    longest_wait_seconds: int
    webhooks_allow_private: bool

    @classmethod
    def connect(cls, settings: ApiSettings) -> Self:
        """Construct everything; raise `SettingsError` for settings that cannot be."""
        database = Database.connect(settings.database_url.get_secret_value(), pool_size=settings.database_pool_size)
        broker = Broker(settings.redis_url.get_secret_value())
        return cls(
            database=database,
            keys=KeyRing.parse(settings.encryption_keys.get_secret_value()),
            snapshots=SnapshotStore.connect(settings.snapshot_store, database),
            authenticator=Authenticator(database, seconds=settings.key_cache_seconds),
            broker=broker,
            admission=Admission(database, max_backlog=settings.max_backlog),
            quota=Quota(broker.add, limit=settings.discoveries_per_minute),
            watch=Watch(database, per_user=settings.followers_per_user),
            longest_wait_seconds=settings.longest_wait_seconds,
            webhooks_allow_private=settings.webhooks_allow_private,
        )

    async def close(self) -> None:
        """Close every connection."""
        await self.watch.close()
        await self.quota.close()
        await self.broker.close()
        await self.database.close()
