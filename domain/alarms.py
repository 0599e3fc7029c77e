"""Alarms: a problem reaches those who lead, at once, with its reason and outlook; and ends when it
is over.

Each is told in one message that is edited as things go on, and so is the draft for the customer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.alert import Alert
from domain.calendar import WorkCalendar
from domain.commands import Told
from domain.events import Event
from domain.notice import Kind, Loud, Notice, cause
from domain.order import Order
from domain.person import Address, Group, GroupKind
from domain.plan import days_late, deviation, forecast, level
from domain.ports import Books


def at(address: Address) -> str:
    """An address as part of a key."""
    return f"{address.platform}/{address.chat}"


@dataclass(frozen=True, slots=True)
class Alarms:
    """Raises and settles alarms. Holds the calendar, no state."""

    calendar: WorkCalendar

    def sound(self, books: Books, before: Order, order: Order, event: Event, told: Told) -> None:
        """A problem reaches those who lead, at once, with its reason; the customer's draft too."""
        node = order.nodes[event.node]
        name = cause(order.order_no, event.seq)
        books.keep_alert(
            Alert(
                name,
                order.order_no,
                event.node,
                node.reason,
                node.reason_text,
                told.now,
                told.by.id,
            )
        )
        self._tell(books, order, event, told)
        finish = forecast(order, told.now, self.calendar)
        if order.customer and days_late(order, finish, self.calendar) > 0:
            self._draft(books, order, event, told, self.calendar.day(finish))

    def _tell(self, books: Books, order: Order, event: Event, told: Told, again: str = "") -> None:
        """The problem in one message a chat; told again, it stands in its place once more."""
        node, name = order.nodes[event.node], cause(order.order_no, event.seq)
        facts = {
            "order": order.order_no,
            "node": event.node,
            "reason": node.reason,
            "text": node.reason_text,
            "until": node.until,
            "days": node.delay_days,
            "by": event.by,
            "alert": name,
            "rework": node.rework,
            "type": event.type,
        } | self.outlook(order, told)
        for group in self.leading(books):
            slot = f"alert/{name}/{at(group.address)}"
            books.notify(
                Notice(
                    group.address,
                    Kind.ESCALATION,
                    "problem",
                    slot + again,
                    told.now,
                    facts,
                    group.language,
                    Loud.MENTION,
                    causes=(name,),
                    slot=slot,
                )
            )

    def _draft(self, books: Books, order: Order, event: Event, told: Told, finish: date) -> None:
        """What the customer should hear, for a person to send with one tap."""
        node = order.nodes[event.node]
        name = cause(order.order_no, event.seq)
        facts = {
            "order": order.order_no,
            "node": event.node,
            "reason": node.reason,
            "text": node.reason_text,
            "before": order.due.isoformat(),
            "due": finish.isoformat(),
            "customer": order.customer,
        }
        for group in self.leading(books):
            key = f"draft/{name}/{at(group.address)}"
            books.notify(
                Notice(
                    group.address,
                    Kind.ESCALATION,
                    "draft",
                    key,
                    told.now,
                    facts,
                    group.language,
                    Loud.REPLY,
                    causes=(name,),
                    slot=key,
                )
            )

    def leading(self, books: Books) -> tuple[Group, ...]:
        """Who leads: the management groups, else every manager in private."""
        groups = books.groups(GroupKind.MANAGEMENT)
        if groups:
            return groups
        found = []
        for person in books.people():
            to = books.reach(person.id)
            if person.role.value in ("manager", "admin") and to is not None:
                found.append(Group(to, GroupKind.PRIVATE, person.name, person.language))
        return tuple(found)

    def outlook(self, order: Order, told: Told) -> dict[str, Any]:
        """Forecast, days late and level of an order now, as plain data."""
        finish = forecast(order, told.now, self.calendar)
        percent = deviation(order, told.now, self.calendar)
        return {
            "forecast": self.calendar.day(finish).isoformat(),
            "due_now": order.due.isoformat(),
            "late": days_late(order, finish, self.calendar),
            "percent": percent,
            "level": level(percent).value,
        }

    def settle(self, books: Books, order: Order, event: Event, told: Told) -> None:
        """What was wrong at a node is over, or the order: alerts end, and who was told hears so."""
        name = cause(order.order_no, event.seq)
        for alert in books.open_alerts():
            if alert.order_no == order.order_no and event.node in ("", alert.node):
                books.keep_alert(alert.resolved(told.by.id, told.now))
                facts = {"alert": alert.id, "order": order.order_no, "node": alert.node}
                facts["seq"] = str(event.seq)
                facts |= self.outlook(order, told)
                for group in self.leading(books):
                    self._void(books, alert.id, group, facts, told)
                    slot = f"alert/{alert.id}/{at(group.address)}"
                    books.notify(
                        Notice(
                            group.address,
                            Kind.ESCALATION,
                            "settled",
                            f"{slot}/settled/{event.seq}",
                            told.now,
                            facts | {"by": told.by.id},
                            group.language,
                            Loud.CARD,
                            slot=slot,
                            causes=(name,),
                        )
                    )

    def _void(
        self, books: Books, alert: str, group: Group, facts: dict[str, Any], told: Told
    ) -> None:
        """A draft that nobody has sent or dropped yet is not needed any more."""
        slot = f"draft/{alert}/{at(group.address)}"
        taken = books.was_told(f"{slot}/send") or books.was_told(f"{slot}/drop")
        if books.was_told(slot) and not taken:
            key = f"{slot}/void/{facts['seq']}"
            books.notify(
                Notice(
                    group.address,
                    Kind.ESCALATION,
                    "draft-void",
                    key,
                    told.now,
                    facts,
                    group.language,
                    Loud.CARD,
                    slot=slot,
                )
            )

    def reopen(
        self, books: Books, order: Order, history: Sequence[Event], undo: Event, told: Told
    ) -> None:
        """A node is held again, because what had ended it was taken back: so is its alert."""
        for event in reversed(history):
            alert = books.alert(cause(event.order_no, event.seq))
            if alert is not None:
                books.keep_alert(alert.reopened())
                self._tell(books, order, event, told, again=f"/again/{undo.seq}")
                return
