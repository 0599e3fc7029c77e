"""Lives of orders as the real program leaves them: played message by message through talk and desk
in small books of their own, then kept as rows in which everything that is one order's own (numbers,
days, ids) is a mark. Ten years are written from a few of them.

Every mark is one sign of Unicode's private use area, so that no text can contain it by chance.
"""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.clocks import TurnedClock
from bot.talk import Talk
from bot.worlds import load, template
from domain.calendar import WorkCalendar
from domain.commands import PlaceOrder, Told
from domain.desk import Desk
from domain.events import stamp
from domain.route import to_dict
from storage.ledger import Ledger
from storage.migrate import upgrade
from storage.store import Store
from storage.told import DROPPED

ORDER, CUSTOMER, PRODUCT = "\ue000", "\ue001", "\ue002"
PHOTO, MESSAGE, INBOX, OUTBOX, EVENT = 0xE010, 0xE100, 0xE300, 0xE500, 0xE800
"""Marks; the latter are the first of their series."""
NUMBER, BUYER, GOODS = "T90001", "C90001", "样板卫衣甲款"
FIRST = {"inbox": 7_000_000, "outbox": 8_000_000, "event": 5_000_000}
"""Where the scratch books begin to number, so that ids are known when they are seen in texts."""
SAID = "m90"
BASE = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
"""A Monday: when every life begins that is played."""
KINDS = 8
"""Lives that are played; each is other than the others."""
TABLES = ("orders", "inbox", "event", "outbox", "outbox_cause", "alert", "subscription", "slot")
STAMPS = {"inbox": "at", "event": "recorded_at", "outbox": "created_at", "alert": "raised_at"}
WORDS = {"inbox": ("payload", "outcome"), "outbox": ("facts",)}
"""What is dropped of old messages (`storage.retention`)."""
DAY = re.compile(r"20\d\d-\d\d-\d\d")
PIECES = 120
WHY = {"material": "面料没到，等供应商", "emb": "机器坏了"}
"""What holds which node up, in some lives."""
_MARKS = re.compile(
    rf"{NUMBER}|{BUYER}|{GOODS}|{SAID}(?P<said>\d{{4}})|ab(?P<photo>\d{{4}})(?:ef){{29}}"
    r"|(?<!\d)700(?P<inbox>\d{4})(?!\d)|(?<!\d)800(?P<outbox>\d{4})(?!\d)|(?<!\d)500(?P<event>\d{4})(?!\d)"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row with marks in it: when it was written, of which table, its columns, and which of
    them hold which marks.
    """

    at: str
    table: str
    values: tuple[Any, ...]
    marks: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Life:
    """All rows of one order, as they were written, and the columns of their tables."""

    rows: tuple[Row, ...]
    columns: dict[str, tuple[str, ...]]
    photos: int
    messages: int

    def of(self, table: str) -> Iterator[Row]:
        """The rows of a table."""
        return (r for r in self.rows if r.table == table)


def factory(customers: int) -> dict[str, Any]:
    """A factory with ten nodes, a team lead for each, two who lead, and its customers."""
    route = to_dict(template("garment"))
    nodes = route["nodes"]
    wash = dict(next(n for n in nodes if n["key"] == "finish"))
    wash |= {"key": "wash", "name": "水洗", "names": {}, "aliases": ["洗水"], "after": ["finish"]}
    nodes.insert([n["key"] for n in nodes].index("qc"), wash)
    for node in nodes:
        node["after"] = ["wash"] if node["key"] == "qc" else node["after"]
        node["names"] = dict(node["names"])
        node["standard_hours"] = 4.0
    people = [
        {"id": f"L{n:02d}", "name": f"组长{n}", "nodes": [node["key"]]}
        for n, node in enumerate(nodes)
    ]
    people += [{"id": f"M{n}", "name": f"厂长{n}", "role": "manager"} for n in range(2)]
    return {
        "routes": [route],
        "people": people,
        "customers": [{"id": f"C{n:05d}", "name": f"客户{n}"} for n in range(customers)],
        "orders": [],
    }


def play(path: Path, kind: int) -> Life:
    """One life, played in scratch books. Raises if it did not end with a finished order."""
    upgrade(path)
    clock = TurnedClock(BASE - timedelta(days=1))
    store = Store(path, clock)
    try:
        store.platforms, store.zone = ("sandbox",), BASE.tzinfo or store.zone
        stage = _Stage(store, clock, Random(kind))
        stage.begin()
        messages = stage.live(kind)
    finally:
        store.close()
    return _kept(path, stage.photos, messages)


class _Stage:
    """The scratch books, and the people who write."""

    def __init__(self, store: Store, clock: TurnedClock, dice: Random) -> None:
        self.store, self.clock, self.dice = store, clock, dice
        self.desk = Desk(WorkCalendar(ZoneInfo("Asia/Shanghai")))
        self.talk = Talk(self.desk, lambda *_: None)
        self.said = self.photos = 0

    def begin(self) -> None:
        world = factory(0)
        world["customers"] = [{"id": BUYER, "name": "样板客户"}]

        def fill(ledger: Ledger) -> None:
            load(ledger, self.desk, world, BASE, {})
            for table, first in FIRST.items():
                _begin_at(ledger, table, first)

        self.store.now(fill)

    def live(self, kind: int) -> int:
        """Placed, reported node by node, finished; how many messages that took."""
        calendar, at = self.desk.calendar, BASE
        self.clock.set(at)

        def placed(ledger: Ledger) -> None:
            lead = ledger.person("M0")
            assert lead is not None
            due = calendar.day(calendar.add(at, 50.0 + kind))
            command = PlaceOrder(NUMBER, GOODS, PIECES, BUYER, "garment", due, at, "吊牌要缝左侧")
            self.desk.handle(ledger, command, Told(lead, at))

        self.store.now(placed)
        names = [(n["key"], n["name"]) for n in factory(0)["routes"][0]["nodes"]]
        for place, (key, name) in enumerate(names):
            word, lead = name.partition("/")[0], f"L{place:02d}"
            at = calendar.add(at, self.dice.uniform(0.2, 0.8))
            self.say(at, lead, f"#{NUMBER} {word}开始")
            if kind % 3 == 0 and key in WHY:
                at = calendar.add(at, 1.0)
                self.say(at, lead, f"#{NUMBER} {word}延误 {WHY[key]}")
            at = calendar.add(at, self.dice.uniform(1.0, 2.5))
            if key not in ("confirm", "ship") or kind % 2:
                self.say(at, lead, f"#{NUMBER} {word} {PIECES // 2}/{PIECES}")
            at = calendar.add(at, self.dice.uniform(1.0, 2.5))
            shots = 1 if key in ("cut", "emb", "qc", "ship") else 0
            self.say(at, lead, f"#{NUMBER} {word}完成", shots)
        order = self.store.now(lambda ledger: ledger.order(NUMBER))
        if order is None or order.open:
            raise RuntimeError(f"life {kind} did not end")
        return self.said

    def say(self, at: datetime, sender: str, text: str, shots: int = 0) -> None:
        """Timers that are due first, then the message, then the courier."""
        self.clock.set(at)
        media = [{"kind": "photo", "digest": self.shot()} for _ in range(shots)]
        payload = {"said": "message", "text": text} | ({"media": media} if media else {})
        name, self.said = f"{SAID}{self.said:04d}", self.said + 1

        def work(ledger: Ledger) -> None:
            for kind, scope, _ in ledger.alerts.timers(at, 500):
                self.desk.look(ledger, kind, scope, at)
            for shot in media:
                key = f"{shot['digest']}.jpg"
                ledger.photos.keep(
                    digest=shot["digest"], key=key, thumb=key, kind="photo", width=1600,
                    height=1200, bytes=240_000,
                )  # fmt: skip
            taken = ledger.inbox.take("sandbox", "", name, "production", sender, at, payload)
            self.talk.hear(ledger, taken)
            ledger.sql.do(
                "UPDATE outbox SET state = 'sent', attempts = 1, token = 1, sent_at = :t,"
                " message_id = 'b-' || id WHERE state = 'waiting' AND not_before <= :t",
                t=stamp(at),
            )

        self.store.now(work)

    def shot(self) -> str:
        """The digest of a picture that nobody took."""
        self.photos += 1
        return f"ab{self.photos - 1:04d}" + "ef" * 29


def _begin_at(ledger: Ledger, table: str, first: int) -> None:
    """The next row of a table gets the number after `first`: a row stands there."""
    names = [r["name"] for r in ledger.sql.rows(f"PRAGMA table_info({table})") if r["name"] != "id"]
    blank = ", ".join("''" for _ in names)
    quoted = ", ".join(f'"{n}"' for n in names)
    ledger.sql.do(f"INSERT INTO {table} (id, {quoted}) VALUES ({first}, {blank})")


def _kept(path: Path, photos: int, messages: int) -> Life:
    """What stands in the scratch books, with marks."""
    raw = sqlite3.connect(path)
    rows: list[Row] = []
    columns: dict[str, tuple[str, ...]] = {}
    for table in TABLES:
        found = raw.execute(f"SELECT * FROM {table} ORDER BY rowid")
        names = columns[table] = tuple(d[0] for d in found.description)
        rows += [
            marked(table, names, values)
            for values in found
            if table not in FIRST or values[0] > FIRST[table]
        ]
    raw.close()
    return Life(tuple(rows), columns, photos, messages)


def marked(table: str, names: tuple[str, ...], values: tuple[Any, ...]) -> Row:
    """A row with marks for what is the order's own; ids of numbered tables become marks too."""
    new = tuple(map(_hidden, values))
    marks = tuple(
        (place, own)
        for place, value in enumerate(new)
        if isinstance(value, str)
        and (own := tuple(sorted({c for c in value if "\ue000" <= c <= "\uf8ff"})))
    )
    at = str(values[names.index(STAMPS[table])]) if table in STAMPS else ""
    return Row(at, table, new, marks)


def _hidden(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, int) and value >= min(FIRST.values())):
        return _MARKS.sub(_mark, str(value))
    return value


