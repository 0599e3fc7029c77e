"""A small factory for the rules' tests: one route with every kind of node, its people, its books in
memory.

`MemoryBooks` is the second implementation of `domain.ports.Books`: the desk is tested against the
port, not against the database.
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.alert import Alert, AlertState
from domain.calendar import WorkCalendar
from domain.commands import Command, PlaceOrder, Told, Undo
from domain.decide import decide
from domain.desk import Desk
from domain.events import Event, PhotoAttached, Source
from domain.notice import Notice
from domain.order import Order, empty, evolve
from domain.person import Address, Group, GroupKind, Person, Role
from domain.plan import place
from domain.route import Route, from_dict

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
"""A Monday, 9:00 in Shanghai."""
CALENDAR = WorkCalendar(SHANGHAI)

ROUTE = from_dict(
    {
        "key": "mixed",
        "name": "样样都有",
        "nodes": [
            {"key": "cut", "name": "裁切", "standard_hours": 8, "milestone": True},
            {
                "key": "art", "name": "定稿", "standard_hours": 4, "after": [],
                "confirmed_by": "customer",
            },
            {
                "key": "sew", "name": "车缝", "standard_hours": 8, "after": ["cut"], "core": True,
                "first_article": True,
            },
            {
                "key": "dye", "name": "染色", "standard_hours": 8, "after": ["cut"],
                "customer_visible": False, "confirmed_by": "operator", "minutes_per_piece": 0.6,
            },
            {
                "key": "qc", "name": "质检", "standard_hours": 4, "after": ["sew", "art"],
                "photo": "required", "inspection": True,
            },
            {"key": "pack", "name": "包装", "standard_hours": 4, "photo": "wanted"},
            {
                "key": "ship", "name": "发货", "standard_hours": 2, "after": ["pack", "dye"],
                "shipping": True,
            },
        ],
    }
)  # fmt: skip


def _at(chat: str) -> tuple[Address, ...]:
    return (Address("test", chat),)


CUTTER = Person("cutter", "阿强", Role.OPERATOR, nodes=("cut",), addresses=_at("u-cutter"))
SEWER = Person("sewer", "阿芳", Role.OPERATOR, nodes=("sew", "qc", "pack", "ship", "art"))
DYER = Person("dyer", "染坊", Role.SUPPLIER, nodes=("dye",))
CHECKER = Person("checker", "老陈", Role.OPERATOR, nodes=("dye",))
BOSS = Person("boss", "李总", Role.MANAGER, addresses=_at("u-boss"))
DEPUTY = Person("deputy", "王厂长", Role.MANAGER)
ADMIN = Person("admin", "小周", Role.ADMIN)
CUSTOMER = Person("ivy", "Ivy", Role.CUSTOMER, language="en", addresses=_at("u-ivy"))
STRANGER = Person("mallory", "Mallory", Role.CUSTOMER, addresses=_at("u-mallory"))
PEOPLE = (CUTTER, SEWER, DYER, CHECKER, BOSS, DEPUTY, ADMIN, CUSTOMER, STRANGER)
LEADERS = Group(Address("test", "leaders"), GroupKind.MANAGEMENT, "管理群")


def shot(name: str = "a") -> PhotoAttached:
    """A picture that differs from others by its name."""
    return PhotoAttached(name * 64, f"{name * 64}.jpg", f"{name * 64}.jpg")


def told(by: Person = BOSS, now: datetime = NOW, message: str = "") -> Told:
    """An envelope."""
    return Told(by, now, Source("test", "floor", message) if message else None)


@dataclass
class Story:
    """An order, its log, and one command after the other."""

    order: Order = field(default_factory=lambda: empty("A101", ROUTE))
    log: list[Event] = field(default_factory=list)
    now: datetime = NOW

    def do(self, command: Command, by: Person = BOSS, after: float = 1) -> list[Event]:
        """Do it some minutes later; raises what it is refused with and changes nothing then."""
        placing = None
        if isinstance(command, PlaceOrder):
            placing = place(ROUTE, command.quantity, self.now, command.due, CALENDAR)
        envelope = told(by, self.now + timedelta(minutes=after))
        events = decide(
            self.order, command, envelope, history=lambda: tuple(self.log), placing=placing
        )
        for event in events:
            self.order = evolve(self.order, event, tuple(self.log))
            self.log.append(event)
        self.now = envelope.now
        return events

    def did(self, *commands: Command, by: Person = BOSS) -> "Story":
        """Several, in a chain."""
        for command in commands:
            self.do(command, by)
        return self


def placed(quantity: int = 100, **more: Any) -> Story:
    """An order just placed."""
    return Story().did(PlaceOrder("A101", "卫衣", quantity, "ivy", "mixed", **more))


class MemoryBooks:
    """Books in dictionaries. `send` plays the courier for everything that is due."""

    def __init__(self, *routes: Route, groups: Sequence[Group] = (LEADERS,)) -> None:
        self.orders: dict[str, Order] = {}
        self.events: dict[str, list[Event]] = {}
        self.by_key = {r.key: r for r in routes or (ROUTE,)}
        self.chats = tuple(groups)
        self.outbox: dict[str, tuple[Notice, str]] = {}
        self.sent_at: dict[str, datetime] = {}
        self.alerts: dict[str, Alert] = {}
        self.timers: dict[tuple[str, str], datetime] = {}

    def order(self, order_no: str) -> Order | None:
        return self.orders.get(order_no)

    def history(self, order_no: str) -> tuple[Event, ...]:
        return tuple(self.events.get(order_no, ()))

    def latest(self, count: int) -> tuple[Event, ...]:
        events = [e for log in self.events.values() for e in log]
        return tuple(sorted(events, key=lambda e: e.recorded_at, reverse=True)[:count])

    def open_orders(self) -> tuple[Order, ...]:
        return tuple(o for _, o in sorted(self.orders.items()) if o.open)

    def orders_of(self, customer: str) -> tuple[Order, ...]:
        return tuple(o for o in self.orders.values() if o.customer == customer)

    def route(self, key: str) -> Route | None:
        return self.by_key.get(key)

    def person(self, person_id: str) -> Person | None:
        return next((p for p in PEOPLE if p.id == person_id), None)

    def people(self) -> tuple[Person, ...]:
        return PEOPLE

    def groups(self, kind: GroupKind) -> tuple[Group, ...]:
        return tuple(g for g in self.chats if g.kind is kind)

    def reach(self, person_id: str) -> Address | None:
        person = self.person(person_id)
        return person.addresses[0] if person and person.addresses else None

    def alert(self, alert_id: str) -> Alert | None:
        return self.alerts.get(alert_id)

    def open_alerts(self) -> tuple[Alert, ...]:
        return tuple(a for a in self.alerts.values() if a.state is not AlertState.RESOLVED)

    def alerts_of(self, order_no: str) -> tuple[Alert, ...]:
        return tuple(a for a in self.open_alerts() if a.order_no == order_no)

    def alerts_told_as(self, name: str) -> tuple[Alert, ...]:
        return tuple(a for a in self.alerts.values() if a.told_as == name)

    def told_since(self, to: Address, kinds: Sequence[str], since: datetime) -> int:
        found = {
            n.slot or n.key
            for n, state in self.outbox.values()
            if n.to == to and n.kind.value in kinds and n.not_before >= since
            if state in ("waiting", "sent")
        }
        return len(found)

    def slot_told(self, to: Address, slot: str) -> bool:
        told = [n for n, state in self.outbox.values() if state in ("waiting", "sent")]
        return any(n.to == to and n.slot == slot for n in told)

    def set_timer(self, kind: str, scope: str, at: datetime | None) -> None:
        self.timers.pop((kind, scope), None)
        if at is not None:
            self.timers[kind, scope] = at

    def was_told(self, key: str) -> bool:
        return key in self.outbox and self.outbox[key][1] in ("waiting", "sent")

    def last_push(self, to: Address, bundle: str) -> datetime | None:
        times = [
            self.sent_at.get(k, n.not_before)
            for k, (n, state) in self.outbox.items()
            if n.to == to and n.bundle == bundle and state in ("waiting", "sent")
        ]
        return max(times, default=None)

    def keep(self, order: Order, events: Sequence[Event]) -> None:
        log = self.events.setdefault(order.order_no, [])
        for event in events:
            assert event.seq == len(log) + 1
            log.append(event)
        self.orders[order.order_no] = order

    def notify(self, notice: Notice) -> None:
        if notice.key in self.outbox:
            return
        for key, (other, state) in self.outbox.items():
            if notice.slot and state == "waiting" and (other.to, other.slot) == (
                notice.to, notice.slot,
            ):  # fmt: skip
                self.outbox[key] = other, "superseded"
        self.outbox[notice.key] = notice, "waiting"

    def take_back(self, causes: Iterable[str]) -> tuple[Notice, ...]:
        wanted, sent = set(causes), []
        for key, (notice, state) in self.outbox.items():
            if wanted & set(notice.causes):
                if state == "waiting":
                    self.outbox[key] = notice, "taken_back"
                elif state == "sent":
                    sent.append(notice)
        return tuple(sent)

    def keep_alert(self, alert: Alert) -> None:
        self.alerts[alert.id] = alert

    def waiting(self, what: str = "") -> list[Notice]:
        """What is not sent yet."""
        return [
            n for n, state in self.outbox.values() if state == "waiting" and what in ("", n.what)
        ]

    def send(self, now: datetime) -> list[Notice]:
        """Send what is due."""
        due = [n for n in self.waiting() if n.not_before <= now]
        for notice in due:
            self.outbox[notice.key] = notice, "sent"
            self.sent_at[notice.key] = now
        return due

    def copy(self) -> dict[str, Any]:
        """All there is, to see that a refusal changed nothing."""
        return copy.deepcopy({k: v for k, v in vars(self).items() if k != "chats"})


@dataclass
class Shop:
    """A desk over books in memory, with a clock that moves when told."""

    books: MemoryBooks = field(default_factory=MemoryBooks)
    desk: Desk = field(default_factory=lambda: Desk(CALENDAR))
    now: datetime = NOW

    def do(self, command: Command, by: Person = BOSS) -> list[Event]:
        """Do it now."""
        return list(self.desk.handle(self.books, command, told(by, self.now)).events)

    def undo(self, *events: Event, by: Person = BOSS) -> list[Event]:
        """Take events back."""
        seqs = [e.seq for e in events]
        return self.do(Undo("A101", tuple(seqs)), by)

    def later(self, **span: float) -> list[Notice]:
        """Let time pass and the courier work."""
        self.now += timedelta(**span)
        return self.books.send(self.now)

    def clock(self, until: datetime) -> list[Notice]:
        """Let time pass, with the clock looking at what is due on the way."""
        sent = self.books.send(self.now)
        while True:
            moments = [*self.books.timers.values(), *(n.not_before for n in self.books.waiting())]
            due = min(moments, default=until)
            self.now = max(self.now, min(due, until))
            for (kind, scope), at in sorted(self.books.timers.items(), key=lambda t: t[1]):
                if at <= self.now:
                    self.desk.look(self.books, kind, scope, self.now)
            sent += self.books.send(self.now)
            if due > until or not moments:
                self.now = until
                return sent

    @property
    def order(self) -> Order:
        """The order as it stands."""
        return self.books.orders["A101"]


def shop(quantity: int = 100, **more: Any) -> Shop:
    """A shop with one order."""
    found = Shop()
    found.do(PlaceOrder("A101", "卫衣", quantity, "ivy", "mixed", **more))
    return found


def aged(order: Order, **changes: Any) -> Order:
    """An order with some fields set."""
    return replace(order, **changes)
