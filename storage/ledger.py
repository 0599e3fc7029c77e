"""The ledger: all books of one unit of work, and the port that the domain's desk writes to."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from domain.alert import Alert
from domain.events import Event
from domain.notice import Notice
from domain.order import Order
from domain.person import Address, Group, GroupKind, Person
from domain.ports import Clock
from domain.route import Route
from storage.access import AccessBook
from storage.alerts import AlertBook
from storage.cache import Cache
from storage.inbox import InboxBook
from storage.leases import LeaseBook
from storage.limits import LimitBook
from storage.needs import NeedBook
from storage.orders import OrderBook
from storage.outbox import OutboxBook
from storage.people import PeopleBook
from storage.privacy import PrivateBook
from storage.records import (
    LinkBook,
    PhotoBook,
    QuestionBook,
    SettingBook,
    TranscriptBook,
)
from storage.secrets import Safe
from storage.sql import Sql

SANDBOX = "sandbox"
"""The platform that people are reached on only if there is no other."""


class Ledger:
    """One unit of work over all books. It is `domain.ports.Books`, and more for the rooms around
    it.
    """

    def __init__(self, sql: Sql, cache: Cache, clock: Clock) -> None:
        self.sql, self.cache, self.clock = sql, cache, clock
        self.safe = Safe(sql, cache.ring, clock.now())
        self.orders = OrderBook(sql, cache, self.safe)
        self.alerts = AlertBook(sql, self.orders, self.safe)
        self.folk = PeopleBook(sql, cache)
        self.inbox = InboxBook(sql, self.safe, self.folk, cache)
        self.outbox = OutboxBook(sql, self.safe, self.orders, self.folk, cache)
        self.private = PrivateBook(sql, self.safe, self.orders, self.folk)
        self.questions = QuestionBook(sql, self.safe, self.folk, cache)
        self.photos = PhotoBook(sql)
        self.links = LinkBook(sql)
        self.settings = SettingBook(sql)
        self.limits = LimitBook(sql)
        self.access = AccessBook(sql)
        self.needs = NeedBook(sql)
        self.leases = LeaseBook(sql)
        self.transcript = TranscriptBook(sql, self.safe)
        self.platforms: tuple[str, ...] = ()
        self.zone: tzinfo = UTC

    def begin(self, platforms: tuple[str, ...], zone: tzinfo) -> None:
        """The next unit of work begins on the same books."""
        self.platforms, self.zone = platforms, zone
        self.safe.now = self.clock.now()
        self.orders.changed, self.outbox.added = {}, 0

    def order(self, order_no: str) -> Order | None:
        """See `domain.ports.Reader`."""
        return self.orders.order(order_no)

    def history(self, order_no: str) -> tuple[Event, ...]:
        """See `domain.ports.Reader`."""
        return self.orders.history(order_no)

    def latest(self, count: int) -> tuple[Event, ...]:
        """See `domain.ports.Reader`."""
        return self.orders.latest(count)

    def open_orders(self) -> tuple[Order, ...]:
        """See `domain.ports.Reader`."""
        return self.orders.open_orders()

    def orders_of(self, customer: str) -> tuple[Order, ...]:
        """See `domain.ports.Reader`."""
        return self.orders.orders_of(customer)

    def route(self, key: str) -> Route | None:
        """See `domain.ports.Reader`."""
        return self.orders.route(key)

    def person(self, person_id: str) -> Person | None:
        """See `domain.ports.Reader`."""
        return self.folk.all().get(person_id)

    def people(self) -> tuple[Person, ...]:
        """See `domain.ports.Reader`."""
        return tuple(self.folk.all().values())

    def groups(self, kind: GroupKind) -> tuple[Group, ...]:
        """See `domain.ports.Reader`. Chats on platforms that nobody serves are left out."""
        found = (g for g in self.folk.groups().values() if g.kind is kind)
        return tuple(g for g in found if self._served(g.address))

    def reach(self, person_id: str) -> Address | None:
        """See `domain.ports.Reader`."""
        person = self.person(person_id)
        places = person.addresses if person else ()
        served = [a for a in places if a.chat and self._served(a)]
        return min(served, key=lambda a: a.platform == SANDBOX) if served else None

    def _served(self, to: Address) -> bool:
        return not self.platforms or to.platform in self.platforms

    def alert(self, alert_id: str) -> Alert | None:
        """See `domain.ports.Reader`."""
        return self.alerts.alert(alert_id)

    def open_alerts(self) -> tuple[Alert, ...]:
        """See `domain.ports.Reader`."""
        return self.alerts.open_alerts()

    def alerts_of(self, order_no: str) -> tuple[Alert, ...]:
        """See `domain.ports.Reader`."""
        return self.alerts.alerts_of(order_no)

    def alerts_told_as(self, name: str) -> tuple[Alert, ...]:
        """See `domain.ports.Reader`."""
        return self.alerts.alerts_told_as(name)

    def told_since(self, to: Address, kinds: Sequence[str], since: datetime) -> int:
        """See `domain.ports.Reader`."""
        return self.outbox.told_since(to, kinds, since)

    def set_timer(self, kind: str, scope: str, at: datetime | None) -> None:
        """See `domain.ports.Books`."""
        self.alerts.set_timer(kind, scope, at)

    def slot_told(self, to: Address, slot: str) -> bool:
        """See `domain.ports.Reader`."""
        return self.outbox.slot_told(to, slot)

    def was_told(self, key: str) -> bool:
        """See `domain.ports.Reader`."""
        return self.outbox.was_told(key)

    def last_push(self, to: Address, bundle: str) -> datetime | None:
        """See `domain.ports.Reader`."""
        return self.outbox.last_push(to, bundle)

    def keep(self, order: Order, events: Sequence[Event]) -> None:
        """See `domain.ports.Books`."""
        self.orders.keep(order, events)

    def notify(self, notice: Notice) -> None:
        """See `domain.ports.Books`."""
        self.outbox.put(notice, self.clock.now())

    def take_back(self, causes: Iterable[str]) -> tuple[Notice, ...]:
        """See `domain.ports.Books`."""
        return self.outbox.take_back(causes)

    def keep_alert(self, alert: Alert) -> None:
        """See `domain.ports.Books`."""
        self.alerts.keep_alert(alert)
