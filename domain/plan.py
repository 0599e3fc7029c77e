"""When things should happen: the plan set at placing, the forecast from where the order stands,
deviation and level.

The plan runs forward from the placing over the route's standard durations on the work calendar,
stretched or squeezed in
proportion to meet the due date. The forecast takes what is left of the nodes under way and the
standard time of the rest.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from domain.axis import micros, moment, worked
from domain.calendar import WorkCalendar
from domain.decide import Placing
from domain.node import Node, Status
from domain.order import Order
from domain.route import NodeSpec, Route


class Level(StrEnum):
    """How far an order is off its promise. A badge, never a colour of its own."""

    NONE = "none"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


ORANGE_FROM, RED_ABOVE = 10.0, 20.0
"""Per cent of the promised working time: yellow below the first, red above the second."""


def lay_out(route: Route, quantity: int) -> dict[str, tuple[float, float]]:
    """Working hours after the placing at which each node starts and finishes, by standard durations
    alone.
    """
    out: dict[str, tuple[float, float]] = {}
    todo = list(route.nodes)
    while todo:
        for spec in todo:
            if all(b in out for b in spec.after):
                start = max((out[b][1] for b in spec.after), default=0.0)
                out[spec.key] = (start, start + spec.hours(quantity))
                todo.remove(spec)
                break
    return out


def place(
    route: Route, quantity: int, placed: datetime, due: date | None, calendar: WorkCalendar
) -> Placing:
    """The planned times of every node and the promise. Without a due date the route's natural end
    is promised.
    """
    hours = lay_out(route, quantity)
    total = max((end for _, end in hours.values()), default=0.0) or 1.0
    if due is None:
        due = calendar.day(calendar.add(placed, total))
    room = calendar.between(placed, calendar.closing(due))
    factor = max(room, 0.5) / total
    plan = {
        key: (calendar.add(placed, start * factor), calendar.add(placed, end * factor))
        for key, (start, end) in hours.items()
    }
    return Placing(plan, due.isoformat(), placed)


def forecast(order: Order, now: datetime, calendar: WorkCalendar) -> datetime:
    """The likely finish of the order; for a finished one, when it was finished.

    The same as the latest end of `forecast_work`, against which the tests hold it: asked for with
    every report, working time is counted on from node to node and made a moment only at the end.
    """
    found = _counted(order, now, calendar)
    if found is not None:
        return found
    return max([a.end for a in forecast_work(order, now, calendar).values()], default=now)


def _counted(order: Order, now: datetime, calendar: WorkCalendar) -> datetime | None:
    axis = calendar.axis(now)
    start = axis.until(micros(now)) if axis is not None else None
    if axis is None or start is None:
        return None
    nodes, ends, done = order.nodes, dict[str, int](), now
    for spec in order.route.forward():
        node = nodes[spec.key]
        if node.completed and not node.held:
            if node.finished_at is not None and node.finished_at > done:
                done = node.finished_at
            continue
        begin = start
        for key in spec.after:
            if key in ends and ends[key] > begin and not nodes[key].completed:
                begin = ends[key]
        for at in _not_before(node, calendar) if node.held else ():
            until = axis.until(micros(at))
            if until is None:
                return None
            begin = max(begin, until)
        work = worked(_left(order, spec, node, now, calendar))
        if work <= 0:  # which ends where one begins to work, not where one stops
            return None
        ends[spec.key] = begin + work
    if not ends:
        return None
    last = axis.at(max(ends.values()))
    return max(moment(last), done) if last is not None else None


def forecast_nodes(order: Order, now: datetime, calendar: WorkCalendar) -> dict[str, datetime]:
    """The likely finish of every node; for a finished one, when it was finished."""
    return {key: ahead.end for key, ahead in forecast_work(order, now, calendar).items()}


@dataclass(frozen=True, slots=True)
class Ahead:
    """When the rest of a node's work is likely done, and its working hours; a finished node has
    none left.
    """

    begin: datetime
    end: datetime
    hours: float


def forecast_work(order: Order, now: datetime, calendar: WorkCalendar) -> dict[str, Ahead]:
    """What is left of every node, and when it is likely done, each after all it comes after."""
    found: dict[str, Ahead] = {}
    for spec in order.route.forward():
        node = order.nodes[spec.key]
        if node.completed and not node.held:
            end = node.finished_at or now
            found[spec.key] = Ahead(end, end, 0.0)
            continue
        begin = now
        for b in spec.after:
            if found[b].end > begin and not order.nodes[b].completed:
                begin = found[b].end
        if node.held:
            begin = max(begin, *_not_before(node, calendar), begin)
        hours = _left(order, spec, node, now, calendar)
        found[spec.key] = Ahead(begin, calendar.add(begin, hours), hours)
    return found


def deviation(
    order: Order, now: datetime, calendar: WorkCalendar, finish: datetime | None = None
) -> float:
    """Per cent of the promised working time by which the forecast (`finish`, where it is known
    already) misses the promise; never below zero.
    """
    return _percent(order, finish or forecast(order, now, calendar), calendar)


def level(percent: float) -> Level:
    """The level of a deviation in per cent."""
    if percent <= 0:
        return Level.NONE
    if percent < ORANGE_FROM:
        return Level.YELLOW
    return Level.ORANGE if percent <= RED_ABOVE else Level.RED


def days_late(order: Order, finish: datetime, calendar: WorkCalendar) -> int:
    """Working days by which a finish misses the promise; negative where it comes before it."""
    day = calendar.day(finish)
    if day > order.due and finish <= calendar.closing(order.due):
        return 0
    return calendar.workdays_between(order.due, day)


def promise_kept(
    order: Order, finish: datetime, calendar: WorkCalendar
) -> tuple[datetime, float, float]:
    """The end of the promised day, the working hours promised (a day's at least), and those by
    which a finish misses them; negative where it comes before.
    """
    promised = calendar.closing(order.due)
    room = calendar.between(order.placed or finish, promised)
    return promised, max(room, calendar.day_hours), calendar.between(promised, finish)


def _percent(order: Order, finish: datetime, calendar: WorkCalendar) -> float:
    _, room, late = promise_kept(order, finish, calendar)
    return round(late / room * 100, 1) if late > 0 else 0.0


def _left(order: Order, spec: NodeSpec, node: Node, now: datetime, calendar: WorkCalendar) -> float:
    """Working hours still to do at a node that is not finished."""
    hours = spec.hours(order.quantity)
    if node.status is Status.PENDING:
        return hours
    done = max(node.quantity / order.quantity if order.quantity else 0.0, node.share / 100)
    if done:
        return hours * max(1 - done, 0.0)
    if node.started_at is None or node.held or node.awaiting:
        return hours
    return max(hours - calendar.between(node.started_at, now), hours * 0.1)


def _not_before(node: Node, calendar: WorkCalendar) -> list[datetime]:
    """The reported end of a delay, if there is one."""
    if not node.held:
        return []
    if node.until:
        return [until_moment(node.until, calendar)]
    if node.delay_days and node.planned_finish:
        return [node.planned_finish + timedelta(days=node.delay_days)]
    return []


def until_moment(until: str, calendar: WorkCalendar) -> datetime:
    """The moment that a reported `until` (a local date or minute) stands for; a date means its
    first working minute.
    """
    if "T" in until:
        local = datetime.fromisoformat(until)
        return calendar.moment(local.date(), time(local.hour, local.minute))
    return calendar.opening(date.fromisoformat(until))
