"""`verify` finds every single thing that somebody could change in the books, and nothing else."""

import sqlite3
import threading
import time
import tracemalloc
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from domain.commands import (
    Attach,
    Cancel,
    ChangeDue,
    Complete,
    Confirm,
    Delay,
    Follow,
    Progress,
    Start,
    Undo,
)
from storage.ledger import Ledger
from storage.store import Store
from storage.verify import Difference, verify
from tests.domain.factory import CUSTOMER, DEPUTY, SEWER, shot
from tests.storage.engines import SQLITE, Place, alter, ask, copied, do, place


def busy(ledger: Ledger) -> None:
    """Three orders with a bit of everything."""
    for number in ("A101", "A102", "B7"):
        place(ledger, number)
    do(ledger, Start("A101", "cut"), message="m1")
    do(ledger, Attach("A101", "cut", (shot(),)), message="m2")
    wrong = do(ledger, Complete("A101", "cut"), message="m2")
    do(ledger, Undo("A101", (wrong[0].seq,), "说错了"))
    do(ledger, Progress("A101", "cut", 40, 2, 1))
    do(ledger, Delay("A101", "cut", "material", "布没到", "2026-11-25"))
    do(ledger, Complete("A101", "sew", anyway=True), by=SEWER)
    do(ledger, Confirm("A101", "sew"), by=DEPUTY)
    do(ledger, ChangeDue("A101", date(2026, 12, 4), "material"))
    do(ledger, Follow("A101", "sew"), by=CUSTOMER)
    do(ledger, Cancel("A102"))


@pytest.fixture
def path(spot: Place, store: Store) -> Path | str:
    store.now(busy)
    store.close()
    return spot.where


def change(path: Path | str, text: str, *values: object) -> Difference:
    assert alter(path, text, *values) > 0
    report = verify(path)
    assert not report.clean
    assert report.difference is not None
    return report.difference


def test_all_is_well(path: Path | str) -> None:
    report = verify(path)
    assert (report.clean, report.orders, report.events) == (True, 3, 15)


def test_an_empty_factory_is_well(spot: Place, store: Store) -> None:
    assert verify(store).clean


def test_a_missing_database_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        verify(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


HASHED = (
    "type", "node", '"by"', "occurred_at", "recorded_at", "source_platform", "source_chat",
    "source_message", "data", "hash",
)  # fmt: skip


@pytest.mark.parametrize("column", HASHED)
def test_a_changed_event_breaks_the_chain(path: Path | str, column: str) -> None:
    found = change(
        path, f"UPDATE event SET {column} = {column} || 'x' WHERE order_no = 'A101' AND seq = 3"
    )
    assert (found.order_no, found.seq, found.field) == ("A101", 3, "hash")


def test_a_flag_of_an_event_is_in_the_chain(path: Path | str) -> None:
    found = change(path, "UPDATE event SET on_behalf = NOT on_behalf WHERE order_no = 'B7'")
    assert (found.order_no, found.seq, found.field) == ("B7", 1, "hash")


@pytest.mark.parametrize(("seq", "field"), [(4, "seq"), (12, "seq"), (1, "seq")])
def test_a_gap(path: Path | str, seq: int, field: str) -> None:
    """In the middle, and before the end."""
    if seq == 12:
        found = change(path, "UPDATE event SET seq = 99 WHERE order_no = 'A101' AND seq = 12")
        assert (found.seq, found.field, found.stored) == (12, field, 99)
    else:
        found = change(path, "DELETE FROM event WHERE order_no = 'A101' AND seq = ?", seq)
        assert (found.seq, found.field, found.stored) == (seq, field, seq + 1)


def test_a_lost_tail(path: Path | str) -> None:
    found = change(path, "DELETE FROM event WHERE order_no = 'A101' AND seq = 12")
    assert (found.order_no, found.field, found.stored, found.replayed) == ("A101", "seq", 12, 11)


def test_swapped_events(path: Path | str) -> None:
    for old, new in ((6, 99), (7, 6), (99, 7)):
        alter(path, "UPDATE event SET seq = ? WHERE order_no = 'A101' AND seq = ?", new, old)
    found = verify(path).difference
    assert found is not None
    assert (found.seq, found.field) == (6, "hash")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("customer", "mallory"),
        ("product", "帽子"),
        ("due", "2030-01-01"),
        ("open", False),
        ("seq", 13),
        ("head", "x"),
        ("route_version", 2),
        ("route", "other"),
        ("updated_at", "2026-11-23T01:00:00.000001Z"),
        ("updated_at", None),
    ],
)
def test_a_changed_column_of_the_state(path: Path | str, column: str, value: object) -> None:
    if value is None:
        value = ""
    found = change(path, f"UPDATE orders SET {column} = ? WHERE order_no = 'A101'", value)
    assert (found.order_no, found.field, found.stored) == ("A101", column, value)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('"quantity":40', '"quantity":41', "nodes.cut.quantity"),
        ('"held":true', '"held":false', "nodes.cut.held"),
        ('"held":true', '"held":1', "nodes.cut.held"),
        ('"held":true,', "", "nodes.cut.held"),
        ('"scrap":1', '"scrap":1,"new":1', "nodes.cut.new"),
        ('"cancelled":false', '"cancelled":true', "cancelled"),
        ('"confirmed":["first_article"]', '"confirmed":[]', "nodes.sew.confirmed"),
        ('["ivy","sew"]', '["ivy","qc"]', "followers"),
        ('"material",""]]', '"power",""]]', "promises"),
        ("{", "[", "doc"),
    ],
)
def test_a_changed_field_of_the_state(path: Path | str, old: str, new: str, field: str) -> None:
    doc = str(ask(path, "SELECT doc FROM orders WHERE order_no = 'A101'"))
    assert old in doc
    found = change(
        path, "UPDATE orders SET doc = ? WHERE order_no = 'A101'", doc.replace(old, new, 1)
    )
    assert (found.order_no, found.seq, found.field) == ("A101", 12, field)


