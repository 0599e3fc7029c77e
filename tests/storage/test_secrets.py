"""What is sealed opens only where it belongs and with its key; what is changed is noticed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from typing import get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.events import FACTS
from storage.secrets import MARK, Broken, Master, Ring, Safe, WrongKey, masters, owner
from storage.sql import Sql
from storage.words import WORDS
from tests.storage.engines import START
from tests.storage.wordy import KEY, OTHER


def safe(raw: sqlite3.Connection, keys: tuple[Master, ...] = KEY) -> Safe:
    return Safe(Sql(raw), Ring(keys), START)


@pytest.fixture
def raw() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as found:
        found.row_factory = sqlite3.Row
        found.execute(
            "CREATE TABLE data_key (id TEXT PRIMARY KEY, owner TEXT, wrapped TEXT,"
            " created_at TEXT, retired_at TEXT)"
        )
        yield found


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
PLACE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@settings(max_examples=60)
@given(text=TEXT, here=PLACE, there=PLACE, whose=st.sampled_from(["house", "person/C05"]))
def test_a_value_opens_only_at_its_place(text: str, here: str, there: str, whose: str) -> None:
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.row_factory = sqlite3.Row
        raw.execute(
            "CREATE TABLE data_key (id TEXT PRIMARY KEY, owner TEXT, wrapped TEXT,"
            " created_at TEXT, retired_at TEXT)"
        )
        box = safe(raw)
        sealed = box.seal(text, here, whose)
        assert sealed.startswith(MARK)
        assert sealed != box.seal(text, here, whose)  # never twice the same
        assert safe(raw).open(sealed, here) == text
        if here != there:
            with pytest.raises(Broken):
                box.open(sealed, there)


@settings(max_examples=60)
@given(text=TEXT, data=st.data())
def test_tampering_is_noticed(text: str, data: st.DataObject) -> None:
    with closing(sqlite3.connect(":memory:")) as raw:
        raw.row_factory = sqlite3.Row
        raw.execute(
            "CREATE TABLE data_key (id TEXT PRIMARY KEY, owner TEXT, wrapped TEXT,"
            " created_at TEXT, retired_at TEXT)"
        )
        box = safe(raw)
        sealed = box.seal(text, "here")
        at = data.draw(st.integers(len(MARK), len(sealed) - 1))
        sign = data.draw(st.sampled_from("ABCDEFabcdef0123456789+/=.*"))
        changed = sealed[:at] + sign + sealed[at + 1 :]
        if changed != sealed:
            with pytest.raises(Broken):
                box.open(changed, "here")


def test_nothing_stays_nothing(raw: sqlite3.Connection) -> None:
    assert safe(raw).seal("", "here") == ""
    assert safe(raw).open("never sealed", "here") == "never sealed"
    assert safe(raw, ()).seal("kept as it is", "here") == "kept as it is"


def test_another_key_opens_nothing(raw: sqlite3.Connection) -> None:
    sealed = safe(raw).seal("words", "here")
    for keys in (OTHER, ()):
        with pytest.raises(WrongKey):
            safe(raw, keys).open(sealed, "here")
        with pytest.raises(WrongKey):
            safe(raw, keys).check()
    assert safe(raw).check() == 0


def test_a_data_key_of_somebody_else_does_not_fit(raw: sqlite3.Connection) -> None:
    box = safe(raw)
    mine, theirs = box.seal("mine", "a", "person/C01"), box.seal("theirs", "a", "person/C02")
    row = {r["owner"]: r["wrapped"] for r in raw.execute("SELECT * FROM data_key")}
    raw.execute("UPDATE data_key SET wrapped = ? WHERE owner = 'person/C01'", (row["person/C02"],))
    with pytest.raises(Broken):
        safe(raw).open(mine, "a")
    assert safe(raw).open(theirs, "a") == "theirs"


def test_an_older_master_key_still_opens(raw: sqlite3.Connection) -> None:
    sealed = safe(raw, OTHER).seal("words", "here")
    both = masters([b"the factory's secret", b"another factory's secret"])
    assert safe(raw, both).open(sealed, "here") == "words"
    assert safe(raw, both).check() == 1
    assert safe(raw, both).rewrap() == 1
    assert safe(raw, KEY).open(sealed, "here") == "words"
    with pytest.raises(WrongKey):
        safe(raw, OTHER).open(sealed, "here")


def test_a_forgotten_key_is_forgotten(raw: sqlite3.Connection) -> None:
    box = safe(raw)
    theirs, ours = box.seal("theirs", "a", owner("C05")), box.seal("ours", "b")
    assert len(box.forget(owner("C05"), START)) == 1
    assert (box.open(theirs, "a"), box.open(theirs, "a", "{}")) == ("", "{}")
    assert safe(raw).open(ours, "b") == "ours"
    again = box.seal("new words", "a", owner("C05"))
    assert box.open(again, "a") == "new words"
    assert box.open(theirs, "a") == ""


CODES = {
    "product", "customer", "route", "placed", "due", "priority", "reason", "until", "tracking",
    "what", "whom", "photo", "key", "thumb", "kind", "before", "who", "level", "name", "choice",
    "need", "item", "quantity", "unit", "supplier", "needed_by", "promised", "amount", "good",
    "returned", "label",
}  # fmt: skip
"""Texts in facts that are codes, dates, numbers, or the factory's own names of things."""


def test_every_text_of_a_fact_is_sealed_or_known_to_be_no_words() -> None:
    for name, kind in FACTS.items():
        hints = get_type_hints(kind)
        texts = {f.name for f in fields(kind) if hints[f.name] is str}
        assert texts <= CODES | set(WORDS), (name, texts - CODES - set(WORDS))
