"""The one place where the analysis worker constructs what its jobs work with."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from formscout.domain.errors import SnapshotDamagedError
from formscout.domain.jobs import Claim, Failed, Finished, JobKind, Outcome
from formscout.queueing.execution import Handler
from formscout.queueing.heartbeat import Pulse
from formscout.storage.database import Database
from formscout.storage.snapshots import SnapshotStore
from formscout.telemetry import metrics, traces
from formscout.usecases.forms import find_work, keep_descriptions
from formscout_analysis.config import AnalysisSettings
from formscout_analysis.pipeline import describe


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Describes form pages from their snapshots."""

    database: Database
    snapshots: SnapshotStore

    async def analyze(self, claim: Claim, pulse: Pulse) -> Outcome:
        """Describe the forms first met on one form page; a page described before is left as it is."""
        with traces.span("analysis", {"formscout.form_page.id": claim.job.form_page_id}):
            return await self._analyze(claim, pulse)

    async def _analyze(self, claim: Claim, pulse: Pulse) -> Outcome:
        work = await find_work(self.database, claim)
        if work is None:
            return Finished()
        try:
            snapshot = await self.snapshots.snapshot(work.page.snapshot)
        except SnapshotDamagedError as error:
            return Failed(code=error.code, message=error.message)
        pulse.checkpoint()
        traces.note({"formscout.analysis.forms": len(work.forms)})
        with traces.span("describe forms"):
            described = await asyncio.to_thread(describe, snapshot, [form.root for form in work.forms])
        by_root = {description.reading.root: description for description in described}
        lost = [form.root for form in work.forms if form.root not in by_root]
        if lost:
            return Failed(code="form_absent", message=f"The snapshot has no form at {lost}; the readers of discovery and analysis differ.")
        await keep_descriptions(self.database, claim, work.page, {form.id: by_root[form.root] for form in work.forms})
        metrics.FORMS_DESCRIBED.inc(len(work.forms))
        return Finished()


def wire(settings: AnalysisSettings, database: Database, _draining: Callable[[], bool]) -> Mapping[JobKind, Handler]:
    """Construct what the jobs of one pool process work with; describing a page takes no time worth draining in."""
    analysis = Analysis(database=database, snapshots=SnapshotStore.connect(settings.snapshot_store, database))
    return {JobKind.ANALYZE_FORM_PAGE: analysis.analyze}
