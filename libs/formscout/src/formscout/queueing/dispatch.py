"""How many messages a queue needs, and sending them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from celery import Celery

from formscout.domain.jobs import Job
from formscout.queueing.messages import TASK_OF, hint
from formscout.telemetry import traces
from formscout.telemetry.spans import Attributes, Kind


def missing_messages(*, runnable: int, in_list: int, bound: int) -> int:
    """Return how many messages to send so that the list holds `min(runnable, bound)`; never negative."""
    return max(0, min(runnable, bound) - in_list)


def ring(app: Celery, jobs: Sequence[Job]) -> None:
    """Send a message for each job: it says that one runnable unit waits on the queue, and names the job as a hint."""
    for job in jobs:
        with _told(job):
            app.send_task(TASK_OF[job.kind], args=hint(job), queue=str(job.queue), ignore_result=True)


def _told(job: Job) -> AbstractContextManager[object]:
    """Return the span of a message: whoever takes it claims the fairest job, so that job's run goes below the row, not below this."""
    if not traces.is_sampled(job.trace_parent):
        return nullcontext()
    told: Attributes = {"formscout.job.id": job.id, "formscout.job.kind": job.kind, "messaging.destination.name": job.queue}
    return traces.span_of(job.trace_parent, f"ring {job.queue}", told, kind=Kind.PRODUCER)
