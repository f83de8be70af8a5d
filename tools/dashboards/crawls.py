"""The dashboard of crawl sessions: what discovery does in its browsers, and what comes of it."""

from typing import Final

from grafana_foundation_sdk.models.dashboard import Dashboard
from tools.dashboards.panels import OVER, PROCESS, PROCESS_LEGEND, Ask, Lines, Number, Row, board, per_minute, per_second, quantile, series

HELD_BACK: Final = 'verdict="held_back"'


def crawls() -> Dashboard:
    """Return it."""
    return board(
        "crawls",
        "Formscout: crawl sessions",
        "What discovery does in its browsers, what it holds back, and what a form costs.",
        (_numbers(), _visits(), _finds(), _browsers()),
    )


def _numbers() -> Row:
    return (
        Number(title="Pages visited", meaning="A minute.", expression=per_minute("formscout_visits_total")),
        Number(
            title="A visit takes",
            meaning="Half of the visits take no longer.",
            expression=quantile(0.5, "formscout_visit_seconds"),
            unit="s",
            orange=8,
            red=30,
        ),
        Number(
            title="Visits by form",
            meaning="What a form costs: visits by forms found.",
            expression=f"{per_second('formscout_visits_total')} / ({per_second('formscout_forms_found_total')} > 0)",
        ),
        Number(title="Forms found", meaning="A minute.", expression=per_minute("formscout_forms_found_total")),
        Number(
            title="Requests held back",
            meaning="Requests of pages that were never sent, since they could change something; a minute.",
            expression=f"{per_minute('formscout_judged_requests_total', HELD_BACK)} or vector(0)",
        ),
        Number(
            title="Memory of browsers",
            meaning="Of all workers; what processes share counts in each.",
            expression=f"sum({series('formscout_browser_memory_bytes')})",
            unit="bytes",
        ),
    )


def _visits() -> Row:
    return (
        Lines(
            title="Visits, a minute",
            meaning="By outcome.",
            asks=(Ask(expression=per_minute("formscout_visits_total", by="outcome"), legend="{{outcome}}"),),
            stacked=True,
        ),
        Lines(
            title="Duration of a visit",
            meaning="From a page's lease to its result's last row.",
            asks=tuple(
                Ask(expression=quantile(share, "formscout_visit_seconds"), legend=name) for share, name in ((0.5, "half"), (0.95, "95 %"))
            ),
            unit="s",
        ),
        Lines(
            title="How slices ended, a minute",
            meaning="A slice is a bounded stretch of work on a crawl session.",
            asks=(Ask(expression=per_minute("formscout_slices_total", by="end"), legend="{{end}}"),),
            stacked=True,
        ),
    )


def _finds() -> Row:
    return (
        Lines(
            title="Found, a minute",
            meaning="Form pages and forms written, and forms described.",
            asks=(
                Ask(expression=per_minute("formscout_form_pages_found_total"), legend="form pages"),
                Ask(expression=per_minute("formscout_forms_found_total"), legend="forms"),
                Ask(expression=per_minute("formscout_forms_described_total"), legend="forms described"),
            ),
        ),
        Lines(
            title="Controls pressed, a minute",
            meaning="By discovery, to see what they lead to.",
            asks=(Ask(expression=per_minute("formscout_clicks_total"), legend="pressed"),),
        ),
        Lines(
            title="Requests of pages, a minute",
            meaning="By the judge's verdict: those held back were never sent.",
            asks=(Ask(expression=per_minute("formscout_judged_requests_total", by="verdict"), legend="{{verdict}}"),),
            stacked=True,
        ),
    )


def _browsers() -> Row:
    crashes = (("tab", "formscout_tab_crashes_total"), ("browser", "formscout_browser_crashes_total"))
    return (
        Lines(
            title="Memory of browsers, by worker",
            meaning="Resident; what processes share counts in each.",
            asks=(Ask(expression=f"sum by ({PROCESS}) ({series('formscout_browser_memory_bytes')})", legend=PROCESS_LEGEND),),
            unit="bytes",
        ),
        Lines(
            title="Crashes",
            meaning="Tabs and browsers that died or hung, over the span of a rate; their pages are begun once more.",
            asks=tuple(Ask(expression=f"sum(increase({series(metric)}[{OVER}]))", legend=name) for name, metric in crashes),
        ),
        Lines(
            title="Pages ended without a visit, a minute",
            meaning="By reason.",
            asks=(Ask(expression=per_minute("formscout_pages_skipped_total", by="reason"), legend="{{reason}}"),),
            stacked=True,
        ),
    )
