"""How many messages a queue needs, and sending them."""

from collections.abc import Sequence

from celery import Celery

from formscout.domain.jobs import Job
from formscout.queueing.messages import TASK_OF, hint


def missing_messages(*, runnable: int, in_list: int, bound: int) -> int:
    """Return how many messages to send so that the list holds `min(runnable, bound)`; never negative."""
    return max(0, min(runnable, bound) - in_list)


def ring(app: Celery, jobs: Sequence[Job]) -> None:
    """Send a message for each job: it says that one runnable unit waits on the queue, and names the job as a hint."""
    for job in jobs:
        app.send_task(TASK_OF[job.kind], args=hint(job), queue=str(job.queue), ignore_result=True)
