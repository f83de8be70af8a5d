"""Removal: takes away, bit by bit, what was deleted, and the blobs of sessions that are gone."""

from dataclasses import dataclass
from typing import Final

from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases.deletion import remove_deleted, sweep_blobs

BATCHES: Final = 50
"""Batches of rows a turn at most, a second or two: a large company goes in many turns, and the lead is looked at in between."""

SWEEPS: Final = 20
"""Sessions a turn whose blobs are deleted at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Removes what is marked; a second scheduler doing the same does no harm."""

    database: Database
    snapshots: SnapshotStore

    async def remove(self) -> None:
        """Look once, and remove what is marked, up to a bound."""
        await remove_deleted(self.database, batches=BATCHES)
        for _ in range(SWEEPS):
            if not await sweep_blobs(self.database, self.snapshots):
                return
