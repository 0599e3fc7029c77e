"""Orders, their events and their alerts: the factory's own books, with a cache of orders as they
stand.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.alert import Alert, AlertState
from domain.events import Event, stamp, unstamp
from domain.order import Order
from domain.person import Address, Group, Person
from domain.route import Route, from_dict, to_dict
from storage.docs import dump, event_from, event_row, order_from, order_row
from storage.needs import NeedBook
from storage.secrets import PLAIN, Ring, Seals, owner
from storage.sql import Row, Sql
from storage.words import opened

MOST = 20_000
"""Orders that are kept in memory."""
GENESIS = ""
"""What the first event of an order is chained to."""

_EVENT = """INSERT INTO event (order_no, seq, type, node, "by", on_behalf, occurred_at, recorded_at,
 source_platform, source_chat, source_message, data, hash)
 VALUES (:order_no, :seq, :type, :node, :by, :on_behalf, :occurred_at, :recorded_at,
 :source_platform, :source_chat, :source_message, :data, :hash)"""
_ORDER = """INSERT INTO orders (order_no, customer, product, due, open, seq, head, route,
 route_version, updated_at, doc) VALUES (:order_no, :customer, :product, :due, :open, :seq, :head,
 :route, :route_version, :updated_at, :doc)
 ON CONFLICT (order_no) DO UPDATE SET customer = excluded.customer, product = excluded.product,
 due = excluded.due, open = excluded.open, seq = excluded.seq, head = excluded.head,
 updated_at = excluded.updated_at, doc = excluded.doc"""


@dataclass(slots=True)
class Cache:
    """What has been read and is still true. Only the writer's thread looks at it."""

    orders: dict[str, Order] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    routes: dict[tuple[str, int], Route] = field(default_factory=dict)
    newest: dict[str, Route] = field(default_factory=dict)
    people: dict[str, Person] | None = None
    users: dict[tuple[str, str, str], Person] = field(default_factory=dict)
    groups: dict[Address, Group] | None = None
    open: set[str] | None = None
    fresh: dict[str, Order] = field(default_factory=dict)
    ring: Ring = field(default_factory=Ring)
    version: int = 0

    def trim(self) -> None:
        """Orders of years ago need not stay in memory because somebody looked at them once."""
        if len(self.orders) > MOST:
            self.orders.clear()
            self.heads.clear()

    def forget(self) -> None:
        """Everything may be wrong: read anew."""
        self.orders.clear()
        self.heads.clear()
        self.routes.clear()
        self.newest.clear()
        self.users.clear()
        self.fresh.clear()
        self.ring.forget()
        self.people = self.groups = self.open = None
        self.version += 1


