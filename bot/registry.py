"""The world that messages are about, kept up to date from the books: open orders, routes, people,
what was said lately.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.understanding.model import OrderState, Previous, Update
from bot.understanding.world import (
    CustomerEntry,
    NodeEntry,
    OrderEntry,
    PersonEntry,
    RouteEntry,
    World,
)
from domain.events import unstamp
from domain.node import Status
from domain.order import Order
from domain.person import Person, Role
from domain.route import Route
from storage.cache import Received
from storage.ledger import Ledger

BOT_NAMES = ("小进", "bot", "Vitrine")
REMEMBERED = 24
"""Messages of a chat that may matter for what is said next."""
LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the recent past: who, when, what was applied from it, and its pictures."""

    number: int
    message_id: str
    person: str
    at: datetime
    text: str
    kinds: tuple[str, ...]
    media: tuple[str, ...]
    applied: tuple[Update, ...] = ()
    paired: bool = False

    def as_previous(self, now: datetime, *, source: bool = False) -> Previous:
        """The form that understanding reads."""
        age = max(int((now - self.at).total_seconds()), 0)
        return Previous(self.person, age, self.text, self.kinds, self.applied, source)


def heard(row: Received, done: Mapping[str, Any] | None = None) -> Heard:
    """A handled message of the inbox as remembered; `done` is its outcome where the row is older
    than that.
    """
    done = row.outcome if done is None else done
    media = [m for m in row.payload.get("media", ()) if not m.get("fault")]
    return Heard(
        row.id,
        row.message_id,
        str(done.get("person", "")),
        unstamp(row.at),
        str(done.get("text", row.payload.get("text", ""))),
        tuple(m["kind"] for m in media),
        tuple(m["digest"] for m in media),
        tuple(Update(**u) for u in done.get("applied", ())),
        bool(done.get("paired")),
    )


class States(Mapping[str, OrderState]):
    """How far orders are, looked up only when asked."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def __getitem__(self, order_no: str) -> OrderState:
        order = self.ledger.order(order_no)
        if order is None:
            raise KeyError(order_no)
        return state_of(order)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.ledger.orders.open_numbers()))

    def __len__(self) -> int:
        return len(self.ledger.orders.open_numbers())


def state_of(order: Order) -> OrderState:
    """An order's progress in understanding's terms: a node waiting for a photo or a nod is done to
    the reporter.
    """
    done, busy, held = set(), set(), set()
    for node in order.nodes.values():
        if node.held:
            held.add(node.key)
        elif node.completed:
            done.add(node.key)
        elif node.status is not Status.PENDING:
            busy.add(node.key)
    pieces = {n.key: n.quantity for n in order.nodes.values() if n.quantity}
    return OrderState(frozenset(done), frozenset(busy), frozenset(held), pieces)


@dataclass(slots=True)
class Registry:
    """The world and the recent messages of every chat. Only touched in the store's thread."""

    world: World | None = None
    version: int = -1
    routes: dict[tuple[str, int], RouteEntry] = field(default_factory=dict)
    shown: dict[str, tuple[str, int, str, Route]] = field(default_factory=dict)
    recent: dict[tuple[str, str, str], deque[Heard]] = field(default_factory=dict)
    newest: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def refresh(self, ledger: Ledger) -> World:
        """The world as the books have it now."""
        cache = ledger.cache
        ledger.orders.catch_up()
        if self.world is None or self.version != cache.version:
            self._rebuild(ledger)
        elif cache.fresh:
            for order in cache.fresh.values():
                self._put(order)
        cache.fresh.clear()
        assert self.world is not None
        return self.world

    def _rebuild(self, ledger: Ledger) -> None:
        self.recent.clear()
        self.shown.clear()
        people = ledger.people()
        self.world = World(
            people=[_person(p) for p in people if p.role is not Role.CUSTOMER],
            customers=[
                CustomerEntry(p.id, p.name, p.language) for p in people if p.role is Role.CUSTOMER
            ],
            bot_names=BOT_NAMES,
        )
        for order in ledger.open_orders():
            self._put(order)
        self.version = ledger.cache.version

    def forget(self) -> None:
        """Chats have other names now: what was said is read from the inbox again."""
        self.recent.clear()

    def _put(self, order: Order) -> None:
        assert self.world is not None
        if not order.open:
            self.shown.pop(order.order_no, None)
            self.world.drop(order.order_no)
            return
        about = (order.product, order.quantity, order.customer, order.route)
        if self.shown.get(order.order_no) == about:
            return
        self.shown[order.order_no] = about
        route = self._route(order.route)
        self.world.put(
            OrderEntry(order.order_no, order.product, order.quantity, order.customer, route)
        )

    def _route(self, route: Route) -> RouteEntry:
        kept = self.routes.get((route.key, route.version))
        if kept is None:
            nodes = tuple(NodeEntry(n.key, n.name, n.aliases) for n in route.nodes)
            kept = self.routes[route.key, route.version] = RouteEntry(route.key, nodes)
        return kept

    def said(self, ledger: Ledger, row: Received) -> deque[Heard]:
        """What was said in this message's chat before it, oldest first."""
        key = (row.platform, row.account, row.chat)
        ring = self.recent.get(key)
        if ring is not None and ledger.cache.shared:
            newest = ledger.inbox.newest(*key)
            if newest > self.newest.get(key, 0):  # somebody else handled something
                ring, self.newest[key] = None, newest
        if ring is None:
            since = unstamp(row.at) - LOOK_BACK
            past = ledger.inbox.recent(row.platform, row.account, row.chat, since, row.id)
            ring = self.recent[key] = deque(
                (heard(r) for r in past if r.outcome.get("remember")), maxlen=REMEMBERED
            )
        return ring

    def remember(self, row: Received, outcome: Mapping[str, Any]) -> None:
        """A message that was just handled."""
        self.newest[row.platform, row.account, row.chat] = row.id
        ring = self.recent.get((row.platform, row.account, row.chat))
        if ring is not None:
            ring.append(heard(row, outcome))

    def amend(self, row: Received, number: int, **changes: Any) -> None:
        """A remembered message was paired or undone since."""
        ring = self.recent.get((row.platform, row.account, row.chat))
        for place, item in enumerate(ring or ()):
            if item.number == number and ring is not None:
                ring[place] = replace(item, **changes)


def _person(person: Person) -> PersonEntry:
    return PersonEntry(
        id=person.id,
        name=person.name,
        title=person.title,
        role=person.role.value,
        nodes=person.nodes,
    )
