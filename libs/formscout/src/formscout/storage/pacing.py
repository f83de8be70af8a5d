"""The store of paces: when the next page of a host may be loaded, shared in Redis by all slices of a company."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, cast

from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from formscout.domain.errors import StoreUnavailableError
from formscout.domain.ids import CompanyId
from formscout.domain.pacing import FIRST_BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS
from formscout.storage.redis_servers import RedisServers

ANSWER_SECONDS: Final = 1.0
"""How long Redis may take: a page load waits for it."""

KEPT_SECONDS: Final = 600
"""How long a host is remembered beyond its next turn: longer than any pause it may ask for."""

_NOW: Final = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"

# All times are Redis' own, in milliseconds, so that no worker's clock matters. Waiting reserves nothing: a worker that dies holds
# nobody up. Returns how long to wait, 0 when the turn is taken, and the refusals in a row.
_TAKE: Final = (
    _NOW
    + """
    local kept = redis.call('HMGET', KEYS[1], 'next', 'blocked', 'strikes')
    local gap, longest = tonumber(ARGV[1]), tonumber(ARGV[2])
    local wait = math.max(tonumber(kept[1] or 0), tonumber(kept[2] or 0)) - now
    local strikes = tonumber(kept[3] or 0)
    if wait > 0 then return {math.min(wait, gap + longest), strikes} end
    if gap > 0 then
        redis.call('HSET', KEYS[1], 'next', now + gap)
        redis.call('PEXPIRE', KEYS[1], gap + longest)
    end
    return {0, strikes}
    """
)

_REFUSED: Final = (
    _NOW
    + """
    local asked, first, most, kept = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
    local blocked = tonumber(redis.call('HGET', KEYS[1], 'blocked') or 0)
    if now < blocked then
        if asked > 0 then redis.call('HSET', KEYS[1], 'blocked', math.max(blocked, now + asked)) end
    else
        local strikes = redis.call('HINCRBY', KEYS[1], 'strikes', 1)
        local pause = asked >= 0 and asked or math.min(most, first * 2 ^ math.min(strikes - 1, 16))
        redis.call('HSET', KEYS[1], 'blocked', now + pause)
    end
    redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), kept))
    """
)

_ANSWERED: Final = (
    _NOW
    + """
    if now >= tonumber(redis.call('HGET', KEYS[1], 'blocked') or 0) then redis.call('HDEL', KEYS[1], 'strikes') end
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Whether a page may be loaded now."""

    wait_seconds: float  # 0: the turn is taken
    strikes: int  # refusals in a row


class PaceStore:
    """The paces of one company's hosts.

    A key is of a company and a host: sessions and networks of one company press one application together, and another company, which
    may crawl the same host, neither learns of it nor is slowed by it. The host is hashed: a name in Redis tells whoever reads
    its keys who tests what.
    """

    def __init__(self, redis: Redis, company_id: CompanyId) -> None:
        self._redis = redis
        self._company_id = company_id

    @classmethod
    @asynccontextmanager
    async def open(cls, redis_url: str, company_id: CompanyId) -> AsyncIterator["PaceStore"]:
        """Connect for as long as the block runs; one quick try each time, for there is another pace to fall back on."""
        patience = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
        redis = RedisServers.parse(redis_url).async_client(**patience, retry=Retry(NoBackoff(), 0))
        try:
            yield cls(redis, company_id)
        finally:
            await redis.aclose()

    async def take(self, host: str, *, gap_seconds: float) -> Turn:
        """Take the host's next turn, or learn how long to wait. Raises `StoreUnavailableError`."""
        wait, strikes = cast("list[int]", await self._run(_TAKE, host, _ms(gap_seconds), _ms(KEPT_SECONDS)))
        return Turn(wait_seconds=wait / 1000, strikes=strikes)

    async def refused(self, host: str, *, retry_after_seconds: float | None) -> None:
        """Let the host alone for as long as it asks, else for longer with each refusal in a row. Raises `StoreUnavailableError`."""
        asked = -1 if retry_after_seconds is None else _ms(retry_after_seconds)
        await self._run(_REFUSED, host, asked, _ms(FIRST_BACK_OFF_SECONDS), _ms(LONGEST_BACK_OFF_SECONDS), _ms(KEPT_SECONDS))

    async def answered(self, host: str) -> None:
        """Forget the host's refusals, it having answered. Raises `StoreUnavailableError`."""
        await self._run(_ANSWERED, host)

    async def _run(self, script: str, host: str, *arguments: int) -> object:
        key = f"formscout:pace:{self._company_id}:{sha256(host.encode()).hexdigest()[:32]}"
        try:
            return await cast("Awaitable[object]", self._redis.eval(script, 1, key, *map(str, arguments)))
        except (RedisError, OSError) as error:
            raise StoreUnavailableError("Redis cannot be reached.") from error


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
