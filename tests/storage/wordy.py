"""A factory in which people say things: in orders, reports, alarms, questions, messages."""

from datetime import date
from pathlib import Path

import pytest
from sqlmodel import SQLModel

from domain.alert import Alert
from domain.commands import ChangeDue, Complete, Delay, PlaceOrder, Start, Undo
from domain.notice import Kind, Notice
from domain.person import Address
from storage.cache import Asked
from storage.ledger import Ledger
from storage.secrets import Master, masters, owner
from storage.store import Store
from storage.verify import snapshot
from tests.domain.factory import CUSTOMER, CUTTER, ROUTE
from tests.storage.engines import START, Hand, do, people

KEY = masters([b"the factory's secret"])
OTHER = masters([b"another factory's secret"])
WORDY = ("绣花线要哑光不要亮光", "布没到，老周说周五", "客户催了三次", "请寄到新地址", "¥88.00",
         "13800138005", "加班两晚赶出来")  # fmt: skip


WAITING = "SELECT * FROM outbox WHERE state = 'waiting' ORDER BY id"


def story(ledger: Ledger) -> None:
    """People say things: in orders, reports, alarms, notices, questions and messages."""
    people(ledger)
    command = PlaceOrder("A101", "卫衣", 100, CUSTOMER.id, ROUTE.key, note=WORDY[0])
    do(ledger, command)
    do(ledger, PlaceOrder("A102", "围裙", 60, "", ROUTE.key, note=WORDY[0]))
    do(ledger, Start("A101", "cut"), by=CUTTER)
    do(ledger, Delay("A101", "cut", "material", WORDY[1], "2026-11-25"), by=CUTTER)
    do(ledger, ChangeDue("A101", date(2026, 12, 4), "material", WORDY[2]))
    done = do(ledger, Complete("A101", "cut"), by=CUTTER)
    do(ledger, Undo("A101", (done[0].seq,), WORDY[6]), by=CUTTER)
    do(ledger, Delay("A102", "cut", "labour", WORDY[1]), by=CUTTER)
    ledger.keep_alert(
        Alert("A101/9", "A101", "cut", "material", WORDY[1], START, "cutter", answer=WORDY[6])
    )
    to = Address("test", "u-ivy")
    facts = {"order": "A101", "text": WORDY[3]}
    ledger.notify(Notice(to, Kind.PUSH, "push", "n1", START, facts, reader=CUSTOMER.id))
    ledger.notify(Notice(Address("test", "leaders"), Kind.NOTICE, "asked", "n2", START, facts))
    for number, (who, text) in enumerate((("user-ivy", WORDY[3]), ("user-cutter", WORDY[1]))):
        taken = ledger.inbox.take(
            "test", "", f"m{number}", "u-ivy", who, START, {"said": "message", "text": text}
        )
        outcome = {"person": who.removeprefix("user-"), "text": text}
        ledger.inbox.close(taken, "done", outcome, START)
    doc = {"text": WORDY[3], "pending": []}
    ledger.questions.ask(Asked("q1", to, CUSTOMER.id, START, START, doc))
    ledger.transcript.keep("customer-ivy", "m0", {"text": WORDY[3]})


def private(ledger: Ledger) -> None:
    ledger.private.put(owner(CUSTOMER.id), "phone", WORDY[5])
    ledger.private.put("order/A101", "price", WORDY[4])
    ledger.private.put("order/A101", "address", WORDY[3])


def told(ledger: Ledger) -> list[object]:
    """All that was said, as the program reads it."""
    questions = ledger.questions.get("q1")
    alert = ledger.alert("A101/9")
    return [
        [(o.note, [n.reason_text for n in o.nodes.values()], [p.text for p in o.promises])
         for o in ledger.orders.all_orders()],
        [[e.fact for e in ledger.history(no)] for no in ("A101", "A102")],
        [(r.payload, r.outcome) for r in map(ledger.inbox.get, (1, 2)) if r],
        [ledger.outbox.notice(r).facts for r in ledger.sql.rows(WAITING)],
        questions and questions.doc,
        alert and (alert.text, alert.answer),
        ledger.transcript.get("customer-ivy", "m0"),
        ledger.private.all(),
    ]  # fmt: skip


def grep(folder: Path, words: tuple[str, ...] = WORDY) -> list[str]:
    """Which words stand in the database's files."""
    held = b"".join(p.read_bytes() for p in folder.glob("vitrine.db*"))
    return [w for w in words if w.encode() in held]


def stored(where: Path | str, words: tuple[str, ...] = WORDY) -> list[str]:
    """Which words stand in any row of any table."""
    with snapshot(where) as sql:
        held = [
            str(value)
            for table in SQLModel.metadata.sorted_tables
            for row in sql.rows(f"SELECT * FROM {table.name}")
            for value in row.values()
        ]
    return [w for w in words if any(w in value for value in held)]


class Undone(Exception):
    pass


def read(where: Path | str, keys: tuple[Master, ...] = KEY) -> list[object]:
    """What was said, without leaving a trace of having read it."""
    found: list[list[object]] = []

    def look(ledger: Ledger) -> None:
        found.append(told(ledger))
        raise Undone

    store = Store(where, Hand(), keys)
    try:
        with pytest.raises(Undone):
            store.now(look)
    finally:
        store.close()
    return found[0]


def filled(where: Path | str, keys: tuple[Master, ...]) -> None:
    """The story in a database."""
    store = Store(where, Hand(), keys)
    store.now(story)
    store.now(private)
    store.close()
