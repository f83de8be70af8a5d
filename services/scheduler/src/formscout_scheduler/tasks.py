"""The upkeep worker's tasks: doors, behind which the oldest runnable job is claimed."""

from typing import Any

from celery import Celery

from formscout.queueing.child import Child
from formscout.queueing.messages import CHECK_BUDGET, RESET_MONTHLY_BUDGETS


def register(app: Celery, child: Child) -> None:
    """Make the application answer `check_budget_task` and `reset_monthly_budgets_task`."""

    @app.task(name=CHECK_BUDGET, bind=True)
    def check_budget_task(self: Any, subscription_id: int | None = None) -> None:  # Any: Celery's task
        """Write whether a subscription may still spend; the argument is a hint for people, the rows decide."""
        del subscription_id
        child.run(self)

    @app.task(name=RESET_MONTHLY_BUDGETS, bind=True)
    def reset_monthly_budgets_task(self: Any) -> None:  # Any: Celery's task
        """Close the budget periods of past months."""
        child.run(self)
