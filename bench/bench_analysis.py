"""CPU time of describing one page: `uv run python -m bench.bench_analysis [SNAPSHOT|DIR ...]`; without arguments, pages made on the spot.

Prints one line a page and the 50th, 95th and 100th percentile. The goal is a 95th percentile of at most 150 ms on one core.
"""

import platform
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from formscout.domain.snapshots import TEXT, Frame, Node, Snapshot
from formscout.storage.snapshot_codec import SUFFIX, decode
from formscout_analysis.pipeline import describe

ROUNDS = 3  # the least of three: what else runs on the machine only ever adds
GOAL_MS = 150.0


def made(rows: int, columns: int) -> Snapshot:
    """Return a page with one form of a table of labelled fields, as wide and long as asked."""
    nodes: list[Node] = []

    def add(parent: int | None, tag: str, text: str = "", **attributes: str) -> int:
        nodes.append(Node(id=len(nodes), parent=parent, tag=tag, text=text, attributes=attributes, visible=True))
        return len(nodes) - 1

    form = add(add(add(None, "html"), "body"), "form")
    table = add(form, "table")
    head = add(table, "tr")
    for column in range(columns):
        add(add(head, "th"), TEXT, f"Column {column}")
    for row in range(rows):
        line = add(table, "tr")
        for column in range(columns):
            cell = add(line, "td")
            add(add(cell, "span"), TEXT, "note")
            add(cell, "input", type="checkbox" if column % 2 else "text", name=f"cell_{row}_{column}x")
    return Snapshot(
        address="https://bench.example/",
        title="Bench",
        captured_at=datetime.now(UTC),
        width=1280,
        height=800,
        frames=(Frame(id=0, address="https://bench.example/"),),
        nodes=tuple(nodes),
    )


def pages(arguments: list[str]) -> Iterator[tuple[str, Snapshot]]:
    """Yield the pages to describe with their names."""
    for argument in arguments:
        path = Path(argument)
        for file in sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]:
            yield file.name, decode(file.read_bytes())
    if not arguments:
        for rows, columns in ((5, 4), (50, 8), (200, 10)):
            yield f"{rows} rows of {columns} fields", made(rows, columns)


def cpu_ms(snapshot: Snapshot) -> float:
    """Return the least CPU time of describing the page, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        describe(snapshot)
        times.append((time.process_time() - start) * 1000)
    return min(times)


def main() -> None:
    """Measure and print."""
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, least of {ROUNDS} rounds, CPU ms a page")
    measured = sorted((cpu_ms(snapshot), len(snapshot.nodes), name) for name, snapshot in pages(sys.argv[1:]))
    for spent, nodes, name in measured:
        print(f"{spent:9.1f} ms {nodes:7d} nodes  {name}")
    times = [m[0] for m in measured]
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    print(f"p50 {statistics.median(times):.1f} ms, p95 {p95:.1f} ms (goal {GOAL_MS:.0f} ms), most {times[-1]:.1f} ms, {len(times)} pages")


if __name__ == "__main__":
    main()
