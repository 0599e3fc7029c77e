"""The disk is full, or fails now and then: what cannot be kept is refused, what was acknowledged
stays, nothing is half written, and it goes on by itself when it can.
"""

import itertools
import resource
import shutil
from pathlib import Path
from random import Random

import apsw
import pytest

from tests.adapters.playing import START
from tests.app.served import command, served
from tests.app.test_kill import world
from tests.faults import invariants
from tests.faults.load import Told, begin, burst, values
from tests.faults.lots import drawn, first_seed, seeds, told
from tests.faults.platter import Disk, opened
from tests.storage.engines import SQLITE, Hand

SHARE = 0.05
"""Of all writes and flushes fail."""
KNOWN = "SELECT message_id FROM inbox"
"""Asked of the store itself while it is open: a second copy of SQLite in this process would take
its locks away when it closes the file.
"""
ROOM = 300_000
"""Bytes that a file may have on a disk that is full."""


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """The rules' factory in a closed file."""
    SQLITE.create(tmp_path)
    store = SQLITE.open(tmp_path, Hand())
    store.now(begin)
    store.close()
    return tmp_path / "vitrine.db"


def copied(books: Path, name: str) -> Path:
    """The books once more, in a folder of their own."""
    (books.parent / name).mkdir()
    return Path(shutil.copy(books, books.parent / name))


def test_a_full_disk_refuses_and_goes_on_when_there_is_room(books: Path) -> None:
    """Full, with room, and full again, while messages stream in."""
    for seed in seeds(2, 100):
        with drawn(seed) as dice:
            own = copied(books, f"{seed}")
            disk, count = Disk(dice), itertools.count()
            store, said = opened(own, disk, Hand()), Told()
            for _ in range(4):
                disk.room = dice.randint(0, ROOM)
                refused = len(said.refused)
                while len(said.refused) < refused + 20:
                    burst(store, list(itertools.islice(count, dice.randint(1, 8))), said)
                assert {r["message_id"] for r in values(store, KNOWN)} == set(said.acknowledged)
                disk.room = None
                assert burst(store, list(itertools.islice(count, 20)), said)
            store.close()
            disk.forget()
            invariants.whole(own, said.acknowledged, said.refused)
            invariants.clean(own)
            shutil.rmtree(own.parent)


def failing(disk: Disk, dice: Random, seen: list[str]) -> None:
    """From now on some writes and flushes fail: a flush perhaps after it was done."""

    def fault(what: str) -> None:
        if dice.random() < SHARE:
            seen.append(what)
            if what == "flush" and dice.random() < 0.5:
                for medium in disk.media.values():
                    medium.flush()
            raise apsw.IOError(f"{what} failed")

    disk.fault = fault


def test_a_disk_that_fails_now_and_then_tears_nothing(books: Path) -> None:
    """One write or flush in twenty fails; some had been done when they were said to have failed. In
    the end the plug is pulled.
    """
    for seed in seeds(2, 200):
        with drawn(seed) as dice:
            own = copied(books, f"{seed}")
            disk, count, seen = Disk(dice), itertools.count(), list[str]()
            store, said = opened(own, disk, Hand()), Told()
            failing(disk, dice, seen)
            while len(seen) < 40:
                burst(store, list(itertools.islice(count, dice.randint(1, 8))), said)
            assert {r["message_id"] for r in values(store, KNOWN)} == set(said.acknowledged)
            disk.pull()
            found = disk.back(books.parent / f"{seed}-after")
            disk.release()
            store.close()
            disk.forget()
            invariants.whole(own, said.acknowledged, said.refused)
            invariants.whole(found, said.acknowledged)
            for path in (own, found):
                invariants.clean(path)
                shutil.rmtree(path.parent)
            assert said.refused


def test_the_program_says_no_while_the_disk_is_full(tmp_path: Path) -> None:
    """The whole program with the library it comes with, under a limit on the size of its files:
    what it refuses is not there, what it acknowledged is, and it goes on when the limit is lifted.
    """
    folder = tmp_path / "data"
    with served(folder) as server, drawn(first_seed()) as dice:
        assert server.process is not None
        server.call("POST", "/api/sandbox/reset", {"world": world(), "at": START})
        server.idle()
        said: dict[str, int] = {}

        def report(number: int) -> int:
            text = f"K{1000 + number} 裁切完成"
            said[f"m{number}"], _ = server.say("production", "P0", text, message_id=f"m{number}")
            return said[f"m{number}"]

        assert report(0) == 202
        server.idle()
        limit = dice.choice((0, (folder / "vitrine.db-wal").stat().st_size + 20_000))
        own, hard = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, hard))
        numbers = itertools.count(1)
        while list(said.values()).count(202) == len(said):
            report(next(numbers))
        assert report(next(numbers)) >= 500
        assert server.call("GET", "/board")[0] == 200
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (own, hard))
        assert report(next(numbers)) == 202
        server.idle()
        for name in [m for m, status in said.items() if status != 202]:
            assert report(int(name[1:])) == 202
        server.idle()
    invariants.one_outcome(folder / "vitrine.db", said)
    invariants.one_event(folder / "vitrine.db", said)
    assert command(folder, "verify")[0] == 0
    told("disk full", first_seed(), messages=len(said))
