"""What follows from a supplier's word: a node that has to wait is held, one that has what it waited
for goes on, a moved promise moves what it takes.

The desk asks for it with every command. Days are looked at here, because only the calendar knows
them. Who hears of it is in `domain.supply_news`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.amounts import for_pieces
from domain.calendar import WorkCalendar
from domain.commands import Command, Told
from domain.decide import enveloped
from domain.errors import DomainError, Refused
from domain.events import (
    DueChanged,
    Event,
    Fact,
    NodeDelayed,
    NodeResumed,
    OrderPlaced,
)
from domain.need_commands import ConfirmNeed, MoveNeed, PlaceNeed, PromiseNeed
from domain.needs import Fact as NeedFact
from domain.needs import Need
from domain.needs_decide import decide_need
from domain.node import Node
from domain.order import Order, evolve
from domain.person import SYSTEM, Person, Role
from domain.plan import place
from domain.ports import Books

FAR = timedelta(days=730)
"""Days beyond which a date is a slip of the keyboard."""


def bears(need: Need, node: Node, calendar: WorkCalendar) -> date:
    """The last day on which it may come without the node having to wait: the day that was asked
    for, or the node's planned start if that is later.
    """
    start = calendar.day(node.planned_start) if node.planned_start else need.needed_by
    return max(need.needed_by, start)


def too_late(need: Need, node: Node, calendar: WorkCalendar) -> bool:
    """Whether the day that the supplier gave makes the node wait."""
    return need.open and need.promised is not None and need.promised > bears(need, node, calendar)


def needed_by(start: date, days: int, calendar: WorkCalendar, today: date) -> date:
    """The working day on or before so many days ahead of a node's start; never before today."""
    day = start - timedelta(days=days)
    for _ in range(60):
        if calendar.is_workday(day):
            break
        day -= timedelta(days=1)
    return max(day, today)


def known(people: Sequence[Person], name: str) -> Person | None:
    """The supplier of that id or name, or the only one whose name begins so or holds it."""
    theirs = [p for p in people if p.role is Role.SUPPLIER]
    wanted = name.strip().lower()
    if not wanted:
        return None
    exact = [p for p in theirs if wanted in (p.id.lower(), p.name.lower())]
    begins = [p for p in theirs if p.name.lower().startswith(wanted)]
    holds = [p for p in theirs if wanted in p.name.lower()]
    return next((found[0] for found in (exact, begins, holds) if len(found) == 1), None)


