"""Writes the operators' table of metrics: `python -m formscout.telemetry.catalogue [--check]`, in the repository's root."""

import sys
from pathlib import Path
from typing import Final

from formscout.telemetry import metrics
from formscout.telemetry.instruments import DECLARED, Component

FILE: Final = "docs/operations/metrics.md"

_TEXT: Final = """# Metrics

Made by `python -m {module}` from the declarations in `{declarations}`; a test fails when it drifts.

Workers, upkeep and scheduler serve them on `FORMSCOUT_METRICS_PORT` (unset: off) at `/metrics`, the API beside its routes. They
need no key, so let only the scraper reach the port. Labels take few values, known beforehand: never an id, an address or a name of
somebody. A code that is not known beforehand is `other`.

What the queues hold is told by the scheduler that leads, and by no other, every 10 s; when it cannot look, it says nothing. So take
`max by (queue)` over all schedulers. API and scheduler tell `process_…` and `python_…` about themselves, too.

Rates that answer questions:

- visits by form found: `sum(rate(formscout_visits_total[15m])) / sum(rate(formscout_forms_found_total[15m]))`
- jobs that failed, by code: `sum by (queue, code) (rate(formscout_job_ends_total{{outcome="failed"}}[15m]))`
- 95 % of jobs waited no longer than: `histogram_quantile(0.95, sum by (queue, le) (rate(formscout_job_wait_seconds_bucket[15m])))`
- requests held back: `sum(rate(formscout_judged_requests_total{{verdict="held_back"}}[15m]))`

| Metric | Kind | Labels | Told by | Meaning |
|---|---|---|---|---|
{rows}
"""


def render() -> str:
    """Return the paper."""
    rows = []
    for one in DECLARED:
        labels = ", ".join(f"`{label}`" for label in one.labels)
        by = "all" if one.by == frozenset(Component) else ", ".join(component for component in Component if component in one.by)
        rows.append(f"| `{one.name}` | {one.kind} | {labels} | {by} | {one.meaning} |")
    return _TEXT.format(module="formscout.telemetry.catalogue", declarations=metrics.__name__, rows="\n".join(rows))


def main() -> int:
    """Write the file, or only tell whether it is up to date; return the exit status."""
    file, text = Path(FILE), render()
    if "--check" in sys.argv[1:]:
        if file.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write(f"{FILE} is not what the declarations say: run `python -m formscout.telemetry.catalogue`.\n")
        return 1
    file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
