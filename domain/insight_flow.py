"""Where the orders stand and how they come out: the figures, what somebody has to decide, orders at
their nodes, what is finished against what was promised.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.alert import Alert, AlertState
from domain.calendar import WorkCalendar
from domain.insight_life import CUSTOMER, Life, first_promise, overrun
from domain.insight_scope import Scope
from domain.node import Node, Status
from domain.order import Order
from domain.plan import forecast

WEEKLY_FROM = 60
"""From so many days on the trend is told by week."""
WEEK = 7
RANK = {"red": 0, "orange": 1, "problem": 2, "draft": 3, "silent": 4, "yellow": 5}
"""Which alerts are decided first; questions and confirmations come after them."""
LAST = 6


@dataclass(frozen=True, slots=True)
class Figures:
    """Open orders, how many of them are in trouble, are due today, wait for their customer."""

    open: int
    late: int
    today: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question of ours that waits for a person; `order_no` is empty where that is what is
    asked.
    """

    id: str
    person: str
    since: datetime
    order_no: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Something that waits for somebody: `kind` is an alert's kind, `question` or `confirm`;
    `what` its level or reason, or what a node waits for; `who` a person's id, if anybody has it.
    """

    kind: str
    order_no: str
    node: str
    what: str
    since: datetime
    who: str = ""


@dataclass(frozen=True, slots=True)
class Stand:
    """How many open orders stand at a node, by state, and how many left it today. `route` and
    `node` are what to call it by.
    """

    route: str
    node: str
    name: str
    waiting: int = 0
    working: int = 0
    delayed: int = 0
    to_confirm: int = 0
    done: int = 0

    @property
    def all(self) -> int:
        """Orders that stand there."""
        return self.waiting + self.working + self.delayed + self.to_confirm


@dataclass(frozen=True, slots=True)
class Bucket:
    """A day, or the seven days from `day` on: orders finished in time and late (against the first
    promise), orders promised for it, nodes finished and nodes planned to be.
    """

    day: date
    kept: int = 0
    late: int = 0
    promised: int = 0
    nodes: int = 0
    planned: int = 0


@dataclass(frozen=True, slots=True)
class Trend:
    """What was finished, bucket by bucket."""

    weekly: bool
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Promises:
    """Finished orders, and how many kept the first promise and the one valid at the end."""

    all: int
    first: int
    valid: int


def figures(lives: Iterable[Life], now: datetime, calendar: WorkCalendar) -> Figures:
    """The three figures, and who waits for their customer."""
    running = [one for one in lives if one.order.open]
    today = calendar.day(now)
    return Figures(
        open=len(running),
        late=sum(in_trouble(one, now, calendar) for one in running),
        today=sum(one.order.due == today for one in running),
        waiting=sum(awaits_customer(one.order) for one in running),
    )


def in_trouble(one: Life, now: datetime, calendar: WorkCalendar) -> bool:
    """Whether an open order is late by the factory: a node is, or the forecast misses the promise,
    waiting for the customer apart.
    """
    nodes = one.order.nodes.values()
    if any(n.status is Status.DELAYED and not (n.held and n.reason == CUSTOMER) for n in nodes):
        return True
    if awaits_customer(one.order):
        return False
    return overrun(one, one.order.due, forecast(one.order, now, calendar), calendar) > 0


def awaits_customer(order: Order) -> bool:
    """Whether an order waits for its customer somewhere."""
    return any(
        CUSTOMER in n.awaiting or (n.held and n.reason == CUSTOMER) for n in order.nodes.values()
    )


def decisions(
    lives: Mapping[str, Life], alerts: Iterable[Alert], questions: Iterable[Question], scope: Scope
) -> tuple[Decision, ...]:
    """What waits for somebody, the gravest and then the oldest first."""
    found: list[tuple[int, Decision]] = []
    for alert in alerts:
        if alert.state is AlertState.OPEN:
            kind = alert.level if alert.kind == "problem" and alert.level else alert.kind
            what = alert.reason if alert.kind == "problem" else alert.level or alert.kind
            row = Decision(
                alert.kind, alert.order_no, alert.node, what, alert.raised_at, alert.owner
            )
            found.append((RANK.get(kind, LAST), row))
    for asked in questions:
        if asked.order_no in lives or (not asked.order_no and not scope.narrow):
            row = Decision("question", asked.order_no, asked.node, "", asked.since, asked.person)
            found.append((LAST + 1, row))
    for one in lives.values():
        found += [(LAST, d) for d in _confirmations(one.order, scope)]
    found.sort(key=lambda f: (f[0], f[1].since, f[1].order_no, f[1].node))
    return tuple(row for _, row in found)


def _confirmations(order: Order, scope: Scope) -> list[Decision]:
    if not order.open:
        return []
    return [
        Decision("confirm", order.order_no, n.key, n.awaiting[0], n.reported_at or _since(order))
        for n in order.in_order()
        if n.status is Status.TO_CONFIRM and scope.node(order, n.key)
    ]


def _since(order: Order) -> datetime:
    at = order.placed or order.updated_at
    assert at is not None
    return at


def stands(
    lives: Iterable[Life], scope: Scope, now: datetime, calendar: WorkCalendar
) -> tuple[Stand, ...]:
    """Orders at their nodes along the routes. An order waits at a node if all before it is
    finished; parallel nodes count it once each.
    """
    midnight = calendar.moment(calendar.day(now), time(0, 0))
    counts: dict[tuple[str, str], dict[str, int]] = {}
    called: dict[tuple[str, str], tuple[str, str]] = {}
    places: dict[tuple[str, str], float] = {}
    for one in lives:
        order = one.order
        length = max(len(order.route.nodes) - 1, 1)
        for place, spec in enumerate(order.route.nodes):
            if order.cancelled or not scope.node(order, spec.key):
                continue
            key = (spec.key, spec.name)
            if order.open:
                called.setdefault(key, (order.route.key, spec.key))
                places.setdefault(key, place / length)
            state = _standing(order, order.nodes[spec.key], midnight)
            if state:
                called.setdefault(key, (order.route.key, spec.key))
                places.setdefault(key, place / length)
                kept = counts.setdefault(key, {})
                kept[state] = kept.get(state, 0) + 1
    return tuple(
        _stand(*called[key], key[1], counts.get(key, {}))
        for key in sorted(called, key=lambda k: (places[k], k))
    )


def _stand(route: str, node: str, name: str, counts: Mapping[str, int]) -> Stand:
    states = ("waiting", "working", "delayed", "to_confirm", "done")
    return Stand(route, node, name, *(counts.get(state, 0) for state in states))


def _standing(order: Order, node: Node, midnight: datetime) -> str:
    """Under what a node counts an order; empty if it does not."""
    if node.done:
        recent = node.finished_at is not None and node.finished_at >= midnight
        return "done" if recent else ""
    if not order.open:
        return ""
    match node.status:
        case Status.DELAYED:
            return "delayed"
        case Status.TO_CONFIRM:
            return "to_confirm"
        case Status.IN_PROGRESS:
            return "working"
        case _:
            return "" if order.open_before(node.key) else "waiting"


def trend(lives: Iterable[Life], scope: Scope, now: datetime, calendar: WorkCalendar) -> Trend:
    """Finished against promised, day by day; week by week over a long time."""
    size = WEEK if scope.days >= WEEKLY_FROM else 1
    today, count = calendar.day(now), -(-scope.days // size)
    first = today - timedelta(days=count * size - 1)
    rows = [[0] * 5 for _ in range(count)]

    def add(day: date, column: int) -> None:
        if first <= day <= today:
            rows[(day - first).days // size][column] += 1

    for one in lives:
        order = one.order
        if order.cancelled:
            continue
        add(order.due, 2)
        if one.done is not None:
            over = overrun(one, first_promise(order), one.done.made, calendar)
            add(calendar.day(one.done.made), 1 if over else 0)
        for key, node in order.nodes.items():
            if not scope.node(order, key):
                continue
            if node.completed and node.finished_at is not None:
                add(calendar.day(node.finished_at), 3)
            if node.planned_finish is not None:
                add(calendar.day(node.planned_finish), 4)
    days = (first + timedelta(days=n * size) for n in range(count))
    return Trend(size == WEEK, tuple(Bucket(d, *row) for d, row in zip(days, rows, strict=True)))


def promises(ended: Sequence[Life], calendar: WorkCalendar) -> Promises:
    """How many of some finished orders kept their promises."""
    first = valid = 0
    for one in ended:
        assert one.done is not None
        first += not overrun(one, first_promise(one.order), one.done.made, calendar)
        valid += not overrun(one, one.order.due, one.done.made, calendar)
    return Promises(len(ended), first, valid)
