"""What a customer should hear of a likely delay: laid out for a person who sends it with one tap,
with a choice where there is one.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from domain.alert import Alert
from domain.calendar import WorkCalendar
from domain.escalation import Policy
from domain.notice import Kind, Loud, Notice
from domain.order import Order
from domain.person import Group
from domain.plan import days_late, forecast
from domain.ports import Books
from domain.reaching import COUNTED, Reaching, at

WORTH = 0.2
"""Share of an order below which a parcel of its own is not worth it."""
SAFER = 2
"""Working days that the later of two dates has in hand."""


@dataclass(frozen=True, slots=True)
class Drafts:
    """Lays drafts out and takes them away. Holds the calendar and the policy, no state."""

    calendar: WorkCalendar
    policy: Policy

    def lay_out(
        self, books: Books, order: Order, name: str, now: datetime, node: str = ""
    ) -> Alert | None:
        """A draft in front of those who lead, if the order is likely to be late; one that lies
        there already is worded anew. The alarm that it is until somebody sends or drops it, if it
        is a new one.
        """
        finish = forecast(order, now, self.calendar)
        if not order.customer or days_late(order, finish, self.calendar) <= 0:
            return None
        waits = next((a for a in books.alerts_of(order.order_no) if a.kind == "draft"), None)
        name = waits.id.removesuffix("/draft") if waits is not None else name
        current = node or (order.current()[0].key if order.current() else "")
        self._tell(books, order, name, now, current, self.calendar.day(finish))
        if waits is not None:
            return None
        return Alert(f"{name}/draft", order.order_no, current, "", "", now, "system", kind="draft")

    def _tell(
        self, books: Books, order: Order, name: str, now: datetime, node: str, day: date
    ) -> None:
        held = order.nodes[node] if node else None
        facts = {
            "order": order.order_no,
            "node": node,
            "reason": held.reason if held else "",
            "text": held.reason_text if held else "",
            "before": order.due.isoformat(),
            "due": day.isoformat(),
            "customer": order.customer,
            "draft": name,
            "offer": list(self.choices(order, day)),
        }
        for group in Reaching(self.calendar, self.policy).leading(books):
            slot = f"draft/{name}/{at(group.address)}"
            again = f"/{order.seq}" if books.was_told(slot) else ""
            books.notify(
                Notice(
                    group.address,
                    Kind.ESCALATION,
                    "draft",
                    slot + again,
                    self._when(books, group, slot, now),
                    facts,
                    group.language,
                    Loud.REPLY,
                    causes=(name,),
                    slot=slot,
                )
            )

    def _when(self, books: Books, group: Group, slot: str, now: datetime) -> datetime:
        """Now, unless the group has heard all that a day has room for: then the next morning."""
        midnight = self.calendar.moment(self.calendar.day(now), time(0, 0))
        full = books.told_since(group.address, COUNTED, midnight) >= self.policy.most
        if full and not books.slot_told(group.address, slot):
            now = self.calendar.opening(self.calendar.day(now) + timedelta(days=1))
        return self.policy.speak_at(now, self.calendar)

    def choices(self, order: Order, day: date) -> tuple[str, ...]:
        """What the customer could be offered: some pieces first (`split:60`) or all together
        (`together`); a later date that is safer (`date:2026-12-02`).
        """
        found = []
        ready = min((n.quantity for n in order.current()), default=0)
        if order.quantity * WORTH <= ready < order.quantity:
            found += [f"split:{ready}", "together"]
        later = day
        for _ in range(SAFER):
            later = self.calendar.day(self.calendar.opening(later + timedelta(days=1)))
        return (*found, f"date:{later.isoformat()}")

    def void(self, books: Books, alert: str, facts: dict[str, Any], now: datetime) -> None:
        """A draft that nobody has sent or dropped yet is not needed any more."""
        for group in Reaching(self.calendar, self.policy).leading(books):
            slot = f"draft/{alert}/{at(group.address)}"
            taken = books.was_told(f"{slot}/send") or books.was_told(f"{slot}/drop")
            if not books.was_told(slot) or taken:
                continue
            books.notify(
                Notice(
                    group.address,
                    Kind.ESCALATION,
                    "draft-void",
                    f"{slot}/void/{facts['seq']}",
                    now,
                    facts,
                    group.language,
                    Loud.CARD,
                    slot=slot,
                )
            )
