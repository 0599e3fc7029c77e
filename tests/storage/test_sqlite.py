"""What only SQLite can get wrong: the plans of its queries, its migrations, and being killed."""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from storage import migrate
from storage.cache import Cache
from storage.ledger import Ledger
from storage.outbox import Claimed
from storage.sql import Sql
from storage.sqlite import connect
from storage.store import Store
from storage.verify import verify
from tests.storage.engines import SQLITE, START, Engine, Hand, Place, notice, people, place

ROOT = Path(__file__).parents[2]
LATER = START + timedelta(hours=1)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """This is about SQLite alone."""
    return SQLITE


class Plans(Sql):
    """Notes the plan of every statement before it runs."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        super().__init__(raw)
        self.seen: list[tuple[str, str]] = []
        raw.set_trace_callback(None)

    def _plan(self, text: str, values: object) -> None:
        for row in self.raw.execute(f"EXPLAIN QUERY PLAN {text}", values):  # type: ignore[arg-type]
            self.seen.append((text, str(row["detail"])))

    def do(self, text: str, /, **values: object) -> int:
        self._plan(text, values)
        return super().do(text, **values)

    def rows(self, text: str, /, **values: object) -> list[dict[str, object]]:
        self._plan(text, values)
        return super().rows(text, **values)

    def row(self, text: str, /, **values: object) -> dict[str, object] | None:
        self._plan(text, values)
        return super().row(text, **values)

    def value(self, text: str, /, **values: object) -> object:
        self._plan(text, values)
        return super().value(text, **values)

    def stored(self, text: str, /, **values: object) -> object:
        self._plan(text, values)
        return super().stored(text, **values)

    def each(self, text: str, rows: Sequence[Any]) -> None:
        for row in rows:
            self._plan(text, row)
        super().each(text, rows)


CLAIMED = Claimed(1, 1, 1, notice("k", slot="s", bundle="b"))
HOT: dict[str, Callable[[Ledger], object]] = {
    "claim": lambda led: led.outbox.claim(LATER, 1.0, 20),
    "sent": lambda led: led.outbox.sent(CLAIMED, "m", LATER),
    "put": lambda led: led.outbox.put(notice("k", slot="s", causes=("A1/1",)), LATER),
    "take_back": lambda led: led.outbox.take_back(["A1/1"]),
    "last_push": lambda led: led.outbox.last_push(CLAIMED.notice.to, "b"),
    "next_due": lambda led: led.outbox.next_due(),
    "busy": lambda led: led.outbox.busy(LATER),
    "expired": lambda led: led.outbox.expired(0.0),
    "about": lambda led: led.outbox.about(CLAIMED.notice.to, "m"),
    "slot": lambda led: led.outbox.slot(CLAIMED.notice.to, "s"),
    "take": lambda led: led.inbox.take("p", "a", "m", "c", "s", LATER, {}),
    "waiting": lambda led: led.inbox.waiting(),
    "recent": lambda led: led.inbox.recent("p", "a", "c", LATER, 5),
    "open question": lambda led: led.questions.open(CLAIMED.notice.to, "boss", LATER),
    "history": lambda led: led.history("A1"),
    "from_source": lambda led: led.orders.from_source("p", "c", "m"),
    "open_orders": lambda led: led.open_orders(),
    "orders_of": lambda led: led.orders_of("ivy"),
    "followed_by": lambda led: led.orders.followed_by("ivy"),
    "open_alerts": lambda led: led.open_alerts(),
    "ran": lambda led: led.settings.ran("k", "s", LATER, LATER),
    "last_run": lambda led: led.settings.last_run("k", "s"),
    "starting": lambda led: led.settings.starting("a/"),
    "link": lambda led: led.links.find("h", "p", LATER),
    "generation": lambda led: led.links.generation("p", "A1", ""),
}
ALERTS = re.compile(r"FROM alert WHERE state !=")
"""Open alerts are few; the index on the state keeps an inequality from being used."""


@pytest.mark.parametrize("name", HOT)
def test_what_runs_with_every_message_scans_no_table(name: str, spot: Place) -> None:
    """A scan is fast on the first day and stands still after a year."""
    with closing(connect(spot.folder / "vitrine.db")) as raw:
        plans = Plans(raw)
        HOT[name](Ledger(plans, Cache(), Hand()))
        plans.flush()
    scans = [(t, d) for t, d in plans.seen if d.startswith("SCAN") and not ALERTS.search(t)]
    assert scans == []


def test_a_claim_looks_at_nothing_that_is_settled(spot: Place, store: Store) -> None:
    """The predecessors of a notice are sought among what is open: a chat's past may be long."""
    store.close()
    with closing(connect(spot.folder / "vitrine.db")) as raw:
        plans = Plans(raw)
        Ledger(plans, Cache(), Hand()).outbox.claim(LATER, 1.0, 20)
    recipient = [d for _, d in plans.seen if "outbox_recipient" in d]
    assert recipient
    assert all("state=?" in d and "id<?" in d for d in recipient)
    assert any("outbox_due (state=? AND not_before<?)" in d for _, d in plans.seen)


