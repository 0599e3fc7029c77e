"""A factory moves from SQLite to PostgreSQL whole, or not at all, and goes on there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlmodel import SQLModel

from bot.keys import master_keys
from bot.settings import Settings
from domain.commands import Complete, PlaceOrder, Start
from storage import migrate
from storage.leases import LeaseBook
from storage.moving import Unmoved, move
from storage.sealing import seal_plain
from storage.secrets import MARK, WrongKey
from storage.store import Store
from storage.verify import snapshot, verify
from tests.app.running import running
from tests.domain.factory import CUTTER, ROUTE
from tests.servers import postgres
from tests.storage.engines import SQLITE, START, Hand, alter, ask, do, notice, people
from tests.storage.wordy import KEY, OTHER, filled, read, stored


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The story, in SQLite."""
    SQLITE.create(tmp_path)
    filled(tmp_path / "vitrine.db", KEY)
    return tmp_path / "vitrine.db"


@pytest.fixture
def target() -> Iterator[str]:
    url = postgres.database()
    yield url
    postgres.drop(url)


def held(where: Path | str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    found = {}
    with snapshot(where) as sql:
        for table in SQLModel.metadata.sorted_tables:
            keys = ", ".join(f'"{c.name}"' for c in table.primary_key)
            rows = sql.rows(f"SELECT * FROM {table.name} ORDER BY {keys}")
            names = [c.name for c in table.columns]
            found[table.name] = [tuple(row[n] for n in names) for row in rows]
    return found


def tables(url: str) -> dict[str, int]:
    """The tables of a database that hold something, but for what migrations write."""
    with psycopg.connect(postgres.plain(url)) as pg:
        names = [n for (n,) in pg.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename NOT IN ('alembic_version', 'pulse')"
        )]  # fmt: skip
        counts = {n: pg.execute(f'SELECT COUNT(*) FROM "{n}"'.encode()).fetchone() for n in names}
    return {n: row[0] for n, row in counts.items() if row and row[0]}


def refused(path: Path, target: str) -> Unmoved:
    with pytest.raises(Unmoved) as fault:
        move(path, target, KEY)
    return fault.value


def test_everything_arrives_as_it_was(path: Path, target: str) -> None:
    seal_plain(path, KEY)  # which a start does
    before = held(path)
    moved = move(path, target, KEY)
    after = held(target)
    assert after == before == held(path)
    assert moved.rows == {name: len(rows) for name, rows in before.items()}
    assert (moved.orders, moved.events) == (2, len(before["event"]))
    assert all(moved.rows[t] for t in ("inbox", "outbox", "secret", "data_key", "alert", "timer"))
    assert read(target) == read(path)
    assert stored(target) == []
    assert all(isinstance(row["open"], bool) for row in rows_of(target, "orders"))
    assert migrate.differences(target) == []
    found = ask(target, "SELECT COUNT(*) FROM pg_statistic WHERE starelid = 'event'::regclass")
    assert isinstance(found, int)
    assert found > 0


def rows_of(where: Path | str, table: str) -> list[dict[str, Any]]:
    with snapshot(where) as sql:
        return sql.rows(f"SELECT * FROM {table}")


def test_the_books_go_on(path: Path, target: str) -> None:
    """New rows get numbers of their own, chains grow, sealed contacts open and new ones seal."""
    move(path, target, KEY)
    highest = {t: int(str(ask(target, f"SELECT MAX(id) FROM {t}"))) for t in ("event", "outbox")}
    store = Store(target, Hand(), KEY)
    try:
        store.now(lambda ledger: do(ledger, Start("A102", "cut"), by=CUTTER))
        store.now(lambda ledger: do(ledger, Complete("A102", "cut"), by=CUTTER))
        store.now(lambda ledger: ledger.notify(notice("new")))
        taken = store.now(
            lambda ledger: ledger.inbox.take(
                "test", "", "m9", "u-ivy", "user-ivy", START, {"said": "message", "text": "新的话"}
            )
        )
        order = store.now(lambda ledger: ledger.order("A102"))
        again = store.now(
            lambda ledger: ledger.inbox.take(
                "test", "", "m1", "u-ivy", "user-cutter", START, {"said": "message", "text": "再来"}
            )
        )
    finally:
        store.close()
    assert order is not None
    assert order.nodes["cut"].status.value == "done"
    assert taken == 3
    assert again == 0  # what was said in SQLite is known
    for table, number in highest.items():
        assert int(str(ask(target, f"SELECT MIN(id) FROM {table} WHERE id > {number}"))) > number
        assert int(str(ask(target, f"SELECT MAX(id) FROM {table}"))) > number
    assert stored(target, ("新的话",)) == []
    assert verify(target, KEY).clean
    assert verify(target, KEY, "A102").events == 4


