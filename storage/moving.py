"""Moves a factory's books from SQLite to PostgreSQL: every table in one transaction, which is only
kept when each row arrived as it was, the hash chains hold and what is sealed opens.

The SQLite file is brought to this version's shape and is otherwise left alone.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql as parts
from psycopg.rows import tuple_row
from sqlalchemy import Boolean, Integer, Table
from sqlmodel import SQLModel

from storage import checkup, migrate
from storage.postgres import PgSql
from storage.sealing import seal_plain
from storage.secrets import Master
from storage.sqlite import reader
from storage.verify import Pass

SEEDED = frozenset({"pulse"})
"""Tables that a migration writes into; what is in them says nothing of a factory."""
FETCHED = 2000
"""Rows that one look at what arrived brings."""
_LINE = re.compile(r"COPY \w+, line (\d+)(?:, column (\w+))?")
Values = tuple[Any, ...]


class Unmoved(Exception):
    """Nothing was moved. `code` says why: `not-empty` (`table`), `later` (the file is of a version
    that we do not know), `nul`, `unfit` (`table`, `row`, `column`: a value that PostgreSQL cannot
    hold), `unreadable` (`table`, `row`), `differs` (`table`, `row`), `unclean` (`difference`).
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows by table, and the orders and events that were replayed on arrival."""

    rows: Mapping[str, int]
    orders: int
    events: int


def move(source: Path, target: str, masters: Sequence[Master]) -> Moved:
    """Bring all that a SQLite file holds into an empty PostgreSQL database, or nothing. Nobody else
    may work on the file meanwhile.

    Raises Unmoved; WrongKey or Broken where `masters` do not open what is sealed; psycopg.Error or
    SQLAlchemyError where the database does not do what it is told.
    """
    if checkup.look(source).later:
        raise Unmoved("later")
    with psycopg.connect(checkup.plain(target), connect_timeout=5) as pg:
        _must_be_empty(pg)
    migrate.upgrade(source)
    seal_plain(source, masters)
    migrate.upgrade(target)
    with closing(reader(source)) as raw, closing(PgSql(target)) as there:
        raw.execute("BEGIN")
        with there.pg.transaction():
            moved = _moved(raw, there, masters)
        there.run("ANALYZE")
    return moved


def _moved(raw: sqlite3.Connection, there: PgSql, masters: Sequence[Master]) -> Moved:
    """In a transaction that nobody else sees into: copied, compared, verified."""
    pg, tables = there.pg, SQLModel.metadata.sorted_tables
    names = parts.SQL(", ").join(parts.Identifier(t.name) for t in tables)
    pg.execute(parts.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))
    _must_be_empty(pg)
    for name in SEEDED:
        pg.execute(parts.SQL("DELETE FROM {}").format(parts.Identifier(name)))
    rows = {}
    for table in tables:
        _copy(raw, pg, table)
        rows[table.name] = _compared(raw, pg, table)
        _count_on(pg, table)
    report = Pass(there, masters).run()
    if report.difference is not None:
        where = report.difference  # its values may be private
        raise Unmoved("unclean", difference=f"{where.order_no}/{where.seq} {where.field}")
    return Moved(rows, report.orders, report.events)


def _must_be_empty(pg: psycopg.Connection[Any]) -> None:
    """Refuse a database with anything in it but our own tables without rows, which a move that was
    broken off leaves.
    """
    found = pg.cursor(row_factory=tuple_row).execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'f', 'v', 'm')"
        " ORDER BY c.relname"
    )
    for (name,) in found.fetchall():
        if name == "alembic_version" or name in SEEDED:
            continue
        ours = name in SQLModel.metadata.tables
        some = parts.SQL("SELECT 1 FROM {} LIMIT 1").format(parts.Identifier(name))
        if not ours or pg.execute(some).fetchone():
            raise Unmoved("not-empty", table=name)


def _columns(table: Table) -> str:
    return ", ".join(f'"{c.name}"' for c in table.columns)


def _order(table: Table) -> str:
    """A walk that is the same on both engines: numbers by value, text by its bytes."""
    return ", ".join(f'"{c.name}"' for c in table.primary_key)


def _kept(raw: sqlite3.Connection, table: Table) -> Iterator[Values]:
    """A table's rows as PostgreSQL will have them."""
    names = [c.name for c in table.columns]
    truths = [n for n, c in enumerate(table.columns) if isinstance(c.type, Boolean)]
    count = 0
    try:
        walk = raw.execute(f"SELECT {_columns(table)} FROM {table.name} ORDER BY {_order(table)}")  # noqa: S608 - our own names
        for found in walk:
            row = list(found)
            count += 1
            for n, value in enumerate(row):
                if isinstance(value, str) and "\0" in value:
                    raise Unmoved("nul", table=table.name, row=_named(table, row), column=names[n])
            for n in truths:
                if row[n] not in (0, 1):
                    what = _named(table, row)
                    raise Unmoved("unfit", table=table.name, row=what, column=names[n])
                row[n] = bool(row[n])
            yield tuple(row)
    except sqlite3.Error as error:  # text that is no UTF-8, a page that is damaged
        raise Unmoved("unreadable", table=table.name, row=f"row {count + 1}") from error


def _named(table: Table, row: Sequence[Any]) -> str:
    """A row by its primary key, as one finds it again."""
    keys = {c.name for c in table.primary_key}
    pairs = zip(table.columns, row, strict=False)
    return ", ".join(f"{c.name} = {value!r}" for c, value in pairs if c.name in keys)


def _copy(raw: sqlite3.Connection, pg: psycopg.Connection[Any], table: Table) -> None:
    """Send a table, a row at a time in memory."""
    text = f"COPY {table.name} ({_columns(table)}) FROM STDIN"
    try:
        with pg.cursor().copy(text.encode()) as copy:
            for row in _kept(raw, table):
                copy.write_row(row)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        at = _LINE.match(error.diag.context or "")  # the rest of it quotes the value
        line, column = (int(at[1]), at[2] or "") if at else (0, "")
        there = next(islice(_kept(raw, table), max(line - 1, 0), None), ())
        raise Unmoved("unfit", table=table.name, row=_named(table, there), column=column) from error


def _compared(raw: sqlite3.Connection, pg: psycopg.Connection[Any], table: Table) -> int:
    """How many rows arrived, each as it was and none too many or too few."""
    count = 0
    with pg.cursor(f"arrived_{table.name}", row_factory=tuple_row) as arrived:
        arrived.itersize = FETCHED
        walk = f"SELECT {_columns(table)} FROM {table.name} ORDER BY {_order(table)}"  # noqa: S608 - our own names
        arrived.execute(walk.encode())
        for sent, found in zip_longest(_kept(raw, table), arrived):
            if sent != found:
                row = _named(table, sent or found or ())
                raise Unmoved("differs", table=table.name, row=row)
            count += 1
    return count


def _count_on(pg: psycopg.Connection[Any], table: Table) -> None:
    """New rows get numbers beyond those that came."""
    keys = list(table.primary_key)
    if len(keys) != 1 or not isinstance(keys[0].type, Integer):
        return
    key = keys[0].name
    pg.execute(
        parts.SQL(
            "SELECT setval(pg_get_serial_sequence({name}, {column}), GREATEST(MAX({key}), 1),"
            " MAX({key}) IS NOT NULL) FROM {table}"
        ).format(
            name=table.name,
            column=key,
            key=parts.Identifier(key),
            table=parts.Identifier(table.name),
        )
    )
