"""How well a supplier keeps its word, over the last ninety days, and how far ahead it may see
demand for that. Every share carries the number of its cases; without a case there is no share.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from domain.calendar import WorkCalendar
from domain.needs import Need, NeedState

WINDOW = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many cases."""

    hits: int
    cases: int

    @property
    def percent(self) -> float | None:
        """In per cent to a tenth; None without a case."""
        return round(self.hits / self.cases * 100, 1) if self.cases else None


@dataclass(frozen=True, slots=True)
class Figure:
    """A median and the number of its cases; None without one."""

    value: float | None
    cases: int


@dataclass(frozen=True, slots=True)
class Record:
    """How a supplier did.

    `kept`: of the needs whose first promised day lies in the window and is over (or that came
    before it), those that had come in full on that day. A later promise mends nothing.
    `in_time`: the same against the day that was asked for first.
    `passed`: of the needs checked in the window, those of which nothing went back.
    `confirming`: working hours from the asking to the first promise, median.
    `warning`: working days by which a change of a day was said ahead of the day that was valid,
    median; below zero if it was said after it.
    """

    kept: Share
    in_time: Share
    passed: Share
    confirming: Figure
    warning: Figure


def record(needs: Iterable[Need], today: date, calendar: WorkCalendar) -> Record:
    """The record of one supplier's needs on a day."""
    since = today - WINDOW
    alive = [n for n in needs if n.state is not NeedState.CANCELLED]
    kept = [hit for n in alive if (hit := _kept(n, _first(n), since, today, calendar)) is not None]
    timely = [
        hit for n in alive if (hit := _kept(n, n.asked_by, since, today, calendar)) is not None
    ]
    checked = [n for n in alive if n.checked_at is not None and calendar.day(n.checked_at) > since]
    return Record(
        Share(sum(kept), len(kept)),
        Share(sum(timely), len(timely)),
        Share(sum(n.returned == "0" for n in checked), len(checked)),
        _middle(_confirming(alive, since, calendar)),
        _middle(_warnings(alive, since, calendar)),
    )


def came_on(need: Need, calendar: WorkCalendar) -> date | None:
    """The day on which all of it had come; None if something is still to come. A need that was
    checked while something lacked counts from its last delivery.
    """
    if need.open or not need.deliveries:
        return None
    return calendar.day(need.deliveries[-1].at)


def _first(need: Need) -> date | None:
    return need.given[0].day if need.given else None


def _kept(
    need: Need, day: date | None, since: date, today: date, calendar: WorkCalendar
) -> bool | None:
    """Whether it had come by a day; None if that is no case of the window, or not over yet."""
    if day is None:
        return None
    came = came_on(need, calendar)
    if came is None:
        return False if since < day < today else None
    return came <= day if since < max(day, came) and came <= today else None


def _confirming(needs: Sequence[Need], since: date, calendar: WorkCalendar) -> list[float]:
    return [
        max(calendar.between(n.asked_at, n.confirmed_at), 0.0)
        for n in needs
        if n.confirmed_at is not None and calendar.day(n.confirmed_at) > since
    ]


def _warnings(needs: Sequence[Need], since: date, calendar: WorkCalendar) -> list[float]:
    found = []
    for need in needs:
        days = [need.asked_by] if need.given and need.given[0].day != need.asked_by else []
        days += [g.day for g in need.given]
        changes = need.given if len(days) > len(need.given) else need.given[1:]
        for before, change in zip(days, changes, strict=False):
            said = calendar.day(change.at)
            if said > since:
                found.append(float(calendar.workdays_between(said, before)))
    return found


def _middle(values: Sequence[float]) -> Figure:
    return Figure(round(median(values), 1) if values else None, len(values))


@dataclass(frozen=True, slots=True)
class Step:
    """From this share of kept promises (per cent) on, so many days ahead."""

    days: int
    percent: float = 0.0


@dataclass(frozen=True, slots=True)
class Steps:
    """The reward: steps from the least to the most; `cases` are needed for any above the first."""

    steps: tuple[Step, ...] = (Step(7), Step(14, 85.0), Step(28, 95.0))
    cases: int = 5


STEPS = "supply/steps"
"""The setting that holds the factory's own steps."""
_STEP = re.compile(r"(\d{1,3})(?:@(\d{1,3}(?:\.\d)?))?", re.ASCII)
_STEPS = re.compile(r"\d{1,3}(, ?\d{1,3}@\d{1,3}(\.\d)?)*; ?\d{1,3}", re.ASCII)


def steps_from(text: str) -> Steps:
    """Steps as the setting writes them: `7, 14@85, 28@95; 5`. Anything else means the defaults."""
    if not _STEPS.fullmatch(text.strip()):
        return Steps()
    head, _, cases = text.partition(";")
    found = [Step(int(d), float(p or 0)) for d, p in _STEP.findall(head)]
    rising = all(a.days < b.days and a.percent < b.percent for a, b in pairwise(found))
    good = rising and found[0].days > 0 and found[-1].percent <= 100
    return Steps(tuple(found), max(int(cases), 1)) if good else Steps()


def steps_text(steps: Steps) -> str:
    """The setting for steps."""
    head = [f"{s.days}@{s.percent:g}" if s.percent else str(s.days) for s in steps.steps]
    return f"{', '.join(head)}; {steps.cases}"


@dataclass(frozen=True, slots=True)
class Reward:
    """What a supplier sees ahead, and what it takes to see further: `next` is the step above,
    `lacks` the cases it needs before its share counts.
    """

    days: int
    next: Step | None = None
    lacks: int = 0


def reward(found: Record, steps: Steps) -> Reward:
    """How many days ahead a supplier sees demand, by its record."""
    share, cases = found.kept.percent or 0.0, found.kept.cases
    reached = [n for n, s in enumerate(steps.steps) if share >= s.percent]
    place = max(reached, default=0) if cases >= steps.cases else 0
    above = steps.steps[place + 1] if place + 1 < len(steps.steps) else None
    return Reward(steps.steps[place].days, above, max(steps.cases - cases, 0) if above else 0)


def visible(need: Need, today: date, days: int) -> bool:
    """Whether its supplier sees a need: what a person asks for, and what is under way, always; what
    a route asks for, once it comes within so many days.
    """
    asked = need.declared and need.state is NeedState.ASKED
    return not asked or need.needed_by <= today + timedelta(days=days)
