"""What the gate shows the browser where the browser asks for a server's certificate: a key of its own, made at its start.

The browser is told the key's fingerprint when it is started, trusts it for every host, and nobody else does. So there is no
authority that signs a certificate a host: nothing to install in a store of certificates, which Debian's Chromium would
need tools for that are not there, and no key that is worth anything once the gate has ended.
"""

import base64
import hashlib
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID: Final = timedelta(days=2)
"""Longer than a browser lives."""


class Credentials:
    """The key that the browser trusts, and one that it does not: that is shown for a server that cannot be trusted itself."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.fingerprint = base64.b64encode(hashlib.sha256(public).digest()).decode()
        self.trusted = _server_context(key)
        self.untrusted = _server_context(ec.generate_private_key(ec.SECP256R1()))


def upstream_context(authorities: Path | None) -> ssl.SSLContext:
    """Return how servers are verified: against the system's authorities, and against those of a file if one is given."""
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _server_context(key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Formscout's gate")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - VALID).not_valid_after(now + VALID)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    # Python takes a chain from a file only; it is readable by us alone, and gone again at once.
    with tempfile.NamedTemporaryFile(prefix="formscout-gate-") as file:
        file.write(private + certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context
