"""The morning's facts: what needs a decision, what waits on others, what each team owes today, what
was done, what is silent. Every order is looked at once; rows are made of the few that are shown.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.alert import Alert, AlertState
from domain.calendar import WorkCalendar
from domain.escalation import Policy
from domain.node import Node, Status
from domain.order import Order
from domain.person import Person, Role
from domain.plan import Level, deviation, level

DECISIONS, WAITING, TEAMS, JOBS, STALE = 5, 5, 8, 4, 5
"""Lines of each part at most; the rest is counted."""
GRAVE = (Level.ORANGE.value, Level.RED.value)


@dataclass(frozen=True, slots=True)
class Factory:
    """What the digest is made of. `done` counts nodes completed since the last working day began,
    `ended` are end and first promise of the orders that ended in the last 30 days.
    """

    orders: tuple[Order, ...]
    alerts: tuple[Alert, ...] = ()
    people: tuple[Person, ...] = ()
    policy: Policy | None = None
    done: int = 0
    ended: tuple[tuple[datetime, date], ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """An order that somebody has to decide about, at a node; `alert` is what asks for it."""

    order: Order
    node: Node
    percent: float
    alert: Alert | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A node of an order that waits or is silent: since when, and for whom (`role`, `customer`,
    `photo`) or whose it is (a person's id).
    """

    order: Order
    node: Node
    since: datetime
    whom: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Morning:
    """The digest as plain data, and all that its rows were chosen from."""

    day: date
    facts: dict[str, Any]
    decide: tuple[Decision, ...] = ()
    wait: tuple[Place, ...] = ()
    stale: tuple[Place, ...] = ()

    def marks(self) -> dict[str, Any]:
        """What is compared later in the day, as plain data."""
        return {
            "decide": {d.order.order_no: d.node.key for d in self.decide},
            "wait": [mark(w) for w in self.wait],
            "stale": [mark(s) for s in self.stale],
        }


@dataclass(slots=True)
class _Found:
    """What was found so far, while the orders are gone through."""

    decide: list[Decision] = field(default_factory=list)
    wait: list[Place] = field(default_factory=list)
    stale: list[Place] = field(default_factory=list)
    jobs: dict[str, list[tuple[Order, Node]]] = field(default_factory=dict)


def morning(factory: Factory, now: datetime, calendar: WorkCalendar) -> Morning:
    """Gather it."""
    day = calendar.day(now)
    tonight = calendar.moment(day + timedelta(days=1), time(0, 0))
    report = factory.policy.report if factory.policy else 2.0
    found = _Found()
    alerts: dict[str, list[Alert]] = {}
    for alert in factory.alerts:
        alerts.setdefault(alert.order_no, []).append(alert)
    for order in factory.orders:
        _judge(found, order, alerts.get(order.order_no, []), deviation(order, now, calendar))
        for node in order.nodes.values():
            if (node.completed and not node.awaiting) or node.held:
                continue
            if node.awaiting:
                _waits(found, order, node, now)
            elif node.planned_finish is not None and node.planned_finish < tonight:
                _owed(found, order, node, now, calendar, report)
    found.decide.sort(key=lambda d: (-d.percent, d.order.order_no))
    for places in (found.wait, found.stale):
        places.sort(key=lambda p: (p.since, p.order.order_no))
    facts = _facts(found, factory, day, calendar)
    return Morning(day, facts, tuple(found.decide), tuple(found.wait), tuple(found.stale))


def _judge(found: _Found, order: Order, alerts: list[Alert], percent: float) -> None:
    """Whether the order needs a decision: something is held and nobody has it, a grave level is not
    answered. What somebody has taken waits for that one.
    """
    held = [n for n in order.in_order() if n.held]
    asked = next((a for a in alerts if unanswered(a)), None)
    if not held and asked is None and level(percent) is not Level.RED:
        return
    current = held or order.current()
    known = order.nodes.get(asked.node) if asked else None
    node = held[0] if held else known or (current[0] if current else None)
    if node is None:
        return
    about = [a for a in alerts if a.kind in ("problem", *GRAVE) and a.node == node.key]
    taken = next((a for a in about if a.state is AlertState.ACKNOWLEDGED), None)
    had = {a.node for a in alerts if a.state is AlertState.ACKNOWLEDGED}
    loose = any(n.key not in had for n in held)
    if asked is None and taken is not None and not loose:
        since = taken.taken_at or taken.raised_at
        found.wait.append(Place(order, node, since, who=taken.owner or taken.taken_by))
        return
    raised = asked or next((a for a in about if a.state is AlertState.OPEN), None)
    found.decide.append(Decision(order, node, percent, raised))


def unanswered(alert: Alert) -> bool:
    """Whether an alarm of a grave level still asks: orange until its cause and countermeasure are
    given, red until it is taken.
    """
    if alert.kind == Level.RED.value:
        return alert.state is AlertState.OPEN
    grave = alert.kind == Level.ORANGE.value or alert.level in GRAVE
    return grave and not alert.answer and alert.state is not AlertState.RESOLVED


def _waits(found: _Found, order: Order, node: Node, now: datetime) -> None:
    """A node that waits for a nod or a photo."""
    whom = next((a for a in node.awaiting if a != "photo"), "photo")
    found.wait.append(Place(order, node, node.reported_at or now, whom))


