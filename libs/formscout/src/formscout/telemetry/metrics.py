"""Every metric of every process, with its meaning; `docs/operations/metrics.md` is made from it.

Labels take few values, known beforehand: never an id, an address or a name of somebody. Seconds and bytes; counters end in `_total`.
"""

from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import version
from typing import Final

from formscout.domain.crawls import FailureReason
from formscout.domain.errors import FormscoutError
from formscout.telemetry.instruments import Component, Counter, Gauge, Histogram

_WORKERS: Final = (Component.DISCOVERY, Component.ANALYSIS, Component.UPKEEP)
_SCHEDULER: Final = (Component.SCHEDULER,)
_DISCOVERY: Final = (Component.DISCOVERY,)
_API: Final = (Component.API,)
_PAYING: Final = (Component.ANALYSIS,)
_SPENDING: Final = (Component.ANALYSIS, Component.UPKEEP, Component.SCHEDULER)
_LASTING: Final = (Component.API, Component.SCHEDULER)

_QUICK: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Seconds; a status takes some 2 ms, an inventory of a large session some 500 ms."""
_TURN: Final = (0.005, 0.025, 0.1, 0.5, 2.5, 10, 60)
_LAG: Final = (0.1, 0.25, 0.5, 1, 2.5, 10, 60)
"""The dispatcher looks four times a second."""
_WAIT: Final = (0.25, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14400)
_RUN: Final = (0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 600, 3600)
"""A description takes some 0.1 s, a slice up to 600."""
_VISIT: Final = (0.5, 1, 2, 4, 8, 15, 30, 60, 150)
_ATTEMPT: Final = (0.05, 0.25, 1, 5, 15)
"""An attempt at a webhook ends after 15 s."""
_START: Final = (1, 5, 15, 30, 60, 120, 300, 900, 3600)
_SESSION: Final = (15, 60, 300, 600, 900, 1800, 3600, 7200, 14400)
"""A session may visit for an hour by default."""

BUILD: Final = Gauge(
    "formscout_build_info",
    "Always 1; the labels say what runs, and in which release.",
    labels=("component", "version"),
    by=Component,
    across="max",
)

# What the scheduler that leads knows about the queues.
LEADER: Final = Gauge("formscout_scheduler_leader", "1 in the scheduler that leads, 0 in one that waits.", by=_SCHEDULER)
QUEUE_WAITING: Final = Gauge("formscout_queue_waiting_jobs", "Jobs that could start now.", labels=("queue",), by=_SCHEDULER)
QUEUE_RUNNING: Final = Gauge("formscout_queue_running_jobs", "Jobs that a worker has in hand.", labels=("queue",), by=_SCHEDULER)
QUEUE_DELAYED: Final = Gauge("formscout_queue_delayed_jobs", "Jobs that wait for a later time.", labels=("queue",), by=_SCHEDULER)
QUEUE_OLDEST: Final = Gauge(
    "formscout_queue_oldest_waiting_seconds", "How long the oldest job has waited that could start now.", labels=("queue",), by=_SCHEDULER
)
QUEUE_MESSAGES: Final = Gauge(
    "formscout_queue_messages", "Messages in a queue's list in Redis; none belongs into `unrouted`.", labels=("queue",), by=_SCHEDULER
)
MALFORMED: Final = Counter(
    "formscout_malformed_messages_total", "Messages that were set aside, since nobody can read them.", labels=("queue",), by=_SCHEDULER
)
QUEUE_WORKERS: Final = Gauge("formscout_queue_workers", "Workers that lately said that they are there.", labels=("queue",), by=_SCHEDULER)
QUEUE_SLOTS: Final = Gauge("formscout_queue_slots", "Jobs that these workers can have in hand at once.", labels=("queue",), by=_SCHEDULER)

# The scheduler's own work.
TURN_SECONDS: Final = Histogram(
    "formscout_scheduler_turn_seconds",
    "Time of a pass: dispatch and reconcile among them.",
    labels=("turn",),
    by=_SCHEDULER,
    buckets=_TURN,
)
TURN_FAILURES: Final = Counter(
    "formscout_scheduler_turn_failures_total",
    "Passes that broke off, by cause: a store is away, or a defect.",
    labels=("turn", "cause"),
    by=_SCHEDULER,
)
DISPATCHED: Final = Counter("formscout_dispatched_messages_total", "Messages sent to workers.", labels=("queue",), by=_SCHEDULER)
DISPATCH_LAG: Final = Histogram(
    "formscout_dispatch_lag_seconds",
    "From the moment at which a job could start to its message, while the queue holds fewer than its bound.",
    labels=("queue",),
    by=_SCHEDULER,
    buckets=_LAG,
)
WEBHOOK_ATTEMPTS: Final = Counter(
    "formscout_webhook_attempts_total", "Attempts to deliver a webhook, by what came of them.", labels=("outcome",), by=_SCHEDULER
)
WEBHOOK_SECONDS: Final = Histogram("formscout_webhook_attempt_seconds", "Time of such an attempt.", by=_SCHEDULER, buckets=_ATTEMPT)
WEBHOOKS_IN_HAND: Final = Gauge("formscout_webhook_attempts_in_progress", "Attempts under way.", by=_SCHEDULER)

# What came of the work, by its rows: workers may be gone before anybody reads their figures.
JOBS_ENDED: Final = Counter(
    "formscout_ended_jobs_total",
    "Jobs that ended, counted from their rows: succeeded, failed, cancelled or set_aside; the code says why.",
    labels=("queue", "state", "code"),
    by=_SCHEDULER,
)
LEASES_EXPIRED: Final = Counter(
    "formscout_expired_leases_total", "Jobs whose worker fell silent or crashed, an attempt spent.", labels=("queue",), by=_SCHEDULER
)
SESSION_START: Final = Histogram(
    "formscout_session_start_seconds", "From a session's acceptance to its first slice's start.", by=_SCHEDULER, buckets=_START
)
SESSION_SECONDS: Final = Histogram(
    "formscout_session_seconds",
    "From acceptance to end of sessions that succeeded; small up to 50 visits, medium up to 250, else large.",
    labels=("size",),
    by=_SCHEDULER,
    buckets=_SESSION,
)

# Money, in micro-dollars; models are those of the price list, for no other is called.
MODEL_SPEND: Final = Counter(
    "formscout_model_spend_microdollars_total",
    "What calls to models cost, by whose key paid for it: platform or own.",
    labels=("model", "key"),
    by=_PAYING,
)
MODEL_TOKENS: Final = Counter(
    "formscout_model_tokens_total",
    "Tokens of these calls: input, output, cache_write_5m, cache_write_1h and cache_read.",
    labels=("model", "kind"),
    by=_PAYING,
)
BUDGET_HOLDS: Final = Counter(
    "formscout_budget_holds_total",
    "Holds by what came of them: held, then settled, released or expired (charged in full, nobody accounting for the call), and late "
    "where an expired one was corrected; or why nothing was held: exhausted, inactive, closed or no_subscription.",
    labels=("outcome",),
    by=_SPENDING,
)
BUDGET_OVERRUNS: Final = Counter(
    "formscout_budget_overruns_total", "Calls that cost more than was held for them.", labels=("model",), by=_PAYING
)
BUDGET_OVERRUN_AMOUNT: Final = Counter(
    "formscout_budget_overrun_microdollars_total", "By how much they did.", labels=("model",), by=_PAYING
)
BUDGET_ALERTS: Final = Counter(
    "formscout_budget_alerts_total",
    "Thresholds announced to companies: per cent of a month's limit.",
    labels=("threshold",),
    by=_SPENDING,
)
BUDGET_SUBSCRIPTIONS: Final = Gauge(
    "formscout_budget_subscriptions",
    "Subscriptions by the highest threshold that their month has reached: 0, 50, 80 or 100 per cent.",
    labels=("level",),
    by=_SCHEDULER,
)
BUDGET_MONTH: Final = Gauge(
    "formscout_budget_month_microdollars",
    "This month's budgets, all subscriptions together: limit, spent, reserved and own_spent (by companies' own keys).",
    labels=("part",),
    by=_SCHEDULER,
)
BUDGET_OVERDUE: Final = Gauge("formscout_budget_overdue_holds", "Holds whose time is over and that nobody has charged yet.", by=_SCHEDULER)

# Jobs, where they run.
JOB_WAIT: Final = Histogram(
    "formscout_job_wait_seconds",
    "From the moment at which a job could start to its start.",
    labels=("queue", "kind"),
    by=_WORKERS,
    buckets=_WAIT,
)
JOB_RUN: Final = Histogram(
    "formscout_job_run_seconds", "From a job's start to its end.", labels=("queue", "kind"), by=_WORKERS, buckets=_RUN
)
JOB_STARTS: Final = Counter(
    "formscout_job_starts_total",
    "Jobs begun; the attempt is 1 but for those whose worker died before.",
    labels=("queue", "kind", "attempt"),
    by=_WORKERS,
)
JOB_ENDS: Final = Counter(
    "formscout_job_ends_total",
    "Jobs that a worker is done with: finished, failed, deferred, put_back, lost or crashed; the code says why.",
    labels=("queue", "kind", "outcome", "code"),
    by=_WORKERS,
)
LEASES_LOST: Final = Counter(
    "formscout_job_leases_lost_total",
    "Jobs that a worker had to leave to others: its lease was lost or about to end.",
    labels=("queue",),
    by=_WORKERS,
)
ANSWERS: Final = Counter(
    "formscout_message_answers_total", "Messages answered, by whether any job was found for them.", labels=("queue", "found"), by=_WORKERS
)

# Discovery.
SLICES: Final = Counter("formscout_slices_total", "Slices of crawl sessions, by how they ended.", labels=("end",), by=_DISCOVERY)
VISITS: Final = Counter("formscout_visits_total", "Pages visited, by outcome.", labels=("outcome",), by=_DISCOVERY)
VISIT_SECONDS: Final = Histogram("formscout_visit_seconds", "From a page's lease to its result's last row.", by=_DISCOVERY, buckets=_VISIT)
CLICKS: Final = Counter("formscout_clicks_total", "Controls pressed.", by=_DISCOVERY)
FORM_PAGES: Final = Counter("formscout_form_pages_found_total", "Form pages written.", by=_DISCOVERY)
FORMS: Final = Counter("formscout_forms_found_total", "Forms written; visits by forms say what a form costs.", by=_DISCOVERY)
PAGES_SKIPPED: Final = Counter("formscout_pages_skipped_total", "Pages ended without a visit.", labels=("reason",), by=_DISCOVERY)
TAB_CRASHES: Final = Counter("formscout_tab_crashes_total", "Tabs that died, whose pages are begun once more.", by=_DISCOVERY)
REQUESTS_JUDGED: Final = Counter(
    "formscout_judged_requests_total",
    "Requests of pages that the judge spoke on: held_back ones were never sent.",
    labels=("verdict",),
    by=_DISCOVERY,
)
BROWSER_STARTS: Final = Counter(
    "formscout_browser_starts_total", "Browsers started, and those that would not start.", labels=("outcome",), by=_DISCOVERY
)
BROWSER_CRASHES: Final = Counter("formscout_browser_crashes_total", "Browsers that died or hung under a slice.", by=_DISCOVERY)
BROWSER_MEMORY: Final = Gauge(
    "formscout_browser_memory_bytes",
    "Resident memory of the browsers' processes some seconds ago; what they share counts in each.",
    by=_DISCOVERY,
)

# Analysis.
FORMS_DESCRIBED: Final = Counter("formscout_forms_described_total", "Forms described.", by=(Component.ANALYSIS,))


class Store(StrEnum):
    """A store that may fail."""

    POSTGRESQL = "postgresql"
    REDIS = "redis"
    SNAPSHOTS = "snapshots"


# The stores, as processes see them.
STORE_FAILURES: Final = Counter(
    "formscout_store_failures_total",
    "Calls that a store did not answer, or refused: postgresql, redis (for the scheduler), snapshots (outside PostgreSQL).",
    labels=("store",),
    by=(*_WORKERS, *_SCHEDULER),
)
DATABASE_CONNECTIONS: Final = Gauge(
    "formscout_database_connections",
    "Connections to PostgreSQL that this process has open; a worker tells those of its jobs.",
    labels=("state",),
    by=Component,
)
REDIS_CONNECTIONS: Final = Gauge(
    "formscout_redis_connections", "Connections to Redis that this process has open.", labels=("state",), by=_LASTING
)

# The API.
HTTP_REQUESTS: Final = Counter("formscout_http_requests_total", "Requests answered.", labels=("method", "route", "status"), by=_API)
HTTP_SECONDS: Final = Histogram(
    "formscout_http_request_seconds", "Time to the last byte of the answer.", labels=("method", "route"), by=_API, buckets=_QUICK
)
HTTP_FOLLOWERS: Final = Gauge("formscout_http_followers", "Event streams and waiting polls that are open.", by=_API)

OTHER: Final = "other"
"""The label of a code that is not known beforehand."""


def code_label(code: str) -> str:
    """Return a code as a label: those that the domain knows as they are, any other as `other`."""
    return code if code in _CODES else OTHER


def _codes_of(error: type[FormscoutError]) -> Iterator[str]:
    yield error.code
    for kind in error.__subclasses__():
        yield from _codes_of(kind)


_CODES: Final = frozenset({*FailureReason, *_codes_of(FormscoutError), "form_absent", "none"})


def tell_build(component: Component) -> None:
    """Say which release this process runs."""
    BUILD.set(1, component=component, version=version("formscout"))
