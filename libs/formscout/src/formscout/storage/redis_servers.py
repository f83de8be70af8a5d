"""Where Redis is: one server, or whichever one the sentinels name as the master; with TLS or without."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import redis
import redis.asyncio
import redis.asyncio.sentinel
import redis.sentinel

from formscout.domain.errors import SettingsError

SERVER_PORT: Final = 6379
SENTINEL_PORT: Final = 26379

SENTINEL_SECONDS: Final = 2.0
"""How long a sentinel may take to answer before the next one is asked: one that is down must not use up what a caller waits for."""

_SENTINELS: Final = "+sentinel"
_TLS_OPTIONS: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_SENTINEL_OPTIONS: Final = ("sentinel_username", "sentinel_password")

Options = Mapping[str, Any]  # Any: redis-py's keyword arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServers:
    """An address of Redis, read.

    `redis[s]://[user:password@]host[:port][/database]`, or, with the name of the master that the sentinels watch,
    `redis[s]+sentinel://[user:password@]host[:port][,host[:port]…]/master[/database]`. With `rediss` every certificate is verified,
    that of a sentinel, too.
    """

    hosts: tuple[tuple[str, int], ...]  # the server, or the sentinels
    master: str | None = None  # its name, where sentinels are asked
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Options | None = None  # None: no TLS
    sentinel: Options = field(default_factory=dict, repr=False)  # name and password at the sentinels

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an address. Raises `SettingsError`, which quotes nothing of it."""
        try:
            return cls._read(url)
        except ValueError as error:
            raise SettingsError(f"REDIS_URL is no address of Redis: {error}") from None

    @classmethod
    def _read(cls, url: str) -> Self:
        parts = urlsplit(url)
        scheme = parts.scheme.removesuffix(_SENTINELS)
        if scheme not in ("redis", "rediss"):
            raise ValueError("it begins with redis://, rediss://, redis+sentinel:// or rediss+sentinel://.")
        asks_sentinels = parts.scheme.endswith(_SENTINELS)
        login, _, places = parts.netloc.rpartition("@")
        username, _, password = login.partition(":")
        port = SENTINEL_PORT if asks_sentinels else SERVER_PORT
        hosts = tuple(_host(place, port) for place in places.split(","))
        if len(hosts) > 1 and not asks_sentinels:
            raise ValueError("several hosts are for sentinels: redis+sentinel://….")
        *names, number = _path(parts.path, asks_sentinels=asks_sentinels)
        options = dict(parse_qsl(parts.query))
        known = (*(_TLS_OPTIONS if scheme == "rediss" else ()), *(_SENTINEL_OPTIONS if asks_sentinels else ()))
        if unknown := sorted(set(options) - set(known)):
            raise ValueError(f"it has options that are not known here: {', '.join(unknown)}.")
        return cls(
            hosts=hosts,
            master=names[0] if names else None,
            database=int(number),
            username=unquote(username) or None,
            password=unquote(password) or None,
            tls={name: options[name] for name in _TLS_OPTIONS if name in options} if scheme == "rediss" else None,
            sentinel={name.removeprefix("sentinel_"): options[name] for name in _SENTINEL_OPTIONS if name in options},
        )

    @property
    def url(self) -> str:
        """The address of the server, or of the first sentinel, without options."""
        login = f"{quote(self.username or '', safe='')}:{quote(self.password or '', safe='')}@" if self.username or self.password else ""
        host, port = self.hosts[0]
        scheme = "redis" if self.tls is None else "rediss"
        return f"{scheme}://{login}{f'[{host}]' if ':' in host else host}:{port}/{self.database}"

    @property
    def tls_options(self) -> dict[str, Any]:  # Any: as above
        """What redis-py is told so that it verifies certificates; nothing without TLS."""
        return {} if self.tls is None else {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **self.tls}

    @property
    def sentinel_options(self) -> dict[str, Any]:  # Any: as above
        """How a sentinel is spoken to."""
        patience = {"socket_timeout": SENTINEL_SECONDS, "socket_connect_timeout": SENTINEL_SECONDS}
        return {**patience, **self.sentinel, **self._encryption}

    def client(self, **options: Any) -> redis.Redis:  # Any: as above
        """Return a client; nothing is opened before its first use."""
        if self.master is None:
            return redis.Redis.from_url(self.url, **self.tls_options, **options)
        sentinel = redis.sentinel.Sentinel(self.hosts, sentinel_kwargs=self.sentinel_options)  # type: ignore[no-untyped-call] # redis-py has none here
        found = sentinel.master_for(self.master, _Led, **self._login, **self._encryption, **options)  # type: ignore[no-untyped-call] # redis-py has none here
        return cast("redis.Redis", found)

    def async_client(self, **options: Any) -> redis.asyncio.Redis:  # Any: as above
        """Return an asynchronous client; nothing is opened before its first use."""
        if self.master is None:
            return redis.asyncio.Redis.from_url(self.url, **self.tls_options, **options)
        sentinel = redis.asyncio.sentinel.Sentinel(self.hosts, sentinel_kwargs=self.sentinel_options)  # type: ignore[no-untyped-call] # redis-py has none here
        found = sentinel.master_for(self.master, _AsyncLed, **self._login, **self._encryption, **options)
        return cast("redis.asyncio.Redis", found)

    @property
    def _login(self) -> dict[str, Any]:  # Any: as above
        return {"db": self.database, "username": self.username, "password": self.password}

    @property
    def _encryption(self) -> dict[str, Any]:  # Any: as above
        return {} if self.tls is None else {"ssl": True, **self.tls_options}


class _Led(redis.Redis):
    """A client of whoever is the master; it closes its connections to the sentinels, too."""

    def close(self) -> None:
        """Close all."""
        super().close()
        self.connection_pool.sentinel_manager.close()  # type: ignore[attr-defined] # a sentinel's pool has it


class _AsyncLed(redis.asyncio.Redis):
    """The same, asynchronous."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close all."""
        await super().aclose(close_connection_pool)
        for sentinel in self.connection_pool.sentinel_manager.sentinels:  # type: ignore[attr-defined] # a sentinel's pool has it
            await sentinel.aclose()


def _host(place: str, default_port: int) -> tuple[str, int]:
    """Read `host`, `host:port`, `[address]` or `[address]:port`."""
    parts = urlsplit(f"//{place}")
    if not parts.hostname:
        raise ValueError("it names no host.")
    try:
        return parts.hostname, parts.port or default_port
    except ValueError:  # which would quote it
        raise ValueError("a port is a number up to 65535. Has a password in it a character that must be percent-encoded?") from None


def _path(path: str, *, asks_sentinels: bool) -> list[str]:
    """Return the master's name, if sentinels are asked, and the database's number."""
    names = [unquote(name) for name in path.split("/") if name]
    if asks_sentinels and not names:
        raise ValueError("sentinels need the name of the master that they watch: redis+sentinel://host:26379/NAME.")
    wanted = 2 if asks_sentinels else 1
    if len(names) < wanted:
        names.append("0")
    if len(names) != wanted or not names[-1].isdecimal():
        raise ValueError("its path ends with the number of the database, or with nothing.")
    return names