def _mark(found: re.Match[str]) -> str:
    plain = {NUMBER: ORDER, BUYER: CUSTOMER, GOODS: PRODUCT}
    if found[0] in plain:
        return plain[found[0]]
    series = {"said": MESSAGE, "photo": PHOTO, "inbox": INBOX, "outbox": OUTBOX, "event": EVENT}
    name = found.lastgroup or ""
    return chr(series[name] + int(found[name]))


def shifted(life: Life, days: int, silent: str) -> Life:
    """The same life, so many days later; words from before a stamp are dropped, as the nights
    have done since.
    """
    kept: dict[str, str] = {}

    def later(found: re.Match[str]) -> str:
        day = found[0]
        if day not in kept:
            moved = datetime.fromisoformat(day) + timedelta(days=days)
            kept[day] = moved.date().isoformat()
        return kept[day]

    def moved(row: Row) -> Row:
        at, names = DAY.sub(later, row.at), life.columns[row.table]
        gone = WORDS.get(row.table, ()) if at < silent else ()
        values = tuple(
            DROPPED if name in gone else DAY.sub(later, v) if type(v) is str and "20" in v else v
            for name, v in zip(names, row.values, strict=True)
        )
        marks = tuple(m for m in row.marks if names[m[0]] not in gone) if gone else row.marks
        return Row(at, row.table, values, marks)

    return Life(tuple(map(moved, life.rows)), life.columns, life.photos, life.messages)
