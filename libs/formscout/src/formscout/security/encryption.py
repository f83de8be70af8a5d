"""Secrets at rest: authenticated encryption under keys that can rotate."""

import base64
import binascii
import os
import re
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from formscout.domain.errors import SecretUnreadableError, SettingsError
from formscout.domain.networks import Sealed

KEY_BYTES: Final = 32
"""AES-256."""

_NONCE_BYTES: Final = 12
"""The size AES-GCM is made for (NIST SP 800-38D); random, so a key must seal fewer than 2^32 times: far above what we write."""

_KEY_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")

_HINT: Final = "FORMSCOUT_ENCRYPTION_KEYS is `id:base64-of-32-bytes`, several separated by commas, the one that seals first."


class KeyRing:
    """The keys of an installation: the first one seals, all of them open."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.sealing_key_id = next(iter(keys))

    def __repr__(self) -> str:
        """Show the ids of the keys, never the keys."""
        return f"KeyRing({', '.join(self._ciphers)})"

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all keys."""
        return frozenset(self._ciphers)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read keys as settings write them; raise `SettingsError` that says which entry is wrong and quotes no key."""
        keys: dict[str, bytes] = {}
        for position, entry in enumerate((part.strip() for part in text.split(",") if part.strip()), start=1):
            key_id, colon, encoded = entry.partition(":")
            if not colon or not _KEY_ID.fullmatch(key_id):
                raise SettingsError(f"Entry {position} of the encryption keys has no id of letters, digits, `_`, `.` or `-`. {_HINT}")
            if key_id in keys:
                raise SettingsError(f"The encryption key id {key_id} stands twice; give each key its own id. {_HINT}")
            keys[key_id] = _decode(key_id, encoded)
        if not keys:
            raise SettingsError(f"There is no encryption key. {_HINT}")
        return cls(keys)

    def seal(self, secret: bytes, *, purpose: str) -> Sealed:
        """Encrypt; `purpose` names what the secret belongs to, and only the same purpose opens it."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._ciphers[self.sealing_key_id].encrypt(nonce, secret, _bound_to(self.sealing_key_id, purpose))
        return Sealed(key_id=self.sealing_key_id, ciphertext=nonce + ciphertext)

    def open(self, sealed: Sealed, *, purpose: str) -> bytes:
        """Decrypt; raise `SecretUnreadableError` if the key is not here, the purpose is another, or a bit has changed."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise SecretUnreadableError(
                f"The secret of {purpose} was sealed with key {sealed.key_id}, which this process does not have. "
                "Add that key to FORMSCOUT_ENCRYPTION_KEYS, or write the secret anew.",
            )
        nonce, ciphertext = sealed.ciphertext[:_NONCE_BYTES], sealed.ciphertext[_NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, ciphertext, _bound_to(sealed.key_id, purpose))
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise SecretUnreadableError(
                f"The secret of {purpose} does not open with key {sealed.key_id}: it was changed, or that id now names another key. "
                "Restore the key that sealed it, or write the secret anew.",
            ) from None

    def is_current(self, sealed: Sealed) -> bool:
        """Tell whether it was sealed with the key that seals today; if not, sealing it again lets the older key go."""
        return sealed.key_id == self.sealing_key_id


def make_key_entry(key_id: str) -> str:
    """Make a random key and return it as the settings write it."""
    return f"{key_id}:{base64.b64encode(os.urandom(KEY_BYTES)).decode()}"


def _decode(key_id: str, encoded: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise SettingsError(f"The encryption key {key_id} is not base64. {_HINT}") from None
    if len(key) != KEY_BYTES:
        raise SettingsError(f"The encryption key {key_id} has {len(key)} bytes, it must have {KEY_BYTES}. {_HINT}")
    return key


def _bound_to(key_id: str, purpose: str) -> bytes:
    return f"{key_id}\0{purpose}".encode()  # a key id has no NUL, so no two pairs make the same bytes
