"""Who hears of what a supplier owes and does: the supplier itself, whoever works at the node, those
who lead. Each once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.alarms import TIMER
from domain.calendar import WorkCalendar
from domain.commands import Told
from domain.escalation import Policy
from domain.events import Event, NodeDelayed, OrderCancelled
from domain.need_facts import NeedCancelled, NeedChecked, NeedDelivered, NeedMoved, NeedPlaced
from domain.needs import Need
from domain.notice import Kind, Loud, Notice, cause
from domain.order import Order
from domain.person import Address, Role
from domain.ports import Books
from domain.reaching import Reaching, at

NEAR = 7
"""Days ahead that a supplier sees at least."""
Ahead = Callable[[Books, str], int]
"""How many days ahead a supplier (an id) sees what routes ask for."""


def seven(_: Books, __: str) -> int:
    """What everybody sees."""
    return NEAR


@dataclass(frozen=True, slots=True)
class SupplyNews:
    """Writes notices. Holds the calendar and the rules, no state."""

    calendar: WorkCalendar
    policy: Policy
    ahead: Ahead = field(default=seven)

    def renew(self, books: Books, before: Order, events: Sequence[Event], told: Told) -> None:
        """A supplier's newer day takes the place of the older: one alarm goes on, not two."""
        for event in events:
            node = before.nodes.get(event.node)
            if not isinstance(event.fact, NodeDelayed) or not event.fact.needs:
                continue
            for alert in books.alerts_of(before.order_no) if node and node.waits_for else ():
                if alert.node == event.node and alert.kind == "problem":
                    books.keep_alert(alert.resolved(told.by.id, told.now))
                    books.set_timer(TIMER, alert.id, None)

    def tell(
        self, books: Books, before: Order, after: Order, events: Sequence[Event], told: Told
    ) -> None:
        """Everybody whom these events concern, once each."""
        for event in events:
            match event.fact:
                case NeedPlaced(need=name):
                    self._ask(books, after, after.needs[name], event, told)
                case NeedMoved(need=name):
                    self._again(books, after, after.needs[name], event, told)
                case NeedCancelled(need=name):
                    self._never(books, after, after.needs[name], event, told)
                case OrderCancelled():
                    for need in [n for n in before.needs.values() if n.open]:
                        self._never(books, after, need, event, told)
                case NeedDelivered(need=name):
                    self._came(books, after, after.needs[name], event, told)
                case NeedChecked(need=name, returned=returned) if returned != "0":
                    self._back(books, after, after.needs[name], event, told)
                case _:
                    pass

    def asked_from(self, books: Books, need: Need, now: datetime) -> datetime:
        """When a supplier hears of a need: at once of what a person asks for, of what a route asks
        for when it comes into the supplier's sight.
        """
        if need.declared:
            seen = need.needed_by - timedelta(days=self.ahead(books, need.supplier))
            now = max(now, self.calendar.opening(seen) if seen > self.calendar.day(now) else now)
        return self.policy.speak_at(now, self.calendar)

    def _ask(self, books: Books, order: Order, need: Need, event: Event, told: Told) -> None:
        when = self.asked_from(books, need, told.now)
        self._supplier(books, order, need, event, "need-asked", when, told)

    def _again(self, books: Books, order: Order, need: Need, event: Event, told: Told) -> None:
        """The day moved: who was asked hears of it once; who was not yet is asked when it is
        time.
        """
        if books.take_back(self._causes(books, order, need)):
            when = self.policy.speak_at(told.now, self.calendar)
            self._supplier(books, order, need, event, "need-moved", when, told)
        else:
            self._ask(books, order, need, event, told)

    def _never(self, books: Books, order: Order, need: Need, event: Event, told: Told) -> None:
        """It is not needed: who was asked hears so, who was not never does."""
        if books.take_back(self._causes(books, order, need)) or need.given:
            when = self.policy.speak_at(told.now, self.calendar)
            self._supplier(books, order, need, event, "need-cancelled", when, told)

    def _causes(self, books: Books, order: Order, need: Need) -> list[str]:
        """Under what the supplier was told of a need."""
        return [
            cause(order.order_no, e.seq)
            for e in books.history(order.order_no)
            if isinstance(e.fact, NeedPlaced | NeedMoved) and e.fact.need == need.id
        ]

    def _came(self, books: Books, order: Order, need: Need, event: Event, told: Told) -> None:
        """A delivery: whoever works at the node hears so, else those who lead."""
        owners = [
            (to, p.language)
            for p in books.people()
            if p.role is Role.OPERATOR and need.node in p.nodes
            and (to := books.reach(p.id)) is not None and p.id != told.by.id
        ]  # fmt: skip
        for to, language in owners or self._leading(books):
            self._notify(books, to, language, order, need, event, "need-delivered", told)

    def _back(self, books: Books, order: Order, need: Need, event: Event, told: Told) -> None:
        """Something goes back: those who lead hear so, and the supplier."""
        for to, language in self._leading(books):
            self._notify(books, to, language, order, need, event, "need-returned", told)
        when = self.policy.speak_at(told.now, self.calendar)
        self._supplier(books, order, need, event, "need-returned", when, told)

    def _leading(self, books: Books) -> list[tuple[Address, str]]:
        groups = Reaching(self.calendar, self.policy).leading(books)
        return [(g.address, g.language) for g in groups]

    def _supplier(
        self,
        books: Books,
        order: Order,
        need: Need,
        event: Event,
        what: str,
        when: datetime,
        told: Told,
    ) -> None:
        """The supplier in private; where no chat of ours reaches it, those who lead get the words
        to pass on.
        """
        person, to = books.person(need.supplier), books.reach(need.supplier)
        if person is None or person.id == told.by.id:
            return
        if to is not None:
            self._notify(
                books, to, person.language, order, need, event, what, told, when, person.id
            )
            return
        for group, language in self._leading(books):
            self._notify(books, group, language, order, need, event, f"{what}-pass", told, when)

    def _notify(
        self,
        books: Books,
        to: Address,
        language: str,
        order: Order,
        need: Need,
        event: Event,
        what: str,
        told: Told,
        when: datetime | None = None,
        reader: str = "",
    ) -> None:
        name = cause(order.order_no, event.seq)
        facts: dict[str, Any] = {
            "order": order.order_no, "need": need.id, "node": need.node, "by": told.by.id,
            "supplier": need.supplier, "seq": event.seq,
        }  # fmt: skip
        if isinstance(event.fact, NeedDelivered):
            facts |= {"amount": event.fact.amount, "photos": len(event.fact.photos)}
        if isinstance(event.fact, NeedMoved):
            facts |= {"before": event.fact.before}
        if isinstance(event.fact, NeedChecked):
            facts |= {"returned": event.fact.returned, "text": event.fact.text}
        if isinstance(event.fact, NeedCancelled):
            facts |= {"text": event.fact.text}
        asked = what.startswith("need-asked")
        books.notify(
            Notice(
                to,
                Kind.NOTICE,
                what,
                f"{what}/{name}/{need.id}/{at(to)}",
                when or self.policy.speak_at(told.now, self.calendar),
                facts,
                language,
                Loud.REPLY,
                reader,
                bundle=f"{what}/{need.supplier}" if asked else "",
                causes=(name,) if isinstance(event.fact, NeedPlaced | NeedMoved) else (),
            )
        )