@pytest.mark.parametrize("number", ["A101", "A102", "B7"])
def test_an_order_without_events_and_events_without_an_order(path: Path | str, number: str) -> None:
    copy = copied(path)
    found = change(path, "DELETE FROM event WHERE order_no = ?", number)
    assert (found.order_no, found.field) == (number, "events")
    found = change(copy, "DELETE FROM orders WHERE order_no = ?", number)
    assert (found.order_no, found.field) == (number, "orders")


def test_subscriptions_are_the_followers(path: Path | str) -> None:
    copy, third = copied(path), copied(path)
    found = change(path, "DELETE FROM subscription WHERE order_no = 'A101' AND node = 'sew'")
    assert (found.order_no, found.field) == ("A101", "subscription")
    found = change(copy, "INSERT INTO subscription (order_no, who, node) VALUES ('B7', 'm', '')")
    assert (found.order_no, found.field) == ("B7", "subscription")
    found = change(third, "INSERT INTO subscription (order_no, who, node) VALUES ('Z', 'm', '')")
    assert (found.order_no, found.field) == ("Z", "subscription")


def test_a_lost_route(path: Path | str) -> None:
    assert change(path, "DELETE FROM route").field == "route"


def test_beside_a_running_writer(spot: Place, store: Store) -> None:
    """One snapshot while units are committed, without a lock in the writer's way."""
    store.now(busy)
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            store.now(partial(do, command=Progress("B7", "cut", n % 90 + 1)))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        reports = [verify(store)]
        patience = time.monotonic() + 20
        while len(reports) < 10 or reports[-1].events < reports[0].events + 3:
            reports.append(verify(store))
            assert time.monotonic() < patience
    finally:
        stop.set()
        thread.join(10)
    assert all(r.clean for r in reports)
    assert reports[0].events >= 14


def test_memory_does_not_grow_with_the_books(store: Store) -> None:
    """A year of orders is verified in the room that a day of them takes."""

    def peak() -> int:
        tracemalloc.start()
        try:
            assert verify(store).clean
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    def fill(ledger: Ledger, first: int, last: int) -> None:
        for n in range(first, last):
            place(ledger, f"C{n}")
            do(ledger, Progress(f"C{n}", "cut", 7))

    store.now(partial(fill, first=0, last=120))  # more than what is fetched at a time
    few = peak()
    store.now(partial(fill, first=120, last=320))
    assert peak() < few * 1.5


def test_reading_never_checkpoints(spot: Place, store: Store) -> None:
    """A second connection that checkpoints beside the writer can lose a commit (see the store)."""
    store.now(busy)
    if spot.engine is not SQLITE:
        return
    log = spot.folder / "vitrine.db-wal"
    main = (spot.folder / "vitrine.db").read_bytes()
    before = log.read_bytes()
    assert before
    assert verify(store).clean
    assert log.read_bytes() == before
    assert (spot.folder / "vitrine.db").read_bytes() == main
