"""The dashboard of the API, and of the webhooks that tell its clients what became of what they asked for."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard
from tools.dashboards.panels import OVER, PROCESS, PROCESS_LEGEND, Ask, Lines, Number, Row, board, per_minute, per_second, quantile, series

PROBES: Final = 'route!~"/health.*|/metrics"'
"""What monitoring itself asks for says nothing of clients."""

APIS: Final = series("formscout_build_info", 'component="api"')


def api() -> Dashboard:
    """Return it."""
    return board(
        "api",
        "Formscout: API",
        "Requests by route and status, their times, open streams, and the delivery of webhooks.",
        (_numbers(), _requests(), _processes(), _webhooks()),
    )


def _numbers() -> Row:
    every = per_second("formscout_http_requests_total", PROBES)
    broken = per_second("formscout_http_requests_total", PROBES, 'status=~"5.."')
    return (
        Number(title="Requests", meaning="A second, without health and metrics.", expression=every, unit="reqps"),
        Number(
            title="Answered by 5xx",
            meaning="Of these requests.",
            expression=f"({broken} or vector(0)) / ({every} > 0)",
            unit="percentunit",
            orange=0.001,
            red=0.01,
        ),
        Number(
            title="An answer takes",
            meaning="95 % of them take no longer to their last byte; without event streams.",
            expression=quantile(0.95, "formscout_http_request_seconds", PROBES, 'route!~".*/events/.*"'),
            unit="s",
            orange=0.5,
            red=2.5,
        ),
        Number(
            title="Open streams",
            meaning="Event streams and waiting polls.",
            expression=f"sum({series('formscout_http_followers')})",
        ),
        Number(
            title="Webhooks tried",
            meaning="Attempts to deliver, a minute.",
            expression=per_minute("formscout_webhook_attempts_total"),
        ),
        Number(title="APIs", meaning="Processes that are scraped.", expression=f"count({APIS})"),
    )


def _requests() -> Row:
    return (
        Lines(
            title="Requests by status, a second",
            meaning="Without health and metrics.",
            asks=(Ask(expression=per_second("formscout_http_requests_total", PROBES, by="status"), legend="{{status}}"),),
            unit="reqps",
            stacked=True,
        ),
        Lines(
            title="Requests by route, a second",
            meaning="Without health and metrics.",
            asks=(Ask(expression=per_second("formscout_http_requests_total", PROBES, by="method, route"), legend="{{method}} {{route}}"),),
            unit="reqps",
            stacked=True,
        ),
        Lines(
            title="95 % take no longer than",
            meaning="By route; an event stream takes as long as its client stays.",
            asks=(
                Ask(
                    expression=quantile(0.95, "formscout_http_request_seconds", PROBES, 'route!~".*/events/.*"', by="method, route"),
                    legend="{{method}} {{route}}",
                ),
            ),
            unit="s",
        ),
    )


def _processes() -> Row:
    processor = f"rate({series('process_cpu_seconds_total')}[{OVER}]) and on ({PROCESS}) {APIS}"
    memory = f"{series('process_resident_memory_bytes')} and on ({PROCESS}) {APIS}"
    return (
        Lines(
            title="Open streams, by process",
            meaning="Event streams and waiting polls.",
            asks=(Ask(expression=f"sum by ({PROCESS}) ({series('formscout_http_followers')})", legend=PROCESS_LEGEND),),
        ),
        Lines(
            title="Processor, by process",
            meaning="Seconds of a processor a second.",
            asks=(Ask(expression=f"sum by ({PROCESS}) ({processor})", legend=PROCESS_LEGEND),),
        ),
        Lines(
            title="Memory, by process",
            meaning="Resident.",
            asks=(Ask(expression=f"sum by ({PROCESS}) ({memory})", legend=PROCESS_LEGEND),),
            unit="bytes",
        ),
    )


def _webhooks() -> Row:
    return (
        Lines(
            title="Webhooks: attempts, a minute",
            meaning="By what came of them.",
            asks=(Ask(expression=per_minute("formscout_webhook_attempts_total", by="outcome"), legend="{{outcome}}"),),
            stacked=True,
        ),
        Lines(
            title="Webhooks: time of an attempt",
            meaning="A receiver gets 15 s.",
            asks=tuple(
                Ask(expression=quantile(share, "formscout_webhook_attempt_seconds"), legend=name)
                for share, name in ((0.5, "half"), (0.95, "95 %"))
            ),
            unit="s",
        ),
        Lines(
            title="Webhooks: attempts under way",
            meaning="Now.",
            asks=(Ask(expression=f"sum({series('formscout_webhook_attempts_in_progress')})", legend="under way"),),
        ),
    )
