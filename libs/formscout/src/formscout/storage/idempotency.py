"""The store of answers by `Idempotency-Key`: claimed before the work and kept with it, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from formscout.domain.answers import REMEMBERED_HOURS
from formscout.domain.ids import UserId
from formscout.domain.networks import Sealed
from formscout.tables.idempotency import idempotency

# It waits while another transaction holds the same key: that one's commit leaves nothing to return, its rollback the key to us.
# A row whose time is over counts as none, whether or not it was deleted yet.
_CLAIM: Final = text(
    f"""
    INSERT INTO idempotency (user_id, key, fingerprint) VALUES (:user_id, :key, :fingerprint)
    ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, created_at = now()
        WHERE idempotency.created_at <= now() - interval '{REMEMBERED_HOURS} hours'
    RETURNING true
    """,  # noqa: S608 (only a number of ours is set in)
)

DROPPED_AT_ONCE: Final = 1000
"""Rows of one pass of `drop_expired`: some milliseconds, so that it holds up nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """An answer as it is kept, its body sealed."""

    fingerprint: bytes
    status: int
    headers: Sequence[tuple[str, str]]
    body: Sealed


class IdempotencyStore:
    """Answers by key on one open transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(self, user_id: UserId, key: str, *, fingerprint: bytes) -> bool:
        """Take a key for this transaction; False when an answer is kept under it. Waits for whoever holds it."""
        values = {"user_id": user_id, "key": key, "fingerprint": fingerprint}
        return (await self._connection.execute(_CLAIM, values)).one_or_none() is not None

    async def find(self, user_id: UserId, key: str) -> KeptAnswer:
        """Return what is kept under a key that `claim` did not give."""
        table = idempotency.c
        statement = select(table.fingerprint, table.status, table.headers, table.key_id, table.ciphertext)
        row = (await self._connection.execute(statement.where(table.user_id == user_id, table.key == key))).one()
        return KeptAnswer(
            fingerprint=row.fingerprint,
            status=row.status,
            headers=[(name, value) for name, value in row.headers],
            body=Sealed(key_id=row.key_id, ciphertext=row.ciphertext),
        )

    async def keep(self, user_id: UserId, key: str, *, status: int, headers: Sequence[tuple[str, str]], body: Sealed) -> None:
        """Write the answer under the key that this transaction claimed."""
        mine = (idempotency.c.user_id == user_id) & (idempotency.c.key == key)
        values = {"status": status, "headers": [list(one) for one in headers], "key_id": body.key_id, "ciphertext": body.ciphertext}
        await self._connection.execute(update(idempotency).where(mine).values(**values))

    async def drop_expired(self) -> int:
        """Forget answers whose time is over, `DROPPED_AT_ONCE` at most; returns how many."""
        table = idempotency.c
        old = table.created_at <= func.now() - func.make_interval(0, 0, 0, 0, REMEMBERED_HOURS)
        batch = (
            select(table.user_id, table.key).where(old).order_by(table.created_at).limit(DROPPED_AT_ONCE).with_for_update(skip_locked=True)
        )
        statement = delete(idempotency).where(tuple_(table.user_id, table.key).in_(batch)).returning(table.user_id)
        return len((await self._connection.execute(statement)).all())
