"""Orders, their events and their routes: the factory's own books, with a cache of orders as they
stand.
"""

import json
import time
from collections.abc import Sequence

from domain.events import Event
from domain.notice import cause
from domain.order import Order
from domain.route import Route, from_dict, to_dict
from storage.cache import Cache
from storage.docs import dump, event_from, event_values, order_from, order_values
from storage.needs import NeedBook
from storage.secrets import PLAIN, Seals
from storage.sql import Overtaken, Row, Sql
from storage.words import opened

LOOK = 1.0
"""Seconds after which the open orders are looked at again where other processes write too."""
GENESIS = ""
"""What the first event of an order is chained to."""


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
        if kept is not None and (not self.cache.shared or order_no in self.cache.sure):
            return kept
        if kept is not None and self._unchanged(kept):
            return kept
        row = self.sql.row("SELECT * FROM orders WHERE order_no = :no", no=order_no)
        return self._known(row) if row else None

    def _unchanged(self, order: Order) -> bool:
        """Whether nobody else changed it since it was read."""
        no = order.order_no
        seq = self.sql.locked.get(no) or self.sql.value(
            "SELECT seq FROM orders WHERE order_no = :no", no=no
        )
        if seq == order.seq:
            self.cache.sure.add(no)
        return bool(seq == order.seq)

    def _known(self, row: Row) -> Order:
        order = order_from(row, self.route_version(row["route"], row["route_version"]), self.seals)
        self.cache.trim()
        no = order.order_no
        known = self.cache.orders.get(no)
        if self.cache.shared and (known is None or known.seq != order.seq):
            self.cache.fresh[no] = order  # somebody else's doing
            if self.cache.open is not None:
                (self.cache.open.add if order.open else self.cache.open.discard)(no)
        self.cache.orders[no], self.cache.heads[no] = order, row["head"]
        self.cache.sure.add(no)
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

    def newest(self) -> str:
        """The newest event of this unit of work as `order/seq`; empty if nothing happened."""
        last = next(reversed(self.changed.values()), None)
        return cause(last.order_no, last.seq) if last else ""

    def between(self, first: str, last: str) -> tuple[Event, ...]:
        """Events recorded from one stamp up to another."""
        rows = self.sql.rows(
            "SELECT * FROM event WHERE recorded_at >= :a AND recorded_at < :b ORDER BY id",
            a=first,
            b=last,
        )
        return tuple(event_from(r, self.seals) for r in rows)

    def open_numbers(self) -> set[str]:
        """The numbers of all open orders. Where others write too it may be a second old."""
        if self.cache.open is None:
            rows = self.sql.rows("SELECT * FROM orders WHERE open = TRUE")
            for row in rows:
                kept = self.cache.orders.get(row["order_no"])
                if kept is None or kept.seq != row["seq"]:
                    self._known(row)
            self.cache.open = {row["order_no"] for row in rows}
            self.cache.looked = time.monotonic()
        elif self.cache.shared:
            self.catch_up()
        return self.cache.open

    def catch_up(self) -> None:
        """See what others did to the open orders, if nobody looked within a second or somebody says
        so.
        """
        cache = self.cache
        if not cache.shared or cache.open is None:
            return
        if not cache.hinted and time.monotonic() - cache.looked < LOOK:
            return
        cache.looked, cache.hinted = time.monotonic(), False
        rows = self.sql.rows("SELECT order_no, seq FROM orders WHERE open = TRUE")
        here = {r["order_no"] for r in rows}
        seqs = {no: o.seq for no, o in cache.orders.items() if no in here}
        for row in rows:
            if seqs.get(row["order_no"]) != row["seq"]:
                cache.orders.pop(row["order_no"], None)
                self.order(row["order_no"])
        for no in cache.open - here:
            cache.orders.pop(no, None)
            self.order(no)
        cache.open = here

    def open_orders(self) -> tuple[Order, ...]:
        """All open orders by number."""
        kept = self.cache.orders
        found = (kept.get(no) or self.order(no) for no in sorted(self.open_numbers()))
        return tuple(o for o in found if o is not None)

    def all_orders(self) -> tuple[Order, ...]:
        """Every order there is, by number."""
        found = []
        for row in self.sql.rows("SELECT * FROM orders ORDER BY order_no"):
            kept = self.cache.orders.get(row["order_no"])
            found.append(kept if kept and kept.seq == row["seq"] else self._known(row))
        return tuple(found)

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
        before = self.cache.orders.get(no)
        if self.cache.shared and before is not None:
            self._lock(before)
        head = self.cache.heads.get(no)
        if head is None:
            row = self.sql.row("SELECT head FROM orders WHERE order_no = :no", no=no)
            head = row["head"] if row else GENESIS
        unit = self.sql.unit
        for event in events:
            values = event_values(event, head, self.seals, order.customer)
            unit.events.append(values)
            head = values[-1]
        self._state(order, head)
        if before is None or before.followers != order.followers:
            self._followers(order)
        NeedBook(self.sql).keep(order, before)
        self.cache.orders[no], self.cache.heads[no] = order, head
        self.cache.sure.add(no)
        self.changed.pop(no, None)
        self.changed[no] = self.cache.fresh[no] = order
        if self.cache.open is not None:
            (self.cache.open.add if order.open else self.cache.open.discard)(no)

    def _lock(self, order: Order) -> None:
        """Nobody else changes it before this transaction is done. Raises Overtaken where somebody
        has.
        """
        no = order.order_no
        if no in self.sql.locked:
            return
        seq = self.sql.value("SELECT seq FROM orders WHERE order_no = :no FOR UPDATE", no=no)
        if seq != order.seq:
            raise Overtaken(no)
        self.sql.locked[no] = order.seq

    def _state(self, order: Order, head: str) -> None:
        pieces = self.cache.pieces.setdefault(order.order_no, {})
        unit = self.sql.unit
        unit.orders[order.order_no] = order_values(order, head, self.seals, pieces)
        unit.any = True

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

    def customer(self, order_no: str) -> str:
        """Whose order that is; empty if there is none of that number or it is nobody's."""
        kept = self.cache.orders.get(order_no)
        if kept is not None:
            return kept.customer
        found = self.sql.value("SELECT customer FROM orders WHERE order_no = :no", no=order_no)
        return str(found or "")
