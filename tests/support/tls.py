"""Certificates of a test's own, and TLS in front of a server that has none."""

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.support.proxy import READ_BYTES, Loop

VALID: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """One who signs certificates; `file` is what its friends trust."""

    file: Path
    name: x509.Name
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls, directory: Path, name: str) -> "Authority":
        """Make one, with its certificate as a file."""
        subject, key = _named(name), ec.generate_private_key(ec.SECP256R1())
        certificate = _builder(subject, subject, key).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        file = directory / f"{name}.pem"
        file.write_bytes(certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        return cls(file=file, name=subject, key=key)

    def server(self, *hosts: str, valid: timedelta = VALID) -> ssl.SSLContext:
        """Return the context of a server with a certificate for these names and addresses, from a day ago on; negative: it has ended."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
        builder = _builder(_named(hosts[0]), self.name, key, valid=valid).add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        file = self.file.with_name(f"{self.file.stem}-{hosts[0]}.pem")
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


@contextmanager
def in_front_of(port: int, context: ssl.SSLContext) -> Iterator[int]:
    """Take TLS off for a server on the loopback; yields the port where it is spoken."""
    links: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None, "a connection has a task"
        links.add(link)
        link.add_done_callback(links.discard)
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        ways = [asyncio.create_task(_pass_on(source, sink)) for source, sink in ((reader, to_server), (from_server, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.wait(ways)
            for side in (writer, to_server):
                side.transport.abort()

    async def end() -> None:
        server.close()
        for link in links:
            link.cancel()
        await asyncio.gather(*links, return_exceptions=True)
        await asyncio.sleep(0.01)  # until what was aborted is gone

    loop = Loop()
    server = loop.call(asyncio.start_server(accept, "127.0.0.1", 0, ssl=context))
    yield server.sockets[0].getsockname()[1]
    loop.call(end())
    loop.close()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while read := await source.read(READ_BYTES):
            sink.write(read)
            await sink.drain()


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, valid: timedelta = VALID
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return built.serial_number(x509.random_serial_number()).not_valid_before(now - VALID).not_valid_after(now + valid)
