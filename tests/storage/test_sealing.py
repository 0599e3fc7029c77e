"""Books with sealed words: nothing of them is in the files; keys turn, older versions are brought
over, customers are forgotten, and a kill on the way loses nothing.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from domain.commands import Delay
from domain.errors import BackupFault, Refused
from storage.backup import backup, restore
from storage.erasing import erase
from storage.ledger import Ledger
from storage.sealing import Alive, check, rewrap, rotate, seal_plain
from storage.secrets import MARK, Master, WrongKey, masters, owner
from storage.store import Store
from storage.verify import snapshot, verify
from tests.domain.factory import CUSTOMER, CUTTER
from tests.storage.engines import ENGINES, SQLITE, START, Hand, Place, alter, do
from tests.storage.wordy import KEY, OTHER, WORDY, filled, grep, private, read, stored, story

FILES = pytest.mark.parametrize("engine", [SQLITE], indirect=True, ids=["sqlite"])
"""What is about SQLite's files alone."""
Where = Path | str


@pytest.fixture
def path(spot: Place) -> Path:
    return spot.folder / "vitrine.db"


@pytest.fixture
def where(spot: Place) -> Where:
    return spot.where


@FILES
def test_no_word_is_in_the_files_while_it_runs_or_after(spot: Place, path: Path) -> None:
    store = Store(path, Hand(), KEY)
    store.now(story)
    store.now(private)
    assert (spot.folder / "vitrine.db-wal").stat().st_size > 0
    assert grep(spot.folder) == []
    store.close()
    assert grep(spot.folder) == []
    assert verify(path, KEY).clean
    (spot.folder / "secret.key").write_bytes(b"the factory's secret")
    saved = backup(path, spot.folder / "photos", spot.folder / "b.zip")
    assert saved.files >= 2
    packed = (spot.folder / "b.zip").read_bytes()
    assert [w for w in WORDY if w.encode() in packed] == []


@FILES
def test_without_a_key_everything_is_as_before(spot: Place, path: Path) -> None:
    """This is also the proof that `grep` can find something."""
    filled(path, ())
    assert grep(spot.folder) == list(WORDY)


def test_verify_needs_the_key_and_finds_what_was_moved(where: Where) -> None:
    filled(where, KEY)
    assert verify(where, KEY).clean
    with pytest.raises(WrongKey):
        verify(where, OTHER)
    alter(
        where,
        "UPDATE secret SET value = (SELECT value FROM secret WHERE field = 'address')"
        " WHERE field = 'phone'",
    )
    found = verify(where, KEY).difference
    assert found is not None
    assert (found.order_no, found.field) == (owner(CUSTOMER.id), "phone")


def test_words_of_an_order_are_verified(where: Where) -> None:
    filled(where, KEY)
    alter(
        where,
        "UPDATE orders SET doc = (SELECT doc FROM orders WHERE order_no = 'A101')"
        " WHERE order_no = 'A102'",
    )
    found = verify(where, KEY).difference
    assert found is not None
    assert (found.order_no, found.field) == ("A102", "words")


def test_a_unit_that_fails_leaves_no_key(where: Where) -> None:
    store = Store(where, Hand(), KEY)

    def refuse(ledger: Ledger) -> None:
        ledger.private.put("order/A1", "price", "1")
        raise Refused("not-allowed")

    with pytest.raises(Refused):
        store.now(refuse)
    store.now(lambda ledger: ledger.private.put("order/A1", "price", "2"))
    kept = store.now(lambda ledger: ledger.private.of("order/A1"))
    keys = store.now(lambda ledger: ledger.sql.value("SELECT COUNT(*) FROM data_key"))
    store.close()
    assert (kept, keys) == ({"price": "2"}, 1)


def test_an_older_version_is_sealed_once(spot: Place, where: Where) -> None:
    filled(where, ())
    assert stored(where) == list(WORDY)
    before = read(where, ())
    heads = hashes(where)
    changed = seal_plain(where, KEY)
    assert changed > 10
    assert grep(spot.folder) == stored(where) == []
    assert read(where) == before
    assert hashes(where) == heads  # the log is the same log
    assert verify(where, KEY).clean
    assert seal_plain(where, KEY) == 0
    alter(
        where,
        "UPDATE event SET data = replace(data, 'material', 'weather') WHERE seq = 3"
        " AND order_no = 'A101'",
    )
    found = verify(where, KEY).difference
    assert found is not None
    assert (found.seq, found.field) == (3, "hash")


