"""What a customer hears of: which events are news, for whom, and when at the earliest.

By default four pushes: production begun (its first milestone done), a core process done, inspection
photos, shipped; every
change of date; and the
nodes somebody asked for. A push waits, so that an undo within the wait leaves no trace outside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from domain.calendar import WorkCalendar
from domain.events import DueChanged, Event, NodeCompleted, NodeProgressed, NodeStarted
from domain.order import Order
from domain.route import NodeSpec, Route


@dataclass(frozen=True, slots=True)
class PushRules:
    """When customers hear: the wait before a push, the window of one bundle, the hours of the
    day.
    """

    wait: timedelta = timedelta(minutes=3)
    bundle: timedelta = timedelta(minutes=30)
    hours: tuple[tuple[time, time], ...] = ((time(8, 30), time(20, 30)),)


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell a follower: `what` is a wording key."""

    what: str
    node: str
    seq: int
    who: str


def plain(route: Route) -> bool:
    """Whether a route names no milestones: then every visible node is one."""
    return not any(n.milestone or n.core or n.inspection or n.shipping for n in route.nodes)


def is_news(route: Route, spec: NodeSpec) -> bool:
    """Whether the completion of a node is told to those who follow the whole order."""
    if not spec.customer_visible:
        return False
    return plain(route) or spec.milestone or spec.core or spec.inspection or spec.shipping


def of(order: Order, events: Sequence[Event]) -> list[News]:
    """The news in these events of the order (as it stands after them), for each who follows."""
    found = []
    for event in events:
        for who in sorted({w for w, _ in order.followers}):
            what = _what(order, event, who)
            if what:
                found.append(News(what, event.node, event.seq, who))
    return found


def _what(order: Order, event: Event, who: str) -> str:
    if isinstance(event.fact, DueChanged):
        return "due-changed"
    if not event.node:
        return ""
    spec = order.route.node(event.node)
    asked = order.follows(who, event.node) and spec.customer_visible
    whole = order.follows(who, "") and is_news(order.route, spec)
    match event.fact:
        case NodeStarted():
            return "node-started" if asked else ""
        case NodeCompleted():
            if not order.nodes[event.node].done or not (asked or whole):
                return ""
            if spec.shipping:
                return "shipped"
            return "inspected" if spec.inspection else "node-done"
        case NodeProgressed(quantity=quantity) if spec.shipping and quantity:
            return "part-shipped" if asked or whole else ""
        case _:
            return ""


def earliest(
    now: datetime, last: datetime | None, rules: PushRules, calendar: WorkCalendar
) -> datetime:
    """When a push may leave: after the wait, together with a later one that waits already, else
    not within a bundle's window of the last, by day.
    """
    at = now + rules.wait
    if last is not None:
        at = last if last >= at else max(at, last + rules.bundle)
    return calendar.next_time(at, rules.hours)
