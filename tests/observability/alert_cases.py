"""What each alert must fire on, and what it must stay silent on though it comes near: series by the minute, as promtool writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

BURN_FAST: Final = "FormscoutErrorBudgetBurnsFast"
BURN_SLOW: Final = "FormscoutErrorBudgetBurnsSlow"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Series, and what fires of an alert at a minute: the sets of labels by which its instances differ, none if it is silent."""

    alert: str
    name: str
    series: Mapping[str, str]
    at: str = "30m"
    by: str = "queue"
    fires: tuple[str, ...] = field(default=())


def _queue(metric: str, queue: str = "discovery", **more: str) -> str:
    labels = {"namespace": "a", "queue": queue, **more}
    return metric + "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"


def _api(status: int, route: str = "/api/crawl/discover-forms") -> str:
    return f'formscout_http_requests_total{{namespace="a",method="POST",route="{route}",status="{status}"}}'


def _start(**more: str) -> str:
    kind = "bucket" if more else "count"
    labels = "".join(f',{name}="{value}"' for name, value in more.items())
    return f'formscout_session_start_seconds_{kind}{{namespace="a"{labels}}}'


def _finish(size: str, **more: str) -> str:
    kind = "bucket" if more else "count"
    labels = "".join(f',{name}="{value}"' for name, value in more.items())
    return f'formscout_session_seconds_{kind}{{namespace="a",size="{size}"{labels}}}'


_OLDEST: Final = "formscout_queue_oldest_waiting_seconds"
_WAITING: Final = "formscout_queue_waiting_jobs"
_RUNNING: Final = "formscout_queue_running_jobs"
_ENDED: Final = "formscout_ended_jobs_total"
_LAG: Final = "formscout_dispatch_lag_seconds_bucket"
_EXPIRED: Final = "formscout_expired_leases_total"
_HOOKS: Final = 'formscout_webhook_attempts_total{namespace="a",outcome="%s"}'
_STORE: Final = 'formscout_store_failures_total{namespace="a",store="%s"}'
_CERTIFICATE: Final = 'certmanager_certificate_expiration_timestamp_seconds{name="formscout",%s="a"}'
_DAY: Final = 86400

_QUEUES: Final = (
    Case(
        alert="FormscoutQueueWaitsTooLong",
        name="each queue by its own threshold, whichever scheduler tells",
        series={
            _queue(_OLDEST, "discovery", pod="one"): "901x60",
            _queue(_OLDEST, "discovery", pod="two"): "1x60",
            _queue(_OLDEST, "analysis"): "301x60",
            _queue(_OLDEST, "budget"): "121x60",
        },
        fires=("analysis", "budget", "discovery"),
    ),
    Case(
        alert="FormscoutQueueWaitsTooLong",
        name="as long as it may",
        series={_queue(_OLDEST, "discovery"): "900x60", _queue(_OLDEST, "analysis"): "300x60", _queue(_OLDEST, "budget"): "120x60"},
    ),
    Case(alert="FormscoutQueueWaitsTooLong", name="too long for a moment", series={_queue(_OLDEST): "0x28 901x4 0x30"}),
    Case(
        alert="FormscoutQueueStandsStill",
        name="work waits and nobody has any",
        series={_queue(_WAITING): "3x60", _queue(_RUNNING): "0x60"},
        fires=("discovery",),
    ),
    Case(alert="FormscoutQueueStandsStill", name="somebody works", series={_queue(_WAITING): "3x60", _queue(_RUNNING): "1x60"}),
    Case(alert="FormscoutQueueStandsStill", name="nothing waits", series={_queue(_WAITING): "0x60", _queue(_RUNNING): "0x60"}),
    Case(
        alert="FormscoutQueueStandsStill",
        name="pods are still coming",
        series={_queue(_WAITING): "0x22 3x60", _queue(_RUNNING): "0x60"},
    ),
    Case(alert="FormscoutSchedulerSilent", name="told once, then no more", series={_queue(_WAITING): "0x5 _x60"}, fires=("discovery",)),
    Case(alert="FormscoutSchedulerSilent", name="told never", series={}, fires=("discovery",)),
    Case(alert="FormscoutSchedulerSilent", name="it tells", series={_queue(_WAITING): "0x60"}),
    Case(alert="FormscoutSchedulerSilent", name="the lead passes on", series={_queue(_WAITING): "0x22 _x9 0x30"}),
    Case(
        alert="FormscoutDispatchLags",
        name="one in ten jobs waits for more than ten seconds",
        series={_queue(_LAG, le="2.5"): "0+90x60", _queue(_LAG, le="10"): "0+90x60", _queue(_LAG, le="+Inf"): "0+100x60"},
        fires=("discovery",),
    ),
    Case(
        alert="FormscoutDispatchLags",
        name="nine in ten are there within a second, all within two and a half",
        series={_queue(_LAG, le="1"): "0+90x60", _queue(_LAG, le="2.5"): "0+100x60", _queue(_LAG, le="+Inf"): "0+100x60"},
    ),
    Case(
        alert="FormscoutDispatchLags",
        name="slow for five minutes",
        series={_queue(_LAG, le="2.5"): "0+10x24 240x60", _queue(_LAG, le="10"): "0+10x60", _queue(_LAG, le="+Inf"): "0+10x60"},
    ),
    Case(
        alert="FormscoutMessagesUnrouted",
        name="a message lies there",
        series={_queue("formscout_queue_messages", "unrouted"): "1x60"},
        by="namespace",
        fires=("a",),
    ),
    Case(
        alert="FormscoutMessagesUnrouted",
        name="none does; queues hold theirs",
        series={_queue("formscout_queue_messages", "unrouted"): "0x60", _queue("formscout_queue_messages"): "9x60"},
        by="namespace",
    ),
    Case(
        alert="FormscoutMessagesUnrouted",
        name="somebody took it out",
        series={_queue("formscout_queue_messages", "unrouted"): "0x27 1x60"},
        by="namespace",
    ),
)

