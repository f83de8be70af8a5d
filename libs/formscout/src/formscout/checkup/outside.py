"""Checks of what is neither PostgreSQL nor Redis: the API, certificates, and the browser of this machine."""

import asyncio
import os
import signal
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from cryptography import x509

from formscout.checkup.findings import Finding, fail, mark, ok

EXPIRY_WARN_DAYS: Final = 21
"""What renews itself does so a month before; three weeks before, it has failed to."""

EXPIRY_FAIL_DAYS: Final = 3
"""Hardly time to mend it on a long weekend."""

BROWSER_ANSWER: Final = "formscout-doctor"
_PAGE: Final = "data:text/html,<p id=it></p><script>it.textContent='formscout-'+'doctor'</script>"

_SSL_REQUEST: Final = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
"""How a client of PostgreSQL asks for TLS: length and code, by its protocol."""

TLS_PORTS: Final = {"https": 443, "rediss": 6379, "rediss+sentinel": 26379, "postgresql": 5432, "postgres": 5432}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsPlace:
    """Somewhere that a certificate is shown."""

    whose: str
    host: str
    port: int
    asks_first: bool = False  # as PostgreSQL has it

    @classmethod
    def of(cls, whose: str, url: str | None) -> "TlsPlace | None":
        """Return where TLS is spoken, None where it is not, or the address cannot be read."""
        try:
            parts = urlsplit(url or "")
            port, host = parts.port, parts.hostname
        except ValueError:  # several hosts; the first one stands for all
            return cls.of(whose, (url or "").split(",")[0])
        if parts.scheme not in TLS_PORTS or not host:
            return None
        return cls(whose=whose, host=host, port=port or TLS_PORTS[parts.scheme], asks_first=parts.scheme.startswith("postgres"))


async def look_at_api(url: str) -> Sequence[Finding]:
    """Ask the API whether it is ready."""
    place = urlsplit(url)
    shown = f"{place.scheme}://{place.hostname}{f':{place.port}' if place.port else ''}"
    try:
        async with httpx.AsyncClient(timeout=None, follow_redirects=False) as client:  # noqa: S113 (each check has its own limit)
            answer = await client.get(f"{url.rstrip('/')}/health/ready")
        said = answer.json()
        state = f"database {said['database']}, redis {said['redis']}"
    except httpx.HTTPError as error:
        return [fail("api", f"{shown} does not answer ({type(error).__name__}).", "See whether it runs, and FORMSCOUT_URL or --url.")]
    except (ValueError, KeyError, TypeError):
        return [fail("api", f"What answers at {shown} is not Formscout's API.", "Mend FORMSCOUT_URL, --url, or the proxy before it.")]
    if not answer.is_success:
        return [fail("api", f"It is not ready: {state}.", "See what its log says; its stores may not be reached from there.")]
    if said["redis"] != "up":
        return [fail("api", f"It is ready, but does not reach Redis: {state}.", "See its REDIS_URL, and the network between them.")]
    return [ok("api", f"{shown} is ready: {state}.")]


async def look_at_certificates(places: Sequence[TlsPlace]) -> Sequence[Finding]:
    """See when certificates end; whether they are trusted is seen by those who connect."""
    return [await _certificate(place) for place in places]


async def _certificate(place: TlsPlace) -> Finding:
    check = "certificates"
    try:
        shown = await _shown_by(place)
    except (OSError, EOFError) as error:
        return fail(check, f"{place.whose} shows no certificate ({type(error).__name__}).", "See whether it speaks TLS there.")
    if shown is None:
        return ok(check, f"{place.whose} speaks no TLS.")
    ends = x509.load_der_x509_certificate(shown).not_valid_after_utc
    days = (ends - datetime.now(UTC)).total_seconds() / 86_400
    sentence = f"That of {place.whose} ends on {ends:%Y-%m-%d}." if days > 0 else f"That of {place.whose} ended on {ends:%Y-%m-%d}."
    mend = "Renew it, and see why it did not renew itself."
    # The more days are left, the better: the marks are of what is used up.
    return mark(check, -days, warn_from=-EXPIRY_WARN_DAYS, fail_from=-EXPIRY_FAIL_DAYS, sentence=sentence, mend=mend)


async def _shown_by(place: TlsPlace) -> bytes | None:
    """Return the certificate (DER) that is shown to whoever connects, None where no TLS is spoken."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # one that has ended is to be looked at, too, and nothing is sent
    if not place.asks_first:
        _, writer = await asyncio.open_connection(place.host, place.port, ssl=context, server_hostname=place.host)
    else:
        reader, writer = await asyncio.open_connection(place.host, place.port)
        writer.write(_SSL_REQUEST)
        if await reader.readexactly(1) != b"S":
            writer.close()
            return None
        await writer.start_tls(context, server_hostname=place.host)
    try:
        shown: bytes | None = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    finally:
        writer.transport.abort()
    return shown


async def look_at_browser(path: Path, *, sandbox: bool) -> Sequence[Finding]:
    """Start the browser, have it run a page, and end it."""
    options = ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", *(() if sandbox else ("--no-sandbox",)))
    # A group of its own, so that nothing of it stays; a directory of its own comes with headless mode.
    process = await asyncio.create_subprocess_exec(
        *(str(path), *options, "--dump-dom", _PAGE),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        dumped, _ = await process.communicate()
    finally:
        _end_group(process.pid)
        await process.wait()
    how = "with its sandbox" if sandbox else "without its sandbox"
    if BROWSER_ANSWER.encode() in dumped:
        return [ok("browser", f"{path} starts {how} and runs a page.")]
    mend = "Start it by hand and read what it says. A missing sandbox is told by the log of the discovery worker, with ways out."
    return [fail("browser", f"{path} does not run a page {how} (it ended with {process.returncode}).", mend)]


def _end_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
