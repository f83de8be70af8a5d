"""The panels that Formscout's dashboards are made of, and a dashboard around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.models import common as common_models
from grafana_foundation_sdk.models import dashboard as models

TAG: Final = "formscout"

WIDTH: Final = 24
"""Columns of a dashboard."""

NUMBER_HEIGHT: Final = 4
LINES_HEIGHT: Final = 8

FILL_PERCENT: Final = 10
STACK_PERCENT: Final = 40

DATA_SOURCE: Final = models.DataSourceRef(type_val="prometheus", uid="${datasource}")

HERE: Final = 'namespace=~"$namespace"'
"""What every selector begins with: a Prometheus may see several installations. It takes series without a namespace, too."""

OVER: Final = "$__rate_interval"
"""The span of every rate: Grafana makes it long enough for the scrape interval."""

PROCESS: Final = "pod, instance"
"""The labels that a scraper gives to a process; outside a cluster there is no pod."""

PROCESS_LEGEND: Final = "{{pod}} {{instance}}"

GREEN: Final = "green"
ORANGE: Final = "orange"
RED: Final = "red"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A query, and how each series of its answer is called."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number, large; orange and red from these values on."""

    title: str
    meaning: str
    expression: str
    unit: str = "short"
    orange: float | None = None
    red: float | None = None
    width: int = 4


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Series over time."""

    title: str
    meaning: str
    asks: Sequence[Ask]
    unit: str = "short"
    stacked: bool = False
    width: int = 8


Row = Sequence[Number | Lines]


def per_second(metric: str, *labels: str, by: str = "") -> str:
    """Return the sum of a counter's rates."""
    return f"sum{_by(by)} (rate({series(metric, *labels)}[{OVER}]))"


def per_minute(metric: str, *labels: str, by: str = "") -> str:
    """Return the sum of a counter's rates, in events a minute."""
    return f"{per_second(metric, *labels, by=by)} * 60"


def quantile(share: float, metric: str, *labels: str, by: str = "") -> str:
    """Return below what a share of a histogram's observations lies."""
    return f"histogram_quantile({share}, {per_second(f'{metric}_bucket', *labels, by=', '.join(filter(None, (by, 'le'))))})"


def as_led(metric: str, *labels: str) -> str:
    """Return a gauge that the leading scheduler tells: when another takes over, both may be seen for a moment."""
    return f"sum by (queue) (max by (namespace, queue) ({series(metric, *labels)}))"


def series(metric: str, *labels: str) -> str:
    """Return the selector of an installation's series."""
    return f"{metric}{{{', '.join((HERE, *labels))}}}"


def board(uid: str, title: str, meaning: str, rows: Sequence[Row]) -> models.Dashboard:
    """Return a dashboard: numbers and lines, row by row."""
    made = (
        dashboard.Dashboard(title)
        .uid(f"formscout-{uid}")
        .description(meaning)
        .tags([TAG])
        .time("now-3h", "now")
        .refresh("30s")
        .timezone("browser")
        .readonly()
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .link(_to_the_others())
        .with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        .with_variable(_namespaces())
    )
    for row in rows:
        assert sum(panel.width for panel in row) == WIDTH, f"{title}: {[panel.title for panel in row]} fill no row"
        for panel in row:
            made = made.with_panel(_number(panel) if isinstance(panel, Number) else _lines(panel))
    built = made.build()
    for number, placed in enumerate(built.panels or [], start=1):
        placed.id_val = number
    return built


def _to_the_others() -> dashboard.DashboardLink:
    link = dashboard.DashboardLink("Formscout").type(models.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.include_vars(include_vars=True).keep_time(keep_time=True)


def _namespaces() -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable("namespace")
        .label("Namespace")
        .query("label_values(formscout_build_info, namespace)")
        .datasource(DATA_SOURCE)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(models.VariableOption(selected=True, text="All", value="$__all"))
    )


def _number(number: Number) -> stat.Panel:
    steps = [models.Threshold(value=None, color=GREEN)]
    for value, color in ((number.orange, ORANGE), (number.red, RED)):
        if value is not None:
            steps.append(models.Threshold(value=value, color=color))
    return (
        stat.Panel()
        .title(number.title)
        .description(number.meaning)
        .datasource(DATA_SOURCE)
        .unit(number.unit)
        .no_value("–")
        .span(number.width)
        .height(NUMBER_HEIGHT)
        .thresholds(dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(steps))
        .graph_mode(common_models.BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(values=False))
        .with_target(_query(Ask(expression=number.expression), "A"))
    )


def _lines(lines: Lines) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .title(lines.title)
        .description(lines.meaning)
        .datasource(DATA_SOURCE)
        .unit(lines.unit)
        .min(0)
        .span(lines.width)
        .height(LINES_HEIGHT)
        .fill_opacity(STACK_PERCENT if lines.stacked else FILL_PERCENT)
        .show_points(common_models.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(common_models.LegendDisplayMode.LIST)
            .placement(common_models.LegendPlacement.BOTTOM)
            .show_legend(show_legend=True)
            .calcs([])
        )
        .tooltip(common.VizTooltipOptions().mode(common_models.TooltipDisplayMode.MULTI).sort(common_models.SortOrder.DESCENDING))
    )
    if lines.stacked:
        made = made.stacking(common.StackingConfig().mode(common_models.StackingMode.NORMAL).group("A"))
    for number, ask in enumerate(lines.asks):
        made = made.with_target(_query(ask, chr(ord("A") + number)))
    return made


def _query(ask: Ask, name: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(ask.expression).legend_format(ask.legend).ref_id(name).datasource(DATA_SOURCE).range()


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""
