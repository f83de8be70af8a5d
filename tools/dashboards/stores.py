"""The dashboard of the platform's stores, as its processes see them, and of the scheduler that moves work between them."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard
from tools.dashboards.panels import OVER, PROCESS, PROCESS_LEGEND, Ask, Lines, Number, Row, as_led, board, per_minute, quantile, series

LASTING: Final = series("formscout_build_info", 'component=~"api|scheduler"')
"""Processes that tell of themselves; a worker's are too short-lived for that."""

BY_STATE: Final = f"{PROCESS_LEGEND}: {{{{state}}}}"

DISPATCH: Final = 'turn="dispatch"'
PUT_BACK: Final = 'outcome="put_back"'
UNROUTED: Final = 'queue="unrouted"'


def stores() -> Dashboard:
    """Return it."""
    return board(
        "stores",
        "Formscout: stores and scheduler",
        "Connections to PostgreSQL and Redis, jobs put back since a store was away, and the passes of the scheduler.",
        (_numbers(), _connections(), _scheduler(), _processes()),
    )


def _numbers() -> Row:
    return (
        Number(
            title="Leading schedulers",
            meaning="One, or nobody sends work to the workers.",
            expression=f"sum({series('formscout_scheduler_leader')})",
        ),
        Number(
            title="A dispatch takes",
            meaning="95 % of the passes that send messages to workers take no longer.",
            expression=quantile(0.95, "formscout_scheduler_turn_seconds", DISPATCH),
            unit="s",
            orange=0.5,
            red=2.5,
        ),
        Number(
            title="Passes that broke off",
            meaning="A minute: a store is away, or a defect.",
            expression=f"{per_minute('formscout_scheduler_turn_failures_total')} or vector(0)",
            orange=0.1,
            red=6,
        ),
        Number(
            title="Jobs put back",
            meaning="A minute, since a store was away.",
            expression=f"{per_minute('formscout_job_ends_total', PUT_BACK)} or vector(0)",
            orange=0.1,
            red=6,
        ),
        Number(
            title="Messages without a queue",
            meaning="In `unrouted`, where none belongs.",
            expression=f"max({series('formscout_queue_messages', UNROUTED)})",
            red=1,
        ),
        Number(
            title="Malformed messages",
            meaning="Set aside since nobody can read them, over the span of a rate.",
            expression=f"sum(increase({series('formscout_malformed_messages_total')}[{OVER}]))",
            red=1,
        ),
    )


def _connections() -> Row:
    return (
        Lines(
            title="Connections to PostgreSQL",
            meaning="By process and state.",
            asks=(
                Ask(
                    expression=f"sum by ({PROCESS}, state) ({series('formscout_database_connections')})",
                    legend=f"{PROCESS_LEGEND}: {{{{state}}}}",
                ),
            ),
            stacked=True,
        ),
        Lines(
            title="Connections to Redis",
            meaning="By process and state.",
            asks=(
                Ask(
                    expression=f"sum by ({PROCESS}, state) ({series('formscout_redis_connections')})",
                    legend=f"{PROCESS_LEGEND}: {{{{state}}}}",
                ),
            ),
            stacked=True,
        ),
        Lines(
            title="Messages in Redis",
            meaning="By queue; none belongs into `unrouted`.",
            asks=(Ask(expression=as_led("formscout_queue_messages"), legend="{{queue}}"),),
        ),
    )


def _scheduler() -> Row:
    return (
        Lines(
            title="Time of the scheduler's passes",
            meaning="95 % take no longer, by pass.",
            asks=(Ask(expression=quantile(0.95, "formscout_scheduler_turn_seconds", by="turn"), legend="{{turn}}"),),
            unit="s",
        ),
        Lines(
            title="Passes that broke off, a minute",
            meaning="By pass and cause.",
            asks=(Ask(expression=per_minute("formscout_scheduler_turn_failures_total", by="turn, cause"), legend="{{turn}}: {{cause}}"),),
            stacked=True,
        ),
        Lines(
            title="Messages sent to workers, a minute",
            meaning="By queue.",
            asks=(Ask(expression=per_minute("formscout_dispatched_messages_total", by="queue"), legend="{{queue}}"),),
        ),
    )


def _processes() -> Row:
    return (
        Lines(
            title="Memory of API and scheduler",
            meaning="Resident.",
            asks=(Ask(expression=f"sum by ({PROCESS}) ({_of_lasting('process_resident_memory_bytes')})", legend=PROCESS_LEGEND),),
            unit="bytes",
        ),
        Lines(
            title="Open files of API and scheduler",
            meaning="Of them connections.",
            asks=(Ask(expression=f"sum by ({PROCESS}) ({_of_lasting('process_open_fds')})", legend=PROCESS_LEGEND),),
        ),
        Lines(
            title="What runs",
            meaning="Processes by component and release; more than one release is an upgrade under way.",
            asks=(Ask(expression=f"count by (component, version) ({series('formscout_build_info')})", legend="{{component}} {{version}}"),),
            stacked=True,
        ),
    )


def _of_lasting(metric: str) -> str:
    return f"{series(metric)} and on ({PROCESS}) {LASTING}"