_JOBS: Final = (
    Case(
        alert="FormscoutJobsFail",
        name="one code makes up a third",
        series={
            _queue(_ENDED, state="succeeded", code="none"): "0+2x60",
            _queue(_ENDED, state="failed", code="unreachable"): "0+1x60",
            _queue(_ENDED, state="failed", code="sign_in_failed"): "0x60",
        },
        by="queue, code",
        fires=("discovery, unreachable",),
    ),
    Case(
        alert="FormscoutJobsFail",
        name="a tenth fails",
        series={
            _queue(_ENDED, state="succeeded", code="none"): "0+9x60",
            _queue(_ENDED, state="failed", code="unreachable"): "0+1x60",
        },
        by="queue, code",
    ),
    Case(
        alert="FormscoutJobsFail",
        name="four fail where nothing else ends",
        series={_queue(_ENDED, state="failed", code="unreachable"): "0x9 1+1x3 4x60"},
        by="queue, code",
    ),
    Case(
        alert="FormscoutJobsFail",
        name="since a few minutes",
        series={
            _queue(_ENDED, state="succeeded", code="none"): "0+1x60",
            _queue(_ENDED, state="failed", code="unreachable"): "0x24 40x60",
        },
        by="queue, code",
    ),
    Case(
        alert="FormscoutJobSetAside",
        name="one job",
        series={_queue(_ENDED, state="set_aside", code="attempts_exhausted"): "0x10 1x60"},
        fires=("discovery",),
    ),
    Case(
        alert="FormscoutJobSetAside",
        name="by an operator, and long ago",
        series={
            _queue(_ENDED, state="set_aside", code="other"): "0x10 1x60",
            _queue(_ENDED, state="set_aside", code="attempts_exhausted"): "1x60",
        },
    ),
    Case(
        alert="FormscoutLeasesExpire",
        name="one in five minutes",
        series={_queue(_EXPIRED): "0x10 0+0.2x60"},
        at="60m",
        fires=("discovery",),
    ),
    Case(alert="FormscoutLeasesExpire", name="three in all, as when a node dies", series={_queue(_EXPIRED): "0x10 3x60"}),
    Case(alert="FormscoutLeasesExpire", name="many, a moment ago", series={_queue(_EXPIRED): "0x27 9x60"}),
)

_STORES: Final = (
    Case(
        alert="FormscoutStoreFails",
        name="each by its name",
        series={_STORE % "postgresql": "0+60x60", _STORE % "redis": "0+6x60", _STORE % "snapshots": "0x60"},
        by="store",
        fires=("postgresql", "redis"),
    ),
    Case(alert="FormscoutStoreFails", name="a failure now and then", series={_STORE % "redis": "0+0.3x60"}, by="store"),
    Case(alert="FormscoutStoreFails", name="a restart", series={_STORE % "redis": "0x27 50x60"}, by="store"),
    Case(
        alert="FormscoutWebhooksFail",
        name="two in three for hours",
        series={_HOOKS % "delivered": "0+1x300", _HOOKS % "timeout": "0+2x300"},
        at="240m",
        by="namespace",
        fires=("a",),
    ),
    Case(
        alert="FormscoutWebhooksFail",
        name="one in three",
        series={_HOOKS % "delivered": "0+2x300", _HOOKS % "timeout": "0+1x300"},
        at="240m",
        by="namespace",
    ),
    Case(
        alert="FormscoutWebhooksFail",
        name="eight in an hour",
        series={_HOOKS % "timeout": "0+0.125x300"},
        at="240m",
        by="namespace",
    ),
    Case(
        alert="FormscoutWebhooksFail",
        name="for half an hour",
        series={_HOOKS % "delivered": "0+1x300", _HOOKS % "timeout": "0x209 9+9x90"},
        at="240m",
        by="namespace",
    ),
    Case(
        alert="FormscoutCertificateExpires",
        name="in 13 days, whatever the label is called",
        series={_CERTIFICATE % "namespace": f"{13 * _DAY}x300", _CERTIFICATE % "exported_namespace": f"{13 * _DAY}x300"},
        at="120m",
        by="namespace, exported_namespace",
        fires=("a, ", ", a"),
    ),
    Case(
        alert="FormscoutCertificateExpires",
        name="in 15 days",
        series={_CERTIFICATE % "namespace": f"{15 * _DAY}x300"},
        at="120m",
        by="namespace, exported_namespace",
    ),
    Case(
        alert="FormscoutCertificateExpires",
        name="it is being renewed",
        series={_CERTIFICATE % "namespace": f"{15 * _DAY}x90 {14 * _DAY}x20 {90 * _DAY}x300"},
        at="105m",
        by="namespace, exported_namespace",
    ),
)

