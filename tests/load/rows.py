"""The rows that a round of messages left in a PostgreSQL database, to be written again by hand:
what any program could do that knew them beforehand.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from bot.bench import GROUP
from tests.servers.postgres import plain


@dataclass(frozen=True, slots=True)
class Marks:
    """How far the books had come before a round."""

    inbox: int
    event: int
    outbox: int
    timers: frozenset[tuple[str, str, str]]
    orders: dict[str, int]


TABLES: dict[str, Callable[[dict[str, Any], "Marks"], bool]] = {
    "inbox": lambda r, old: r["id"] > old.inbox,
    "event": lambda r, old: r["id"] > old.event,
    "outbox": lambda r, old: r["id"] > old.outbox,
    "outbox_cause": lambda r, old: r["outbox_id"] > old.outbox,
    "timer": lambda r, old: (r["kind"], r["scope"], r["at"]) not in old.timers,
    "orders": lambda r, old: r["seq"] > old.orders[r["order_no"]],
}
"""Which rows of a table are new since a copy was made."""


def marks(url: str) -> Marks:
    """How far the books at an address have come."""
    with psycopg.connect(plain(url)) as pg:
        last = [
            pg.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()
            for table in ("inbox", "event", "outbox")
        ]
        timers = frozenset(pg.execute("SELECT kind, scope, at FROM timer").fetchall())
        orders: dict[str, int] = dict(pg.execute("SELECT order_no, seq FROM orders").fetchall())
    inbox, event, outbox = (int(found[0]) for found in last if found is not None)
    return Marks(inbox, event, outbox, timers, orders)


@dataclass(frozen=True, slots=True)
class Written:
    """New rows of a table: its columns with their types as arrays, and the rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def statement(self, table: str) -> sql.Composed:
        """The insert of many such rows, a column an array."""
        return sql.SQL("INSERT INTO {} ({}) SELECT * FROM unnest({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            sql.SQL(", ").join(sql.SQL("%b::" + kind + "[]") for kind in self.types),
        )


def written(url: str, old: Marks) -> dict[str, Written]:
    """The rows that a round left behind: the same are then written raw."""
    found = {}
    with psycopg.connect(plain(url)) as pg:
        for table, is_new in TABLES.items():
            cursor = pg.execute(f"SELECT * FROM {table}")
            columns = tuple(c.name for c in cursor.description or ())
            types = tuple(pg.adapters.types[c.type_code].name for c in cursor.description or ())
            rows = [r for r in cursor if is_new(dict(zip(columns, r, strict=True)), old)]
            found[table] = Written(columns, types, rows)
    return found


def batches(rows: dict[str, Written]) -> Iterator[list[tuple[sql.Composed, list[list[Any]]]]]:
    """Those rows as transactions of `GROUP` messages: statements, and a column an array."""
    count = len(rows["inbox"].rows)
    for first in range(0, count, GROUP):
        batch = []
        for table, found in rows.items():
            size, end = len(found.rows), min(first + GROUP, count)
            part = found.rows[round(size * first / count) : round(size * end / count)]
            if part:
                arrays = [list(column) for column in zip(*part, strict=True)]
                batch.append((found.statement(table), arrays))
        yield batch
