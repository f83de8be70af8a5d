"""Draws a dashboard's panels as an SVG, for where there is no Grafana: its places, titles, units and legends, in plain lines."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from typing import Any, Final

from tests.support.dashboards import Query
from tests.support.observed import Series

COLUMN: Final = 50
LINE: Final = 34
GAP: Final = 8
"""Pixels: of a column and a line of Grafana's grid, and between two panels."""

HEAD: Final = 48
TITLE: Final = 22
LEGEND: Final = 18
AXIS: Final = 46
"""Pixels: above the panels; of a panel's title, its legend, and the numbers at its left."""

SPARK: Final = 22
"""Pixels: the height of the line below a number."""

LETTER: Final = 6.2
"""Pixels of a letter of the legend, on the average."""

GIGABYTE: Final = 1e9

COLOURS: Final = ("#3274d9", "#e0752d", "#299c46", "#8f3bb8", "#e02f44", "#c4a000", "#00868b", "#7a7a7a")
TICKS: Final = 3


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A panel as Grafana's file has it, with what Prometheus answered: pairs of a name and its points."""

    panel: Mapping[str, Any]  # Any: JSON
    series: Sequence[tuple[str, Series]] = field(default=())

    @property
    def unit(self) -> str:
        """Return the unit, as Grafana names it."""
        unit: str = self.panel["fieldConfig"]["defaults"]["unit"]
        return unit


def name_of(query: Query, series: Series) -> str:
    """Return how the legend calls a series."""
    name = query.legend
    for label, value in series.labels.items():
        name = name.replace(f"{{{{{label}}}}}", value)
    return name


def draw(title: str, panels: Sequence[Answered], *, start: float, end: float, note: str) -> str:
    """Return the picture."""
    places = [one.panel["gridPos"] for one in panels]
    width, height = 24 * COLUMN + GAP, HEAD + max(place["y"] + place["h"] for place in places) * LINE + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11" fill="#333">',
        f'<rect width="{width}" height="{height}" fill="#f4f5f5"/>',
        _text(GAP, 20, title, size=16, weight="bold"),
        _text(GAP, 38, note, colour="#666"),
    ]
    for one in panels:
        place = one.panel["gridPos"]
        x, y = place["x"] * COLUMN + GAP, place["y"] * LINE + HEAD
        frame = _Frame(x=x, y=y, width=place["w"] * COLUMN - GAP, height=place["h"] * LINE - GAP, start=start, end=end)
        parts.append(f'<rect x="{x}" y="{y}" width="{frame.width}" height="{frame.height}" fill="#fff" stroke="#ddd" rx="3"/>')
        parts.append(_text(x + GAP, y + 16, one.panel["title"], weight="bold"))
        parts += _number(one, frame) if one.panel["type"] == "stat" else _lines(one, frame)
    return "\n".join((*parts, "</svg>", ""))


@dataclass(frozen=True, kw_only=True)
class _Frame:
    x: float
    y: float
    width: float
    height: float
    start: float
    end: float

    def at(self, moment: float) -> float:
        return self.x + AXIS + (self.width - AXIS - GAP) * (moment - self.start) / (self.end - self.start)

    def level(self, value: float, most: float) -> float:
        bottom = self.y + self.height - 2 * LEGEND
        return bottom - (bottom - self.y - TITLE - GAP) * value / most


def _number(one: Answered, frame: _Frame) -> list[str]:
    points = [point for _, series in one.series for point in _finite(series)]
    last = shown(points[-1][1], one.unit) if points else "–"
    colour = COLOURS[2]
    for step in one.panel["fieldConfig"]["defaults"]["thresholds"]["steps"]:
        if step["value"] is not None and points and points[-1][1] >= step["value"]:
            colour = {"orange": COLOURS[1], "red": COLOURS[4]}[step["color"]]
    middle = frame.x + frame.width / 2
    parts = [_text(middle, frame.y + frame.height * 0.56, last, size=26, colour=colour, anchor="middle", weight="bold")]
    most = max((value for _, value in points), default=0) or 1
    scale = frame.width / (frame.end - frame.start)
    for stretch in _stretches(points):
        path = " ".join(
            f"{frame.x + scale * (at - frame.start):.1f},{frame.y + frame.height - 3 - SPARK * value / most:.1f}" for at, value in stretch
        )
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1" opacity="0.7"/>')
    return parts


