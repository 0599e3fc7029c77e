"""The engines that the contract suite runs over, and what its tests write into them.

A second engine is one more entry in `ENGINES`.
"""

import sqlite3
import tempfile
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from domain.calendar import WorkCalendar
from domain.commands import Command, PlaceOrder, Told
from domain.desk import Desk
from domain.events import Event, Source
from domain.notice import Kind, Loud, Notice
from domain.person import Address, Group, GroupKind, Person, Role
from domain.route import from_dict
from storage import migrate
from storage.ledger import Ledger
from storage.store import Store
from tests.domain.factory import CUSTOMER, PEOPLE, ROUTE, SHANGHAI
from tests.servers import postgres

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DESK = Desk(WorkCalendar(SHANGHAI))
BOSS = next(p for p in PEOPLE if p.role is Role.MANAGER)


@dataclass
class Hand:
    """A clock that is turned by hand."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def turn(self, **span: float) -> datetime:
        self.at += timedelta(**span)
        return self.at


@dataclass(frozen=True)
class Engine:
    """How a store is made in a folder, and opened again."""

    name: str
    create: Callable[[Path], None]
    open: Callable[[Path, Hand], Store]


def _sqlite(folder: Path, clock: Hand) -> Store:
    return Store(folder / "vitrine.db", clock)


@cache
def _migrated() -> bytes:
    """An empty database of this version: the migrations run once, not once a test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vitrine.db"
        migrate.upgrade(path)
        return path.read_bytes()


def _create(folder: Path) -> None:
    (folder / "vitrine.db").write_bytes(_migrated())


@cache
def _template() -> str:
    """A database of this version on the shared server, for others to be made of."""
    url = postgres.database()
    migrate.upgrade(url)
    return url.split("?", maxsplit=1)[0].rpartition("/")[2]


def _create_postgres(folder: Path) -> None:
    (folder / "url").write_text(postgres.database(_template()))


def _postgres(folder: Path, clock: Hand) -> Store:
    return Store((folder / "url").read_text(), clock)


def _portable(folder: Path, clock: Hand) -> Store:
    return Store((folder / "url").read_text(), clock, portable=True)


ENGINES = [
    Engine("sqlite", _create, _sqlite),
    Engine("postgresql", _create_postgres, _postgres),
    Engine("portable", _create_postgres, _portable),
]
"""The last is PostgreSQL without SKIP LOCKED, NOTIFY and the word on what became of a commit."""
SQLITE = ENGINES[0]
FAULTS = (sqlite3.Error, psycopg.Error)
"""What engines raise."""


def alter(where: Path | str, text: str, *values: object) -> int:
    """Change something behind everybody's back (`?` for values); how many rows."""
    if isinstance(where, Path):
        with closing(sqlite3.connect(where)) as raw, raw:
            return raw.execute(text, values).rowcount
    with psycopg.connect(postgres.plain(where)) as pg:
        return pg.execute(text.replace("%", "%%").replace("?", "%s"), values).rowcount


def ask(where: Path | str, text: str) -> object:
    """The first column of the first row, read on a connection of its own."""
    if isinstance(where, Path):
        with closing(sqlite3.connect(where)) as raw:
            row = raw.execute(text).fetchone()
    else:
        with psycopg.connect(postgres.plain(where)) as pg:
            row = pg.execute(text).fetchone()
    return row[0] if row else None


def copied(where: Path | str) -> Path | str:
    """A copy of closed books."""
    if isinstance(where, Path):
        copy = where.with_name(f"{uuid.uuid4().hex}.db")
        copy.write_bytes(where.read_bytes())
        return copy
    return postgres.database(where.split("?", maxsplit=1)[0].rpartition("/")[2])


@dataclass
class Place:
    """One engine in one folder."""

    engine: Engine
    folder: Path
    clock: Hand = field(default_factory=Hand)
    stores: list[Store] = field(default_factory=list)

    def open(self) -> Store:
        """A store on it; several may be opened one after the other."""
        store = self.engine.open(self.folder, self.clock)
        self.stores.append(store)
        return store

    @property
    def where(self) -> Path | str:
        """Where the books are."""
        if self.engine is SQLITE:
            return self.folder / "vitrine.db"
        return (self.folder / "url").read_text()

    def close(self) -> None:
        """Close what is open."""
        for store in self.stores:
            store.close()


def people(ledger: Ledger) -> None:
    """The route, the people and the chats of the rules' factory."""
    ledger.orders.keep_route(ROUTE)
    for person in PEOPLE:
        ledger.folk.keep(person)
        for to in person.addresses:
            ledger.folk.bind(person.id, to.platform, to.account, f"user-{person.id}", to.chat)
    ledger.folk.keep_group(Group(Address("test", "leaders"), GroupKind.MANAGEMENT, "管理群"))


def do(ledger: Ledger, command: Command, by: Person = BOSS, message: str = "") -> list[Event]:
    """A command through the desk."""
    source = Source("test", "floor", message) if message else None
    return list(DESK.handle(ledger, command, Told(by, ledger.clock.now(), source)).events)


def place(ledger: Ledger, number: str = "A101", quantity: int = 100) -> None:
    """An order."""
    do(ledger, PlaceOrder(number, "卫衣", quantity, CUSTOMER.id, ROUTE.key))


def another_route(name: str = "改过") -> Any:
    """The route with another name."""
    return from_dict({"key": ROUTE.key, "name": name, "nodes": [{"key": "cut", "name": "裁切"}]})


def notice(key: str, chat: str = "floor", at: datetime = START, **more: Any) -> Notice:
    """Something to tell."""
    to = Address("test", chat)
    return Notice(to, Kind.CARD, "card", key, at, {"n": key}, loud=Loud.CARD, **more)
