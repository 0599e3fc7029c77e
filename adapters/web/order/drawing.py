"""Plan against actual of one order, drawn: what was planned, what happened, what is expected, when
it was held up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from markupsafe import Markup

from adapters.web.charts.gantt import Line, Span, Step, gantt
from adapters.web.charts.svg import swatch, width_of
from adapters.web.words import Words
from domain.events import Event
from domain.insight_life import CUSTOMER, Hold, holds
from domain.measures import standing
from domain.node import Node, Status
from domain.order import Order
from domain.plan import Ahead, forecast_work
from domain.standards import taken

WIDE, COLUMN = 1000.0, 150.0
"""Units across of the drawing for broad screens, and its room for names."""
ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The same chart for a phone and for a broad screen, and what its signs mean."""

    narrow: Markup
    wide: Markup
    legend: tuple[tuple[Markup, str], ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The time that is drawn, from midnight to midnight."""

    begin: datetime
    end: datetime

    def at(self, moment: datetime) -> float:
        """A moment as a part of the whole."""
        return (moment - self.begin) / (self.end - self.begin)

    def span(self, begin: datetime, end: datetime) -> Span:
        """A time as a part of the whole."""
        return self.at(begin), self.at(end)


def drawn(order: Order, history: Iterable[Event], words: Words) -> Drawing:
    """The chart of an order."""
    calendar, now = words.house.calendar, words.house.now()
    due = calendar.closing(order.due)
    ahead = forecast_work(order, now, calendar) if order.open else {}
    ends = [a.end for a in ahead.values()]
    for node in order.nodes.values():
        ends += [t for t in (node.planned_finish, node.finished_at) if t is not None]
    shown_now = [now] if order.open else []
    begins = [t for n in order.nodes.values() for t in (n.planned_start, n.started_at) if t]
    frame = _frame([*begins, *ends, due, *shown_now], words)
    stops = holds(order, standing(history))
    steps = [_step(order, n, ahead.get(n.key), stops, frame, words) for n in order.in_order()]
    lines = [Line(frame.at(due), "due", words("orders.line_due", date=words.date(order.due)))]
    if order.open:
        lines.append(Line(frame.at(now), "now", words("orders.line_now")))
    told = words("orders.gantt_told", due=words.date(order.due), n=len(steps))
    title = words("orders.gantt")
    days, off = _days(frame, words)
    narrow = gantt("gantt-n", title, told, steps, days=days, off=off, lines=lines, extra="narrow")
    column = max([COLUMN, *(min(width_of(s.name) + 16, 2 * COLUMN) for s in steps)])
    wide = gantt(
        "gantt-w", title, told, steps, days=days, off=off, lines=lines, width=WIDE, column=column,
        extra="wide-only",
    )  # fmt: skip
    return Drawing(narrow, wide, _legend(words))


def _frame(moments: list[datetime], words: Words) -> _Frame:
    calendar = words.house.calendar
    first, last = calendar.day(min(moments)), calendar.day(max(moments))
    return _Frame(calendar.moment(first, time(0, 0)), calendar.moment(last + ONE, time(0, 0)))


def _days(frame: _Frame, words: Words) -> tuple[list[tuple[float, str]], list[Span]]:
    """Where each day begins, and the days off."""
    calendar = words.house.calendar
    day, found, off = calendar.day(frame.begin), [], []
    while (begin := calendar.moment(day, time(0, 0))) < frame.end:
        found.append((frame.at(begin), f"{day.month}/{day.day}"))
        if not calendar.is_workday(day):
            off.append(frame.span(begin, calendar.moment(day + ONE, time(0, 0))))
        day += ONE
    return found, off


def _step(
    order: Order, node: Node, rest: Ahead | None, stops: Iterable[Hold], frame: _Frame, words: Words
) -> Step:
    """One node: from its start to its finish, or to now; what is left of it as expected."""
    now = words.house.now()
    real = taken(order, node.key) if node.completed else None
    if real is None and node.started_at is not None and node.started_at < now:
        real = (node.started_at, node.finished_at or now)
    own = [h for h in stops if h.node == node.key and h.begin < (h.end or now)]
    if real is None and own:
        real = (own[0].begin, own[-1].end or now)
    plan = (node.planned_start, node.planned_finish)
    name = order.route.node(node.key).called(words.language)
    return Step(
        name=f"{words.icon(node.status)} {name}",
        kind=node.status.value if node.status is not Status.PENDING else "in_progress",
        plan=frame.span(plan[0], plan[1]) if plan[0] and plan[1] else None,
        real=frame.span(*real) if real else None,
        likely=frame.span(rest.begin, rest.end) if rest is not None and rest.hours else None,
        holds=tuple((frame.span(h.begin, h.end or now), _fill(h)) for h in own),
        tip=words.status(node.status),
    )


def _fill(stop: Hold) -> str:
    """Waiting for the customer is no delay of ours, and does not look like one."""
    return "to_confirm" if stop.reason == CUSTOMER else "delayed"


def _legend(words: Words) -> tuple[tuple[Markup, str], ...]:
    signs = ("plan", "done", "in_progress", "delayed", "to_confirm", "likely")
    return tuple((swatch("gantt", s), words(f"orders.legend_{s}")) for s in signs)