_BURNS: Final = (
    Case(
        alert=BURN_FAST,
        name="each objective, by what was slow or broken",
        series={
            _api(202): "0+100x400",
            _api(500): "0+2x400",
            _start(): "0+10x400",
            _start(le="120.0"): "0+1x400",
            _finish("small"): "0+10x400",
            _finish("small", le="600.0"): "0+1x400",
            _finish("medium"): "0+10x400",
            _finish("medium", le="1800.0"): "0+1x400",
            _finish("large"): "0+10x400",
            _finish("large", le="7200.0"): "0+1x400",
        },
        at="65m",
        by="slo, size",
        fires=(
            "api-availability, ",
            "session-start, ",
            *(f"session-finish, {size}" for size in ("small", "medium", "large")),
        ),
    ),
    Case(
        alert=BURN_FAST,
        name="a slower burn, which six hours show",
        series={_api(202): "0+1000x400", _api(500): "0+8x400"},
        at="390m",
        by="slo, size",
        fires=("api-availability, ",),
    ),
    Case(
        alert=BURN_FAST,
        name="within the objective, and what is none of its events",
        series={
            _api(202): "0+1000x400",
            _api(500): "0+4x400",
            _api(404): "0+100x400",
            _api(503, "/health/ready"): "0+100x400",
            _start(): "0+10x400",
            _start(le="120.0"): "0+8x400",
        },
        at="390m",
        by="slo, size",
    ),
    Case(
        alert=BURN_FAST,
        name="it is over",
        series={_api(202): "0+100x400", _api(500): "0+5x300 1500x100"},
        at="345m",
        by="slo, size",
    ),
    Case(
        alert=BURN_FAST,
        name="it has just begun",
        series={_api(202): "0+1000x400", _api(500): "0x380 0+150x20"},
        at="385m",
        by="slo, size",
    ),
    Case(alert=BURN_FAST, name="too few to say", series={_start(): "0+0.02x400", _start(le="120.0"): "0x400"}, at="390m", by="slo, size"),
    Case(
        alert=BURN_SLOW,
        name="four times as fast as the budget lasts",
        series={_api(202): "0+1000x1510", _api(500): "0+4x1510"},
        at="1500m",
        by="slo, size",
        fires=("api-availability, ",),
    ),
    Case(
        alert=BURN_SLOW,
        name="a little faster than it lasts, ever since the three days began",
        series={_api(202): "0+1000x1510", _api(500): "0+1.5x1510"},
        at="1500m",
        by="slo, size",
        fires=("api-availability, ",),
    ),
    Case(
        alert=BURN_SLOW,
        name="within the objective",
        series={_api(202): "0+1000x1510", _api(500): "0+0.5x1510"},
        at="1500m",
        by="slo, size",
    ),
    Case(
        alert=BURN_SLOW,
        name="it is over",
        series={_api(202): "0+1000x1510", _api(500): "0+20x900 18000x800"},
        at="1500m",
        by="slo, size",
    ),
    Case(
        alert=BURN_SLOW,
        name="it has just begun",
        series={_api(202): "0+1000x1510", _api(500): "0x1310 0+5x190"},
        at="1500m",
        by="slo, size",
    ),
    Case(
        alert=BURN_SLOW, name="too few to say", series={_start(): "0+0.002x1510", _start(le="120.0"): "0x1510"}, at="1500m", by="slo, size"
    ),
    Case(
        alert=BURN_SLOW,
        name="everything fails, since some minutes",
        series={_api(202): "0+1000x1494 1494000x20", _api(500): "0x1494 0+1000x20"},
        at="1500m",
        by="slo, size",
    ),
)

CASES: Final = (*_QUEUES, *_JOBS, *_STORES, *_BURNS)
