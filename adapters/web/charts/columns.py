"""Standing columns over time, stacked, with a mark at what was expected of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from adapters.web.charts.svg import SIZE, WIDTH, drawing, element, filled, ticks, width_of, words

TALL = 120.0
HEAD = 10.0
FOOT = 22.0
APART = 8.0
"""Between two dates below the columns, at least."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the word below it, its parts from the bottom up (a fill and how much), the mark,
    its tooltip.
    """

    name: str
    parts: tuple[tuple[str, float], ...]
    mark: float | None = None
    tip: str = ""


def columns(key: str, title: str, told: str, rows: Sequence[Column]) -> Markup:
    """Columns on one scale, from 0; dates are left out where they would touch."""
    most = max([1.0, *(sum(v for _, v in r.parts) for r in rows), *(r.mark or 0.0 for r in rows)])
    marks = [t for t in ticks(most, 3) if t == int(t)] or [0.0, 1.0]
    scale = TALL / marks[-1]
    left = max(width_of(f"{t:g}") for t in marks) + 8
    pitch = (WIDTH - left) / max(len(rows), 1)
    parts = [_grid(left, HEAD + TALL - t * scale, f"{t:g}") for t in marks]
    for n, row in enumerate(rows):
        parts += _column(key, row, left + n * pitch, pitch, scale)
    parts += _dates([r.name for r in rows], left, pitch)
    kinds = [kind for r in rows for kind, _ in r.parts]
    return drawing(key, title, told, HEAD + TALL + FOOT, parts, kinds=kinds)


def _grid(left: float, y: float, text: str) -> str:
    line = element("path", kind="grid", d=f"M{left:.2f} {y:.2f} H{WIDTH:g}")
    return line + words(left - 6, y + 4.5, text, kind="faint", anchor="end")


def _column(key: str, row: Column, x: float, pitch: float, scale: float) -> list[str]:
    wide = min(pitch * 0.72, 28.0)
    begin, y = x + (pitch - wide) / 2, HEAD + TALL
    out = []
    for kind, value in row.parts:
        if value > 0:
            y -= value * scale
            out.append(filled(key, kind, begin, y, wide, value * scale, row.tip))
    if row.mark:
        at = HEAD + TALL - row.mark * scale
        reach = min(pitch * 0.96, wide + 6)
        out.append(
            element("path", kind="limit", d=f"M{x + (pitch - reach) / 2:.2f} {at:.2f} h{reach:.2f}")
        )
    return out


def _dates(names: Sequence[str], left: float, pitch: float) -> list[str]:
    """As many dates as have room, each below its column; the last one always."""
    out: list[str] = []
    free = WIDTH
    for n in reversed(range(len(names))):
        wide = width_of(names[n])
        middle = left + (n + 0.5) * pitch
        x = min(max(middle, left + wide / 2), WIDTH - wide / 2)
        if x + wide / 2 <= free and abs(x - middle) <= max(pitch, wide):
            out.append(
                words(
                    x, HEAD + TALL + SIZE + 5, names[n], room=WIDTH, kind="faint", anchor="middle"
                )
            )
            free = x - wide / 2 - APART
    return out