@dataclass(frozen=True, slots=True)
class Supplying:
    """Works out consequences. Holds the calendar, no state."""

    calendar: WorkCalendar

    def check(self, books: Books, order: Order, command: Command, told: Told) -> None:
        """Refuse days that can't be meant, and a supplier who is none."""
        today = self.calendar.day(told.now)
        match command:
            case PlaceNeed(needed_by=day, supplier=who):
                self._sane(order, day, today)
                person = books.person(who)
                if person is None or person.role is not Role.SUPPLIER:
                    raise Refused("no-such-supplier", order=order.order_no)
            case PromiseNeed(day=day) | MoveNeed(needed_by=day):
                self._sane(order, day, today)
            case ConfirmNeed(need=name):
                need = order.needs.get(name)
                if need is not None and need.open and need.needed_by < today:
                    raise Refused("need-day-over", order=order.order_no, need=name)
            case _:
                pass

    def _sane(self, order: Order, day: date, today: date) -> None:
        if day < today:
            raise Refused("need-past-day", order=order.order_no)
        if day - today > FAR:
            raise Refused("need-far-day", order=order.order_no)

    def declared(self, people: Sequence[Person], order: Order, told: Told) -> list[Event]:
        """The needs that an order's route asks for, of suppliers who are known."""
        found: list[Event] = []
        for spec in order.route.nodes:
            start = order.nodes[spec.key].planned_start or told.now
            for thing in spec.materials:
                person = known(people, thing.supplier)
                if person is None:
                    continue
                day = needed_by(
                    self.calendar.day(start), thing.days, self.calendar, self.calendar.day(told.now)
                )
                command = PlaceNeed(
                    order.order_no,
                    spec.key,
                    thing.item,
                    for_pieces(thing.per_piece, order.quantity),
                    thing.unit,
                    person.id,
                    day,
                    declared=True,
                )
                order, events = self._decided(order, command, told)
                found += events
        return found

    def _decided(
        self, order: Order, command: PlaceNeed | MoveNeed, told: Told
    ) -> tuple[Order, list[Event]]:
        """What the system asks for; what an order does not allow is left out."""
        try:
            said = decide_need(order, command, SYSTEM)
        except DomainError:
            return order, []
        events = enveloped(order, said, Told(SYSTEM, told.now, told.source, told.occurred_at))
        for event in events:
            order = evolve(order, event)
        return order, events

    def follows(
        self, books: Books, order: Order, events: Sequence[Event], told: Told
    ) -> list[Event]:
        """The events that come of these (`order` stands after them)."""
        found: list[Event] = []
        for event in events:
            match event.fact:
                case OrderPlaced():
                    found += self.declared(books.people(), order, told)
                case DueChanged() as fact if order.open:
                    found += self._moved(order, fact, told)
                case _:
                    pass
        after = order
        for event in found:
            after = evolve(after, event)
        touched = [e.node for e in (*events, *found) if isinstance(e.fact, NeedFact)]
        for key in dict.fromkeys(touched):
            hold = self._hold(after, key) if after.open else None
            for event in enveloped(after, [(key, hold)], told) if hold is not None else ():
                after = evolve(after, event)
                found.append(event)
        return found

    def _moved(self, order: Order, fact: DueChanged, told: Told) -> list[Event]:
        """The promise moved: what has not come yet moves as its node would in a plan for the new
        day.
        """
        if order.placed is None or not any(n.open for n in order.needs.values()):
            return []
        plans = [
            place(order.route, order.quantity, order.placed, date.fromisoformat(day), self.calendar)
            for day in (fact.before, fact.due)
        ]
        found: list[Event] = []
        today = self.calendar.day(told.now)
        for need in order.needs.values():
            node = order.nodes[need.node]
            if not need.open or need.deliveries or node.started_at is not None:
                continue
            before, due = (self.calendar.day(p.plan[need.node][0]) for p in plans)
            shift = self.calendar.workdays_between(before, due)
            day = max(self._shifted(need.needed_by, shift), today)
            if shift and day != need.needed_by:
                order, events = self._decided(order, MoveNeed(order.order_no, need.id, day), told)
                found += events
        return found

    def _shifted(self, day: date, workdays: int) -> date:
        """So many working days later, or earlier where they are negative."""
        step = timedelta(days=1 if workdays > 0 else -1)
        left = abs(workdays)
        while left:
            day += step
            left -= self.calendar.is_workday(day)
        return day

    def _hold(self, order: Order, key: str) -> Fact | None:
        """What the needs of a node make of it: it waits until the last of them is promised, or goes
        on if it was these that held it. What somebody else reported stays theirs to end.
        """
        node = order.nodes[key]
        theirs = [n for n in order.needs.values() if n.node == key]
        late = [n for n in theirs if too_late(n, node, self.calendar)]
        if node.completed:
            return None
        if not late:
            return NodeResumed(node.started_at is not None) if node.waits_for else None
        last = max(late, key=lambda n: (n.promised or date.min, n.id))
        assert last.promised is not None
        until, text = last.promised.isoformat(), _words(last)
        mine = bool(node.waits_for) or not node.held or _about(node, last)
        if not mine and (not node.until or until <= node.until[:10]):
            return None
        ids = tuple(n.id for n in late) if mine else ()
        if node.held and (node.until[:10], node.waits_for, node.reason) == (until, ids, "material"):
            return None
        return NodeDelayed("material", text, until, needs=ids)


def _words(need: Need) -> str:
    """What is said of a hold: the item, and what the supplier said of it."""
    said = need.given[-1].text if need.given else ""
    return f"{need.item} {said}".strip()


def _about(node: Node, need: Need) -> bool:
    """Whether what somebody reported is about this very thing: `罗纹没到` names it."""
    return node.reason == "material" and need.item in node.reason_text
