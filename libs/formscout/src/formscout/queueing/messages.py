"""The messages: a task's name on a queue says that one runnable unit waits there; arguments are a hint for people."""

from typing import Final

from formscout.domain.jobs import Job, JobKind, Queue

DISCOVER_FORM_PAGES: Final = "discover_form_pages_task"
ANALYZE_FORM_DETAILS: Final = "analyze_form_details_task"
CHECK_BUDGET: Final = "check_budget_task"
RESET_MONTHLY_BUDGETS: Final = "reset_monthly_budgets_task"

QUEUE_OF_TASK: Final = {
    DISCOVER_FORM_PAGES: Queue.DISCOVERY,
    ANALYZE_FORM_DETAILS: Queue.ANALYSIS,
    CHECK_BUDGET: Queue.BUDGET,
    RESET_MONTHLY_BUDGETS: Queue.BUDGET,
}

TASK_OF: Final = {
    JobKind.DISCOVER_SLICE: DISCOVER_FORM_PAGES,
    JobKind.ANALYZE_FORM_PAGE: ANALYZE_FORM_DETAILS,
    JobKind.CHECK_BUDGET: CHECK_BUDGET,
    JobKind.RESET_BUDGETS: RESET_MONTHLY_BUDGETS,
}

HINTS: Final = {
    DISCOVER_FORM_PAGES: ("session_id", "company_id"),
    ANALYZE_FORM_DETAILS: ("form_page_id", "company_id"),
    CHECK_BUDGET: ("subscription_id",),
    RESET_MONTHLY_BUDGETS: (),
}
"""The names of each task's arguments, all of them numbers or None."""


def hint(job: Job) -> list[int | None]:
    """Return the arguments of the message that a job causes; whoever takes it claims the fairest job, not this one."""
    match job.kind:
        case JobKind.DISCOVER_SLICE:
            return [job.session_id, job.company_id]
        case JobKind.ANALYZE_FORM_PAGE:
            return [job.form_page_id, job.company_id]
        case JobKind.CHECK_BUDGET:
            return [job.subscription_id]
        case JobKind.RESET_BUDGETS:
            return []
