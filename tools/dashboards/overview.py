"""The dashboard to look at first: is work moving, who waits and how long, what fails and why."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard
from tools.dashboards.panels import Ask, Lines, Number, Row, as_led, board, per_minute, per_second, quantile

BAD: Final = 'outcome=~"failed|crashed|lost"'
"""Jobs that did not do what they were made for; one that is deferred or put back will."""

FAILED_SHARE: Final = f"({per_second('formscout_job_ends_total', BAD)} or vector(0)) / ({per_second('formscout_job_ends_total')} > 0)"


def overview() -> Dashboard:
    """Return it."""
    return board(
        "overview",
        "Formscout: overview",
        "Is work moving, who waits and how long, what fails and why.",
        (_numbers(), _movement(), _waiting(), _failures()),
    )


def _numbers() -> Row:
    return (
        Number(
            title="Jobs done",
            meaning="Jobs that ended well, a minute.",
            expression=per_minute("formscout_job_ends_total", 'outcome="finished"'),
        ),
        Number(
            title="Jobs waiting",
            meaning="Jobs that could start now, of all queues.",
            expression=f"sum({as_led('formscout_queue_waiting_jobs')})",
        ),
        Number(
            title="Longest wait",
            meaning="How long the oldest job has waited that could start now.",
            expression=f"max({as_led('formscout_queue_oldest_waiting_seconds')})",
            unit="s",
            orange=60,
            red=600,
        ),
        Number(
            title="Jobs that failed",
            meaning="Of the jobs that ended: failed, crashed or lost.",
            expression=FAILED_SHARE,
            unit="percentunit",
            orange=0.05,
            red=0.2,
        ),
        Number(
            title="Forms found",
            meaning="Forms written, a minute.",
            expression=per_minute("formscout_forms_found_total"),
        ),
        Number(
            title="Jobs in hand, of slots",
            meaning="How busy the workers are; at 100 % more of them would help those who wait.",
            expression=f"sum({as_led('formscout_queue_running_jobs')}) / (sum({as_led('formscout_queue_slots')}) > 0)",
            unit="percentunit",
        ),
    )


def _movement() -> Row:
    return (
        Lines(
            title="Is work moving: jobs that ended, a minute",
            meaning="By queue, however they ended.",
            asks=(Ask(expression=per_minute("formscout_job_ends_total", by="queue"), legend="{{queue}}"),),
        ),
        Lines(
            title="Pages visited, a minute",
            meaning="By outcome.",
            asks=(Ask(expression=per_minute("formscout_visits_total", by="outcome"), legend="{{outcome}}"),),
            stacked=True,
        ),
        Lines(
            title="Forms found and described, a minute",
            meaning="Those found wait for their description where the second lags.",
            asks=(
                Ask(expression=per_minute("formscout_forms_found_total"), legend="found"),
                Ask(expression=per_minute("formscout_forms_described_total"), legend="described"),
            ),
        ),
    )


def _waiting() -> Row:
    return (
        Lines(
            title="Who waits: jobs that could start now",
            meaning="By queue.",
            asks=(Ask(expression=as_led("formscout_queue_waiting_jobs"), legend="{{queue}}"),),
        ),
        Lines(
            title="How long: the oldest that waits",
            meaning="By queue.",
            asks=(Ask(expression=as_led("formscout_queue_oldest_waiting_seconds"), legend="{{queue}}"),),
            unit="s",
        ),
        Lines(
            title="How long: 95 % of the jobs that started waited no longer",
            meaning="By queue.",
            asks=(Ask(expression=quantile(0.95, "formscout_job_wait_seconds", by="queue"), legend="{{queue}}"),),
            unit="s",
        ),
    )


def _failures() -> Row:
    return (
        Lines(
            title="What fails and why, a minute",
            meaning="Jobs that failed, crashed or were lost, by queue and code.",
            asks=(Ask(expression=per_minute("formscout_job_ends_total", BAD, by="queue, code"), legend="{{queue}}: {{code}}"),),
            stacked=True,
        ),
        Lines(
            title="Answers of the API, a second",
            meaning="By status.",
            asks=(Ask(expression=per_second("formscout_http_requests_total", by="status"), legend="{{status}}"),),
            stacked=True,
        ),
        Lines(
            title="Workers that are there",
            meaning="By queue.",
            asks=(Ask(expression=as_led("formscout_queue_workers"), legend="{{queue}}"),),
        ),
    )
