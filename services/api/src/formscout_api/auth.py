"""Who stands behind a request: the key in `Authorization: Bearer`, looked up and remembered for some seconds."""

from time import monotonic
from typing import Final

from formscout.domain.companies import Caller
from formscout.domain.errors import UnauthenticatedError
from formscout.security.keys import digest_of
from formscout.storage.database import Database
from formscout.usecases.companies import authenticate

REMEMBERED_KEYS: Final = 10_000
"""Callers held at most, some 3 MB; beyond it the memory starts anew."""


class Authenticator:
    """Turns a header into a caller. Only good keys are remembered, by digest, so a memory dump holds no key."""

    def __init__(self, database: Database, *, seconds: float) -> None:
        self._database = database
        self._seconds = seconds
        self._callers: dict[bytes, tuple[float, Caller]] = {}

    async def caller_of(self, header: str | None) -> Caller:
        """Return the caller of an `Authorization` header; raise `UnauthenticatedError` if it carries no good key."""
        scheme, _, secret = (header or "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise UnauthenticatedError("This needs a key. Send one as `Authorization: Bearer fsk_…`.")
        digest = digest_of(secret)
        now = monotonic()
        remembered = self._callers.get(digest)
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        self._callers.pop(digest, None)
        caller = await authenticate(self._database, secret)
        if len(self._callers) >= REMEMBERED_KEYS:
            self._callers.clear()
        self._callers[digest] = (now + self._seconds, caller)
        return caller
