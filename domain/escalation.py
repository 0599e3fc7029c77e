"""Who hears of what, after how long, how loud: the factory's declaration, read from one TOML file.

Quiet hours, clocks and chains stand in it; nothing here knows how a message is worded or sent.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from domain.alert import Alert
from domain.calendar import WorkCalendar
from domain.errors import RouteFault
from domain.notice import Loud
from domain.order import Order
from domain.person import Person, Role

DEFAULT = Path(__file__).with_name("escalation.toml")
_LOUD = {"quiet": Loud.QUIET, "mention": Loud.MENTION, "urgent": Loud.URGENT}
LONGEST = 1_000_000.0
"""Minutes, hours or times at most: beyond it nobody meant it."""
KINDS = ("silent", "problem", "yellow", "orange", "red", "draft")
"""What chains are declared for."""
Windows = tuple[tuple[time, time], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain: whom to tell after so many minutes (of working time, unless `always`),
    and again `every` so many, or `at` those times of working days; `times` in all.
    """

    after: float
    to: str
    loud: Loud
    every: float = 0.0
    times: int = 1
    always: bool = False
    at: tuple[time, ...] = ()

    def again(self, now: datetime, calendar: WorkCalendar) -> datetime:
        """When the step is repeated."""
        if not self.at:
            return self.next(now, self.every, calendar)
        day = calendar.day(now)
        for ahead in range(60):
            there = day + timedelta(days=ahead)
            moments = (calendar.moment(there, clock) for clock in sorted(self.at))
            found = next((m for m in moments if m > now and calendar.is_workday(there)), None)
            if found is not None:
                return found
        return now + timedelta(days=60)

    def next(self, at: datetime, minutes: float, calendar: WorkCalendar) -> datetime:
        """The moment that many minutes after another, as this step counts them."""
        if self.always or minutes <= 0:
            return at + timedelta(minutes=minutes)
        return calendar.add(at, minutes / 60)


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole declaration."""

    chains: Mapping[str, tuple[Step, ...]]
    supervisors: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    quiet: Windows = ()
    group: timedelta = timedelta(seconds=30)
    most: int = 6
    report: float = 2.0
    overdue: float = 9.0
    calm: timedelta = timedelta(hours=1)
    warn_days: int = 3

    def chain(self, kind: str) -> tuple[Step, ...]:
        """The steps of a kind; none for a kind that nobody declared."""
        return self.chains.get(kind, ())

    def speak_at(self, now: datetime, calendar: WorkCalendar) -> datetime:
        """The first moment from now on at which staff may be told: outside quiet hours, on a
        working day.
        """
        at = now
        for _ in range(90):
            if not calendar.is_workday(calendar.day(at)):
                at = calendar.moment(calendar.day(at) + timedelta(days=1), time(0, 0))
                continue
            clock = calendar.local(at).time()
            window = next((w for w in self.quiet if _within(clock, w)), None)
            if window is None:
                return at
            day = calendar.day(at)
            ahead = day if window[1] > clock else day + timedelta(days=1)
            at = calendar.moment(ahead, window[1])
        return at

    def named(self, role: str, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """Staff that a role's words name: by id, by name, or by a part of their title."""
        words = self.roles.get(role, ())
        staff = [p for p in people if p.role not in (Role.CUSTOMER, Role.SUPPLIER)]
        return tuple(
            p
            for p in staff
            if any(w in (p.id, p.name) or (p.title and w in p.title.lower()) for w in words)
        )

    def supervisor(self, order: Order, node: str, people: tuple[Person, ...]) -> tuple[Person, ...]:
        """Who supervises a node's team, where somebody is declared for it."""
        if node not in order.nodes:
            return ()
        spec = order.route.node(node)
        who = next(
            (
                self.supervisors[n]
                for n in (spec.team, spec.name, spec.key)
                if n in self.supervisors
            ),
            "",
        )
        return tuple(p for p in people if who and who in (p.id, p.name))

    def kind_of(self, alert: Alert) -> str:
        """The chain that an alert follows: red goes before everything."""
        return "red" if alert.level == "red" else alert.kind


def _within(clock: time, window: tuple[time, time]) -> bool:
    first, last = window
    return first <= clock < last if first < last else clock >= first or clock < last


def from_toml(text: str) -> Policy:
    """A policy from its text. Raises RouteFault `malformed-escalation` with what is wrong."""
    try:
        return _policy(tomllib.loads(text))
    except RouteFault:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise RouteFault("malformed-escalation", detail=str(error)[:200]) from error


def default() -> Policy:
    """The policy that comes with us."""
    return from_toml(DEFAULT.read_text(encoding="utf-8"))


def _policy(data: Mapping[str, Any]) -> Policy:
    quiet, clocks = data.get("quiet", {}), data.get("clocks", {})
    roles = {k: _words(k, v) for k, v in data.get("roles", {}).items()}
    known = {"team_lead", "supervisor", "manager", "merchandiser", *roles}
    chains = {k: _chain(k, v, known) for k, v in data.get("chain", {}).items()}
    return Policy(
        chains,
        {str(k): str(v) for k, v in data.get("supervisors", {}).items()},
        roles,
        {str(k): str(v) for k, v in data.get("reasons", {}).items()},
        tuple(_window(w) for w in quiet.get("hours", ())),
        timedelta(seconds=_number(quiet, "group_seconds", 30)),
        int(_number(quiet, "messages_a_day", 6)),
        _number(clocks, "report_hours", 2.0),
        _number(clocks, "overdue_hours", 9.0),
        timedelta(minutes=_number(clocks, "calm_minutes", 60)),
        int(_number(clocks, "warn_days", 3)),
    )


def _number(row: Mapping[str, Any], name: str, spare: float) -> float:
    """A number of a table, neither negative nor beyond all sense, which no NaN is."""
    found = float(row.get(name, spare))
    if not 0 <= found <= LONGEST:
        raise ValueError(f"{name} = {found}")
    return found


def _words(name: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise TypeError(f"{name} must be a list")
    return tuple(str(w).lower() if str(w).isascii() else str(w) for w in given)


def _clock(text: str) -> time:
    found = time.fromisoformat(text.strip())
    if found.tzinfo is not None:
        raise ValueError(text)
    return found


def _window(text: str) -> tuple[time, time]:
    first, _, last = text.partition("-")
    return _clock(first), _clock(last)


def _chain(kind: str, rows: Any, known: set[str]) -> tuple[Step, ...]:
    """The steps of one kind; what is wrong is said with its kind and place."""
    if not isinstance(rows, list):
        raise TypeError(f"chain.{kind} must be a list")
    steps = []
    for place, row in enumerate(rows):
        try:
            steps.append(_step(row, known))
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            what = f"missing {error}" if isinstance(error, KeyError) else str(error)[:200]
            raise RouteFault("malformed-escalation", detail=what, chain=kind, step=place) from error
    return tuple(steps)


def _step(row: Mapping[str, Any], known: set[str]) -> Step:
    to, loud = str(row["to"]), str(row.get("loud", "mention"))
    if to not in known or loud not in _LOUD:
        raise ValueError(f"no such recipient or loudness: {to}, {loud}")
    unknown = set(row) - {"after", "to", "loud", "every", "times", "always", "at"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    after, every = _number({"after": row["after"]}, "after", 0), _number(row, "every", 0)
    times = int(_number(row, "times", 1))
    if times < 1:
        raise ValueError(f"times = {times}")
    clocks = tuple(_clock(c) for c in row.get("at", ()))
    return Step(after, to, _LOUD[loud], every, times, bool(row.get("always", False)), clocks)
