"""What the work takes and what it is held up by: node times against their standards, causes of
delay, and what lies before each team.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from statistics import fmean, median

from domain.calendar import WorkCalendar
from domain.insight_life import CUSTOMER, Hold, Life, lost, overrun
from domain.insight_scope import Scope
from domain.measures import team_of
from domain.person import Person, Role
from domain.plan import forecast_work
from domain.standards import taken

AHEAD = (5, 10)
"""Working days for which a team's load is told."""


@dataclass(frozen=True, slots=True)
class Took:
    """The working hours that a node took: mean, median, the values below which a tenth and nine
    tenths lie, and the median of what its standard allowed for the same orders.
    """

    route: str
    node: str
    name: str
    n: int
    mean: float
    median: float
    low: float
    high: float
    standard: float


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason for delay: the orders that it struck, the working hours that they lost by it, and
    the share of all hours lost by this and graver reasons, in per cent.
    """

    reason: str
    orders: int
    hours: float
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Load:
    """Standard hours that lie before a team in the next five and ten working days, and the hours
    that it has in them; `lines` is how many team leads it has.
    """

    team: str
    route: str
    node: str
    lines: int
    five: float
    ten: float
    room_five: float
    room_ten: float


def took(
    lives: Iterable[Life], scope: Scope, since: datetime, now: datetime, calendar: WorkCalendar
) -> tuple[Took, ...]:
    """Working times of nodes finished within a time, along the routes; waiting for the customer
    taken off.
    """
    hours: dict[tuple[str, str], list[tuple[float, float]]] = {}
    called: dict[tuple[str, str], tuple[str, str]] = {}
    places: dict[tuple[str, str], float] = {}
    for one in lives:
        order = one.order
        if order.cancelled:
            continue
        for place, spec in enumerate(order.route.nodes):
            span = taken(order, spec.key) if scope.node(order, spec.key) else None
            if span is None or not since <= span[1] <= now:
                continue
            theirs = [h for h in one.holds if h.node == spec.key and h.reason == CUSTOMER]
            net = calendar.between(*span) - lost(theirs, *span, calendar)
            if net <= 0:
                continue
            key = (spec.key, spec.name)
            called.setdefault(key, (order.route.key, spec.key))
            places.setdefault(key, place / max(len(order.route.nodes) - 1, 1))
            hours.setdefault(key, []).append((net, spec.hours(order.quantity)))
    return tuple(
        _took(*called[key], key[1], hours[key])
        for key in sorted(hours, key=lambda k: (places[k], k))
    )


def _took(route: str, node: str, name: str, pairs: Sequence[tuple[float, float]]) -> Took:
    actual = sorted(a for a, _ in pairs)
    return Took(
        route,
        node,
        name,
        len(actual),
        fmean(actual),
        median(actual),
        quantile(actual, 0.1),
        quantile(actual, 0.9),
        median(s for _, s in pairs),
    )


def quantile(ranked: Sequence[float], share: float) -> float:
    """The smallest of some ranked values that this share of them does not exceed (the inverse of
    the empirical distribution; Hyndman and Fan 1996, type 1).
    """
    return ranked[max(ceil(share * len(ranked)) - 1, 0)]


def causes(
    lives: Iterable[Life], scope: Scope, since: datetime, now: datetime, calendar: WorkCalendar
) -> tuple[tuple[Cause, ...], Cause | None]:
    """Reasons for delay within a time, the costliest first, and apart from them what orders waited
    for their customers. A late order without any reason counts under the empty one, with the hours
    by which it was late.
    """
    orders: dict[str, int] = {}
    hours: dict[str, float] = {}
    for one in lives:
        if one.order.cancelled:
            continue
        by_reason: dict[str, list[Hold]] = {}
        for hold in one.holds:
            if scope.node(one.order, hold.node):
                by_reason.setdefault(hold.reason, []).append(hold)
        found = {r: lost(own, since, now, calendar) for r, own in by_reason.items()}
        if not one.holds and one.done is not None and since <= one.done.made <= now:
            found[""] = overrun(one, one.order.due, one.done.made, calendar)
        for reason, cost in found.items():
            if cost > 0:
                orders[reason] = orders.get(reason, 0) + 1
                hours[reason] = hours.get(reason, 0.0) + cost
    ranked = sorted((r for r in orders if r != CUSTOMER), key=lambda r: (-hours[r], -orders[r], r))
    whole, sofar, rows = sum(hours[r] for r in ranked), 0.0, []
    for reason in ranked:
        sofar += hours[reason]
        rows.append(Cause(reason, orders[reason], hours[reason], sofar / whole * 100))
    theirs = Cause(CUSTOMER, orders[CUSTOMER], hours[CUSTOMER]) if CUSTOMER in orders else None
    return tuple(rows), theirs


def load(
    lives: Iterable[Life],
    scope: Scope,
    people: Sequence[Person],
    now: datetime,
    calendar: WorkCalendar,
) -> tuple[Load, ...]:
    """What lies before each team by the forecast, the fullest first. A team has its calendar's
    hours once for each of its leads.
    """
    day = calendar.week.hours
    ends = [calendar.add(now, days * day) for days in AHEAD]
    hours: dict[str, list[float]] = {}
    nodes: dict[str, dict[str, str]] = {}
    for one in lives:
        if not one.order.open:
            continue
        for key, ahead in forecast_work(one.order, now, calendar).items():
            if not ahead.hours or not scope.node(one.order, key):
                continue
            team = team_of(one.order.route, key)
            nodes.setdefault(team, {}).setdefault(key, one.order.route.key)
            sums = hours.setdefault(team, [0.0, 0.0])
            for n, end in enumerate(ends):
                if ahead.begin < end:
                    sums[n] += min(ahead.hours, calendar.between(ahead.begin, end))
    found = []
    for team, (five, ten) in hours.items():
        own = nodes[team]
        leads = sum(p.role is Role.OPERATOR and not set(own).isdisjoint(p.nodes) for p in people)
        node = next(iter(own))
        lines, room = max(leads, 1), max(leads, 1) * day
        found.append(
            Load(team, own[node], node, lines, five, ten, AHEAD[0] * room, AHEAD[1] * room)
        )
    return tuple(sorted(found, key=lambda x: (-x.five / x.room_five, x.team)))
