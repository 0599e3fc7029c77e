"""What one order's history says, once and for all who ask: when it was finished, when its nodes
could not go on and why, how late it was reported, and whether a promise was kept.

Waiting for the customer is nobody's lateness but theirs: it is known here as a reason of its own
and taken off before anything is called late.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from domain.calendar import WorkCalendar
from domain.events import (
    ConfirmationAsked,
    DueChanged,
    Event,
    InspectionFailed,
    LevelChanged,
    NodeDelayed,
    NodeReworked,
    OrderPlaced,
)
from domain.measures import Finished, Wait, finished, late, standing, waits
from domain.order import Order, empty, evolve

CUSTOMER = "customer"
"""The reason of a time that is not the factory's."""
_STOPS = (NodeDelayed, NodeReworked, InspectionFailed, ConfirmationAsked)
"""What may stop a node; nodes of which none of it was told never waited."""
_JUDGED = (OrderPlaced, DueChanged, LevelChanged)
"""What `domain.measures.judged` looks at; nothing else of a history is kept."""


@dataclass(frozen=True, slots=True)
class Hold:
    """A time in which a node could not go on: held up for a reason, or waiting for the customer.
    `end` None: still so.
    """

    node: str
    reason: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Life:
    """An order and what its history says."""

    order: Order
    done: Finished | None = None
    holds: tuple[Hold, ...] = ()
    waits: tuple[Wait, ...] = ()


def life(order: Order, history: Sequence[Event], calendar: WorkCalendar) -> Life:
    """Read a history, without what was undone."""
    kept = standing(history)
    done = finished(order, history)
    if done is not None:
        done = Finished(order, done.at, tuple(e for e in kept if isinstance(e.fact, _JUDGED)))
    return Life(order, done, holds(order, kept), tuple(waits(order, kept, calendar)))


def holds(order: Order, events: Iterable[Event]) -> tuple[Hold, ...]:
    """When the nodes of an order could not go on; by their begin. `events` without what was
    undone.
    """
    told = tuple(events)
    nodes = {e.node for e in told if isinstance(e.fact, _STOPS)}
    nodes |= {spec.key for spec in order.route.nodes if spec.confirmed_by == CUSTOMER}
    now = empty(order.order_no, order.route)
    running: dict[tuple[str, str], datetime] = {}
    found: list[Hold] = []
    for event in told if nodes else ():
        if event.node not in nodes:
            now = evolve(now, event) if isinstance(event.fact, OrderPlaced) else now
            continue
        now = evolve(now, event)
        if event.node not in now.nodes:
            continue
        node, at = now.nodes[event.node], event.occurred_at
        wanted = {node.reason} if node.held else set()
        if CUSTOMER in node.awaiting:
            wanted.add(CUSTOMER)
        for key in [k for k in running if k[0] == event.node and k[1] not in wanted]:
            begin = running.pop(key)
            if at > begin:
                found.append(Hold(*key, begin, at))
        for reason in wanted:
            running.setdefault((event.node, reason), at)
    found += [Hold(*key, begin, None) for key, begin in running.items()]
    return tuple(sorted(found, key=lambda h: (h.begin, h.node, h.reason)))


def lost(parts: Iterable[Hold], since: datetime, until: datetime, calendar: WorkCalendar) -> float:
    """Working hours that holds took within a time; hours that several share count once."""
    spans = sorted(
        (max(h.begin, since), min(h.end or until, until))
        for h in parts
        if h.begin < until and (h.end is None or h.end > since)
    )
    total, reached = 0.0, since
    for begin, end in spans:
        if end > reached:
            total += calendar.between(max(begin, reached), end)
            reached = end
    return total


def waited(one: Life, until: datetime, calendar: WorkCalendar) -> float:
    """Working hours that an order waited for its customer, up to a moment."""
    theirs = [h for h in one.holds if h.reason == CUSTOMER]
    begin = min((h.begin for h in theirs), default=until)
    return lost(theirs, begin, until, calendar)


def first_promise(order: Order) -> date:
    """What was promised at placing; a date that the customer chose later takes its place."""
    theirs = [p.due for p in order.promises if p.reason == CUSTOMER]
    return theirs[-1] if theirs else order.promises[0].due


def overrun(one: Life, due: date, finish: datetime, calendar: WorkCalendar) -> float:
    """Working hours by which a finish misses a promise, without what the order waited for its
    customer; 0 if it keeps it.
    """
    if not late(finish, due, calendar):
        return 0.0
    over = calendar.between(calendar.closing(due), finish)
    return max(over - waited(one, finish, calendar), 0.0)
