"""The analysis worker's tasks: doors, behind which the fairest runnable job is claimed."""

from typing import Any

from celery import Celery

from formscout.queueing.child import Child
from formscout.queueing.messages import ANALYZE_FORM_DETAILS


def register(app: Celery, child: Child) -> None:
    """Make the application answer `analyze_form_details_task`."""

    @app.task(name=ANALYZE_FORM_DETAILS, bind=True)
    def analyze_form_details_task(self: Any, form_page_id: int | None = None, company_id: int | None = None) -> None:  # Any: Celery's task
        """Describe form pages that wait; the arguments are a hint for people, the rows decide."""
        del form_page_id, company_id
        child.run(self)
