"""The dashboards of the chart as tests see them: every query of every panel."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from tests.support.charts import CHART

FILES: Final = tuple(sorted((CHART / "files/dashboards").glob("*.json")))

RATE: Final = "20s"
"""The span of a rate over scrapes of one second; Grafana takes four scrapes at least."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """What a panel asks Prometheus."""

    board: str  # the file's name
    panel: str
    text: str  # as Grafana has it
    legend: str
    unit: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}"

    @property
    def expression(self) -> str:
        """Return what Grafana sends when all namespaces are chosen."""
        return self.text.replace("$namespace", ".*").replace("$__rate_interval", RATE)


def panels(board: str) -> list[dict[str, Any]]:  # Any: JSON
    """Return a dashboard's panels."""
    found: list[dict[str, Any]] = json.loads((CHART / f"files/dashboards/{board}.json").read_text(encoding="utf-8"))["panels"]
    return found


def queries() -> Iterator[Query]:
    """Return every query."""
    for file in FILES:
        for panel in panels(file.stem):
            for target in panel["targets"]:
                yield Query(
                    board=file.stem,
                    panel=panel["title"],
                    text=target["expr"],
                    legend=target["legendFormat"],
                    unit=panel["fieldConfig"]["defaults"]["unit"],
                )