async def test_the_demo_factory_after_a_story(tmp_path: Path, target: str) -> None:
    folder = tmp_path / "data"
    async with running(folder) as house:
        if house.app.store.shared:
            pytest.skip("these tests are run on PostgreSQL already")
        await house.say("production", "P03", "#A102 裁切完成")
        await house.say("production", "P03", "#A103 面料没到 老周说周五")
        await house.app.store.run(lambda ledger: ledger.private.put("person/C05", "phone", "138"))
    settings = Settings(data_dir=folder, sandbox=True, _env_file=None)  # type: ignore[call-arg]
    keys = master_keys(settings)
    seal_plain(folder / "vitrine.db", keys)
    before = held(folder / "vitrine.db")
    moved = move(folder / "vitrine.db", target, keys)
    assert held(target) == before
    assert moved.orders == len(before["orders"]) > 5
    assert any(value.startswith(MARK) for _, _, value in before["secret"])
    store = Store(target, Hand(START + timedelta(days=400)), keys)
    try:
        contacts = store.now(lambda ledger: ledger.private.of("person/C05"))
        order = store.now(lambda ledger: ledger.order("A102"))
    finally:
        store.close()
    assert contacts["phone"] == "138"
    assert order is not None
    assert order.nodes["cut"].status.value == "done"
    assert verify(target, keys).clean


