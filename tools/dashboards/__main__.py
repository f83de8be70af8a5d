"""Writes the dashboards into the chart: `python -m tools.dashboards`, in the repository's root."""

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard
from tools.dashboards.api import api
from tools.dashboards.crawls import crawls
from tools.dashboards.overview import overview
from tools.dashboards.queues import queue_board
from tools.dashboards.stores import stores

from formscout.domain.jobs import Queue

DIRECTORY: Final = Path("charts/formscout/files/dashboards")


def boards() -> tuple[Dashboard, ...]:
    """Return all of them."""
    return (overview(), *(queue_board(queue) for queue in Queue), crawls(), api(), stores())


def render(one: Dashboard) -> tuple[str, str]:
    """Return a dashboard's file name and text."""
    return f"{str(one.uid).removeprefix('formscout-')}.json", json.dumps(one, cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write the files, and take away what is no dashboard any more."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    texts = dict(map(render, boards()))
    for file in DIRECTORY.glob("*.json"):
        if file.name not in texts:
            file.unlink()
    for name, text in texts.items():
        (DIRECTORY / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
