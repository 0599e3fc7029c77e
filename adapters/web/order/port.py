"""What the order's pages ask of the house beyond reading orders: alerts with their history, orders
that are over, and the two things that may be done there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from domain.alert import Alert
from domain.events import Event
from domain.order import Order
from domain.person import GroupKind, Person
from domain.ports import Reader


@dataclass(frozen=True, slots=True)
class Record:
    """An order, its whole history, all its alerts (resolved ones too), the people named in them by
    id, and the titles of chats by platform and chat.
    """

    order: Order
    history: tuple[Event, ...]
    alerts: tuple[Alert, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    chats: Mapping[tuple[str, str], str] = field(default_factory=dict)


def recorded(reader: Reader, order_no: str) -> Record | None:
    """What the books say of an order; of its alerts, those not resolved. None if there is none."""
    order = reader.order(order_no)
    if order is None:
        return None
    chats = {
        (group.address.platform, group.address.chat): group.title
        for kind in GroupKind
        for group in reader.groups(kind)
    }
    people = {person.id: person for person in reader.people()}
    return Record(order, reader.history(order_no), reader.alerts_of(order_no), people, chats)


class Records(Protocol):
    """The factory's orders, one at a time."""

    async def alerts(self, order_no: str) -> Sequence[Alert]:
        """All alerts of an order, resolved ones too, oldest first."""

    async def ended(self, text: str, most: int) -> Sequence[Order]:
        """Orders that are over, the newest first, whose number or product contains a text."""

    async def follow(self, order_no: str, by: Person, on: bool) -> None:
        """Somebody hears of an order, or hears of it no more. DomainError if it was so already."""

    async def label(self, order_no: str, by: Person, label: str, on: bool) -> None:
        """A label put on or taken off. DomainError, with a sentence of its own, if it can't be."""
