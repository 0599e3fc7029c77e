"""What the clock has to look at, and when: a node that should have been reported, a deviation that
may cross into another level, a customer who must hear in time.

Timers are moved whenever an order changes, so that nothing is ever searched for; each says only
that something may be so by then, and is looked at anew when it fires.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.calendar import WorkCalendar
from domain.escalation import Policy
from domain.node import Node
from domain.order import Order
from domain.plan import ORANGE_FROM, RED_ABOVE, Level, deviation, forecast, level, promise_kept
from domain.ports import Books

LEVEL, CALM, AHEAD, SILENT, OVERDUE = "level", "calm", "ahead", "silent", "overdue"
RANKS = (Level.NONE, Level.YELLOW, Level.ORANGE, Level.RED)
_RANK = {level.value: place for place, level in enumerate(RANKS)}
AT_LEAST = timedelta(minutes=5)
"""How soon an order whose level may change is looked at again, at the earliest."""


def rank(name: str) -> int:
    """How grave a level is: 0 for none."""
    return _RANK[name]


@dataclass(frozen=True, slots=True)
class Watch:
    """Sets timers. Holds the calendar and the policy, no state."""

    calendar: WorkCalendar
    policy: Policy

    def arm(
        self,
        books: Books,
        before: Order | None,
        order: Order,
        now: datetime,
        finish: datetime | None = None,
    ) -> None:
        """Move the timers of an order that changed (or, without `before`, set all of them).
        `finish` is its forecast where that is known already.
        """
        if not order.open:
            self._disarm(books, order)
            return
        self.arm_level(books, order, now, finish)
        known = order.level != Level.NONE.value  # was late before anybody watched
        if (before is None and not known) or (before is not None and before.due != order.due):
            books.set_timer(AHEAD, order.order_no, max(self.warn_from(order.due), now))
        for key in _concerned(before, order):
            self._arm_node(books, before, order, order.nodes[key], now)

    def _disarm(self, books: Books, order: Order) -> None:
        for kind in (LEVEL, CALM, AHEAD):
            books.set_timer(kind, order.order_no, None)
        for key in order.nodes:
            for kind in (SILENT, OVERDUE):
                books.set_timer(kind, f"{order.order_no}/{key}", None)

    def _arm_node(
        self, books: Books, before: Order | None, order: Order, node: Node, now: datetime
    ) -> None:
        old = before.nodes.get(node.key) if before is not None else None
        was = before is not None and old is not None and awaited(before, old)
        live = awaited(order, node)
        if live == was and (old is node or (old is not None and node.overdue and not old.overdue)):
            return
        scope = f"{order.order_no}/{node.key}"
        if not live:
            if was or before is None:
                books.set_timer(SILENT, scope, None)
                books.set_timer(OVERDUE, scope, None)
            return
        assert node.planned_finish is not None
        since = max(node.planned_finish, now)
        books.set_timer(SILENT, scope, self.calendar.add(since, self.policy.report))
        late = None if node.overdue else self.calendar.add(since, self.policy.overdue)
        books.set_timer(OVERDUE, scope, late)

    def arm_level(
        self, books: Books, order: Order, now: datetime, finish: datetime | None = None
    ) -> None:
        """When the deviation can cross upwards at the earliest: a forecast slips by no more than
        the working time that passes.
        """
        if rank(order.level) == len(RANKS) - 1:
            books.set_timer(LEVEL, order.order_no, None)
            return
        at = finish or forecast(order, now, self.calendar)
        promised, room, late = promise_kept(order, at, self.calendar)
        if order.placed is None:
            room = max(self.calendar.between(now, promised), self.calendar.day_hours)
        threshold = (0.0, ORANGE_FROM, RED_ABOVE)[rank(order.level)] * room / 100
        at = self.calendar.add(now, max(threshold - late, 0.0))
        books.set_timer(LEVEL, order.order_no, max(at, now + AT_LEAST))

    def crossing(
        self, order: Order, now: datetime, finish: datetime | None = None
    ) -> tuple[str, float]:
        """The level as it is now, and the deviation in per cent."""
        percent = deviation(order, now, self.calendar, finish)
        return level(percent).value, percent

    def warn_from(self, due: date) -> datetime:
        """The moment from which a customer has to hear of a likely delay: so many working days
        before the due date, in the morning.
        """
        day, left = due, self.policy.warn_days
        for _ in range(60):
            if left <= 0:
                break
            day -= timedelta(days=1)
            left -= self.calendar.is_workday(day)
        return self.calendar.opening(day)


def _concerned(before: Order | None, order: Order) -> list[str]:
    """The nodes that changed, and those whose turn it may have become or ceased to be by that:
    right after them, and on behind what was done out of turn.
    """
    if before is None:
        return list(order.nodes)
    old = before.nodes
    found = [key for key, node in order.nodes.items() if old.get(key) is not node]
    changed = frozenset(found)
    for key in found:
        if key in changed or order.nodes[key].completed:
            found += [k for k in order.route.following(key) if k not in found]
    return found


def awaited(order: Order, node: Node) -> bool:
    """Whether a report of the node is owed: it is its turn, nothing holds it up, and nothing before
    it or beside it is known to be held.
    """
    if node.completed or node.held or node.awaiting or node.planned_finish is None:
        return False
    nodes = order.nodes
    for key in order.route.earlier(node.key):
        if not nodes[key].completed or nodes[key].held:
            return False
    return True