def _lines(one: Answered, frame: _Frame) -> list[str]:
    stacked = one.panel["fieldConfig"]["defaults"]["custom"].get("stacking", {}).get("mode") == "normal"
    drawn = [(name, _finite(series)) for name, series in one.series if _finite(series)]
    if stacked:  # a line of zeros would hide the one below it
        drawn = [(name, points) for name, points in drawn if any(value for _, value in points)]
    if not drawn:
        return [_text(frame.x + frame.width / 2, frame.y + frame.height / 2, "nothing happened", colour="#999", anchor="middle")]
    levels = _stack(drawn) if stacked else [(name, points, [0.0] * len(points)) for name, points in drawn]
    most = max(base + value for _, points, bases in levels for (_, value), base in zip(points, bases, strict=True)) or 1
    parts = _scale(frame, most, one.unit)
    for number, (_, points, bases) in enumerate(levels):
        colour = COLOURS[number % len(COLOURS)]
        tops = [(at, base + value) for (at, value), base in zip(points, bases, strict=True)]
        for stretch in _stretches(tops):
            path = " ".join(f"{frame.at(at):.1f},{frame.level(value, most):.1f}" for at, value in stretch)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.4"/>')
        if stacked:
            outline = [*tops, *((at, base) for (at, _), base in zip(reversed(points), reversed(bases), strict=True))]
            path = " ".join(f"{frame.at(at):.1f},{frame.level(value, most):.1f}" for at, value in outline)
            parts.append(f'<polygon points="{path}" fill="{colour}" opacity="0.3"/>')
    return parts + _legend(frame, [name for name, _ in drawn])


def _scale(frame: _Frame, most: float, unit: str) -> list[str]:
    parts = []
    for tick in range(TICKS):
        value = most * tick / (TICKS - 1)
        y = frame.level(value, most)
        parts.append(f'<line x1="{frame.x + AXIS}" x2="{frame.x + frame.width - GAP}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eee"/>')
        parts.append(_text(frame.x + AXIS - 5, y + 4, shown(value, unit), colour="#777", anchor="end"))
    for tick, anchor in zip(range(TICKS), ("start", "middle", "end"), strict=True):
        moment = frame.start + (frame.end - frame.start) * tick / (TICKS - 1)
        clock = time.strftime("%H:%M:%S", time.gmtime(moment))
        parts.append(_text(frame.at(moment), frame.y + frame.height - LEGEND - 4, clock, colour="#777", anchor=anchor))
    return parts


def _legend(frame: _Frame, names: Sequence[str]) -> list[str]:
    parts, x = [], frame.x + GAP
    for number, name in enumerate(names):
        if not name or x + (len(name) + 3) * LETTER > frame.x + frame.width:
            continue
        y = frame.y + frame.height - 6
        parts.append(f'<rect x="{x:.0f}" y="{y - 6}" width="10" height="3" fill="{COLOURS[number % len(COLOURS)]}"/>')
        parts.append(_text(x + 14, y, name))
        x += (len(name) + 4) * LETTER
    return parts


def _stack(drawn: Sequence[tuple[str, list[tuple[float, float]]]]) -> list[tuple[str, list[tuple[float, float]], list[float]]]:
    """Return each series over one span of moments, with what lies below it."""
    moments = sorted({at for _, points in drawn for at, _ in points})
    below = dict.fromkeys(moments, 0.0)
    levels = []
    for name, points in drawn:
        values = dict(points)
        levels.append((name, [(at, values.get(at, 0.0)) for at in moments], [below[at] for at in moments]))
        for at in moments:
            below[at] += values.get(at, 0.0)
    return levels


def _finite(series: Series) -> list[tuple[float, float]]:
    return [(at, value) for at, value in series.points if math.isfinite(value)]


def _stretches(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Return the points in stretches without a gap."""
    if not points:
        return []
    step = min((after[0] - before[0] for before, after in pairwise(points)), default=0)
    found = [[points[0]]]
    for before, after in pairwise(points):
        if after[0] - before[0] > 1.5 * step:
            found.append([])
        found[-1].append(after)
    return found


def shown(value: float, unit: str) -> str:
    """Return a value with its unit, short."""
    factor, mark = {"percentunit": (100.0, " %"), "reqps": (1.0, "/s")}.get(unit, (1.0, ""))
    if unit == "s":
        factor, mark = (1, " s") if value >= 1 or value == 0 else (1000, " ms")
    elif unit == "bytes":
        factor, mark = (1e-9, " GB") if value >= GIGABYTE else (1e-6, " MB")
    return f"{value * factor:.3g}{mark}"


def _text(x: float, y: float, words: str, *, size: int = 11, colour: str = "#333", anchor: str = "start", weight: str = "normal") -> str:
    style = f'font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(words)}</text>'
