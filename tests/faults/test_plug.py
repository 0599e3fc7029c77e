"""The plug is pulled under SQLite, at any moment: what was acknowledged is there when the power is
back, and the books agree with themselves.
"""

import itertools
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from storage.store import Store
from tests.faults import invariants
from tests.faults.load import Told, begin, burst
from tests.faults.lots import drawn, first_seed, seeds, told
from tests.faults.platter import Disk, opened
from tests.storage.engines import SQLITE, Hand

PLUGS = 5
"""How often one factory loses its power."""
NORMAL = {"PRAGMA synchronous = FULL": "PRAGMA synchronous = NORMAL"}


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """The rules' factory in a closed file."""
    SQLITE.create(tmp_path)
    store = SQLITE.open(tmp_path, Hand())
    store.now(begin)
    store.close()
    return tmp_path / "vitrine.db"


def until_dark(store: Store, dice: Random, count: Iterator[int]) -> Told:
    """Work until the power goes."""
    said = Told()
    while burst(store, list(itertools.islice(count, dice.randint(1, 8))), said):
        pass
    return said


def pulled(
    path: Path, folder: Path, dice: Random, count: Iterator[int], full: bool = True
) -> tuple[Path, Told, Disk]:
    """One run until the plug is pulled; the file as it is found afterwards."""
    disk = Disk(dice)
    store = opened(path, disk, Hand(), {} if full else NORMAL)
    disk.left = dice.choice((dice.randint(0, 60), dice.randint(0, 2500)))
    try:
        said = until_dark(store, dice, count)
        return disk.back(folder), said, disk
    finally:
        disk.release()
        store.close()
        disk.forget()


def test_what_was_acknowledged_outlives_the_power(books: Path, tmp_path: Path) -> None:
    """Again and again on what the last time left: nothing acknowledged is lost, no unit is torn."""
    first, figures = first_seed(), Counter[str]()
    for seed in seeds(3, 150):
        with drawn(seed) as dice:
            figures += outlived(books, tmp_path / f"{seed}", dice)
    assert figures["acknowledged"] > figures["plugs"] > 0
    told("power", first, **figures)


def outlived(books: Path, folder: Path, dice: Random) -> Counter[str]:
    """Some plugs one after the other. What is looked at is a copy: the next run begins with the
    log that the power left, and may lose it in turn.
    """
    folder.mkdir()
    acknowledged, refused, count, figures = (
        set[str](),
        set[str](),
        itertools.count(),
        Counter[str](),
    )
    for number in range(PLUGS):
        before, (books, said, disk) = books, pulled(books, folder / f"{number}", dice, count)
        if number:
            shutil.rmtree(before.parent)
        acknowledged |= set(said.acknowledged)
        refused |= set(said.refused)
        looked = shutil.copytree(books.parent, folder / "looked") / books.name
        there = invariants.whole(looked, acknowledged)
        invariants.clean(looked)
        shutil.rmtree(looked.parent)
        figures += Counter(plugs=1, steps=disk.done, flushes=disk.flushes)
    shutil.rmtree(folder)
    return figures + Counter(acknowledged=len(acknowledged), refused_yet_there=len(there & refused))


def test_without_a_flush_at_every_commit_it_would_not(books: Path, tmp_path: Path) -> None:
    """The same with `synchronous = NORMAL`, which is SQLite's advice for WAL: acknowledged messages
    are gone. The test above would see it.
    """
    acknowledged, lost = 0, 0
    for number, seed in enumerate(seeds(6, 60)):
        with drawn(seed) as dice:
            count = itertools.count()
            found, said, _ = pulled(books, tmp_path / f"{number}", dice, count, full=False)
            there = {str(r["message_id"]) for r in invariants.rows(found, "SELECT * FROM inbox")}
            invariants.clean(found)
            shutil.rmtree(found.parent)
            acknowledged += len(said.acknowledged)
            lost += len(set(said.acknowledged) - there)
    told("power, NORMAL", first_seed(), acknowledged=acknowledged, lost=lost)
    assert lost  # with FULL there would be none
