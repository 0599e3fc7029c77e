"""The manager's cockpit as plain data: what the books hold at one moment, weighed for a time and
for a part of the orders.

Nothing is read here and nothing is worded. What each number means stands in
`docs/reference/cockpit.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from domain import insight_flow as flow
from domain import insight_work as work
from domain.alert import Alert
from domain.calendar import WorkCalendar
from domain.insight_flow import Decision, Figures, Promises, Question, Stand, Trend
from domain.insight_life import Life
from domain.insight_scope import Scope
from domain.insight_work import Cause, Load, Took
from domain.measures import Latency, Warned, judged, slowest
from domain.person import Person
from domain.route import NodeSpec


@dataclass(frozen=True, slots=True)
class Said:
    """How many messages the bot wrote unasked in a group, a day."""

    group: str
    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Scene:
    """What the books hold. `lives` are open orders and those that ended, or were promised, within
    the scope's days; `alerts` are not resolved; `answered` and `passed` customers' questions that
    we answered and that went to a person.
    """

    now: datetime
    lives: tuple[Life, ...] = ()
    alerts: tuple[Alert, ...] = ()
    questions: tuple[Question, ...] = ()
    people: tuple[Person, ...] = ()
    answered: int = 0
    passed: int = 0
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """What the filters offer: routes (key, name), teams (with a route and node to call them by),
    customers' ids.
    """

    routes: tuple[tuple[str, str], ...] = ()
    teams: tuple[tuple[str, str, str], ...] = ()
    customers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cockpit:
    """Everything that the cockpit shows. Times of work are in working hours. `specs` are nodes by
    the keys of their route and their own, `names` people's by id, `routes` those of open orders by
    number.
    """

    scope: Scope
    since: datetime
    now: datetime
    figures: Figures
    decisions: tuple[Decision, ...]
    stands: tuple[Stand, ...]
    trend: Trend
    promises: Promises
    took: tuple[Took, ...]
    causes: tuple[Cause, ...]
    customer: Cause | None
    warned: Warned
    judged: int
    load: tuple[Load, ...]
    alerts: tuple[Alert, ...]
    latency: tuple[Latency, ...]
    answered: int
    passed: int
    said: tuple[Said, ...]
    choices: Choices = field(default_factory=Choices)
    specs: Mapping[tuple[str, str], NodeSpec] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    routes: Mapping[str, str] = field(default_factory=dict)


def begin(now: datetime, days: int, calendar: WorkCalendar) -> datetime:
    """Midnight of the first of so many days that end today."""
    return calendar.moment(calendar.day(now) - timedelta(days=days - 1), time(0, 0))


def weigh(scene: Scene, scope: Scope, calendar: WorkCalendar) -> Cockpit:
    """The cockpit of a scene."""
    now, since = scene.now, begin(scene.now, scope.days, calendar)
    lives = tuple(one for one in scene.lives if scope.takes(one.order))
    routes = {id(one.order.route): one.order.route for one in scene.lives}.values()
    there = {one.order.order_no: one for one in lives}
    ended = [one for one in lives if one.done is not None and since <= one.done.made <= now]
    causes, customer = work.causes(lives, scope, since, now, calendar)
    finals = [one.done for one in ended if one.done is not None]
    alerts = [a for a in scene.alerts if a.order_no in there and scope.at(there, a)]
    reports = [
        w for one in lives for w in one.waits
        if since <= w.at <= now and scope.team in ("", w.team)
    ]  # fmt: skip
    return Cockpit(
        scope=scope,
        since=since,
        now=now,
        figures=flow.figures(lives, now, calendar),
        decisions=flow.decisions(there, alerts, scene.questions, scope),
        stands=flow.stands(lives, scope, now, calendar),
        trend=flow.trend(lives, scope, now, calendar),
        promises=flow.promises(ended, calendar),
        took=work.took(lives, scope, since, now, calendar),
        causes=causes,
        customer=customer,
        warned=judged(finals, calendar),
        judged=len(finals),
        load=work.load(lives, scope, scene.people, now, calendar),
        alerts=tuple(sorted(alerts, key=lambda a: (a.raised_at, a.id))),
        latency=tuple(slowest(reports)),
        answered=scene.answered,
        passed=scene.passed,
        said=scene.said,
        choices=_choices(scene.lives),
        specs={(r.key, n.key): n for r in routes for n in r.nodes},
        names={p.id: p.name for p in scene.people},
        routes={no: one.order.route.key for no, one in there.items() if one.order.open},
    )


def _choices(lives: tuple[Life, ...]) -> Choices:
    routes: dict[str, str] = {}
    teams: dict[str, tuple[str, str]] = {}
    customers: set[str] = set()
    for one in lives:
        route = one.order.route
        routes[route.key] = route.name
        customers.add(one.order.customer)
        for spec in route.nodes:
            teams.setdefault(spec.team or spec.name, (route.key, spec.key))
    return Choices(
        tuple(sorted(routes.items(), key=lambda r: (r[1], r[0]))),
        tuple((team, *place) for team, place in teams.items()),
        tuple(sorted(c for c in customers if c)),
    )
