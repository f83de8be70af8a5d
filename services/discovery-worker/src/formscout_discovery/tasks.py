"""The discovery worker's tasks: doors, behind which the fairest runnable slice is claimed."""

from typing import Any

from celery import Celery

from formscout.queueing.child import Child
from formscout.queueing.messages import DISCOVER_FORM_PAGES


def register(app: Celery, child: Child) -> None:
    """Make the application answer `discover_form_pages_task`."""

    @app.task(name=DISCOVER_FORM_PAGES, bind=True)
    def discover_form_pages_task(self: Any, session_id: int | None = None, company_id: int | None = None) -> None:  # Any: Celery's task
        """Work on a slice of a crawl session that waits; the arguments are a hint for people, the rows decide."""
        del session_id, company_id
        child.run(self)
