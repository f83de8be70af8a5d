"""A plain Celery worker whose task does nothing, with a result backend, as the tutorials have it; `celery -A bench.plain_worker worker`."""

import os

from celery import Celery

app = Celery("plain", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])


@app.task  # type: ignore[untyped-decorator] # Celery has no types
def nothing(number: int) -> None:
    """Do nothing."""
    del number
