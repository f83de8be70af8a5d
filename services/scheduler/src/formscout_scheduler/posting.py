"""One POST to a receiver that a stranger named: bounded in time and size, never redirected, to judged addresses only."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from time import monotonic
from typing import Final

import httpcore
import httpx
import structlog

from formscout.domain.webhooks import Attempt, AttemptError
from formscout.security.addresses import Resolve
from formscout.security.outbound import GuardedBackend, OutboundRefusedError, UnresolvedError
from formscout.security.webhooks import SECRET_PREFIX

BODY_BYTES: Final = 8192
"""What is read of an answer; a receiver has nothing to say that is longer."""

EXCERPT_CHARACTERS: Final = 200
MESSAGE_CHARACTERS: Final = 300

_SUCCESS: Final = 2  # hundreds

HEADERS: Final = {
    "content-type": "application/json",
    "accept-encoding": "identity",  # what is never unpacked cannot swell
    "user-agent": f"Formscout-Webhooks/{version('formscout-scheduler')}",
}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long an attempt may take, in seconds; within the 15 to 30 that the Standard Webhooks specification suggests."""

    connect: float = 5.0  # name, TCP and TLS each
    whole: float = 15.0  # all of it, the answer's body included


class Poster:
    """Posts; each time over a new connection, whose address was judged for it."""

    def __init__(self, *, allow_private: bool, resolve: Resolve, limits: Limits | None = None, tls: ssl.SSLContext | None = None) -> None:
        self._limits = limits or Limits()
        # httpcore itself, not httpx: it takes our way to connect, and knows no redirections, cookies, proxies or packed bodies.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or ssl.create_default_context(),
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=GuardedBackend(allow_private=allow_private, resolve=resolve),
        )

    async def post(self, address: str, headers: Mapping[str, str], body: bytes) -> Attempt:
        """Post once and return how it went; nothing is raised for whatever a receiver does."""
        at, started = datetime.now(UTC), monotonic()
        try:
            async with asyncio.timeout(self._limits.whole):
                response = await self._pool.handle_async_request(self._request(address, headers, body))
            excerpt = await self._excerpt(response, seconds=self._limits.whole - (monotonic() - started))
        except (TimeoutError, httpcore.TimeoutException):
            return _failed(at, started, AttemptError.TIMED_OUT, f"No answer within {self._limits.whole:g} s.")
        except OutboundRefusedError as error:
            _log.warning("A webhook leads where nothing may be sent", reason=str(error))
            return _failed(at, started, AttemptError.ADDRESS_REFUSED, "Its name leads to an address that is not public; nothing was sent.")
        except UnresolvedError:
            return _failed(at, started, AttemptError.ADDRESS_UNRESOLVED, "Its name does not resolve.")
        except httpcore.ConnectError as error:
            return _failed(at, started, AttemptError.CONNECTION_FAILED, f"No connection: {error}.")
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            return _failed(at, started, AttemptError.NO_ANSWER, f"No HTTP answer: {error or type(error).__name__}")
        given = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        return answered(response.status, given, at=at, seconds=monotonic() - started, excerpt=excerpt)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.aclose()

    def _request(self, address: str, headers: Mapping[str, str], body: bytes) -> httpcore.Request:
        url = httpx.URL(address)
        times = {"connect": self._limits.connect} | dict.fromkeys(("read", "write", "pool"), self._limits.whole)
        return httpcore.Request(
            method="POST",
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=list({"host": url.netloc.decode("ascii"), "content-length": str(len(body)), **HEADERS, **headers}.items()),
            content=body,
            extensions={"timeout": times},
        )

    async def _excerpt(self, response: httpcore.Response, *, seconds: float) -> str:
        """Return the beginning of an answer's body; once there is a status, it counts, however the body goes on."""
        body = bytearray()
        try:
            if response.status // 100 == _SUCCESS:
                return ""
            with suppress(TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
                async with asyncio.timeout(max(seconds, 0)):
                    async for part in response.aiter_stream():
                        body += part[:BODY_BYTES]
                        if len(body) >= BODY_BYTES:
                            break
        finally:
            await response.aclose()
        return cleaned(bytes(body[:BODY_BYTES]))


def answered(status: int, headers: Mapping[str, str], *, at: datetime, seconds: float, excerpt: str) -> Attempt:
    """Judge an answer: 2xx has taken it, everything else has not."""
    retry_after = seconds_of(headers.get("retry-after"), now=at)
    error, message = _verdict(status)
    return Attempt(at=at, seconds=round(seconds, 3), status=status, error=error, message=message, excerpt=excerpt, retry_after=retry_after)


def seconds_of(retry_after: str | None, *, now: datetime) -> float | None:
    """Return what a `Retry-After` header asks for, in seconds; None for none, or one that nobody understands."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return None


def cleaned(body: bytes) -> str:
    """Return the beginning of a body as one line that is safe to show: no control characters, no secret of ours."""
    text = " ".join(body.decode("utf-8", "replace").split())
    text = "".join(one for one in text if one.isprintable())
    return text.replace(SECRET_PREFIX, "")[:EXCERPT_CHARACTERS]


def _verdict(status: int) -> tuple[AttemptError | None, str]:
    if status == HTTPStatus.GONE:
        return AttemptError.GONE, "It answered 410: it wants to be told nothing more."
    match status // 100:
        case 2:
            return None, ""
        case 3:
            return AttemptError.REDIRECTED, f"It answered {status}; redirections are not followed. Give the webhook the address itself."
        case _:
            return AttemptError.STATUS, f"It answered {status}."


def _failed(at: datetime, started: float, error: AttemptError, message: str) -> Attempt:
    return Attempt(at=at, seconds=round(monotonic() - started, 3), error=error, message=message[:MESSAGE_CHARACTERS])
