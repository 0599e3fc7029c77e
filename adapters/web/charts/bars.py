"""Lying bars: several states of one thing side by side, and causes with what they add up to.

Each bar has its name on a line of its own above it, so that long names need no narrow column.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from adapters.web.charts.svg import (
    BOLD,
    LINE,
    SIZE,
    WIDTH,
    drawing,
    element,
    filled,
    width_of,
    words,
)

THICK = 16.0
ROW = LINE + THICK + 10
GAP = 10.0
"""Between a name and the note on the same line, at least."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: a state's name as the fill, how much, what to write on it, its tooltip."""

    kind: str
    value: float
    text: str = ""
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its name, its parts from left to right, a note at the right end of the name's line.
    `limit` draws a mark across the bar.
    """

    name: str
    parts: tuple[Part, ...]
    note: str = ""
    limit: float | None = None


def stacked(key: str, title: str, told: str, bars: Sequence[Bar], *, most: float = 0.0) -> Markup:
    """Bars on one scale: the longest, its limit, or `most` fills the width."""
    sums = [max(sum(p.value for p in bar.parts), bar.limit or 0.0) for bar in bars]
    whole = max([*sums, most, 1e-9])
    parts: list[str] = []
    for n, bar in enumerate(bars):
        top = n * ROW
        parts += heading(top, bar.name, bar.note)
        parts += _bar(key, top + LINE, bar, whole)
    kinds = [p.kind for bar in bars for p in bar.parts]
    return drawing(key, title, told, len(bars) * ROW, parts, kinds=kinds)


def heading(top: float, name: str, note: str, width: float = WIDTH) -> list[str]:
    """The line above a bar: the name, and the note at the right end; the note is never cut."""
    taken = width_of(note, BOLD) + GAP if note else 0.0
    return [
        words(0.0, top + SIZE, name, room=width - taken, kind="name"),
        words(width, top + SIZE, note, room=width, kind="note", anchor="end"),
    ]


def _bar(key: str, top: float, bar: Bar, whole: float) -> list[str]:
    out = [element("rect", kind="track", x=0.0, y=top, width=WIDTH, height=THICK)]
    x = 0.0
    for part in bar.parts:
        if part.value <= 0:
            continue
        wide = part.value / whole * WIDTH
        out.append(filled(key, part.kind, x, top, wide, THICK, part.tip))
        if part.text and width_of(part.text, BOLD) + 4 <= wide:
            out.append(
                words(x + wide / 2, top + THICK - 3.5, part.text, kind="on", anchor="middle")
            )
        x += wide
    if bar.limit is not None:
        at = min(bar.limit / whole * WIDTH, WIDTH - 1)
        out.append(element("path", kind="limit", d=f"M{at:.2f} {top - 1:.2f} v{THICK + 4:.2f}"))
    return out


@dataclass(frozen=True, slots=True)
class Step:
    """A cause: its own share of the whole and that of all causes so far, in per cent."""

    name: str
    share: float
    sum: float
    note: str = ""
    tip: str = ""


def pareto(key: str, title: str, told: str, steps: Sequence[Step]) -> Markup:
    """Causes by what they cost; an outline says how far each and all before it reach together."""
    parts: list[str] = []
    for n, step in enumerate(steps):
        top = n * ROW
        parts += heading(top, step.name, step.note)
        bar = Bar(step.name, (Part("delayed", step.share, "", step.tip),))
        parts += _bar(key, top + LINE, bar, 100.0)
        wide = max(min(step.sum, 100.0) / 100 * WIDTH - 1, 1.0)
        box = {"x": 0.5, "y": top + LINE - 1, "width": wide, "height": THICK + 2}
        parts.append(element("rect", kind="sum", **box))
    return drawing(key, title, told, len(steps) * ROW, parts, kinds=["delayed"] * bool(steps))
