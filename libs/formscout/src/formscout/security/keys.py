"""API keys: made from 256 random bits, kept as a digest only."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final

from formscout.domain.errors import InvalidInputError

KEY_PREFIX: Final = "fsk_"
"""Starts every key, so that secret scanners and people know one when they see it."""

_RANDOM_BYTES: Final = 32
"""256 bits: nobody guesses one, so a plain digest without salt or stretching is enough (there is no dictionary to try)."""

_GIVEN: Final = re.compile(KEY_PREFIX + r"[A-Za-z0-9_-]{40,120}")
"""40 characters of letters and digits alone are 238 bits."""

SHOWN_CHARACTERS: Final = len(KEY_PREFIX) + 8
"""How much of a key is kept in clear to tell keys apart in lists; 208 bits stay unknown."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NewKey:
    """A key just made: `secret` is shown to its holder once and kept nowhere."""

    secret: str
    prefix: str
    digest: bytes

    def __repr__(self) -> str:
        """Hide the secret."""
        return f"NewKey({self.prefix}…)"


def make_key() -> NewKey:
    """Make a key."""
    secret = KEY_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    return NewKey(secret=secret, prefix=secret[:SHOWN_CHARACTERS], digest=digest_of(secret))


def given_key(secret: str) -> NewKey:
    """Return a key that was made elsewhere; raise `InvalidInputError` if it does not look as random as ours."""
    if not _GIVEN.fullmatch(secret):
        raise InvalidInputError(f"That is no key: it takes {KEY_PREFIX} and 40 to 120 random letters, digits, - or _ behind it.")
    return NewKey(secret=secret, prefix=secret[:SHOWN_CHARACTERS], digest=digest_of(secret))


def digest_of(secret: str) -> bytes:
    """Return what is kept of a key, and what it is found by: its SHA-256."""
    return hashlib.sha256(secret.encode()).digest()
