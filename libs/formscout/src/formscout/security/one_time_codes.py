"""Codes of the second factor by time (RFC 6238), as authenticator programs show them: SHA-1, six digits, 30 s."""

import base64
import binascii
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS: Final = 6
STEP_SECONDS: Final = 30


def key_of(secret: str) -> bytes:
    """Return the key of a secret as applications give it out: base32, in groups or not, in either case, padded or not.

    Keys of 80 bits are common, though RFC 4226 asks for 128. Raises `ValueError` for what is no such secret; it does not quote it.
    """
    letters = "".join(secret.split()).replace("-", "").rstrip("=").upper()
    try:
        key = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("A TOTP secret is base32: letters A to Z and digits 2 to 7, as the application shows it for typing in.")
    return key


def code(secret: str, *, at: float) -> str:
    """Return the code at a time in seconds since 1970. Raises `ValueError` as `key_of` does."""
    totp = TOTP(key_of(secret), DIGITS, SHA1(), STEP_SECONDS, enforce_key_length=False)  # noqa: S303 (what authenticators use)
    return totp.generate(int(at)).decode()
