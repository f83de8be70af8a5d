"""Recurrence: asks for the discoveries that networks are due for by their schedules."""

from dataclasses import dataclass
from typing import Final

import structlog

from formscout.domain.errors import StoreUnavailableError
from formscout.domain.ids import NetworkId
from formscout.storage.database import Database
from formscout.usecases.schedules import RETRY_SECONDS, due_networks, postpone, run_due

BATCH: Final = 100
"""Networks looked up at a time; each is a transaction of its own, of some milliseconds."""

BATCHES: Final = 20
"""Batches a turn at most: when every network is due at midnight, a turn still ends, and the lead is looked at in between."""

DEFECT: Final = "It could not be asked for: something went wrong on our side, and is tried again. The log of the scheduler says what."

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """Runs what is due; a second scheduler doing the same does no harm, since each tick is a row."""

    database: Database

    async def run(self) -> int:
        """Look once and ask for what is due, up to a bound; returns how many networks were looked at."""
        looked_at = 0
        for _ in range(BATCHES):
            batch = await due_networks(self.database, limit=BATCH)
            for network_id in batch:
                await self._run_one(network_id)
            looked_at += len(batch)
            if len(batch) < BATCH:
                break
        return looked_at

    async def _run_one(self, network_id: NetworkId) -> None:
        try:
            outcome = await run_due(self.database, network_id)
        except StoreUnavailableError:
            raise  # all the others would meet it, too
        except Exception:  # noqa: BLE001 a door: one network that cannot be worked on must not stop the others
            _log.exception("A due discovery could not be asked for", network_id=network_id)
            await postpone(self.database, network_id, seconds=RETRY_SECONDS, note=DEFECT)
        else:
            if outcome is not None:
                _log.info("A network was due", network_id=network_id, outcome=outcome)
