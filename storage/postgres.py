"""PostgreSQL: the engine for more than one process. The same statements, sent in pipelines; many
rows as arrays; the database's own word on whether a commit that nobody answered was kept.

`portable` does without SKIP LOCKED, NOTIFY and transaction status, for databases that speak
PostgreSQL without being it.
"""

import re
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import sql as parts
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from sqlmodel import SQLModel

from storage.pending import Pending
from storage.sql import Ahead, Overtaken, Row, Sql, Values

_NAME = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
_ARRAYS = {"INTEGER": "bigint[]", "BOOLEAN": "boolean[]", "FLOAT": "float8[]"}
OPTIONS = "-c idle_in_transaction_session_timeout=60000 -c lock_timeout=20000 -c timezone=UTC"
LIVELY = {
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""A network that swallows what we say is noticed within half a minute."""
RESTED = 0.2
"""Seconds between two tries to reach a database that is away."""
AWAY = 30.0
"""Seconds for which a database may be away before units of work are told so."""


_TURNS = """SELECT t.p, t.a, t.c, COALESCE((SELECT MIN(w.id) FROM inbox w
 WHERE w.state = 'waiting' AND w.platform = t.p AND w.account = t.a AND w.chat = t.c), 0) AS first,
 COALESCE((SELECT d.id FROM inbox d WHERE d.platform = t.p AND d.account = t.a AND d.chat = t.c
 AND d.state = 'done' ORDER BY d.at DESC, d.id DESC LIMIT 1), 0) AS last
 FROM unnest(%b::text[], %b::text[], %b::text[]) AS t(p, a, c)"""
PASSING = (
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.UniqueViolation,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.InFailedSqlTransaction,
    psycopg.OperationalError,
    Overtaken,
)


_PORTABLE_MARK = "UPDATE pulse SET count = %(mark)s WHERE name = %(name)s"
_MARK = (
    f"WITH mark AS ({_PORTABLE_MARK} AND pg_current_xact_id_if_assigned() IS NOT NULL RETURNING 1)"  # noqa: S608
    " SELECT pg_notify('vitrine', %(holder)s) FROM mark"
)
"""Leaves in a transaction that wrote anything the proof that it was kept, and says so."""


class Unsure(Exception):
    """A commit was sent and never answered, and nobody can say what became of it."""


@lru_cache(maxsize=4096)
def translated(text: str) -> str:
    """A statement with `:name` parameters as psycopg reads it."""
    return _NAME.sub(r"%(\1)s", text.replace("%", "%%"))


@lru_cache(maxsize=256)
def _insert(table: str, columns: tuple[str, ...], rest: str) -> str:
    kinds = SQLModel.metadata.tables[table].columns
    names = ", ".join(f'"{c}"' for c in columns)
    arrays = ", ".join("%b::" + _ARRAYS.get(str(kinds[c].type).upper(), "text[]") for c in columns)
    return f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}) {rest}"  # noqa: S608


class PgSql(Sql):
    """Statements on one connection to PostgreSQL; see `Sql` for the promises."""

    engine = "postgresql"
    shared = True
    faults = (psycopg.Error, Unsure, Overtaken)
    like = "ILIKE"
    rowid = "ctid"
    skip_locked = " FOR UPDATE OF o SKIP LOCKED"

    def __init__(self, url: str, *, units: bool = False, portable: bool = False) -> None:
        self.url, self.units, self.portable = url, units, portable
        self.holder = uuid.uuid4().hex[:12]
        self.batch, self.unit = Pending(), Pending()
        self.open, self.last = False, {}
        self.locked: dict[str, int] = {}
        self.everybody = False
        self.absent: set[tuple[str, str, str]] = set()
        self.chats: dict[tuple[str, str, str], tuple[int, int]] = {}
        self.spare: dict[str, list[int]] = {}
        if portable:
            self.skip_locked = " FOR UPDATE OF o"
        self._pulse: int | None = None
        self._streams = 0
        self.pg = self._connected(AWAY)
        self._mark = 0
        if units:
            self.pg.execute(
                "INSERT INTO pulse (name, count) VALUES (%(name)s, 0) ON CONFLICT DO NOTHING",
                self._proof(),
            )

    def _connected(self, patience: float) -> psycopg.Connection[dict[str, Any]]:
        until = time.monotonic() + patience
        while True:
            try:
                return psycopg.connect(
                    self.url.replace("+psycopg", "", 1),
                    autocommit=True,
                    row_factory=dict_row,
                    connect_timeout=5,
                    **LIVELY,  # type: ignore[arg-type]
                    options=OPTIONS,
                    application_name="vitrine",
                )
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(RESTED)

    # Transactions

    def start(self, ahead: Sequence[Ahead] = ()) -> bool:
        """See `Sql`. What another process may change is asked for again in every batch."""
        if self.pg.closed:
            self.pg = self._connected(AWAY)
        messages = sorted({m for a in ahead for m in a.messages})
        orders = sorted({no for a in ahead for no in a.orders})
        chats = sorted({c for a in ahead for c in a.chats})
        self.absent.clear()
        self.chats.clear()
        self.locked.clear()
        with self.pg.pipeline():
            self.pg.execute("BEGIN")
            pulse = self.pg.execute("SELECT count FROM pulse WHERE name = 'books'")
            known = numbers = locks = turns = None
            if messages:
                known = self.pg.execute(
                    "SELECT i.platform, i.account, i.message_id FROM inbox i JOIN"
                    " unnest(%b::text[], %b::text[], %b::text[]) AS m(p, a, id)"
                    " ON i.platform = m.p AND i.account = m.a AND i.message_id = m.id",
                    [list(column) for column in zip(*messages, strict=True)],
                )
                numbers = self._draw("inbox", len(messages))
            if chats:
                turns = self.pg.execute(_TURNS, [list(c) for c in zip(*chats, strict=True)])
            if orders:
                locks = self.pg.execute(
                    "SELECT order_no, seq FROM orders WHERE order_no = ANY(%b)"
                    " ORDER BY order_no FOR UPDATE",
                    [orders],
                )
        row = pulse.fetchone()
        stale = self._pulse is not None and row is not None and row["count"] != self._pulse
        self._pulse = row["count"] if row else None
        if known is not None and numbers is not None:
            here = {(r["platform"], r["account"], r["message_id"]) for r in known}
            self.absent = set(messages) - here
            self.spare["inbox"] = [r["n"] for r in numbers]
        if turns is not None:
            self.chats = {(r["p"], r["a"], r["c"]): (r["first"], r["last"]) for r in turns}
        if locks is not None:
            self.locked.update({r["order_no"]: r["seq"] for r in locks})
        return stale

    def _draw(self, table: str, count: int) -> psycopg.Cursor[dict[str, Any]]:
        return self.pg.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) AS n FROM generate_series(1, %s)",
            [table, count],
        )

    def commit(self) -> None:
        """See `Sql`. Raises Unsure where the connection broke and nobody knows."""
        self._mark += 1
        self.pg.execute(_PORTABLE_MARK if self.portable else _MARK, self._proof())
        try:
            self.pg.execute("COMMIT")
        except psycopg.OperationalError:
            if not self._kept():
                raise

    def _proof(self) -> dict[str, object]:
        return {"name": f"mark/{self.holder}", "mark": self._mark, "holder": self.holder}

    def _kept(self) -> bool:
        """Whether a transaction whose commit was not answered was kept after all: whether its mark
        is there, once whoever still works on it is done. Its number would not tell: a server that
        fell gives the numbers of lost transactions to others.
        """
        self.pg.close()
        until = time.monotonic() + AWAY
        while time.monotonic() < until:
            try:
                if self.pg.closed:
                    self.pg = self._connected(AWAY)
                row = self.pg.execute(
                    "SELECT count FROM pulse WHERE name = %(name)s FOR UPDATE", self._proof()
                ).fetchone()
            except psycopg.OperationalError:
                continue
            return row is not None and row["count"] == self._mark
        raise Unsure(self._mark)

    def rollback(self) -> None:
        """See `Sql`."""
        self.forget()
        self._pulse = None
        if not self.pg.closed and self.pg.info.transaction_status != TransactionStatus.IDLE:
            try:
                self.pg.execute("ROLLBACK")
            except psycopg.Error:
                self.pg.close()

    def close(self) -> None:
        """See `Sql`."""
        self.pg.close()

    def passing(self, error: BaseException) -> bool:
        """Deadlocks, what others changed meanwhile, and a server that is away for a moment; never a
        commit of which nobody knows what became.
        """
        return isinstance(error, PASSING)

    def check(self) -> None:
        """Raise where the transaction is gone."""
        if self.pg.info.transaction_status != TransactionStatus.INTRANS:
            raise psycopg.OperationalError("the transaction is gone")

    def forget(self) -> None:
        """See `Sql`."""
        super().forget()
        self.absent.clear()
        self.chats.clear()
        self.spare.clear()

    def settle(self) -> None:
        """See `Sql`: in one pipeline, which waits only for what has to be known to go on."""
        if self.batch.any:
            with self.pg.pipeline():
                self.batch.write(self)

    # Statements

    def next(self, table: str) -> int:
        """See `Sql`: from the table's sequence, in the order of transactions."""
        spare = self.spare.get(table)
        if not spare:
            spare = self.spare[table] = [r["n"] for r in self._draw(table, 1)]
        return int(spare.pop(0))

    def stream(self, text: str, /, **values: object) -> Iterator[dict[str, Any]]:
        """See `Sql`; in a transaction only."""
        self._before(text)
        self._streams += 1
        with self.pg.cursor(f"stream{self._streams}") as cursor:
            cursor.itersize = 100
            cursor.execute(translated(text), values)
            yield from cursor

    def snapshot(self) -> None:
        """Read one moment, and nothing but read."""
        self.pg.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def run(self, text: str) -> None:
        """See `Sql`."""
        self.pg.execute(text)

    def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Values], rest: str = ""
    ) -> None:
        """See `Sql`: one statement, a column an array; binary, because psycopg quotes text arrays
        value by value.
        """
        arrays = [list(column) for column in zip(*rows, strict=True)]
        self.pg.execute(_insert(table, tuple(columns), rest), arrays)

    def among(self, table: str, column: str, values: Sequence[str]) -> set[str]:
        """See `Sql`."""
        text = parts.SQL("SELECT {c} AS v FROM {t} WHERE {c} = ANY(%b)").format(
            c=parts.Identifier(column), t=parts.Identifier(table)
        )
        return {r["v"] for r in self.pg.execute(text, [list(values)])}

    def numbers(self, table: str, count: int) -> Sequence[int]:
        """See `Sql`."""
        return [r["n"] for r in self._draw(table, count)]

    def within(self, column: str, name: str) -> str:
        """See `Sql`."""
        return f"{column} = ANY(:{name})"

    def listed(self, values: Iterable[object]) -> object:
        """See `Sql`."""
        return list(values)

    def _run(self, text: str, values: Mapping[str, object]) -> int:
        return self.pg.execute(translated(text), values).rowcount

    def _many(self, text: str, rows: Sequence[Row]) -> None:
        if rows:
            with self.pg.cursor() as cursor:
                cursor.executemany(translated(text), rows)

    def _rows(self, text: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        return self.pg.execute(translated(text), values).fetchall()

    def _row(self, text: str, values: Mapping[str, object]) -> dict[str, Any] | None:
        return self.pg.execute(translated(text), values).fetchone()
