"""Standard times against what the nodes really took, and the standard that would fit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from domain.calendar import WorkCalendar
from domain.order import Order
from domain.route import NodeSpec, Route

SAMPLES, ENOUGH, OFF = 200, 5, 0.25
"""Actuals of a node that are looked at, at least needed, and how far the median must be off."""
ACTUALS = timedelta(days=90)
"""How far back actuals of a node count."""


@dataclass(frozen=True, slots=True)
class Standard:
    """A node's standard that its actuals do not bear out. `old` and `new` are hours of the lot (of
    a piece, where the node has no hours of the lot); `ratio` is the median of actual to standard.
    """

    route: str
    node: str
    old: float
    new: float
    ratio: float
    samples: int


def base(spec: NodeSpec) -> float:
    """The number that a standard is known by: hours of the lot, else hours of a piece."""
    return spec.standard_hours or spec.minutes_per_piece / 60


def rescaled(route: Route, node: str, hours: float) -> Route:
    """A route whose node takes `hours` where it took `base` of it; its minutes a piece go along in
    proportion.
    """
    spec = route.node(node)
    factor = hours / base(spec)
    changed = replace(
        spec,
        standard_hours=hours if spec.standard_hours else 0.0,
        minutes_per_piece=round(spec.minutes_per_piece * factor, 3),
    )
    return replace(route, nodes=tuple(changed if n is spec else n for n in route.nodes))


def standards(
    orders: Iterable[Order], routes: Mapping[str, Route], now: datetime, calendar: WorkCalendar
) -> list[Standard]:
    """Nodes whose standard is off: at least five actuals of the last 90 days, and their median more
    than a quarter away. The worst first.
    """
    samples: dict[tuple[str, str], list[float]] = {}
    for order in sorted(orders, key=lambda o: (o.updated_at or now, o.order_no), reverse=True):
        route = routes.get(order.route.key)
        for spec in route.nodes if route else ():
            kept = samples.setdefault((order.route.key, spec.key), [])
            if len(kept) < SAMPLES and base(spec) > 0:
                hours = actual(order, spec.key, now - ACTUALS, calendar)
                if hours:
                    kept.append(hours / spec.hours(order.quantity))
    found = []
    for (key, node), ratios in samples.items():
        if len(ratios) < ENOUGH or abs((middle := median(ratios)) - 1) <= OFF:
            continue
        old = base(routes[key].node(node))
        new = rounded(old * middle)
        if new != old:
            found.append(Standard(key, node, old, new, round(middle, 2), len(ratios)))
    return sorted(found, key=lambda s: (-max(s.ratio, 1 / s.ratio), s.route, s.node))


def actual(order: Order, key: str, since: datetime, calendar: WorkCalendar) -> float:
    """Working hours that a node took: from its start, or, where only its end was reported, from
    when the work before it was finished. 0 if it is not finished since a moment, or nothing can be
    said.
    """
    span = taken(order, key)
    return calendar.between(*span) if span is not None and span[1] >= since else 0.0


def taken(order: Order, key: str) -> tuple[datetime, datetime] | None:
    """From when to when a finished node was worked at; None if nothing can be said."""
    node = order.nodes.get(key)
    if node is None or not node.completed or node.finished_at is None:
        return None
    begun = node.started_at
    if begun is None or begun >= node.finished_at:
        before = [order.nodes[k].finished_at for k in order.route.node(key).after]
        begun = max((at for at in before if at is not None), default=order.placed)
    if begun is None or begun >= node.finished_at:
        return None
    return begun, node.finished_at


def rounded(hours: float) -> float:
    """Hours as a person would set them: half hours, below four quarters, below one two digits."""
    if hours < 1:
        return float(f"{hours:.2g}")
    step = 0.5 if hours >= 4 else 0.25
    return max(round(hours / step), 1) * step
