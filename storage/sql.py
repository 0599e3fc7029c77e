"""One thin way to the database: named parameters, rows as mappings, the same text on both engines.

Writes of the hot path wait in `Pending` and go out in a few large statements; whatever asks about
a table for which something waits has that written first, so that nobody ever sees the difference.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from storage.pending import Pending

Row = Mapping[str, Any]
Values = Sequence[Any]
_WORD = re.compile(r"[a-z_]+")
READS = ("SELECT", "EXPLAIN")


@lru_cache(maxsize=2048)
def named_in(text: str) -> tuple[frozenset[str], bool]:
    """Every word of a statement, among them the tables it is about, and whether it only reads."""
    return frozenset(_WORD.findall(text.lower())), text.lstrip().upper().startswith(READS)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a unit of work is going to ask for, so that a batch may ask once for all of its units.
    Only a matter of speed: what is not named here is asked for when it is needed.
    """

    messages: tuple[tuple[str, str, str], ...] = ()
    """Platform, account and id of messages that will be taken in."""
    orders: tuple[str, ...] = ()
    """Numbers of orders that may change."""
    chats: tuple[tuple[str, str, str], ...] = ()
    """Platform, account and id of chats in which something is handled."""


class Overtaken(Exception):
    """Another process changed an order while a unit of work leaned on it: it is tried again."""