class OrderBook:
    """Orders, routes and alerts in one transaction. `changed` collects the orders that were
    kept.
    """

    def __init__(self, sql: Sql, cache: Cache, seals: Seals = PLAIN) -> None:
        self.sql, self.cache, self.seals = sql, cache, seals
        self.changed: dict[str, Order] = {}

    def order(self, order_no: str) -> Order | None:
        """The order as it stands."""
        kept = self.cache.orders.get(order_no)
        if kept is not None:
            return kept
        row = self.sql.row("SELECT * FROM orders WHERE order_no = :no", no=order_no)
        return self._known(row) if row else None

    def _known(self, row: Row) -> Order:
        order = order_from(row, self.route_version(row["route"], row["route_version"]), self.seals)
        self.cache.trim()
        self.cache.orders[order.order_no] = order
        self.cache.heads[order.order_no] = row["head"]
        return order

    def history(self, order_no: str) -> tuple[Event, ...]:
        """All events of an order."""
        rows = self.sql.rows("SELECT * FROM event WHERE order_no = :no ORDER BY seq", no=order_no)
        return tuple(event_from(r, self.seals) for r in rows)

    def event_rows(self, order_no: str) -> list[dict[str, object]]:
        """The rows of an order's events with their words, hashes with them."""
        rows = self.sql.rows("SELECT * FROM event WHERE order_no = :no ORDER BY seq", no=order_no)
        return [opened(r, self.seals) for r in rows]

    def from_source(self, platform: str, chat: str, message_id: str) -> tuple[Event, ...]:
        """The events that a message caused."""
        rows = self.sql.rows(
            "SELECT * FROM event WHERE source_platform = :p AND source_chat = :c"
            " AND source_message = :m ORDER BY id",
            p=platform,
            c=chat,
            m=message_id,
        )
        return tuple(event_from(r, self.seals) for r in rows)

    def latest(self, count: int) -> tuple[Event, ...]:
        """The newest events of all orders, newest first."""
        rows = self.sql.rows("SELECT * FROM event ORDER BY id DESC LIMIT :n", n=count)
        return tuple(event_from(r, self.seals) for r in rows)

    def last_event_id(self) -> int:
        """The number of the newest event of all."""
        return int(self.sql.value("SELECT COALESCE(MAX(id), 0) FROM event"))

    def between(self, first: str, last: str) -> tuple[Event, ...]:
        """Events recorded from one stamp up to another."""
        rows = self.sql.rows(
            "SELECT * FROM event WHERE recorded_at >= :a AND recorded_at < :b ORDER BY id",
            a=first,
            b=last,
        )
        return tuple(event_from(r, self.seals) for r in rows)

    def open_numbers(self) -> set[str]:
        """The numbers of all open orders."""
        if self.cache.open is None:
            rows = self.sql.rows("SELECT * FROM orders WHERE open = 1")
            for row in rows:
                if row["order_no"] not in self.cache.orders:
                    self._known(row)
            self.cache.open = {row["order_no"] for row in rows}
        return self.cache.open

    def open_orders(self) -> tuple[Order, ...]:
        """All open orders by number."""
        found = (self.order(no) for no in sorted(self.open_numbers()))
        return tuple(o for o in found if o is not None)

    def all_orders(self) -> tuple[Order, ...]:
        """Every order there is, by number."""
        return tuple(
            self.cache.orders.get(r["order_no"]) or self._known(r)
            for r in self.sql.rows("SELECT * FROM orders ORDER BY order_no")
        )

    def numbers(self) -> set[str]:
        """The numbers of all orders, open or not."""
        return {r["order_no"] for r in self.sql.rows("SELECT order_no FROM orders")}

    def orders_of(self, customer: str) -> tuple[Order, ...]:
        """A customer's orders, open ones first, newest first."""
        rows = self.sql.rows(
            "SELECT order_no FROM orders WHERE customer = :c ORDER BY open DESC, updated_at DESC",
            c=customer,
        )
        return tuple(o for r in rows if (o := self.order(r["order_no"])) is not None)

    def keep(self, order: Order, events: Sequence[Event]) -> None:
        """Events, state and subscriptions in one go."""
        no = order.order_no
        head = self.cache.heads.get(no)
        if head is None:
            row = self.sql.row("SELECT head FROM orders WHERE order_no = :no", no=no)
            head = row["head"] if row else GENESIS
        before = self.cache.orders.get(no)
        for event in events:
            row = event_row(event, head, self.seals, order.customer)
            self.sql.put(_EVENT, row)
            head = row["hash"]
        self._state(order, head)
        if before is None or before.followers != order.followers:
            self._followers(order)
        NeedBook(self.sql).keep(order, before)
        self.cache.orders[no], self.cache.heads[no] = order, head
        self.changed[no] = self.cache.fresh[no] = order
        if self.cache.open is not None:
            (self.cache.open.add if order.open else self.cache.open.discard)(no)

    def _state(self, order: Order, head: str) -> None:
        self.sql.put(_ORDER, order_row(order, head, self.seals))

    def rewrite(self, order: Order, head: str) -> None:
        """The state anew as its events read now, when words of theirs were erased."""
        self._state(order, head)
        self.cache.orders.pop(order.order_no, None)

    def _followers(self, order: Order) -> None:
        self.sql.do("DELETE FROM subscription WHERE order_no = :no", no=order.order_no)
        self.sql.many(
            "INSERT INTO subscription (order_no, who, node) VALUES (:no, :who, :node)",
            [{"no": order.order_no, "who": w, "node": n} for w, n in sorted(order.followers)],
        )

    def followed_by(self, who: str) -> tuple[tuple[str, str], ...]:
        """The orders and nodes that somebody follows."""
        rows = self.sql.rows(
            "SELECT order_no, node FROM subscription WHERE who = :w ORDER BY order_no, node", w=who
        )
        return tuple((r["order_no"], r["node"]) for r in rows)

    def route(self, key: str) -> Route | None:
        """The newest version of a route."""
        if key not in self.cache.newest:
            row = self.sql.row(
                "SELECT doc FROM route WHERE key = :k ORDER BY version DESC LIMIT 1", k=key
            )
            if row is None:
                return None
            self.cache.newest[key] = from_dict(json.loads(row["doc"]))
        return self.cache.newest[key]

    def routes(self) -> tuple[Route, ...]:
        """The newest version of every route."""
        keys = [r["key"] for r in self.sql.rows("SELECT DISTINCT key FROM route ORDER BY key")]
        return tuple(r for k in keys if (r := self.route(k)) is not None)

    def route_version(self, key: str, version: int) -> Route:
        """One version of a route; it must be there, orders lean on it."""
        kept = self.cache.routes.get((key, version))
        if kept is None:
            doc = self.sql.value(
                "SELECT doc FROM route WHERE key = :k AND version = :v", k=key, v=version
            )
            kept = self.cache.routes[key, version] = from_dict(json.loads(doc))
        return kept

    def keep_route(self, route: Route) -> Route:
        """A new version of a route; running orders stay as they are. The same content keeps its
        version.
        """
        doc = to_dict(route)
        newest = self.route(route.key)
        if newest is not None:
            if to_dict(newest) | {"version": 0} == doc | {"version": 0}:
                return newest
            doc["version"] = newest.version + 1
        self.sql.do(
            "INSERT INTO route (key, version, doc) VALUES (:k, :v, :d)",
            k=route.key,
            v=doc["version"],
            d=dump(doc),
        )
        self.cache.newest[route.key] = from_dict(doc)
        self.cache.version += 1
        return self.cache.newest[route.key]

    def alert(self, alert_id: str) -> Alert | None:
        """An alert by id."""
        row = self.sql.row("SELECT * FROM alert WHERE id = :i", i=alert_id)
        return self._alert(row) if row else None

    def open_alerts(self) -> tuple[Alert, ...]:
        """Alerts not yet resolved."""
        rows = self.sql.rows("SELECT * FROM alert WHERE state != 'resolved' ORDER BY raised_at, id")
        return tuple(self._alert(r) for r in rows)

    def alerts_of(self, order_no: str) -> tuple[Alert, ...]:
        """Alerts of an order not yet resolved, oldest first."""
        rows = self.sql.rows(
            "SELECT * FROM alert WHERE state != 'resolved' AND order_no = :no"
            " ORDER BY raised_at, id",
            no=order_no,
        )
        return tuple(self._alert(r) for r in rows)

    def all_alerts_of(self, order_no: str) -> tuple[Alert, ...]:
        """Alerts of an order, resolved ones too, oldest first."""
        rows = self.sql.rows(
            "SELECT * FROM alert WHERE order_no = :no ORDER BY raised_at, id", no=order_no
        )
        return tuple(self._alert(r) for r in rows)

    def alerts_told_as(self, name: str) -> tuple[Alert, ...]:
        """All alerts that are told as one with that id, oldest first."""
        rows = self.sql.rows(
            "SELECT * FROM alert WHERE id = :i OR more LIKE :like ORDER BY raised_at, id",
            i=name,
            like='%"group":"' + name.replace("%", "").replace("_", "\\_") + '"%',
        )
        return tuple(a for a in map(self._alert, rows) if a.told_as == name)

    def customer(self, order_no: str) -> str:
        """Whose order that is; empty if there is none of that number or it is nobody's."""
        kept = self.cache.orders.get(order_no)
        if kept is not None:
            return kept.customer
        found = self.sql.value("SELECT customer FROM orders WHERE order_no = :no", no=order_no)
        return str(found or "")

    def _alert(self, row: Row) -> Alert:
        return _alert_of(row, self.seals)

    def set_timer(self, kind: str, scope: str, at: datetime | None) -> None:
        """When to look at something; None takes the timer away."""
        if at is None:
            self.sql.do("DELETE FROM timer WHERE kind = :k AND scope = :s", k=kind, s=scope)
            return
        self.sql.do(
            "INSERT INTO timer (kind, scope, at) VALUES (:k, :s, :at)"
            " ON CONFLICT (kind, scope) DO UPDATE SET at = excluded.at",
            k=kind,
            s=scope,
            at=stamp(at),
        )

    def timers(self, until: datetime, count: int) -> list[tuple[str, str, datetime]]:
        """Timers due up to a moment, the earliest first."""
        rows = self.sql.rows(
            "SELECT * FROM timer WHERE at <= :at ORDER BY at, kind, scope LIMIT :n",
            at=stamp(until),
            n=count,
        )
        return [(r["kind"], r["scope"], unstamp(r["at"])) for r in rows]

    def next_timer(self) -> datetime | None:
        """The earliest moment at which something has to be looked at."""
        at = self.sql.value("SELECT MIN(at) FROM timer")
        return unstamp(at) if at else None

    def keep_alert(self, alert: Alert) -> None:
        """An alert as it stands now."""
        more, whose = _more(alert), owner(self.customer(alert.order_no))
        if "answer" in more:
            more["answer"] = self.seals.seal(
                str(more["answer"]), alert_at(alert.id, "answer"), whose
            )
        self.sql.do(
            "INSERT INTO alert (id, order_no, node, reason, text, raised_at, raised_by, state,"
            " taken_by, taken_at, more) VALUES (:id, :no, :node, :reason, :text, :at, :by, :state,"
            " :tb, :ta, :more) ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
            " raised_at = excluded.raised_at, taken_by = excluded.taken_by,"
            " taken_at = excluded.taken_at, more = excluded.more",
            id=alert.id,
            no=alert.order_no,
            node=alert.node,
            reason=alert.reason,
            text=self.seals.seal(alert.text, alert_at(alert.id, "text"), whose),
            at=stamp(alert.raised_at),
            by=alert.raised_by,
            state=alert.state.value,
            tb=alert.taken_by,
            ta=stamp(alert.taken_at) if alert.taken_at else "",
            more=dump(more),
        )