def _owed(
    found: _Found, order: Order, node: Node, now: datetime, calendar: WorkCalendar, report: float
) -> None:
    """A node under way, or next to begin, whose plan ends today or before; silent, if nothing was
    heard of it for the hours of the reporting rule.
    """
    ready = not order.open_before(node.key)
    if not ready and node.status is not Status.IN_PROGRESS:
        return
    spec = order.route.node(node.key)
    found.jobs.setdefault(spec.team or spec.name, []).append((order, node))
    assert node.planned_finish is not None
    if not ready or now - node.planned_finish < timedelta(hours=report):
        return
    ends = [order.nodes[b].finished_at for b in spec.after]
    heard = [node.planned_finish, *(t for t in (node.reported_at, *ends) if t is not None)]
    if calendar.between(max(heard), now) > report:
        found.stale.append(Place(order, node, max(heard)))


def _facts(found: _Found, factory: Factory, day: date, calendar: WorkCalendar) -> dict[str, Any]:
    jobs = _teams(found.jobs, factory.people)
    return {
        "day": day.isoformat(),
        "since": last_workday(day, calendar).isoformat(),
        "open": len(factory.orders),
        "today": sum(o.due == day for o in factory.orders),
        "jobs": jobs,
        "jobs_all": sum(len(rows) for rows in found.jobs.values()),
        "done": factory.done,
        "hits": sum(calendar.day(end) <= due for end, due in factory.ended),
        "finished": len(factory.ended),
        **parts(found.decide, found.wait, found.stale, factory, day, calendar),
    }


def parts(
    decide: list[Decision],
    wait: list[Place],
    stale: list[Place],
    factory: Factory,
    day: date,
    calendar: WorkCalendar,
) -> dict[str, Any]:
    """Rows of decisions, of what waits and of what is silent, as many as are shown."""
    return {
        "decide": [_decision(d, factory) for d in decide[:DECISIONS]],
        "decide_more": max(len(decide) - DECISIONS, 0),
        "wait": [_waited(w, day, calendar) for w in wait[:WAITING]],
        "wait_more": max(len(wait) - WAITING, 0),
        "stale": [_silent(s, factory) for s in stale[:STALE]],
        "stale_more": max(len(stale) - STALE, 0),
    }


def _decision(found: Decision, factory: Factory) -> dict[str, Any]:
    order, node, alert = found.order, found.node, found.alert
    ask = (node.reason or "none") if node.held else level(found.percent).value
    if not node.held and ask not in GRAVE:
        ask = Level.ORANGE.value
    return {
        "order": order.order_no,
        "node": node.key,
        "alert": alert.told_as if alert is not None else "",
        "ask": ask,
        "who": owner(node, alert, factory),
    }


def owner(node: Node, alert: Alert | None, factory: Factory) -> str:
    """Whom a decision is asked of: who has the alarm, else whoever the reason is theirs to see to,
    else the team's lead; empty if nobody is known.
    """
    if alert is not None and (alert.owner or alert.taken_by):
        return alert.owner or alert.taken_by
    policy = factory.policy
    role = policy.reasons.get(node.reason, "") if policy and node.held else ""
    named = policy.named(role, factory.people) if policy and role else ()
    return named[0].id if named else next(iter(leads((node.key,), factory.people)), "")


def leads(nodes: tuple[str, ...], people: tuple[Person, ...]) -> list[str]:
    """The team leads of nodes, by id."""
    return [p.id for p in people if p.role is Role.OPERATOR and not set(nodes).isdisjoint(p.nodes)]


def _waited(place: Place, day: date, calendar: WorkCalendar) -> dict[str, Any]:
    row: dict[str, Any] = {"order": place.order.order_no, "node": place.node.key}
    if place.who:
        return row | {"who": place.who}
    days = calendar.workdays_between(calendar.day(place.since), day)
    return row | {"whom": place.whom, "days": days}


def _silent(place: Place, factory: Factory) -> dict[str, Any]:
    who = next(iter(leads((place.node.key,), factory.people)), place.node.reported_by)
    return {"order": place.order.order_no, "node": place.node.key, "who": who}


def _teams(
    jobs: dict[str, list[tuple[Order, Node]]], people: tuple[Person, ...]
) -> list[dict[str, Any]]:
    """Teams along the route, each with its leads and what is due first."""
    ranked = []
    for team, rows in jobs.items():
        rows.sort(key=lambda r: (r[1].planned_finish, r[0].order_no))
        keys = tuple(dict.fromkeys(n.key for _, n in rows))
        place = min(o.route.keys().index(n.key) for o, n in rows[:JOBS])
        row = {
            "team": team,
            "leads": leads(keys, people)[:2],
            "jobs": [_job(o, n) for o, n in rows[:JOBS]],
            "more": max(len(rows) - JOBS, 0),
        }
        ranked.append((place, team, row))
    return [row for _, _, row in sorted(ranked, key=lambda r: r[:2])[:TEAMS]]


def _job(order: Order, node: Node) -> dict[str, Any]:
    left = order.quantity - node.quantity - node.scrap
    return {
        "order": order.order_no,
        "node": node.key,
        "left": left if node.quantity else 0,
        "all": order.quantity,
    }


def mark(place: Place) -> str:
    """A place as it is compared later in the day."""
    return "/".join(p for p in (place.order.order_no, place.node.key, place.whom or place.who) if p)


def last_workday(day: date, calendar: WorkCalendar) -> date:
    """The last working day before one."""
    for back in range(1, 31):
        if calendar.is_workday(day - timedelta(days=back)):
            return day - timedelta(days=back)
    return day - timedelta(days=1)


def since(now: datetime, calendar: WorkCalendar) -> tuple[datetime, datetime]:
    """From the begin of the last working day before today up to midnight."""
    day = calendar.day(now)
    last = last_workday(day, calendar)
    return calendar.moment(last, time(0, 0)), calendar.moment(day, time(0, 0))
