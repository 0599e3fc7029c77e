"""What a customer hears of: which events are news, for whom, and when at the earliest.

By default four pushes: production begun (started, or done without a start), a core process done,
inspection
photos, shipped; every
change of date; and the
nodes somebody asked for. A push waits, so that an undo within the wait leaves no trace outside.
"""

import re
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


DONE = {"shipping": "shipped", "inspection": "inspected"}
"""What the completion of a node is called, by its role; else `node-done`."""


@dataclass(frozen=True, slots=True)
class News:
    """One thing to tell a follower: `what` is a wording key; `asked` if this node was asked for."""

    what: str
    node: str
    seq: int
    who: str
    asked: bool = False


_PREPARES = re.compile(
    "确认|下单|接单|打样|备料|采购|材料|物料|设计|排版|拆单|拼版|起版|工程|切片|报价"
    "|confirm|material|order|design|artwork"
)
_INSPECTS = re.compile("质检|品检|检验|验货|检测|测试|老化|qc|inspect|test")
_SHIPS = re.compile("发货|出货|寄出|交付|安装|ship|deliver|install")


SHORT = 4
"""A route of so few nodes without flags has no node that is not news."""


def role(route: Route, spec: NodeSpec) -> str:
    """What a node is to a customer: `begin`, `core`, `inspection`, `shipping`, or nothing.

    A route says so by its flags; for one that has none (a small factory's first draft) the names
    and the longest node tell.
    """
    flagged = any(n.milestone or n.core or n.inspection or n.shipping for n in route.nodes)
    return _flagged(route, spec) if flagged else _guessed(route, spec)


def _flagged(route: Route, spec: NodeSpec) -> str:
    if spec.shipping:
        return "shipping"
    if spec.inspection:
        return "inspection"
    first = next((n.key for n in route.nodes if n.milestone), "")
    if spec.key == first:
        return "begin"
    return "core" if spec.core or spec.milestone else ""


def _guessed(route: Route, spec: NodeSpec) -> str:
    kinds = {n.key: _kind(n) for n in route.nodes}
    if kinds[spec.key] in ("shipping", "inspection"):
        return kinds[spec.key]
    if len(route.nodes) <= SHORT:
        return "core"
    making = [n for n in route.nodes if kinds[n.key] == "making"]
    if not making:
        return "core" if spec.key == route.nodes[-1].key else ""
    if spec.key == making[0].key:
        return "begin"
    longest = max(making[1:], key=lambda n: n.standard_hours, default=making[0])
    last = route.nodes[-1].key
    return "core" if spec.key in (longest.key, last) else ""


def _kind(spec: NodeSpec) -> str:
    text = f"{spec.key} {spec.name}".lower()
    if _SHIPS.search(text):
        return "shipping"
    if _INSPECTS.search(text):
        return "inspection"
    return "preparing" if _PREPARES.search(text) else "making"


def is_news(route: Route, spec: NodeSpec) -> bool:
    """Whether the completion of a node is told to those who follow the whole order."""
    return spec.customer_visible and bool(role(route, spec))


def of(order: Order, events: Sequence[Event]) -> list[News]:
    """The news in these events of the order (as it stands after them), for each who follows."""
    found = []
    for event in events:
        for who in sorted({w for w, _ in order.followers}):
            what = _what(order, event, who)
            if what:
                asked = bool(event.node) and order.follows(who, event.node)
                found.append(News(what, event.node, event.seq, who, asked))
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
            begins = whole and role(order.route, spec) == "begin"
            return "node-started" if asked or begins else ""
        case NodeCompleted():
            if not order.nodes[event.node].done or not (asked or whole):
                return ""
            return DONE.get(role(order.route, spec), "node-done")
        case NodeProgressed(quantity=quantity) if (
            quantity and role(order.route, spec) == "shipping"
        ):
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
