"""Secrets of webhooks and the signatures made with them, after the Standard Webhooks specification."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from typing import Final

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 (what every secret starts with, by the specification)

_SECRET_BYTES: Final = 32
"""The specification asks for 24 to 64; HMAC-SHA256 gains nothing from more than its own 32."""


def make_secret() -> str:
    """Make a secret, in the spelling that receivers' libraries take."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(event_id: str, timestamp: int, body: bytes, *, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers that let a receiver verify a body; with one signature for each secret, so that secrets can rotate.

    `timestamp` is the attempt's, in seconds since 1970: receivers refuse old ones, so a caught request cannot be played again.
    """
    content = f"{event_id}.{timestamp}.".encode() + body
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
