"""The dashboards of the queues: the same panels for each."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard
from tools.dashboards.overview import BAD
from tools.dashboards.panels import OVER, Ask, Lines, Number, Row, as_led, board, per_minute, quantile, series

from formscout.domain.jobs import Queue

WORK_OF: Final = {
    Queue.DISCOVERY: "slices of crawl sessions, run by the discovery worker",
    Queue.ANALYSIS: "form pages to describe, run by the analysis worker",
    Queue.BUDGET: "upkeep of budgets, run by the upkeep worker",
}


def queue_board(queue: Queue) -> Dashboard:
    """Return a queue's."""
    return board(
        f"queue-{queue}",
        f"Formscout: queue {queue}",
        f"What waits, runs and fails on the queue {queue}: {WORK_OF[queue]}.",
        (_numbers(queue), _depth(queue), _times(queue), _ends(queue), _troubles(queue)),
    )


def _of(queue: Queue) -> str:
    return f'queue="{queue}"'


def _numbers(queue: Queue) -> Row:
    gauges = (
        ("Waiting", "Jobs that could start now.", "formscout_queue_waiting_jobs", "short"),
        ("In hand", "Jobs that a worker has in hand.", "formscout_queue_running_jobs", "short"),
        ("Delayed", "Jobs that wait for a later time.", "formscout_queue_delayed_jobs", "short"),
        ("Longest wait", "How long the oldest job has waited that could start now.", "formscout_queue_oldest_waiting_seconds", "s"),
        ("Workers", "Workers that lately said that they are there.", "formscout_queue_workers", "short"),
        ("Slots", "Jobs that these workers can have in hand at once.", "formscout_queue_slots", "short"),
    )
    return tuple(
        Number(title=title, meaning=meaning, expression=as_led(metric, _of(queue)), unit=unit) for title, meaning, metric, unit in gauges
    )


def _depth(queue: Queue) -> Row:
    states = ("waiting", "running", "delayed")
    return (
        Lines(
            title="Jobs",
            meaning="That could start now, that run, and that wait for a later time.",
            asks=tuple(Ask(expression=as_led(f"formscout_queue_{state}_jobs", _of(queue)), legend=state) for state in states),
        ),
        Lines(
            title="Jobs in hand, and slots for them",
            meaning="Where the first stays at the second, more workers would help.",
            asks=(
                Ask(expression=as_led("formscout_queue_running_jobs", _of(queue)), legend="in hand"),
                Ask(expression=as_led("formscout_queue_slots", _of(queue)), legend="slots"),
            ),
        ),
        Lines(
            title="The oldest that waits",
            meaning="How long the oldest job has waited that could start now.",
            asks=(Ask(expression=as_led("formscout_queue_oldest_waiting_seconds", _of(queue)), legend="oldest"),),
            unit="s",
        ),
    )


def _times(queue: Queue) -> Row:
    return (
        Lines(
            title="Wait of the jobs that started",
            meaning="From the moment at which a job could start to its start.",
            asks=tuple(
                Ask(expression=quantile(share, "formscout_job_wait_seconds", _of(queue)), legend=name)
                for share, name in ((0.5, "half"), (0.95, "95 %"))
            ),
            unit="s",
        ),
        Lines(
            title="Run time",
            meaning="From a job's start to its end, by kind.",
            asks=tuple(
                Ask(expression=quantile(share, "formscout_job_run_seconds", _of(queue), by="kind"), legend=f"{{{{kind}}}}: {name}")
                for share, name in ((0.5, "half"), (0.95, "95 %"))
            ),
            unit="s",
        ),
        Lines(
            title="Dispatch lag",
            meaning="From the moment at which a job could start to its message, while the queue holds fewer than its bound.",
            asks=(Ask(expression=quantile(0.95, "formscout_dispatch_lag_seconds", _of(queue)), legend="95 %"),),
            unit="s",
        ),
    )


def _ends(queue: Queue) -> Row:
    return (
        Lines(
            title="How jobs ended, a minute",
            meaning="Finished, failed, deferred, put back, lost or crashed.",
            asks=(Ask(expression=per_minute("formscout_job_ends_total", _of(queue), by="outcome"), legend="{{outcome}}"),),
            stacked=True,
        ),
        Lines(
            title="What failed and why, a minute",
            meaning="Jobs that failed, crashed or were lost, by code.",
            asks=(Ask(expression=per_minute("formscout_job_ends_total", _of(queue), BAD, by="code"), legend="{{code}}"),),
            stacked=True,
        ),
        Lines(
            title="Jobs begun, a minute",
            meaning="By attempt: it is 1 but for those whose worker died before.",
            asks=(Ask(expression=per_minute("formscout_job_starts_total", _of(queue), by="attempt"), legend="attempt {{attempt}}"),),
            stacked=True,
        ),
    )


def _troubles(queue: Queue) -> Row:
    return (
        Lines(
            title="Leases lost",
            meaning="Jobs that a worker had to leave to others, over the span of a rate.",
            asks=(Ask(expression=f"sum(increase({series('formscout_job_leases_lost_total', _of(queue))}[{OVER}]))", legend="lost"),),
        ),
        Lines(
            title="Messages in Redis",
            meaning="In the queue's list; they are nudges, the jobs are in PostgreSQL.",
            asks=(Ask(expression=as_led("formscout_queue_messages", _of(queue)), legend="messages"),),
        ),
        Lines(
            title="Messages answered, a minute",
            meaning="By whether a job was found for them; each is looked at until nothing is left.",
            asks=(Ask(expression=per_minute("formscout_message_answers_total", _of(queue), by="found"), legend="{{found}}"),),
            stacked=True,
        ),
    )