def acknowledge(claimed: Claimed, ledger: Ledger) -> bool:
    return ledger.outbox.sent(claimed, "m", LATER)


def test_claiming_stays_quick_behind_a_long_past(store: Store) -> None:
    def past(ledger: Ledger) -> None:
        for n in range(3000):
            ledger.notify(notice(f"old{n}"))
        ledger.sql.do("UPDATE outbox SET state = 'sent'")
        for n in range(300):
            ledger.notify(notice(f"new{n}"))

    store.now(past)
    begun = time.perf_counter()
    for _ in range(10):
        (one,) = store.now(lambda ledger: ledger.outbox.claim(LATER, 1.0, 20))
        assert store.now(partial(acknowledge, one))
    assert time.perf_counter() - begun < 1.0


def test_the_migrations_make_the_tables(spot: Place) -> None:
    assert migrate.differences(spot.folder / "vitrine.db") == []


def test_upgrading_again_changes_nothing(spot: Place) -> None:
    path = spot.folder / "vitrine.db"

    def shape() -> list[tuple[str, ...]]:
        with closing(sqlite3.connect(path)) as raw:
            return raw.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()

    before = shape()
    migrate.upgrade(path)
    assert shape() == before
    with closing(sqlite3.connect(path)) as raw:
        (revision,) = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    assert migrate.known(revision)
    assert not migrate.known("9999")


def test_every_commit_is_on_disk_before_it_is_answered(spot: Place) -> None:
    with closing(connect(spot.folder / "vitrine.db")) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert raw.execute("PRAGMA synchronous").fetchone()[0] == 2


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from domain.calendar import WorkCalendar
from domain.commands import Progress, Told
from domain.desk import Desk
from domain.events import Source
from domain.person import Person, Role
from storage.store import Store

class Clock:
    def now(self):
        return datetime(2026, 11, 23, 2, tzinfo=UTC)

boss, desk = Person("boss", "", Role.MANAGER), Desk(WorkCalendar(ZoneInfo("Asia/Shanghai")))
store = Store(Path(sys.argv[1]), Clock())
first = int(sys.argv[2])

def unit(ledger, n):
    assert ledger.inbox.take("test", "bot", f"m{n}", "floor", "u", ledger.clock.now(), {"n": n})
    told = Told(boss, ledger.clock.now(), Source("test", "floor", f"m{n}"))
    desk.handle(ledger, Progress("A101", "cut", n % 90 + 1), told)
    ledger.settings.put("last", str(n))

futures = []
for n in range(first, first + 100000):
    futures.append((n, store.submit(lambda ledger, n=n: unit(ledger, n))))
    if len(futures) >= 8:
        done, future = futures.pop(0)
        future.result()
        sys.stdout.write(f"{done}\\n")
        sys.stdout.flush()
"""


def test_what_was_acknowledged_survives_being_killed(spot: Place, store: Store) -> None:
    """kill -9 at random moments: every acknowledged unit is there, whole, once; nothing is torn."""
    store.now(place)
    store.close()
    path, dice, acknowledged, first = spot.folder / "vitrine.db", random.Random(7), set(), 0
    for _ in range(15):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(first)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert process.stdout is not None
        seen = [int(process.stdout.readline())]  # it is at work
        time.sleep(dice.uniform(0, 0.06))
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate(timeout=20)
        lines = rest.split("\n")
        seen += [int(line) for line in lines[:-1] if line]  # the last may be cut short
        acknowledged |= set(seen)
        assert verify(path).clean
        with closing(sqlite3.connect(path)) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            taken = [int(m[1:]) for (m,) in raw.execute("SELECT message_id FROM inbox")]
            caused = [
                int(m[1:]) for (m,) in raw.execute("SELECT source_message FROM event WHERE seq > 1")
            ]
            (last,) = raw.execute("SELECT value FROM setting WHERE key = 'last'").fetchone()
        assert acknowledged <= set(taken)
        assert len(taken) == len(set(taken))
        assert sorted(taken) == sorted(caused)  # whole units only
        assert int(last) == max(taken)
        first = max(taken) + 1
    assert len(acknowledged) > 15


def test_a_store_opens_what_a_killed_one_left(spot: Place, store: Store) -> None:
    """The log of a database that was never closed is taken up, by a writer and by a reader."""
    store.now(place)
    copied = spot.folder / "copy"
    copied.mkdir()
    for path in spot.folder.glob("vitrine.db*"):
        (copied / path.name).write_bytes(path.read_bytes())
    log = (copied / "vitrine.db-wal").read_bytes()
    assert log
    assert verify(copied / "vitrine.db").orders == 1
    assert (copied / "vitrine.db-wal").read_bytes() == log  # looked at, not written back
    again = Store(copied / "vitrine.db", Hand())
    assert again.now(lambda ledger: ledger.order("A101")).seq == 1
    again.now(people)
    again.close()
