"""The weekly review as plain data: what a week's orders, events and messages say of promises,
warnings, standards, reports and customers.

Nothing is read here and nothing is worded: what happened comes in, numbers go out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any, TypeVar

from domain.calendar import WorkCalendar
from domain.events import Event, FeedbackGiven
from domain.measures import (
    Finished,
    Latency,
    delays,
    judged,
    late,
    latencies,
    on_time,
)
from domain.order import Order
from domain.route import Route
from domain.standards import Standard, standards

T = TypeVar("T")
CAUSES, TEAMS, STANDARDS, SLOW, WORDS = 4, 4, 3, 3, 3
"""Entries of each part at most."""
UNHAPPY = 3
"""A customer who gives so much or less is not happy."""
LONGEST = 60
"""Characters of a customer's words at most."""


@dataclass(frozen=True, slots=True)
class Week:
    """What happened from `since` up to `until`.

    `finished`: orders that became finished in it. `events`: what was recorded in it, without what
    was undone. `orders`: every order that these name. `lately`: orders whose nodes may have been
    finished in the last 90 days. `routes`: the newest version of each by key. `answered` and
    `passed`: customers' questions that we answered, and that went to a person. `written`: messages
    of ours a group and working day.
    """

    since: datetime
    until: datetime
    finished: Sequence[Finished] = ()
    events: Sequence[Event] = ()
    orders: Mapping[str, Order] = field(default_factory=dict)
    lately: Sequence[Order] = ()
    routes: Mapping[str, Route] = field(default_factory=dict)
    answered: int = 0
    passed: int = 0
    written: Sequence[int] = ()


def weigh(week: Week, calendar: WorkCalendar) -> dict[str, Any]:
    """The review's facts. Parts of which there is nothing are empty, zero or None."""
    kept = [f for f in week.finished if on_time(f, calendar)]
    over = [f for f in week.finished if _over(f, calendar)]
    struck: dict[str, tuple[Order, list[Event]]] = {}
    for event in week.events:
        if event.order_no in week.orders:
            struck.setdefault(event.order_no, (week.orders[event.order_no], []))[1].append(event)
    count, causes, teams = delays(struck, over)
    off = standards(week.lately, week.routes, week.until, calendar)
    slow = latencies(week.orders, week.events, calendar)
    facts = {
        "day": calendar.day(week.until).isoformat(),
        "since": calendar.day(week.since).isoformat(),
        "finished": len(week.finished),
        "on_time": len(kept),
        "delayed": count,
        "causes": [[c, n] for c, n in _most(causes, CAUSES)],
        "teams": [[*t, n] for t, n in _most(teams, TEAMS)],
        "warned": _warned(week.finished, calendar),
        "standards": [_standard(s) for s in off[:STANDARDS]],
        "standards_more": max(len(off) - STANDARDS, 0),
        "answered": week.answered,
        "passed": week.passed,
        "latency": [_latency(x) for x in slow[:SLOW]],
        "written_max": max(week.written, default=0),
        "written_mean": round(sum(week.written) / len(week.written), 1) if week.written else 0,
        "feedback": feedback(week.events, week.orders),
    }
    return facts | {"empty": _empty(facts)}


def _over(done: Finished, calendar: WorkCalendar) -> bool:
    """Whether an order is a delayed one: later than promised last, or than promised first, unless
    the customer moved the date.
    """
    if late(done.made, done.order.due, calendar):
        return True
    theirs = any(p.reason == "customer" for p in done.order.promises)
    return not theirs and not on_time(done, calendar)


def _empty(facts: Mapping[str, Any]) -> bool:
    """Whether a week has nothing to talk about: what was written and how fast alone is nothing."""
    said = ("finished", "delayed", "standards", "answered", "passed")
    return not any(facts[k] for k in said) and not facts["feedback"]["count"]


def _most(counted: Counter[T], most: int) -> list[tuple[T, int]]:
    """The greatest counts first; equal ones in the order of their names."""
    return sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))[:most]


def _warned(finished: Sequence[Finished], calendar: WorkCalendar) -> dict[str, Any]:
    found = judged(finished, calendar)
    return {
        "right": found.right,
        "wrong": found.wrong,
        "missed": found.missed,
        "precision": found.precision,
        "recall": found.recall,
        "lead": median(found.leads) if found.leads else None,
    }


def _standard(item: Standard) -> dict[str, Any]:
    return {
        "route": item.route,
        "node": item.node,
        "old": item.old,
        "new": item.new,
        "ratio": item.ratio,
        "samples": item.samples,
    }


def _latency(item: Latency) -> dict[str, Any]:
    return {
        "team": item.team,
        "route": item.route,
        "node": item.node,
        "reports": item.reports,
        "recorded": list(item.recorded),
        "planned": list(item.planned) if item.planned else None,
    }


def feedback(events: Sequence[Event], orders: Mapping[str, Order]) -> dict[str, Any]:
    """What customers said: how many scored, their average, and the words of those who were not
    happy, the unhappiest first. Of each order the last score counts; words that came after it, too.
    """
    given: dict[str, int] = {}
    texts: dict[str, list[str]] = {}
    for event in events:
        if isinstance(event.fact, FeedbackGiven):
            if event.fact.score:
                given[event.order_no] = event.fact.score
            if event.fact.text:
                texts.setdefault(event.order_no, []).append(event.fact.text)
    scores = {no: orders[no].score for no in texts if no in orders} | given
    spoken = sorted((scores[no], no) for no in texts if 0 < scores.get(no, 0) <= UNHAPPY)
    return {
        "count": len(given),
        "average": round(sum(given.values()) / len(given), 1) if given else None,
        "unhappy": sum(s <= UNHAPPY for s in given.values()),
        "words": [[no, " ".join(texts[no])[:LONGEST]] for _, no in spoken[:WORDS]],
    }
