"""Dot and range: where most values of a thing lie, the middle one, and what they should be."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from adapters.web.charts.bars import heading
from adapters.web.charts.svg import LINE, SIZE, WIDTH, drawing, element, ticks, width_of, words

ROW = LINE + 24
FOOT = 20.0
EDGE = 8.0


@dataclass(frozen=True, slots=True)
class Range:
    """One thing: from `low` to `high`, the dot at `middle`, a hollow one at `mean`, a mark at
    `wanted`. `bad` makes the dot a triangle.
    """

    name: str
    low: float
    middle: float
    high: float
    mean: float | None = None
    wanted: float | None = None
    note: str = ""
    bad: bool = False


def ranges(key: str, title: str, told: str, rows: Sequence[Range], unit: str = "") -> Markup:
    """Ranges on one scale from 0, told below in `unit`."""
    ends = [v for r in rows for v in (r.high, r.wanted or 0.0, r.mean or 0.0)]
    most = max(ends, default=0.0) or 1.0
    marks = ticks(most, 4)
    scale = (WIDTH - 2 * EDGE) / marks[-1]
    bottom = len(rows) * ROW
    parts: list[str] = []
    for n, row in enumerate(rows):
        parts += heading(n * ROW, row.name, row.note)
        parts += _range(n * ROW + LINE + 10, row, scale)
    if rows:
        parts += _axis(marks, scale, bottom, unit)
    return drawing(key, title, told, bottom + (FOOT if rows else 0), parts)


def _range(y: float, row: Range, scale: float) -> list[str]:
    at = [EDGE + v * scale for v in (row.low, row.middle, row.high)]
    out = [
        element("path", kind="grid", d=f"M0 {y:.2f} H{WIDTH:g}"),
        element("path", kind="span", d=f"M{at[0]:.2f} {y:.2f} H{at[2]:.2f}"),
        element("path", kind="ends", d=f"M{at[0]:.2f} {y - 4:.2f} v8 M{at[2]:.2f} {y - 4:.2f} v8"),
    ]
    if row.wanted is not None:
        out.append(
            element("path", kind="limit", d=f"M{EDGE + row.wanted * scale:.2f} {y - 9:.2f} v18")
        )
    if row.mean is not None:
        out.append(element("circle", kind="mean", cx=EDGE + row.mean * scale, cy=y, r=4.0))
    if row.bad:
        out.append(element("path", kind="f-delayed", d=f"M{at[1]:.2f} {y - 7:.2f} l7 12 h-14 z"))
    else:
        out.append(element("circle", kind="f-done", cx=at[1], cy=y, r=5.5))
    return out


def _axis(marks: Sequence[float], scale: float, top: float, unit: str) -> list[str]:
    out, free = [], 0.0
    for n, mark in enumerate(marks):
        text = f"{mark:g}" if n < len(marks) - 1 or not unit else f"{mark:g} {unit}"
        wide = width_of(text)
        x = min(max(EDGE + mark * scale, wide / 2), WIDTH - wide / 2)
        if x - wide / 2 >= free:
            out.append(words(x, top + SIZE, text, kind="faint", anchor="middle"))
            free = x + wide / 2 + 6
    return out
