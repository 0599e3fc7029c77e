"""The table of needs says what the orders say, and `verify` finds where it does not."""

import json
from dataclasses import replace
from datetime import date

import pytest

from domain.commands import Cancel, Complete, Undo
from domain.need_commands import CheckNeed, ConfirmNeed, DeliverNeed, PlaceNeed, PromiseNeed
from domain.needs import NeedState
from domain.person import Person, Role
from storage.ledger import Ledger
from storage.store import Store
from storage.verify import verify
from tests.domain.factory import DYER
from tests.storage.engines import Place, alter, do, place

LIN = Person("lin", "林记辅料", Role.SUPPLIER)


def busy(ledger: Ledger) -> None:
    """Two orders that take something."""
    ledger.folk.keep(LIN)
    for number in ("A101", "A102"):
        place(ledger, number)
        do(ledger, PlaceNeed(number, "sew", "罗纹", "20", "kg", "lin", date(2026, 11, 25), "米白"))
        do(ledger, PlaceNeed(number, "dye", "外发", "100", "件", "dyer", date(2026, 11, 26)))
    do(ledger, PromiseNeed("A101", "N1", date(2026, 12, 3), "equipment", "染缸坏了"), LIN)
    do(ledger, DeliverNeed("A101", "N1", "12.5", ("a" * 64,)), LIN)
    done = do(ledger, Complete("A101", "cut"))
    do(ledger, Undo("A101", tuple(e.seq for e in done)))
    do(ledger, ConfirmNeed("A101", "N2"), DYER)
    do(ledger, DeliverNeed("A101", "N2"), DYER)
    do(ledger, CheckNeed("A101", "N2", "3", "色差"))


@pytest.fixture
def full(store: Store) -> Store:
    store.now(busy)
    return store


def test_the_table_says_what_the_orders_say(full: Store, spot: Place) -> None:
    def look(ledger: Ledger) -> None:
        order = ledger.order("A101")
        assert order is not None
        first = {o.order_no: o.need for o in ledger.needs.of("lin", date(2026, 11, 1))}["A101"]
        wordless = tuple(replace(g, text="") for g in order.needs["N1"].given)
        assert first == replace(order.needs["N1"], note="", given=wordless)
        assert len(ledger.needs.everybodys(date(2026, 11, 1))) == 4
        assert not [o for o in ledger.needs.of("dyer", date(2027, 1, 1)) if not o.need.open]

    full.now(look)
    assert verify(full).clean
    full.close()
    again = spot.open()  # nothing is remembered: read from its stored form
    order = again.now(lambda ledger: ledger.order("A101"))
    assert order.needs["N1"].given[0].text == "染缸坏了"
    assert order.needs["N1"].note == "米白"
    assert order.nodes["sew"].waits_for == ("N1",)
    assert order.needs["N2"].state is NeedState.CHECKED


def test_words_of_suppliers_do_not_stand_in_the_table(full: Store) -> None:
    rows = full.now(lambda ledger: ledger.sql.rows("SELECT doc FROM need"))
    assert not any("染缸坏了" in r["doc"] or "米白" in r["doc"] for r in rows)


def test_an_order_without_needs_is_stored_as_before(store: Store) -> None:
    store.now(place)
    doc = store.now(lambda ledger: ledger.sql.value("SELECT doc FROM orders"))
    assert "needs" not in json.loads(doc)
    assert verify(store).clean


def test_a_cancelled_order_takes_its_needs_along(full: Store) -> None:
    full.now(lambda ledger: do(ledger, Cancel("A102")))
    states = full.now(
        lambda ledger: ledger.sql.rows("SELECT state FROM need WHERE order_no = 'A102'")
    )
    assert [r["state"] for r in states] == ["cancelled", "cancelled"]
    assert verify(full).clean


def test_a_refused_unit_leaves_nothing(full: Store) -> None:
    def fail(ledger: Ledger) -> None:
        do(ledger, DeliverNeed("A102", "N1"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        full.now(fail)
    assert full.now(lambda ledger: ledger.order("A102")).needs["N1"].deliveries == ()
    assert verify(full).clean


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("UPDATE need SET state = 'asked' WHERE order_no = 'A101'", "need.N1.state"),
        ("UPDATE need SET needed_by = '2026-11-30' WHERE need = 'N1'", "need.N1.needed_by"),
        ("UPDATE need SET doc = replace(doc, '12.5', '20') WHERE order_no = 'A101'", "need.N1.doc"),
        ("UPDATE need SET supplier = 'far' WHERE need = 'N1'", "need.N1.supplier"),
        ("DELETE FROM need WHERE order_no = 'A101' AND need = 'N1'", "need.N1"),
        (
            "INSERT INTO need (order_no, need, supplier, state, needed_by, doc)"
            " VALUES ('A101', 'N9', 'lin', 'asked', '2026-11-25', '{}')",
            "need.N9",
        ),
        ("UPDATE need SET order_no = 'A999' WHERE order_no = 'A102' AND need = 'N2'", "need"),
        ("UPDATE orders SET doc = replace(doc, '\"100\"', '\"90\"')", "needs"),
    ],
)  # fmt: skip
def test_verify_finds_whatever_was_changed(full: Store, spot: Place, text: str, field: str) -> None:
    full.close()
    assert alter(spot.where, text) > 0
    report = verify(spot.where)
    assert report.difference is not None
    assert report.difference.field.startswith(field)