def test_a_database_with_something_in_it_is_left_alone(path: Path, target: str) -> None:
    alter(target, "CREATE TABLE theirs (n int)")
    before = path.read_bytes()
    found = refused(path, target)
    assert (found.code, found.facts["table"]) == ("not-empty", "theirs")
    assert path.read_bytes() == before
    assert ask(target, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'") == 1


def test_a_second_move_is_refused(path: Path, target: str) -> None:
    move(path, target, KEY)
    before = held(target)
    assert refused(path, target).code == "not-empty"
    assert held(target) == before


def test_a_factory_that_begins_meanwhile_is_not_overwritten(path: Path, target: str) -> None:
    migrate.upgrade(target)  # a first start without orders yet
    alter(target, "INSERT INTO setting VALUES ('a', 'b')")
    assert refused(path, target).facts["table"] == "setting"
    assert tables(target) == {"setting": 1}


@pytest.mark.parametrize(
    ("change", "code", "table", "row", "column"),
    [
        ("UPDATE person SET name = 'a' || char(0) || 'b' WHERE id = 'cutter'",
         "nul", "person", "id = 'cutter'", "name"),
        ("UPDATE orders SET open = 2 WHERE order_no = 'A102'",
         "unfit", "orders", "order_no = 'A102'", "open"),
        ("UPDATE outbox SET loud = 3000000000 WHERE id = 2",
         "unfit", "outbox", "id = 2", "loud"),
        ("UPDATE bucket SET hold_until = 'soon'", "unfit", "bucket", "name = 'b'", "hold_until"),
        ("UPDATE bucket SET doc = CAST(x'c328' AS TEXT)", "unreadable", "bucket", "row 1", ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_and_nothing_moves(
    path: Path, target: str, change: str, code: str, table: str, row: str, column: str
) -> None:
    alter(path, "INSERT INTO bucket VALUES ('b', '{}', 1.5)")
    alter(path, change)
    found = refused(path, target)
    assert (found.code, found.facts["table"]) == (code, table)
    assert row in str(found.facts["row"])
    assert found.facts.get("column", "") == column
    assert tables(target) == {}
    alter(path, "UPDATE person SET name = 'whole'")
    alter(path, "UPDATE orders SET open = true")
    alter(path, "UPDATE outbox SET loud = 1")
    alter(path, "UPDATE bucket SET hold_until = 0.1, doc = '{}'")
    assert move(path, target, KEY).rows["bucket"] == 1  # the same database will do
    assert ask(target, "SELECT hold_until FROM bucket") == 0.1


def test_books_that_disagree_do_not_move(path: Path, target: str) -> None:
    alter(path, "UPDATE event SET node = 'sew' WHERE order_no = 'A101' AND seq = 2")
    found = refused(path, target)
    assert (found.code, found.facts["difference"]) == ("unclean", "A101/2 hash")
    assert tables(target) == {}


def test_the_wrong_key_moves_nothing(path: Path, target: str) -> None:
    with pytest.raises(WrongKey):
        move(path, target, OTHER)
    assert ask(target, "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_what_arrives_otherwise_is_noticed(path: Path, target: str) -> None:
    """A database that changes what it is given: a trigger of its own."""
    migrate.upgrade(target)
    alter(target, "CREATE FUNCTION worse() RETURNS trigger LANGUAGE plpgsql AS"
                  " $$ BEGIN NEW.title := 'Dr'; RETURN NEW; END $$")  # fmt: skip
    alter(target, "CREATE TRIGGER worse BEFORE INSERT ON person FOR EACH ROW"
                  " EXECUTE FUNCTION worse()")  # fmt: skip
    found = refused(path, target)
    assert (found.code, found.facts["table"]) == ("differs", "person")
    assert tables(target) == {}
    alter(target, "DROP TRIGGER worse ON person")
    alter(target, "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS"
                  " $$ BEGIN RETURN NULL; END $$")  # fmt: skip
    alter(
        target, "CREATE TRIGGER lost BEFORE INSERT ON link FOR EACH ROW EXECUTE FUNCTION nothing()"
    )
    alter(path, "INSERT INTO link (hash, kind, subject, reader, generation, created_at, expires_at,"
                " revoked_at) VALUES ('h', 'p', 'A101', '', 1, '', '', '')")  # fmt: skip
    assert refused(path, target).facts["row"] == "hash = 'h'"
    assert tables(target) == {}


def test_an_older_file_is_brought_up_first(tmp_path: Path, target: str) -> None:
    """Words of a version that kept them plain arrive sealed."""
    SQLITE.create(tmp_path)
    path = tmp_path / "vitrine.db"
    filled(path, ())
    assert stored(path)
    move(path, target, KEY)
    assert stored(path) == stored(target) == []
    assert read(target) == read(path)


def test_a_file_of_a_later_version_is_left_alone(path: Path, target: str) -> None:
    alter(path, "UPDATE alembic_version SET version_num = '9999'")
    assert refused(path, target).code == "later"


def test_empty_books_move_too(tmp_path: Path, target: str) -> None:
    SQLITE.create(tmp_path)
    moved = move(tmp_path / "vitrine.db", target, KEY)
    assert (moved.orders, moved.events) == (0, 0)
    store = Store(target, Hand(), KEY)
    try:
        store.now(people)
        store.now(lambda ledger: do(ledger, PlaceOrder("B1", "卫衣", 9, "", ROUTE.key)))
        first = store.now(lambda ledger: ledger.inbox.take("t", "", "1", "c", "s", START, {}))
        term = store.now(lambda ledger: LeaseBook(ledger.sql).take("x", "me", 9, 0))
    finally:
        store.close()
    assert (first, term) == (1, 1)
    assert verify(target, KEY).clean


def test_a_killed_move_can_be_made_again(path: Path, target: str) -> None:
    """The tables are there, nothing is in them."""
    with closing(sqlite3.connect(path)) as raw:
        orders = raw.execute("SELECT COUNT(*) FROM orders").fetchone()[0]
    migrate.upgrade(target)
    assert tables(target) == {}
    assert move(path, target, KEY).rows["orders"] == orders