_MORE = ("kind", "level", "step", "count", "group", "owner", "answer", "risen")
_PLAIN = Alert("", "", "", "", "", datetime.min.replace(tzinfo=UTC), "")


def _more(alert: Alert) -> dict[str, object]:
    """What an alert knows of its chain, without what stands at its default."""
    found = {k: getattr(alert, k) for k in _MORE if getattr(alert, k) != getattr(_PLAIN, k)}
    if alert.silent_until is not None:
        found["silent_until"] = stamp(alert.silent_until)
    return found


def alert_at(alert_id: str, name: str) -> str:
    """The place of an alert's words, for sealing."""
    return f"alert/{alert_id}/{name}"


def _alert_of(row: Row, seals: Seals) -> Alert:
    more = json.loads(row["more"])
    if "answer" in more:
        more["answer"] = seals.open(more["answer"], alert_at(row["id"], "answer"))
    if "silent_until" in more:
        more["silent_until"] = unstamp(more["silent_until"])
    return Alert(
        row["id"],
        row["order_no"],
        row["node"],
        row["reason"],
        seals.open(row["text"], alert_at(row["id"], "text")),
        unstamp(row["raised_at"]),
        row["raised_by"],
        AlertState(row["state"]),
        row["taken_by"],
        unstamp(row["taken_at"]) if row["taken_at"] else None,
        **more,
    )
