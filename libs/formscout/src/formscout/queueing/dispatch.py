"""How many messages a queue needs, and sending them."""

from celery import Celery

from formscout.domain.jobs import Queue
from formscout.queueing.messages import QUEUE_OF_TASK


def missing_messages(*, runnable: int, in_list: int, bound: int) -> int:
    """Return how many messages to send so that the list holds `min(runnable, bound)`; never negative."""
    return max(0, min(runnable, bound) - in_list)


def ring(app: Celery, queue: Queue, *, count: int) -> None:
    """Send `count` messages: each says that one runnable unit waits on the queue."""
    task = next(name for name, served in QUEUE_OF_TASK.items() if served is queue)
    for _ in range(count):
        app.send_task(task, queue=str(queue), ignore_result=True)
