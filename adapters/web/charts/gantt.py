"""Plan against actual over time: one row a step, with what was planned, what happened, what is
expected, and when it was held up.
"""

from collections.abc import Callable, Sequence
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

PLAN, REAL, PAD = 7.0, 13.0, 8.0
ROW = PLAN + REAL + PAD + 2
HEAD = 2 * LINE + 4
APART = 14.0
Span = tuple[float, float]
"""From and to, as parts of the whole time (0 to 1)."""
Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Step:
    """One row. `real` may still run; `likely` is what is expected from now on; `holds` are marked
    on it, each in the fill of a state. `kind` is the state that fills the real bar.
    """

    name: str
    kind: str
    plan: Span | None = None
    real: Span | None = None
    likely: Span | None = None
    holds: tuple[tuple[Span, str], ...] = ()
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A moment across all rows: `now` or `due` as its kind, with its word on top."""

    at: float
    kind: str
    text: str


def gantt(
    key: str, title: str, told: str, steps: Sequence[Step], *,
    days: Sequence[tuple[float, str]] = (), off: Sequence[Span] = (), lines: Sequence[Line] = (),
    width: float = WIDTH, column: float = 0.0, extra: str = "",
) -> Markup:  # fmt: skip
    """The chart. `days` are the beginnings of days with their names, `off` days without work;
    `column` is the room for names at the left, 0 puts them above their rows.
    """
    above = 0.0 if column else LINE
    row, room = ROW + above, width - column
    bottom = HEAD + len(steps) * row

    def x(at: float) -> float:
        return column + min(max(at, 0.0), 1.0) * room

    parts = [
        element("rect", kind="off", x=x(a), y=HEAD, width=x(b) - x(a), height=bottom - HEAD)
        for a, b in off
        if x(b) > x(a)
    ]
    parts += _days(days, x, width, bottom)
    for n, step in enumerate(steps):
        top = HEAD + n * row
        if column:
            parts.append(
                words(0.0, top + PLAN + SIZE - 3, step.name, room=column - 12, kind="name")
            )
        else:
            parts.append(words(0.0, top + SIZE, step.name, room=width, kind="name"))
        parts += _step(key, step, top + above, x)
    parts += _lines(lines, x, column, width, bottom)
    kinds = [s.kind for s in steps] + [kind for s in steps for _, kind in s.holds]
    return drawing(key, title, told, bottom + 4, parts, width=width, kinds=kinds, extra=extra)


def _days(days: Sequence[tuple[float, str]], x: Scale, width: float, bottom: float) -> list[str]:
    out, free = [], 0.0
    for at, name in days:
        here = x(at)
        out.append(element("path", kind="grid", d=f"M{here:.2f} {HEAD:g} V{bottom:.2f}"))
        wide = width_of(name)
        if here >= free and here + wide <= width:
            out.append(words(here, LINE + SIZE, name, kind="faint"))
            free = here + wide + APART
    return out


def _step(key: str, step: Step, top: float, x: Scale) -> list[str]:
    out = []
    if step.plan is not None:
        a, b = x(step.plan[0]), x(step.plan[1])
        out.append(
            element("rect", kind="plan", x=a, y=top, width=max(b - a, 2.0), height=PLAN - 2, rx=2)
        )
    y = top + PLAN
    if step.likely is not None:
        a, b = x(step.likely[0]), x(step.likely[1])
        out.append(
            element("rect", kind="likely", x=a, y=y + 2, width=max(b - a, 2.0), height=REAL - 4)
        )
    if step.real is not None:
        a, b = x(step.real[0]), x(step.real[1])
        out.append(filled(key, step.kind, a, y, max(b - a, 3.0), REAL, step.tip))
    for (begin, end), kind in step.holds:
        a, b = x(begin), x(end)
        out.append(filled(key, kind, a, y + REAL - 5, max(b - a, 3.0), 5))
    return out


def _lines(
    lines: Sequence[Line], x: Scale, column: float, width: float, bottom: float
) -> list[str]:
    """Lines across, their words on the top line, pushed apart where they would meet."""
    ranked = sorted(lines, key=lambda one: one.at)
    wide = [width_of(one.text, BOLD) for one in ranked]
    begins: list[float] = []
    free = column
    for line, w in zip(ranked, wide, strict=True):
        begins.append(max(x(line.at) - w / 2, free))
        free = begins[-1] + w + APART
    end = width
    for n in reversed(range(len(ranked))):
        begins[n] = max(min(begins[n], end - wide[n]), 0.0)
        end = begins[n] - APART
    out = []
    for line, begin, w in zip(ranked, begins, wide, strict=True):
        path = f"M{x(line.at):.2f} {LINE:g} V{bottom:.2f}"
        out.append(element("path", kind=f"at-{line.kind}", d=path))
        out.append(words(begin, SIZE, line.text, room=w + 1, kind=f"at-{line.kind}"))
    return out
