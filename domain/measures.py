"""The measures about ourselves: promises kept, warnings that were right, orders that were delayed,
reports that came late.

Pure: orders, events and a calendar in, numbers out. What each number means is said once, here and
in `docs/reference/review.md`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from statistics import median

from domain.calendar import WorkCalendar
from domain.events import (
    REPORTS,
    DueChanged,
    Event,
    InspectionFailed,
    LevelChanged,
    NodeCompleted,
    NodeDelayed,
    NodeReworked,
    OrderPlaced,
    ReportUndone,
)
from domain.order import Order, empty, evolve
from domain.plan import Level
from domain.route import Route

MEANT = {NodeReworked: "rework", InspectionFailed: "quality"}
"""The reason of a report that gave none."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished order, when the books first knew it to be so (and still do), and its history
    without what was undone.
    """

    order: Order
    at: datetime
    history: tuple[Event, ...]

    @property
    def made(self) -> datetime:
        """When its last node was finished."""
        ends = [n.finished_at for n in self.order.nodes.values() if n.finished_at]
        return max(ends, default=self.at)


@dataclass(frozen=True, slots=True)
class Warned:
    """How the warnings of some orders turned out; `leads` are working days between the warning and
    the promise, of those that were right.
    """

    right: int = 0
    wrong: int = 0
    missed: int = 0
    leads: tuple[int, ...] = ()

    @property
    def precision(self) -> float | None:
        """The share of warnings that were right; None without any."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """The share of late orders that were warned of; None without any."""
        return _share(self.right, self.right + self.missed)


@dataclass(frozen=True, slots=True)
class Latency:
    """How late a team reports. `recorded` are minutes from when it happened to when it was
    recorded, `planned` working hours from the planned finish to the report of a finished node
    (below zero: before it); median and 95th percentile each, None without any.
    """

    team: str
    route: str
    node: str
    reports: int
    recorded: tuple[float, float]
    planned: tuple[float, float] | None


def late(finish: datetime, due: date, calendar: WorkCalendar) -> bool:
    """Whether a finish misses a promise; the night shift of the promised day still keeps it."""
    return calendar.day(finish) > due and finish > calendar.closing(due)


def standing(events: Iterable[Event]) -> tuple[Event, ...]:
    """Events, of one order or of many, without what was undone among them."""
    found = tuple(events)
    gone = {
        (e.order_no, seq)
        for e in found
        if isinstance(e.fact, ReportUndone)
        for seq in e.fact.undone
    }
    return tuple(e for e in found if (e.order_no, e.seq) not in gone)


def finished(order: Order, history: Sequence[Event]) -> Finished | None:
    """When an order became finished for good; None for one that is not."""
    if order.cancelled or not order.finished:
        return None
    now, at, was = empty(order.order_no, order.route), None, False
    for place, event in enumerate(history):
        past = history[:place] if isinstance(event.fact, ReportUndone) else ()
        now = evolve(now, event, past)
        if now.finished and not was:
            at = event.recorded_at
        was = now.finished
    return Finished(order, at, standing(history)) if at is not None else None


def on_time(done: Finished, calendar: WorkCalendar) -> bool:
    """Whether the promise given at placing was kept."""
    return not late(done.made, done.order.promises[0].due, calendar)


def judged(orders: Iterable[Finished], calendar: WorkCalendar) -> Warned:
    """Every warning of finished orders, marked: right if the order finished later than the promise
    valid when it was first warned of, wrong if it did not and the promise never moved after that
    (one that moved is no proof either way); missed if it finished later than its last promise
    without any warning.
    """
    right = wrong = missed = 0
    leads: list[int] = []
    for done in orders:
        at, promise, moved = _first_warning(done)
        if at is None:
            missed += late(done.made, done.order.due, calendar)
        elif late(done.made, promise, calendar):
            right += 1
            leads.append(calendar.workdays_between(calendar.day(at), promise))
        else:
            wrong += not moved
    return Warned(right, wrong, missed, tuple(leads))


def _first_warning(done: Finished) -> tuple[datetime | None, date, bool]:
    """When it was first warned of, the promise then, and whether that moved later."""
    promise, at, moved = done.order.promises[0].due, None, False
    for event in done.history:
        match event.fact:
            case OrderPlaced(due=due) if at is None:
                promise = date.fromisoformat(due)
            case DueChanged(due=due):
                moved = moved or at is not None
                promise = promise if at is not None else date.fromisoformat(due)
            case LevelChanged(level=level) if at is None and level != Level.NONE.value:
                if event.recorded_at <= done.at:
                    at = event.recorded_at
    return at, promise, moved


def causes(order: Order, events: Iterable[Event]) -> dict[str, set[str]]:
    """Reasons of what went wrong in events of an order, each with the nodes it struck."""
    found: dict[str, set[str]] = {}
    for event in events:
        fact = event.fact
        if not isinstance(fact, NodeDelayed | NodeReworked | InspectionFailed):
            continue
        if event.node in order.nodes:
            reason = fact.reason or MEANT.get(type(fact), "")
            found.setdefault(reason, set()).add(event.node)
    return found


def slipped(order: Order) -> str:
    """The first node that was finished after its plan: where an order that nobody gave a reason for
    lost its time; empty if there is none.
    """
    ended = [
        (n.finished_at, n.key)
        for n in order.in_order()
        if n.finished_at and n.planned_finish and n.finished_at > n.planned_finish
    ]
    return min(ended)[1] if ended else ""


def delays(
    struck: Mapping[str, tuple[Order, Sequence[Event]]], over: Iterable[Finished]
) -> tuple[int, Counter[str], Counter[tuple[str, str, str]]]:
    """Delayed orders: how many, by cause, by team (with a route and a node to call it by).

    `struck` are the orders of a time with their events in it, `over` those that finished late.
    Each order counts once for a cause and once for a team.
    """
    late_ones = {f.order.order_no: f for f in over}
    by_cause: Counter[str] = Counter()
    teams: dict[str, tuple[str, str, str]] = {}
    by_team: Counter[str] = Counter()
    count = 0
    for number in sorted(struck.keys() | late_ones.keys()):
        done = late_ones.get(number)
        order, events = (done.order, done.history) if done else struck[number]
        found = causes(order, events)
        if not found and done is None:
            continue
        count += 1
        found = found or {"": {n for n in (slipped(order),) if n}}
        by_cause.update(found.keys())
        hit = {team_of(order.route, n): n for nodes in found.values() for n in sorted(nodes)}
        for team, node in hit.items():
            teams.setdefault(team, (team, order.route.key, node))
            by_team[team] += 1
    return count, by_cause, Counter({teams[t]: n for t, n in by_team.items()})


def team_of(route: Route, node: str) -> str:
    """Whose a node is: its team, or its own name where no team is declared."""
    spec = route.node(node)
    return spec.team or spec.name


@dataclass(frozen=True, slots=True)
class Wait:
    """One report: whose it was, when it was recorded, how many minutes after it happened, and how
    many working hours after the planned finish (None unless it says that a node is finished).
    """

    team: str
    route: str
    node: str
    at: datetime
    recorded: float
    planned: float | None


def waits(order: Order, events: Iterable[Event], calendar: WorkCalendar) -> list[Wait]:
    """How late each report about an order came."""
    found = []
    for event in events:
        if not isinstance(event.fact, REPORTS) or event.node not in order.nodes:
            continue
        waited = (event.recorded_at - event.occurred_at).total_seconds() / 60
        plan = order.nodes[event.node].planned_finish
        over = None
        if isinstance(event.fact, NodeCompleted) and plan is not None:
            over = calendar.between(plan, event.recorded_at)
        team = team_of(order.route, event.node)
        key = order.route.key
        found.append(Wait(team, key, event.node, event.recorded_at, max(waited, 0.0), over))
    return found


def latencies(
    orders: Mapping[str, Order], events: Iterable[Event], calendar: WorkCalendar
) -> list[Latency]:
    """How late each team's reports of a time came; the slowest first."""
    known = [(orders[e.order_no], e) for e in events if e.order_no in orders]
    return slowest([wait for order, event in known for wait in waits(order, (event,), calendar)])


def slowest(found: Iterable[Wait]) -> list[Latency]:
    """Reports by team, the slowest team first."""
    teams: dict[str, list[Wait]] = {}
    for wait in found:
        teams.setdefault(wait.team, []).append(wait)
    rows = []
    for team, own in teams.items():
        planned = [w.planned for w in own if w.planned is not None]
        rows.append(
            Latency(
                team,
                own[0].route,
                own[0].node,
                len(own),
                spread([w.recorded for w in own]),
                spread(planned) if planned else None,
            )
        )
    return sorted(rows, key=lambda x: (-(x.planned or (0, -1e9))[1], -x.recorded[1], x.team))


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile (the smallest value that 95 % do not exceed), to a tenth."""
    ranked = sorted(values)
    high = ranked[ceil(0.95 * len(ranked)) - 1]
    return round(median(ranked), 1), round(high, 1)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
