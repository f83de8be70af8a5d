"""Runs the platform with the demo application, and draws a dashboard of what Prometheus saw: `python -m tools.dashboards.picture FOLDER`.

It is no screenshot of Grafana: the panels of the chart's file are drawn by our own lines, their queries answered by a real Prometheus.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.support.dashboards import panels, queries
from tests.support.observed import Observed, observed_platform, until
from tests.support.observed_run import run
from tools.dashboards.drawing import Answered, draw, name_of

BOARDS: Final = {"overview": "Formscout: overview", "crawls": "Formscout: crawl sessions"}
MORE_VISITS: Final = 12
"""Of a second discovery: so many pages into it the picture is taken, so that work is moving in it."""

VISITS: Final = "sum(formscout_visits_total)"

NOTE: Final = "Two discoveries of the demo application, beside a network that is away. Drawn from the chart's JSON and Prometheus' answers."


def main() -> None:
    """Write a picture of each of these dashboards."""
    folder = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="formscout-picture-") as name, observed_platform(Path(name)) as observed:
        run(observed)
        wanted = observed.query(VISITS)[0].value + MORE_VISITS
        observed.discover()
        until(lambda: observed.query(VISITS)[0].value >= wanted, "it is under way", why=observed.story)
        end = time.time()
        for board, title in BOARDS.items():
            picture = draw(title, _answered(observed, board, end), start=observed.began, end=end, note=NOTE)
            (folder / f"dashboard-{board}.svg").write_text(picture, encoding="utf-8")


def _answered(observed: Observed, board: str, end: float) -> list[Answered]:
    asked = [query for query in queries() if query.board == board]
    return [
        Answered(
            panel=panel,
            series=[
                (name_of(query, series), series)
                for query in asked
                if query.panel == panel["title"]
                for series in observed.prometheus.query_range(query.expression, start=observed.began, end=end)
            ],
        )
        for panel in panels(board)
    ]


if __name__ == "__main__":
    main()
