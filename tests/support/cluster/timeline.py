"""What was seen of the cluster, second by second: kept as data, drawn as a picture."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

Entry = dict[str, Any]  # Any: figures and words

WIDTH: Final = 1000
PANEL: Final = 150
MARGIN: Final = 60
COLOURS: Final = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b")


@dataclass(kw_only=True)
class Timeline:
    """Everything observed, in the order in which it came, from several threads."""

    entries: list[Entry] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, kind: str, *, at: float | None = None, **what: Any) -> None:  # Any: as above
        """Note something that was seen; the file is written when it is asked for."""
        with self._lock:
            self.entries.append({"at": time.time() if at is None else at, "kind": kind, **what})

    def of(self, kind: str, *, since: float = 0.0) -> list[Entry]:
        """Return the entries of one kind."""
        with self._lock:
            return [entry for entry in self.entries if entry["kind"] == kind and entry["at"] >= since]

    def write(self, path: Path, *, since: float = 0.0) -> None:
        """Write everything as JSON lines."""
        with self._lock:
            kept = sorted((entry for entry in self.entries if entry["at"] >= since), key=lambda entry: float(entry["at"]))
        path.write_text("".join(json.dumps(entry) + "\n" for entry in kept))


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One diagram of a picture: lines over the same time."""

    title: str
    lines: dict[str, list[tuple[float, float]]]


def series(entries: Sequence[Entry], name: str) -> list[tuple[float, float]]:
    """Return a figure's course through the entries that have it."""
    return [(entry["at"], float(entry[name])) for entry in entries if entry.get(name) is not None]


def draw(path: Path, title: str, panels: Sequence[Panel], marks: Sequence[tuple[float, str]] = ()) -> None:
    """Draw panels one below the other, as steps; marks are upright lines through all of them, with a word."""
    times = [at for panel in panels for line in panel.lines.values() for at, _ in line]
    begin, end = min(times), max(*times, min(times) + 1)

    def across(at: float) -> float:
        return MARGIN + (at - begin) / (end - begin) * (WIDTH - 2 * MARGIN)

    height = MARGIN + len(panels) * (PANEL + MARGIN)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/><text x="{MARGIN}" y="24" font-size="15">{title}</text>',
    ]
    for number, panel in enumerate(panels):
        parts.extend(_panel(panel, MARGIN + number * (PANEL + MARGIN), across, end - begin))
    for at, word in marks:
        if begin <= at <= end:
            x = across(at)
            parts.append(f'<line x1="{x:.1f}" y1="40" x2="{x:.1f}" y2="{height - MARGIN}" stroke="#888" stroke-dasharray="3 3"/>')
            parts.append(f'<text x="{x + 3:.1f}" y="48" fill="#555" font-size="9">{word}</text>')
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")


def _panel(panel: Panel, top: float, across: Any, seconds: float) -> list[str]:  # Any: a time's place
    highest = max((value for line in panel.lines.values() for _, value in line), default=1.0) or 1.0
    bottom = top + PANEL
    left, right = MARGIN - 6, WIDTH - MARGIN
    parts = [
        f'<rect x="{MARGIN}" y="{top}" width="{WIDTH - 2 * MARGIN}" height="{PANEL}" fill="none" stroke="#ccc"/>',
        f'<text x="{MARGIN}" y="{top - 6}">{panel.title}</text>',
        f'<text x="{left}" y="{top + 10}" text-anchor="end">{highest:g}</text>',
        f'<text x="{left}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{MARGIN}" y="{bottom + 14}">0 s</text>',
        f'<text x="{right}" y="{bottom + 14}" text-anchor="end">{seconds:.0f} s</text>',
    ]
    for number, (name, line) in enumerate(panel.lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [(across(at), bottom - value / highest * (PANEL - 8)) for at, value in line]
        steps = [
            f"M{x:.1f},{y:.1f}" if first else f"H{x:.1f} V{y:.1f}"
            for first, (x, y) in zip([True] + [False] * len(places), places, strict=False)
        ]
        parts.append(f'<path d="{" ".join(steps)}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.append(f'<text x="{WIDTH - MARGIN - 150 * (len(panel.lines) - number)}" y="{top - 6}" fill="{colour}">{name}</text>')
    return parts
