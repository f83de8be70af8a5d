"""The reconciler: jobs whose worker fell silent run again, money whose call fell silent is settled, old answers are forgotten."""

from dataclasses import dataclass

import structlog

from formscout.storage.database import Database
from formscout.usecases.budgets import announce_budgets, settle_expired
from formscout.usecases.idempotency import forget_answers
from formscout.usecases.jobs import reconcile

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciler:
    """Mends what died."""

    database: Database

    async def mend(self) -> None:
        """Look once."""
        failed = await reconcile(self.database)
        if failed:
            _log.warning("Jobs failed, their attempts being spent", count=failed)
        charged = await settle_expired(self.database)
        if charged:
            _log.warning("Holds were charged in full, their calls being unaccounted for", count=charged)
        await announce_budgets(self.database)
        await forget_answers(self.database)