def hashes(where: Where) -> list[tuple[str, ...]]:
    return rows(where, "SELECT order_no, seq, hash FROM event ORDER BY 1, 2")


def rows(where: Where, text: str) -> list[tuple[str, ...]]:
    with snapshot(where) as sql:
        return [tuple(row.values()) for row in sql.rows(text)]


def forgotten(where: Where, keys: tuple[Master, ...] = KEY) -> dict[str, int]:
    store = Store(where, Hand(), keys)
    done = store.now(lambda ledger: erase(ledger, CUSTOMER, "gone", "boss", START, photos=False))
    store.close()
    return dict(done.counts)


@pytest.mark.parametrize("older", [False, True])
def test_an_erased_customer(spot: Place, where: Where, older: bool) -> None:
    filled(where, () if older else KEY)
    seal_plain(where, KEY)
    said: list[Any] = read(where)
    counts = forgotten(where)
    assert counts["contacts"] == 2
    assert (counts["messages"], counts["questions"]) == (2, 1)
    assert counts["notices"] >= 1
    assert (counts["keys"], counts["addresses"]) == (1, 1)
    assert (counts["rechained"] > 0) is older
    assert verify(where, KEY).clean
    now: list[Any] = read(where)
    orders, facts, messages, notices, question, alert, shown, kept = now
    assert orders[0] == ("", [""] * 7, ["", ""])
    assert orders[1] == said[0][1]  # nobody else's words are touched
    assert [getattr(f, "text", "") for f in facts[0]] == [""] * len(facts[0])
    assert facts[1] == said[1][1]
    assert messages == [({}, {}), ({}, {})]
    assert (question, alert) == (None, ("", ""))
    assert {"order": "A101", "text": WORDY[3]} in notices  # on its way to those who lead
    assert (len(said[3]), len(notices)) == (6, 3)  # half of them were for the customer
    assert kept == {"order/A101": {"price": "¥88.00"}}
    assert shown == {"text": WORDY[3]}  # a chat that was never theirs
    store = Store(where, Hand(), KEY)
    looks = store.now(lambda ledger: ledger.private.looks(9))
    person = store.now(lambda ledger: ledger.person(CUSTOMER.id))
    store.now(lambda ledger: do(ledger, Delay("A101", "cut", "material", "新的话"), by=CUTTER))
    store.close()
    assert [(x.who, x.what, x.subject) for x in looks] == [("boss", "erase", owner("ivy"))]
    assert person is not None
    assert (person.name, person.addresses) == ("gone", ())
    assert verify(where, KEY).clean


def test_a_forged_log_is_not_made_good_by_erasing(where: Where) -> None:
    filled(where, ())
    seal_plain(where, KEY)
    alter(where, "UPDATE event SET node = 'sew' WHERE order_no = 'A101' AND seq = 2")
    assert forgotten(where)["rechained"] == 0
    found = verify(where, KEY).difference
    assert found is not None
    assert found.field == "hash"


def keys_of(where: Where) -> list[tuple[str, ...]]:
    return rows(where, "SELECT id, owner, retired_at FROM data_key ORDER BY id")


def test_a_turn_of_the_keys(where: Where) -> None:
    filled(where, KEY)
    before, heads = read(where), hashes(where)
    old = {k[0] for k in keys_of(where)}
    changed, gone = rotate(where, KEY)
    assert changed > 5
    assert gone == 0  # the log was sealed with both
    assert read(where) == before
    assert hashes(where) == heads
    assert verify(where, KEY).clean
    fresh = [k[0] for k in keys_of(where) if not k[2]]
    assert old.isdisjoint(fresh)
    values = [v for (v,) in rows(where, "SELECT value FROM secret")]
    assert all(v.startswith(tuple(f"{MARK}{key}." for key in fresh)) for v in values)
    assert rotate(where, KEY)[1] == len(fresh)  # those of the first turn serve nothing any more
    assert read(where) == before