class Sql:
    """Statements on one connection to SQLite. Text uses `:name` parameters; nothing is ever
    formatted into it. With `units` each unit of work is guarded by a savepoint; without, whoever
    commits calls `flush` before.
    """

    engine = "sqlite"
    shared = False
    """Whether other processes may write between two batches."""
    faults: tuple[type[Exception], ...] = (sqlite3.Error,)
    """What the engine raises."""

    def __init__(self, raw: sqlite3.Connection, *, units: bool = False) -> None:
        self.raw, self.units = raw, units
        self._seen = 0
        self.holder = ""
        """The name of this process, where there may be several."""
        self.batch, self.unit = Pending(), Pending()
        self.open = False
        """Whether the unit under way has a savepoint."""
        self.last: dict[str, int] = {}
        self.everybody = False
        """Whether this unit changed what every process remembers."""
        self.locked: dict[str, int] = {}
        self.absent: set[tuple[str, str, str]] = set()
        self.chats: dict[tuple[str, str, str], tuple[int, int]] = {}
        """By chat: the lowest number that waits and that of the last message handled, or 0."""

    # What the books ask and write

    def do(self, text: str, /, **values: object) -> int:
        """Run a statement; how many rows it changed."""
        self._before(text)
        return self._run(text, values)

    def many(self, text: str, rows: Iterable[Row]) -> None:
        """Run a statement once a row."""
        self._before(text)
        self._many(text, list(rows))

    def rows(self, text: str, /, **values: object) -> list[dict[str, Any]]:
        """All rows."""
        self._before(text)
        return self._rows(text, values)

    def row(self, text: str, /, **values: object) -> dict[str, Any] | None:
        """The first row, if any."""
        self._before(text)
        return self._row(text, values)

    def value(self, text: str, /, **values: object) -> Any:
        """The first column of the first row; None if there is none."""
        self._before(text)
        found = self._row(text, values)
        return next(iter(found.values())) if found else None

    def stream(self, text: str, /, **values: object) -> Iterator[dict[str, Any]]:
        """All rows, a few in memory at a time."""
        self._before(text)
        for row in self.raw.execute(text, values):
            yield dict(row)

    def stored(self, text: str, /, **values: object) -> Any:
        """The first column of the first row as it is stored: for who has looked at what waits."""
        found = self._row(text, values)
        return next(iter(found.values())) if found else None

    # Units of work

    def begin(self) -> None:
        """A unit of work begins; its savepoint is only made when something cannot wait."""
        self.open = self.everybody = False

    def keep(self) -> None:
        """It is done: what waits of it goes with the batch."""
        if self.open:
            self.run("RELEASE unit")
        self.open = False
        if self.unit.any:
            self.batch.absorb(self.unit)

    def drop(self) -> bool:
        """It failed: nothing of it stays. Whether it had written anything."""
        wrote = self.open or self.unit.any
        self.last.clear()
        if self.open:
            self.run("ROLLBACK TO unit")
            self.run("RELEASE unit")
        self.open = False
        self.unit.clear()
        return wrote

    def forget(self) -> None:
        """The transaction is gone, and what waited for it with it."""
        self.last.clear()
        self.open = False
        self.batch.clear()
        self.unit.clear()

    def settle(self) -> None:
        """Write what waits of units that are done."""
        if self.batch.any:
            self.batch.write(self)

    def flush(self) -> None:
        """Write all that waits: outside the store, where nothing waits for a batch."""
        self.keep()
        self.settle()

    def next(self, table: str) -> int:
        """The number of the next new row of a table."""
        if table not in self.last:
            self.last[table] = self.value(f"SELECT COALESCE(MAX(id), 0) FROM {table}")  # noqa: S608
        self.last[table] += 1
        return self.last[table]

    def _before(self, text: str) -> None:
        words, reads = named_in(text)
        if self.batch.any and not words.isdisjoint(self.batch.tables()):
            self.settle()
        waits = self.unit.any and not words.isdisjoint(self.unit.tables())
        if self.units and not self.open and (waits or not reads):
            self.check()
            self.settle()  # outside this unit's savepoint
            self.run("SAVEPOINT unit")
            self.open = True
        if waits:
            self.unit.write(self)

    # The engine

    def start(self, ahead: Sequence[Ahead] = ()) -> bool:
        """Begin a transaction; whether others wrote since the last one, so that all that is
        remembered is doubtful. `ahead` says what its units will ask for.
        """
        self.raw.execute("BEGIN IMMEDIATE")
        version = self.raw.execute("PRAGMA data_version").fetchone()[0]
        stale = self._seen not in (0, version)
        self._seen = version
        self.absent.clear()
        asked = list({m for each in ahead for m in each.messages})
        for first in range(0, len(asked), 500):
            self.absent.update(self._unknown(asked[first : first + 500]))
        return stale

    def _unknown(self, messages: Sequence[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
        """Those of the messages that nobody has taken in."""
        marks = ", ".join(["(?, ?, ?)"] * len(messages))
        text = (
            f"SELECT i.platform, i.account, i.message_id FROM (VALUES {marks}) AS m"  # noqa: S608
            " CROSS JOIN inbox i ON i.platform = m.column1 AND i.account = m.column2"
            " AND i.message_id = m.column3"
        )
        known = self.raw.execute(text, [part for m in messages for part in m])
        return set(messages) - {tuple(row) for row in known}

    def commit(self) -> None:
        """All of it is on disk when this returns."""
        self.raw.execute("COMMIT")

    def rollback(self) -> None:
        """Nothing of it stays."""
        self.forget()
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")

    def close(self) -> None:
        """Nobody writes any more."""
        with suppress(sqlite3.Error):  # a full disk: the next start does it
            self.raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.raw.close()

    def passing(self, error: BaseException) -> bool:
        """Whether a fault is nobody's and gone when it is tried again."""
        return False

    def check(self) -> None:
        """Raise where SQLite has given the transaction up, as on a full disk: what were written
        now would be kept at once and alone.
        """
        if not self.raw.in_transaction:
            raise sqlite3.OperationalError("the transaction is gone")

    # What the engines say differently

    like = "LIKE"
    """Finds text without looking at upper and lower case."""
    skip_locked = ""
    """Rows that somebody else has in hand are left out."""
    rowid = "rowid"
    """Names a row while a transaction lasts."""

    def within(self, column: str, name: str) -> str:
        """That a column's value is among those of the parameter `name`, made by `listed`."""
        return f"{column} IN (SELECT value FROM json_each(:{name}))"  # noqa: S608 - our own names

    def listed(self, values: Iterable[object]) -> object:
        """Values for `within`."""
        return json.dumps(list(values))

    def run(self, text: str) -> None:
        """A statement of ours about the transaction itself."""
        self.raw.execute(text)

    def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Values], rest: str = ""
    ) -> None:
        """Many new rows in one go; `rest` says what becomes of rows that are there already."""
        names = ", ".join(f'"{c}"' for c in columns)
        marks = ", ".join("?" * len(columns))
        self.raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks}) {rest}", rows)  # noqa: S608 - our own names

    def each(self, text: str, rows: Sequence[Row]) -> None:
        """A statement once a row, whatever waits."""
        self._many(text, rows)

    def among(self, table: str, column: str, values: Sequence[str]) -> set[str]:
        """Those of the values that the column of a table holds already."""
        found: set[str] = set()
        for first in range(0, len(values), 500):
            part = values[first : first + 500]
            marks = ", ".join("?" * len(part))
            text = f"SELECT {column} FROM {table} WHERE {column} IN ({marks})"  # noqa: S608
            found.update(r[0] for r in self.raw.execute(text, part))
        return found

    def numbers(self, table: str, count: int) -> Sequence[int]:
        """The next numbers of a table, for so many new rows."""
        last = self.raw.execute(f"SELECT COALESCE(MAX(id), 0) FROM {table}").fetchone()[0]  # noqa: S608
        return range(last + 1, last + 1 + count)

    def _run(self, text: str, values: Mapping[str, object]) -> int:
        return self.raw.execute(text, values).rowcount

    def _many(self, text: str, rows: Sequence[Row]) -> None:
        self.raw.executemany(text, rows)

    def _rows(self, text: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        return [dict(r) for r in self.raw.execute(text, values)]

    def _row(self, text: str, values: Mapping[str, object]) -> dict[str, Any] | None:
        found = self.raw.execute(text, values).fetchone()
        return dict(found) if found else None
