"""The one place where the analysis worker constructs what its jobs work with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from formscout.domain.errors import SnapshotDamagedError
from formscout.domain.jobs import Claim, Failed, Finished, JobKind, Outcome
from formscout.queueing.child import Child
from formscout.queueing.execution import Runner
from formscout.queueing.heartbeat import Heart, Pulse
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.usecases.forms import find_work, keep_descriptions
from formscout.usecases.jobs import finish_job
from formscout_analysis.config import AnalysisSettings
from formscout_analysis.pipeline import describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Describes form pages from their snapshots."""

    database: Database
    snapshots: SnapshotStore

    async def analyze(self, claim: Claim, pulse: Pulse) -> Outcome:
        """Describe the forms first met on one form page; a page described before is left as it is."""
        work = await find_work(self.database, claim)
        if work is None:
            return Finished()
        try:
            snapshot = await self.snapshots.snapshot(work.page.snapshot)
        except SnapshotDamagedError as error:
            return Failed(code=error.code, message=error.message)
        pulse.checkpoint()
        described = await asyncio.to_thread(describe, snapshot, [form.root for form in work.forms])
        by_root = {description.reading.root: description for description in described}
        lost = [form.root for form in work.forms if form.root not in by_root]
        if lost:
            return Failed(code="form_absent", message=f"The snapshot has no form at {lost}; the readers of discovery and analysis differ.")
        await keep_descriptions(self.database, claim, work.page, {form.id: by_root[form.root] for form in work.forms})
        return Finished()


@asynccontextmanager
async def wire(settings: AnalysisSettings, child: Child) -> AsyncIterator[Runner]:
    """Construct everything for one pool process and take it down in the end."""
    url = settings.database_url.get_secret_value()
    database = Database.connect(url, pool_size=settings.database_pool_size)
    heart = Heart(child.queue, database_url=url, redis_url=settings.redis_url.get_secret_value())
    heart.start()
    analysis = Analysis(database=database, snapshots=SnapshotStore.connect(settings.snapshot_store, database))
    try:
        yield Runner(
            queue=child.queue,
            worker=child.name,
            database=database,
            heart=heart,
            finish=partial(finish_job, database),
            handlers={JobKind.ANALYZE_FORM_PAGE: analysis.analyze},
            draining=lambda: child.draining,
        )
    finally:
        heart.stop()
        await database.close()
