"""What the factory asks of the world: its books, written in one transaction, and a clock.

Everything here is declared, nothing is done. `storage` fills the books, tests fill them too; the
domain never knows which.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from domain.alert import Alert
from domain.events import Event
from domain.notice import Notice
from domain.order import Order
from domain.person import Address, Group, GroupKind, Person
from domain.route import Route


class Clock(Protocol):
    """The time. Real, or turned by hand in the sandbox and in tests."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""


class Reader(Protocol):
    """The reading side: orders as they stand, their history, and who is who."""

    def order(self, order_no: str) -> Order | None:
        """The order as it stands, open or not; None if there is none of that number."""

    def history(self, order_no: str) -> tuple[Event, ...]:
        """All events of an order in their sequence; empty if there is none of that number."""

    def latest(self, count: int) -> tuple[Event, ...]:
        """The newest events of all orders, newest first."""

    def open_orders(self) -> tuple[Order, ...]:
        """All orders that are neither finished nor cancelled, by number."""

    def orders_of(self, customer: str) -> tuple[Order, ...]:
        """A customer's orders, open ones first, newest first."""

    def route(self, key: str) -> Route | None:
        """The newest version of a route."""

    def person(self, person_id: str) -> Person | None:
        """Somebody by id."""

    def people(self) -> tuple[Person, ...]:
        """Everybody, staff and customers."""

    def groups(self, kind: GroupKind) -> tuple[Group, ...]:
        """The chats of a kind."""

    def reach(self, person_id: str) -> Address | None:
        """Where a person is reached in private; None if nowhere yet."""

    def alert(self, alert_id: str) -> Alert | None:
        """An alert by id."""

    def open_alerts(self) -> tuple[Alert, ...]:
        """Alerts not yet resolved, oldest first."""

    def alerts_of(self, order_no: str) -> tuple[Alert, ...]:
        """Alerts of an order not yet resolved, oldest first."""

    def alerts_told_as(self, name: str) -> tuple[Alert, ...]:
        """All alerts, resolved ones too, that are told as one under an id, oldest first."""

    def told_since(self, to: Address, kinds: Sequence[str], since: datetime) -> int:
        """How many messages of these kinds a chat was told from a moment on, or will be; those
        edited in place count once.
        """

    def slot_told(self, to: Address, slot: str) -> bool:
        """Whether a chat was told anything in a slot, or will be."""

    def was_told(self, key: str) -> bool:
        """Whether a notice of that key is out or on its way, and was not taken back."""

    def last_push(self, to: Address, bundle: str) -> datetime | None:
        """When a notice of that bundle was last sent there, or the last that waits will be."""


class Books(Reader, Protocol):
    """One unit of work: all of it is kept, or none. Raising leaves everything as it was."""

    def keep(self, order: Order, events: Sequence[Event]) -> None:
        """The events and the state they lead to. Numbers that are taken already are an alarm."""

    def notify(self, notice: Notice) -> None:
        """Put a notice into the outbox, unless its key is there already."""

    def take_back(self, causes: Iterable[str]) -> tuple[Notice, ...]:
        """Drop what has not been sent of these causes; hand back what has been sent."""

    def keep_alert(self, alert: Alert) -> None:
        """An alert as it stands now."""

    def set_timer(self, kind: str, scope: str, at: datetime | None) -> None:
        """When the clock has to look at something again; None takes the timer away."""
