"""Ten years of a factory, in its stored form to the last hash and seal, so that `python -m bot
verify` accepts them: `python -m tests.load.decade FOLDER [--orders 300000] [--open 300]`.

A few lives of orders are played by the real program (`lives.py`); here they are given numbers, days
and ids of their own, chained, sealed, and written in the order in which they would have happened,
many orders side by side, as a file of ten years has them. The same call writes the same rows but
for keys and nonces. Nothing is flushed on the way: a file that was not finished is of no use.
"""

import argparse
import json
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.app import App
from bot.keys import master_keys
from bot.links import Links, digest
from bot.sandbox import NOW
from bot.settings import Settings, secret_key
from bot.worlds import load
from domain.events import stamp
from domain.order import empty, fold
from domain.route import Route, from_dict
from storage.alerts import alert_at
from storage.docs import chain, dump, event_from, order_row
from storage.inbox import became_at, said_at
from storage.orders import GENESIS
from storage.secrets import HOUSE, Ring, Safe, owner
from storage.sql import Sql
from storage.told import DROPPED, told_at
from storage.words import WORDS, hide, seal_fact
from tests.load.lives import (
    BASE,
    CUSTOMER,
    KINDS,
    MESSAGE,
    ORDER,
    PHOTO,
    PRODUCT,
    STAMPS,
    Life,
    Row,
    factory,
    play,
    shifted,
)  # fmt: skip

END = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""Where the clock of the written factory stands."""
YEARS = 10
LASTS = 8
"""Days, at most, that a life takes."""
WORDS_STAY = timedelta(days=180)
"""How long what was said is kept, as the settings have it: older words are gone."""
ENOUGH, LAST = 100_000, "9999-12-31"
"""Rows of a commit, at least; a day after all others."""
CUSTOMERS = 600
PRODUCTS = tuple(
    f"{cut}{kind} {print_}"
    for cut in ("连帽", "圆领", "翻领", "拉链", "加绒")
    for kind in ("卫衣", "T恤", "围裙", "园服", "马甲", "工装", "帆布袋", "校服")
    for print_ in ("胸标绣花", "丝印", "素色")
)
COLUMNS = {
    "link": (
        "hash", "kind", "subject", "reader", "generation", "created_at", "expires_at", "revoked_at",
    ),
    "photo": (
        "digest", "key", "thumb", "kind", "media", "width", "height", "bytes", "likeness",
        "taken_at", "codes", "fault",
    ),
}  # fmt: skip
RANK = {"inbox": 0, "event": 1, "outbox": 2, "outbox_cause": 3, "alert": 4}
"""In which order rows of the same moment were written."""


def settings(folder: Path) -> Settings:
    """The settings with which such a folder is written and opened: the sandbox, clock standing."""
    return Settings(data_dir=folder, sandbox=True, _env_file=None)  # type: ignore[call-arg]


def number(place: int) -> str:
    """The number of an order, by its place in the history."""
    return f"A{100_000 + place}"


@dataclass(slots=True)
class One:
    """An order that is being written: what its marks stand for."""

    no: str
    customer: str
    means: dict[str, str]
    open: bool
    events: list[dict[str, Any]] = field(default_factory=list)


Item = tuple[str, int, int, One, Row, tuple[Any, ...] | None]
"""When, rank, place, whose, the row with its marks, and its values where they are known already."""


class Writer:
    """Writes lives into books that have people and routes and no orders yet."""

    def __init__(self, path: Path, conf: Settings, dice: Random) -> None:
        self.raw = sqlite3.connect(path, isolation_level=None)
        self.raw.row_factory = sqlite3.Row
        for pragma in ("journal_mode = MEMORY", "synchronous = OFF", "cache_size = -2000000"):
            self.raw.execute(f"PRAGMA {pragma}")
        self.safe = Safe(Sql(self.raw), Ring(master_keys(conf)), END)
        self.links = Links(secret_key(conf), conf.base_url)
        self.dice, self.route = dice, self._route()
        self.ids = dict.fromkeys(("inbox", "event", "outbox"), 0)
        self.said = self.serial = self.orders = 0
        self.days: dict[str, list[Item]] = {}
        self.tables: dict[str, list[tuple[Any, ...]]] = {}
        self.columns: dict[str, tuple[str, ...]] = dict(COLUMNS)
        self.places: dict[str, dict[str, int]] = {}
        self.silent = stamp(END - WORDS_STAY)
        self.until = stamp(END)

    def _route(self) -> Route:
        found = Sql(self.raw).row("SELECT doc FROM route")
        assert found is not None
        return from_dict(json.loads(found["doc"]))

    def know(self, life: Life) -> None:
        """The columns of each table, the same in all lives."""
        self.columns |= life.columns
        self.places |= {
            table: {name: place for place, name in enumerate(names)}
            for table, names in life.columns.items()
        }

    def place(self, life: Life, *, open_: bool) -> None:
        """One order begins: its events are chained and sealed at once, its rows wait for their
        day.
        """
        no, who = number(self.orders), f"C{self.dice.randrange(CUSTOMERS):05d}"
        self.orders += 1
        means = {ORDER: no, CUSTOMER: who, PRODUCT: self.dice.choice(PRODUCTS)}
        for shot in range(life.photos):
            means[chr(PHOTO + shot)] = sha256(f"{no}/{shot}".encode()).hexdigest()
        for message in range(life.messages):
            means[chr(MESSAGE + message)] = f"m{self.said + message}"
        self.said += life.messages
        one = One(no, who, means, open_)
        head, first = GENESIS, ""
        for row in life.rows:
            if row.table == "event":
                if row.at > self.until:
                    continue
                values = self._event(one, row, head)
                head, first = values[-1], first or row.at
                self._wait(row.at, one, row, values)
            elif row.table in STAMPS and row.at <= self.until:
                self._wait(row.at, one, row, None)
        self._standing(one, life, head, first)

    def _wait(self, at: str, one: One, row: Row, values: tuple[Any, ...] | None) -> None:
        self.serial += 1
        item = (at, RANK[row.table], self.serial, one, row, values)
        self.days.setdefault(at[:10], []).append(item)

    def _event(self, one: One, row: Row, head: str) -> tuple[Any, ...]:
        """An event's values, sealed and chained; its id comes with its day."""
        values = _filled(row, one.means)
        found = dict(zip(self.columns["event"], values, strict=True))
        if any(f'"{word}"' in found["data"] for word in WORDS):
            data = json.loads(found["data"])
            seal_fact(data, one.no, found["seq"], self.safe, one.customer)
            found["data"] = dump(data)
        found["hash"] = chain(head, found)
        if one.open:
            one.events.append(found)
        return tuple(found.values())

    def _standing(self, one: One, life: Life, head: str, first: str) -> None:
        """The order as it stands, who follows it, its links and pictures."""
        names = self.columns["orders"]
        if one.open:
            order = fold(empty(one.no, self.route), [event_from(e, self.safe) for e in one.events])
            row = order_row(order, head, self.safe)
        else:
            row = dict(zip(names, _filled(next(life.of("orders")), one.means), strict=True))
            doc = hide(json.loads(row["doc"]), one.no, self.safe, one.customer)
            row |= {"head": head, "doc": dump(doc)}
        self._add("orders", tuple(row[name] for name in names))
        for row_ in life.of("subscription"):
            self._add("subscription", _filled(row_, one.means))
        for kind, reader in (("p", one.customer), ("t", "")):
            hashed = digest(kind, self.links.token(kind, one.no, reader, 1))
            self._add("link", (hashed, kind, one.no, reader, 1, first, "", ""))
        for shot in range(life.photos):
            name = one.means[chr(PHOTO + shot)]
            files = f"{name}.jpg", f"{name}.jpg"
            self._add("photo", (name, *files, "photo", "", 1600, 1200, 240_000, "", "", "[]", ""))

    def _add(self, table: str, values: tuple[Any, ...]) -> None:
        self.tables.setdefault(table, []).append(values)

    def flush(self, before: str) -> None:
        """Write everything that happened before a day, moment by moment."""
        for day in sorted(d for d in self.days if d < before):
            for _, _, _, one, row, values in sorted(self.days.pop(day), key=lambda i: i[:3]):
                self._happened(one, row, values)
        if sum(map(len, self.tables.values())) >= ENOUGH or before == LAST:
            self._write()

    def _write(self) -> None:
        self.raw.execute("BEGIN")
        for table, rows in self.tables.items():
            names = ", ".join(f'"{n}"' for n in self.columns[table])
            marks = ", ".join("?" * len(self.columns[table]))
            self.raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)
        self.raw.execute("COMMIT")
        self.tables.clear()

    def _happened(self, one: One, row: Row, values: tuple[Any, ...] | None) -> None:
        table = row.table
        if table in self.ids:
            self.ids[table] += 1
            one.means[row.values[0]] = str(self.ids[table])
        if values is not None:
            self._add(table, (self.ids[table], *values[1:]))
            return
        filled = list(_filled(row, one.means))
        match table:
            case "inbox":
                self._inbox(one, filled)
            case "outbox":
                self._outbox(one, row, filled)
            case "alert":
                place = self.places["alert"]
                where = alert_at(filled[place["id"]], "text")
                filled[place["text"]] = self.safe.seal(
                    filled[place["text"]], where, owner(one.customer)
                )
        self._add(table, tuple(filled))

    def _inbox(self, one: One, row: list[Any]) -> None:
        """What a team lead said, sealed with the house's key; dropped if it is old."""
        at = self.places["inbox"]
        row[0] = self.ids["inbox"]
        if row[at["payload"]] == DROPPED:
            return
        where = said_at(row[at["platform"]], row[at["account"]], row[at["message_id"]])
        row[at["payload"]] = self.safe.seal(row[at["payload"]], where, HOUSE)
        row[at["outcome"]] = self.safe.seal(row[at["outcome"]], became_at(row[0]), HOUSE)

    def _outbox(self, one: One, source: Row, row: list[Any]) -> None:
        """What was told, sealed with its reader's or its order's key; all of it is out."""
        at = self.places["outbox"]
        row[0] = self.ids["outbox"]
        if row[at["state"]] == "waiting":
            late = row[at["not_before"]]
            row[at["state"]], row[at["sent_at"]], row[at["token"]] = "sent", late, 1
            row[at["attempts"]], row[at["message_id"]] = 1, f"b-{row[0]}"
        if row[at["facts"]] != DROPPED:
            theirs = row[at["reader"]] == one.customer or '"order":' in row[at["facts"]]
            whose = owner(one.customer) if theirs else HOUSE
            row[at["facts"]] = self.safe.seal(row[at["facts"]], told_at(row[at["key"]]), whose)
        for cause in json.loads(row[at["causes"]]):
            self._add("outbox_cause", (cause, row[0]))

    def close(self) -> None:
        """All that is left; then the file is what the program expects."""
        self.flush(LAST)
        self.raw.execute(
            "INSERT INTO setting (key, value) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (NOW, stamp(END)),
        )
        self.raw.execute("PRAGMA journal_mode = WAL")
        self.raw.close()