def test_another_master_key(where: Where) -> None:
    filled(where, KEY)
    before = read(where)
    new = masters([b"a new key, made by hand", b"the factory's secret"])
    assert check(where, new) == len(keys_of(where))
    assert rewrap(where, new) == len(keys_of(where))
    assert check(where, new) == 0
    only = masters([b"a new key, made by hand"])
    assert read(where, only) == before
    assert verify(where, only).clean
    for act in (check, seal_plain, rotate, rewrap):
        with pytest.raises(WrongKey):
            act(where, KEY)


def test_a_place_that_an_older_version_left_begins_anew(where: Where) -> None:
    filled(where, ())
    for table in ("orders", "inbox", "event", "secret"):
        alter(where, "INSERT INTO setting VALUES (?, '9999')", f"sealing/place/{table}")
    assert seal_plain(where, KEY) > 10
    assert stored(where) == []


@pytest.mark.parametrize("engine", ENGINES[1:], indirect=True, ids=["postgresql", "portable"])
def test_no_key_turns_while_a_process_lives(where: Where) -> None:
    filled(where, KEY)
    kept = keys_of(where)
    lease = "INSERT INTO lease VALUES ('process/other', 'other', 1, ?)"
    alter(where, lease, time.time() + 9)
    for act in (seal_plain, rotate, rewrap):
        with pytest.raises(Alive):
            act(where, KEY)
    assert keys_of(where) == kept
    alter(where, "UPDATE lease SET until = ?", time.time() - 1)
    with snapshot(where) as sql:  # another of us at the same time
        sql.run("SELECT pg_advisory_lock(7717)")
        with pytest.raises(Alive):
            rotate(where, KEY)
    assert rotate(where, KEY)[0] > 5


KILLED = """
import os, sys
from pathlib import Path
from storage import migrate, sealing
from storage.secrets import masters
sealing.SLICE = 2
left = int(sys.argv[2])
own = sealing.Ledger
class Ledger(own):
    def __init__(self, *args):
        global left
        super().__init__(*args)
        left -= 1
        if left == 0:
            args[0].do("UPDATE person SET name = 'half done'")
            os.kill(os.getpid(), 9)
sealing.Ledger = Ledger
act = getattr(sealing, sys.argv[3])
where = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
act(where, masters([b"the factory's secret"]))
"""


@pytest.mark.parametrize("act", ["seal_plain", "rotate"])
def test_killed_at_any_moment_it_goes_on(spot: Place, where: Where, act: str) -> None:
    filled(where, KEY if act == "rotate" else ())
    before, heads = read(where, KEY if act == "rotate" else ()), hashes(where)
    old = {k[0] for k in keys_of(where)}
    for moment in (2, 5, 9, 14, 20, 99):
        code = subprocess.run(
            [sys.executable, "-c", KILLED, str(where), str(moment), act],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            capture_output=True,
            check=False,
        ).returncode
        assert code in (0, -signal.SIGKILL)
        assert read(where) == before
        assert hashes(where) == heads
        assert verify(where, KEY).clean
        if code == 0:
            break
    assert code == 0
    assert moment > 5
    if act == "seal_plain":
        assert grep(spot.folder) == stored(where) == []
    else:
        fresh = [k for k in keys_of(where) if not k[2]]
        assert len(fresh) == 2  # one turn, not one a kill
        assert old.isdisjoint(k[0] for k in fresh)


@FILES
def test_a_backup_under_another_key_says_so(path: Path, tmp_path: Path) -> None:
    filled(path, KEY)
    target, fresh = tmp_path / "b.zip", tmp_path / "fresh"
    backup(path, path.parent / "photos", target, masters=KEY)
    with pytest.raises(BackupFault) as fault:
        restore(target, fresh)
    assert fault.value.code == "sealed"
    assert not fresh.exists()
    assert restore(target, fresh, KEY).report.clean
    assert read(fresh / "vitrine.db") == read(path)


def test_the_cache_forgets_keys_that_another_process_changed(where: Where) -> None:
    filled(where, KEY)
    store = Store(where, Hand(), KEY)
    assert store.now(lambda ledger: ledger.private.of(owner(CUSTOMER.id)))
    alter(where, "UPDATE data_key SET wrapped = '' WHERE owner = ?", owner(CUSTOMER.id))
    alter(where, "UPDATE pulse SET count = count + 1")
    assert store.now(lambda ledger: ledger.private.of(owner(CUSTOMER.id))) == {}
    store.close()
