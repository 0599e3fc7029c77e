"""Says whether the stored state is what the event log says, to the last field.

One streaming pass in one read transaction: sequence, hash chain, replay, projections. The
connection is read-only, so that it can never checkpoint beside the writer (see `storage.store`);
it runs in its own process on a serving database as well as on a closed one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from domain.errors import DomainError
from domain.events import Event, OrderPlaced
from domain.order import Order, empty, fold
from domain.route import Route, from_dict
from storage.docs import chain, dump, event_from, order_doc, order_row
from storage.needs import need_rows
from storage.orders import GENESIS
from storage.postgres import PgSql
from storage.secrets import MARK, Broken, Master, Ring, Safe, beside, secret_at
from storage.sql import Sql
from storage.sqlite import reader
from storage.store import Store
from storage.words import opened, show

Found = Mapping[str, Any]
_EVENTS = "SELECT * FROM event ORDER BY order_no, seq"
_ORDERS = "SELECT * FROM orders ORDER BY order_no"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the books first disagree. `field` is a dotted path; `seq` 0 means the order as a
    whole.
    """

    order_no: str
    seq: int
    field: str
    stored: object
    replayed: object


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and the first difference if there is one."""

    orders: int
    events: int
    difference: Difference | None = None

    @property
    def clean(self) -> bool:
        """Whether log and state agree."""
        return self.difference is None


class _Differs(Exception):
    def __init__(self, *facts: Any) -> None:
        super().__init__(facts)
        self.difference = Difference(*facts)


@contextmanager
def snapshot(where: Path | str) -> Iterator[Sql]:
    """The books as they are at one moment, to be read beside whoever writes them."""
    if isinstance(where, Path):
        with closing(reader(where)) as raw:
            raw.execute("BEGIN")
            yield Sql(raw)
        return
    with closing(PgSql(where)) as sql:
        sql.snapshot()
        yield sql


def verify(
    source: Path | str | Store, masters: Sequence[Master] | None = None, order: str = ""
) -> Report:
    """Replay everything, or one order. A store is read as it stands on disk, not through its
    cache. Without `masters` those of the store count, or that of the folder in which the file
    lies. Raises WrongKey where none of them opens what is sealed.
    """
    where = source.where if isinstance(source, Store) else source
    if masters is None:
        beside_it = beside(where.parent) if isinstance(where, Path) else ()
        masters = source.masters if isinstance(source, Store) else beside_it
    with snapshot(where) as sql:
        return Pass(sql, masters).run(order)


class Pass:
    """One pass over the books, a constant number of rows in memory beside one order's events."""

    def __init__(self, sql: Sql, masters: Sequence[Master] = ()) -> None:
        self.sql = sql
        self.safe = Safe(sql, Ring(tuple(masters)))
        self.routes: dict[tuple[str, int], Route | None] = {}
        self.orders = self.events = 0

    def run(self, order: str = "") -> Report:
        """The whole of it, or one order."""
        difference = None
        try:
            for order_no, stored, rows in self._one(order) if order else self._merged():
                self._order(order_no, stored, rows)
            if not order:
                self._strays()
                self._secrets()
        except _Differs as found:
            difference = found.difference
        return Report(self.orders, self.events, difference)

    def _one(self, no: str) -> Iterator[tuple[str, Found | None, list[Found]]]:
        stored = self.sql.row("SELECT * FROM orders WHERE order_no = :no", no=no)
        rows = self.sql.rows("SELECT * FROM event WHERE order_no = :no ORDER BY seq", no=no)
        if stored or rows:
            yield no, stored, list(rows)

    def _merged(self) -> Iterator[tuple[str, Found | None, list[Found]]]:
        """Orders and their events side by side, with None or nothing where one is missing."""
        states = self.sql.stream(_ORDERS)
        state = next(states, None)
        for no, group in groupby(self.sql.stream(_EVENTS), key=lambda r: str(r["order_no"])):
            while state is not None and state["order_no"] < no:
                yield state["order_no"], state, []
                state = next(states, None)
            if state is not None and state["order_no"] == no:
                yield no, state, list(group)
                state = next(states, None)
            else:
                yield no, None, list(group)
        while state is not None:
            yield state["order_no"], state, []
            state = next(states, None)

    def _order(self, no: str, stored: Found | None, rows: list[Found]) -> None:
        if not rows:
            raise _Differs(no, 0, "events", "none", "at least one")
        head, events = self._chained(no, rows)
        if stored is None:
            raise _Differs(no, len(rows), "orders", None, "a row")
        order = self._replayed(no, events)
        wanted = order_row(order, head)
        for name, value in wanted.items():
            if name != "doc":
                _same(no, order.seq, name, _plain(stored[name]), _plain(value))
        self._same_doc(order, stored["doc"])
        followers = self.sql.rows("SELECT who, node FROM subscription WHERE order_no = :no", no=no)
        kept = sorted([r["who"], r["node"]] for r in followers)
        _same(no, order.seq, "subscription", kept, sorted(list(f) for f in order.followers))
        self._needs(order)
        self.orders += 1

    def _needs(self, order: Order) -> None:
        """What suppliers owe stands in a table of its own: the same as the order says."""
        no = order.order_no
        rows = self.sql.rows("SELECT * FROM need WHERE order_no = :no", no=no)
        kept = {r["need"]: dict(r) for r in rows}
        _same(no, order.seq, "need", kept, {r["need"]: r for r in need_rows(order)})

    def _same_doc(self, order: Order, stored: str) -> None:
        no, doc = order.order_no, _parsed(order.order_no, order.seq, stored)
        try:
            found = show(doc, no, self.safe) if isinstance(doc, dict) else doc
        except (Broken, KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise _Differs(no, order.seq, "words", stored, repr(error)) from error
        _same(no, order.seq, "", found, json.loads(dump(order_doc(order))))

    def _chained(self, no: str, rows: list[Found]) -> tuple[str, list[Event]]:
        head, events = GENESIS, []
        for wanted, row in enumerate(rows, 1):
            _same(no, wanted, "seq", row["seq"], wanted)
            head = self._hashed(head, row)
            _same(no, wanted, "hash", row["hash"], head)
            try:
                events.append(event_from(row, self.safe))
            except (Broken, ValueError, KeyError, TypeError, AttributeError) as error:
                raise _Differs(no, wanted, "data", row["data"], repr(error)) from error
            self.events += 1
        return head, events

    def _hashed(self, before: str, row: Found) -> str:
        """What a row's hash must be. Events from before there were sealed values were hashed with
        their words as they were said.
        """
        found = chain(before, row)
        if found == row["hash"] or f'"{MARK}' not in row["data"]:
            return found
        try:
            plain = chain(before, opened(row, self.safe))
        except (Broken, ValueError, KeyError, TypeError, AttributeError):
            return found
        return plain if plain == row["hash"] else found

    def _replayed(self, no: str, events: list[Event]) -> Order:
        fact = events[0].fact
        if not isinstance(fact, OrderPlaced):
            raise _Differs(no, 1, "type", events[0].type, "OrderPlaced")
        route = self._route(fact.route, fact.route_version)
        if route is None:
            raise _Differs(no, 1, "route", None, f"{fact.route} {fact.route_version}")
        try:
            return fold(empty(no, route), events)
        except (DomainError, ValueError, KeyError, TypeError) as error:
            raise _Differs(no, len(events), "replay", "events", repr(error)) from error

    def _route(self, key: str, version: int) -> Route | None:
        if (key, version) not in self.routes:
            row = self.sql.row(
                "SELECT doc FROM route WHERE key = :k AND version = :v", k=key, v=version
            )
            self.routes[key, version] = from_dict(json.loads(row["doc"])) if row else None
        return self.routes[key, version]

    def _strays(self) -> None:
        row = self.sql.row(
            "SELECT order_no, who FROM subscription s WHERE NOT EXISTS"
            " (SELECT 1 FROM orders o WHERE o.order_no = s.order_no) LIMIT 1"
        )
        if row:
            raise _Differs(row["order_no"], 0, "subscription", row["who"], None)
        row = self.sql.row(
            "SELECT order_no, need FROM need n WHERE NOT EXISTS"
            " (SELECT 1 FROM orders o WHERE o.order_no = n.order_no) LIMIT 1"
        )
        if row:
            raise _Differs(row["order_no"], 0, "need", row["need"], None)

    def _secrets(self) -> None:
        """Every sealed fact of people and orders opens, at its place."""
        for row in self.sql.stream("SELECT owner, field, value FROM secret"):
            try:
                self.safe.open(row["value"], secret_at(row["owner"], row["field"]))
            except Broken as error:
                raise _Differs(row["owner"], 0, row["field"], "sealed", repr(error)) from error


def _plain(value: Any) -> Any:
    """Engines differ in whether they know truth values."""
    return int(value) if isinstance(value, bool) else value


def _parsed(no: str, seq: int, doc: str) -> object:
    try:
        return json.loads(doc)
    except ValueError as error:
        raise _Differs(no, seq, "doc", doc, repr(error)) from error


def _same(no: str, seq: int, field: str, stored: object, replayed: object) -> None:
    """Equal in type and value, or the first place where they are not."""
    if isinstance(stored, dict) and isinstance(replayed, dict):
        for key in [*replayed, *(k for k in stored if k not in replayed)]:
            path = f"{field}.{key}" if field else str(key)
            _same(no, seq, path, stored.get(key), replayed.get(key))
    elif stored != replayed or type(stored) is not type(replayed):
        raise _Differs(no, seq, field, stored, replayed)