def _filled(row: Row, means: dict[str, str]) -> tuple[Any, ...]:
    """A row's values with what its marks stand for. Marks that stand for nothing yet are ids that
    come later.
    """
    values = list(row.values)
    for place, marks in row.marks:
        text = values[place]
        for mark in marks:
            text = text.replace(mark, means.get(mark, mark))
        values[place] = text
    return tuple(values)


def days(orders: int, open_: int, years: float) -> dict[int, tuple[int, int]]:
    """How many orders begin on which day (counted from the first), and how many of them are open
    in the end: all but these evenly over the years, these on the last three days.
    """
    whole = int(years * 365)
    last, found = whole - LASTS, {}
    done = orders - open_
    for day in range(last):
        found[day] = (done * (day + 1) // last - done * day // last, 0)
    for back in range(3):
        found[whole - 1 - back] = (0, open_ * (back + 1) // 3 - open_ * back // 3)
    return found


def write(folder: Path, orders: int, open_: int, years: float = YEARS) -> dict[str, float]:
    """The whole factory; what became of it."""
    begun, cpu = time.monotonic(), time.process_time()
    conf, dice = settings(folder), Random(orders)
    app = App(conf)
    first = END - timedelta(days=int(years * 365))
    app.store.now(lambda ledger: load(ledger, app.desk, factory(CUSTOMERS), first, {}))
    app.store.close()
    with tempfile.TemporaryDirectory() as place:
        lives = [play(Path(place) / f"{kind}.db", kind) for kind in range(KINDS)]
    writer = Writer(conf.database, conf, dice)
    offset = (first.date() - BASE.date()).days
    for life in lives:
        writer.know(life)
    for day, (done, still) in sorted(days(orders, open_, years).items()):
        later: dict[int, Life] = {}
        for turn in range(done + still):
            kind = writer.orders % KINDS
            if kind not in later:
                later[kind] = shifted(lives[kind], offset + day, writer.silent)
            writer.place(later[kind], open_=turn >= done)
        writer.flush((first + timedelta(days=day)).date().isoformat())
    writer.close()
    app = App(conf)
    app.store.now(app.clockwork.arm)
    app.store.close()
    return {
        "orders": writer.orders, **{f"{k}s": float(v) for k, v in writer.ids.items()},
        "bytes": float(conf.database.stat().st_size),
        "seconds": round(time.monotonic() - begun, 1),
        "cpu": round(time.process_time() - cpu, 1),
    }  # fmt: skip


def main() -> int:
    """Read the command line, write, say what was written."""
    asked = argparse.ArgumentParser(prog="python -m tests.load.decade", description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--orders", type=int, default=300_000)
    asked.add_argument("--open", type=int, default=300)
    asked.add_argument("--years", type=float, default=YEARS)
    given = asked.parse_args()
    if given.folder.exists() and any(given.folder.iterdir()):
        print(f"{given.folder} is not empty", file=sys.stderr)
        return 2
    if given.open > given.orders:
        print("there can't be more open orders than orders", file=sys.stderr)
        return 2
    print(json.dumps(write(given.folder, given.orders, given.open, given.years)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
