"""A worker of ours whose jobs set a gauge, and die by SIGKILL if told to: `celery -A tests.support.counting_worker worker -Q budget`."""

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from formscout.config import PlatformSettings, read_settings
from formscout.domain.jobs import Claim, Finished, JobKind, Outcome, Queue
from formscout.queueing.app import create_app
from formscout.queueing.child import Child
from formscout.queueing.execution import Handler
from formscout.queueing.heartbeat import Pulse
from formscout.storage.database import Database
from formscout.telemetry import metrics
from formscout.telemetry.logs import configure_logs
from formscout.usecases.jobs import finish_job
from formscout_scheduler import tasks


def wire(_database: Database, _draining: Callable[[], bool]) -> Mapping[JobKind, Handler]:
    """Return the handler; while the file named by HOLD_FILE is there it holds on, and dies when it is gone."""
    hold = Path(os.environ["HOLD_FILE"])
    metrics.BROWSER_MEMORY.go_live(None)  # a gauge that upkeep itself does not have

    async def count(claim: Claim, pulse: Pulse) -> Outcome:
        del claim, pulse
        if await asyncio.to_thread(hold.exists):
            metrics.BROWSER_MEMORY.set(float(os.environ["HELD"]))
            while await asyncio.to_thread(hold.exists):  # noqa: ASYNC110 (a file tells nobody)
                await asyncio.sleep(0.02)
            os.kill(os.getpid(), signal.SIGKILL)
        return Finished()

    return {JobKind.RESET_BUDGETS: count}


settings = read_settings(PlatformSettings)
configure_logs(log_format="json", log_level="INFO")
app = create_app("test-counting", settings.redis_url.get_secret_value(), queue=Queue.BUDGET)
child = Child(app, queue=Queue.BUDGET, settings=settings, wire=wire, finish=finish_job)
tasks.register(app, child)
