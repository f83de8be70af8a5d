"""A worker of ours whose jobs do nothing: what is left is claiming, lease, heartbeat and end; `celery -A bench.noop_worker worker -Q …`."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from formscout.config import PlatformSettings, read_settings
from formscout.domain.jobs import Claim, Finished, JobKind, Outcome, Queue
from formscout.queueing.app import create_app
from formscout.queueing.child import Child
from formscout.queueing.execution import Handler
from formscout.queueing.heartbeat import Pulse
from formscout.queueing.messages import QUEUE_OF_TASK
from formscout.storage.database import Database
from formscout.telemetry.logs import configure_logs
from formscout.usecases.jobs import finish_job

QUEUE = Queue(os.environ["BENCH_QUEUE"])


def wire(_database: Database, _draining: Callable[[], bool]) -> Mapping[JobKind, Handler]:
    """Return handlers that do nothing."""

    async def nothing(claim: Claim, pulse: Pulse) -> Outcome:
        del claim, pulse
        return Finished()

    return dict.fromkeys(JobKind, nothing)


settings = read_settings(PlatformSettings)
configure_logs(log_format="json", log_level="WARNING")
app = create_app("bench-noop", settings.redis_url.get_secret_value(), queue=QUEUE)
child = Child(app, queue=QUEUE, settings=settings, wire=wire, finish=finish_job)


for name in [task for task, served in QUEUE_OF_TASK.items() if served is QUEUE]:

    @app.task(name=name, bind=True)  # type: ignore[untyped-decorator] # Celery has no types
    def answer(self: Any, *_hint: object) -> None:  # Any: Celery's task
        """Answer a message, as our tasks do."""
        child.run(self)
