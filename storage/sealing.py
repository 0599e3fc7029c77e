"""Seals what an older version kept plain, and seals anew under new keys: in slices, each a
transaction with its place kept, so that it may be killed at any moment and goes on where it was.

It works on books that nobody has open, on either engine. The event log is sealed once and never
again, because its hashes are made over the sealed form; keys that it needs stay.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage.alerts import alert_at
from storage.cache import Cache
from storage.checkup import ALIVE
from storage.docs import dump
from storage.inbox import became_at, said_at
from storage.ledger import Ledger
from storage.people import key_owner
from storage.records import asked_at, shown_at
from storage.secrets import HOUSE, MARK, Master, Ring, Safe, owner, secret_at
from storage.sql import Row
from storage.store import opened
from storage.told import DROPPED, facts_of, told_at
from storage.verify import snapshot
from storage.words import WORDS, hide, seal_fact, show

log = logging.getLogger("vitrine.sealing")
SLICE = 500
"""Rows of one transaction."""
DONE, PLACE, TURN = "sealing/done", "sealing/place", "sealing/rotation"
ALONE = 7717
"""The number of the advisory lock that two of us cannot have on one PostgreSQL."""
PATIENCE = 5.0
"""Seconds in which the connection of one of us that was killed is gone."""
How = Callable[[str, str, str], str]
_KEY = re.compile(re.escape(MARK) + r"([0-9a-f]{8})\.")


class Alive(Exception):
    """Other processes work on these books. `count` of them."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} other processes work on the same books")
        self.count = count


@dataclass(frozen=True, slots=True)
class Part:
    """A table with sealed values, its primary key, and how a row's values are sealed anew:
    `again(ledger, row, how)` gives the columns that changed.
    """

    table: str
    keys: tuple[str, ...]
    again: Callable[[Ledger, Row, How], dict[str, str]]


def _said(ledger: Ledger, row: Row, how: How) -> dict[str, str]:
    place = said_at(row["platform"], row["account"], row["message_id"])
    user = ledger.folk.user(row["platform"], row["account"], row["sender"])
    return {
        "payload": how(row["payload"], place, key_owner(user)),
        "outcome": how(row["outcome"], became_at(row["id"]), key_owner(user)),
    }


def _told(ledger: Ledger, row: Row, how: How) -> dict[str, str]:
    whose = ledger.outbox.whose(row["reader"], facts_of(row, ledger.safe))
    return {"facts": how(row["facts"], told_at(row["key"]), whose)}


def _asked(ledger: Ledger, row: Row, how: How) -> dict[str, str]:
    who = key_owner(ledger.folk.all().get(row["person"]))
    return {"doc": how(row["doc"], asked_at(row["id"]), who)}


def _shown(_: Ledger, row: Row, how: How) -> dict[str, str]:
    return {"doc": how(row["doc"], shown_at(row["chat"], row["message_id"]), HOUSE)}


def _raised(ledger: Ledger, row: Row, how: How) -> dict[str, str]:
    who, more = owner(ledger.orders.customer(row["order_no"])), json.loads(row["more"])
    if "answer" in more:
        more["answer"] = how(more["answer"], alert_at(row["id"], "answer"), who)
    return {"text": how(row["text"], alert_at(row["id"], "text"), who), "more": dump(more)}


def _ordered(ledger: Ledger, row: Row, how: How) -> dict[str, str]:
    no, safe = row["order_no"], ledger.safe
    doc = json.loads(row["doc"])
    if "words" in doc:
        fresh = how(doc["words"], f"orders/doc/{no}", owner(row["customer"]))
        return {"doc": dump(doc | {"words": fresh})}
    return {"doc": dump(hide(show(doc, no, safe), no, safe, row["customer"]))}


def _kept(ledger: Ledger, row: Row, how: How) -> dict[str, str]:
    whose = ledger.private.whose(row["owner"], row["field"])
    return {"value": how(row["value"], secret_at(row["owner"], row["field"]), whose)}


def _happened(ledger: Ledger, row: Row, _: How) -> dict[str, str]:
    """Only what is plain, and only if the plain form can be made again to the last letter: an old
    hash is made over it.
    """
    no, seq, data = row["order_no"], row["seq"], json.loads(row["data"])
    if any(ledger.safe.key_of(str(data.get(name, ""))) for name in WORDS):
        return {}
    if dump(data) != row["data"]:
        log.warning("event %s/%s is not in the form that we write; left as it is", no, seq)
        return {}
    seal_fact(data, no, seq, ledger.safe, ledger.orders.customer(no))
    return {"data": dump(data)}


REST = (
    Part("orders", ("order_no",), _ordered),
    Part("inbox", ("id",), _said),
    Part("outbox", ("id",), _told),
    Part("question", ("id",), _asked),
    Part("alert", ("id",), _raised),
    Part("transcript", ("chat", "message_id"), _shown),
    Part("secret", ("owner", "field"), _kept),
)
ALL = (Part("event", ("id",), _happened), *REST)


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@contextmanager
def books(
    where: Path | str, masters: Sequence[Master], *, portable: bool = False
) -> Iterator[Callable[[], Ledger]]:
    """Books that nobody else has open. Each call begins a transaction and gives its ledger; the
    next one, or the end, commits it. Raises Alive where processes share them (PostgreSQL).
    """
    sql = opened(where, portable=portable)
    cache = Cache(ring=Ring(tuple(masters)))
    under_way = False

    def end() -> None:
        nonlocal under_way
        if under_way:
            sql.flush()
            sql.commit()
        under_way = False

    def begin() -> Ledger:
        nonlocal under_way
        end()
        sql.start()
        under_way = True
        return Ledger(sql, cache, _Clock())

    try:
        if sql.shared:
            _alone(begin())
        yield begin
        if sql.shared:  # who looks again later reads the keys anew
            begin().sql.do("UPDATE pulse SET count = count + 1 WHERE name = 'books'")
        end()
    except BaseException:
        with suppress(*sql.faults):  # the first fault is the one to tell
            sql.rollback()
            sql.close()
        raise
    sql.close()


def _alone(ledger: Ledger) -> None:
    """Refuse where a process lives, or another of us works. What was killed counts until its lease
    is over.
    """
    others = ledger.sql.value(ALIVE)
    if others:
        raise Alive(others)
    until = time.monotonic() + PATIENCE
    while not ledger.sql.value("SELECT pg_try_advisory_lock(:n)", n=ALONE):
        if time.monotonic() > until:
            raise Alive(1)
        time.sleep(0.1)


def check(where: Path | str, masters: Sequence[Master]) -> int:
    """How many data keys still lie under an older master key; read beside a running program. Raises
    WrongKey where none of those at hand opens them.
    """
    with snapshot(where) as sql:
        return Safe(sql, Ring(tuple(masters))).check()


def seal_plain(where: Path | str, masters: Sequence[Master], *, portable: bool = False) -> int:
    """Seal what an older version kept plain; how many rows were changed. Nothing is done where it
    was done before. Raises WrongKey, or Alive (PostgreSQL).
    """
    with books(where, masters, portable=portable) as begin:
        ledger = begin()
        ledger.safe.check()
        if ledger.settings.get(DONE):
            return 0
        changed = sum(_sweep(begin, part, PLACE, _plain) for part in ALL)
        if changed:
            log.info("%d rows were sealed that an older version kept plain", changed)
            _compact(begin())
        ledger = begin()
        for part in ALL:
            ledger.settings.drop(f"{PLACE}/{part.table}")
        ledger.settings.put(DONE, "1")
        return changed


def _compact(ledger: Ledger) -> None:
    """Write the tables anew: what was plain may still lie in pages that nobody uses."""
    sql = ledger.sql
    sql.flush()
    sql.commit()
    try:
        for part in ALL if sql.shared else ():
            sql.run(f"VACUUM FULL {part.table}")
        if not sql.shared:
            sql.run("VACUUM")
    except sql.faults as error:
        what = type(error).__name__
        log.warning("the tables could not be written anew (%s); old words may remain", what)
    sql.start()


def rotate(
    where: Path | str, masters: Sequence[Master], *, portable: bool = False
) -> tuple[int, int]:
    """New data keys for all that is written from now on, and everything but the event log sealed
    anew with them. How many rows were changed, and how many old keys were thrown away. Raises
    WrongKey, or Alive (PostgreSQL).
    """
    with books(where, masters, portable=portable) as begin:
        ledger = begin()
        ledger.safe.check()
        if not ledger.settings.get(TURN):  # else one was begun and killed: it goes on
            ledger.safe.retire(datetime.now(UTC))
            ledger.settings.put(TURN, "1")
        changed = sum(_sweep(begin, part, TURN, _anew) for part in REST)
        ledger = begin()
        gone = _throw_away(ledger)
        for part in REST:
            ledger.settings.drop(f"{TURN}/{part.table}")
        ledger.settings.drop(TURN)
        return changed, gone


def rewrap(where: Path | str, masters: Sequence[Master], *, portable: bool = False) -> int:
    """Seal the data keys with the first master key; how many lay under another. Raises WrongKey, or
    Alive (PostgreSQL).
    """
    with books(where, masters, portable=portable) as begin:
        ledger = begin()
        ledger.safe.check()
        return int(ledger.safe.rewrap())


def _sweep(begin: Callable[[], Ledger], part: Part, name: str, how: Callable[[Ledger], How]) -> int:
    """Go through a table by its primary key, from where it was left."""
    changed, kept = 0, f"{name}/{part.table}"
    same = " AND ".join(f"{key} = :was_{key}" for key in part.keys)
    while True:
        ledger = begin()
        rows = _page(ledger, part, ledger.settings.get(kept))
        for row in rows:
            fresh = part.again(ledger, row, how(ledger))
            fresh = {k: v for k, v in fresh.items() if v != row[k]}
            if fresh:
                sets = ", ".join(f"{k} = :{k}" for k in fresh)
                ledger.sql.do(
                    f"UPDATE {part.table} SET {sets} WHERE {same}",  # noqa: S608 - our own names
                    **{f"was_{key}": row[key] for key in part.keys},
                    **fresh,
                )
                changed += 1
        if len(rows) < SLICE:
            return changed
        ledger.settings.put(kept, dump([rows[-1][key] for key in part.keys]))


def _page(ledger: Ledger, part: Part, left: str) -> Sequence[Row]:
    """The next rows of a table. A place that an older version left, a number, begins again: what is
    sealed already stays as it is.
    """
    after = json.loads(left) if left.startswith("[") else []
    names = ", ".join(part.keys)
    marks = ", ".join(f":k{n}" for n in range(len(after)))
    past = f" WHERE ({names}) > ({marks})" if after else ""
    lock = " FOR UPDATE" if ledger.sql.shared else ""
    return ledger.sql.rows(
        f"SELECT * FROM {part.table}{past} ORDER BY {names} LIMIT :n{lock}",  # noqa: S608 - our own names
        n=SLICE,
        **{f"k{n}": value for n, value in enumerate(after)},
    )


def _plain(ledger: Ledger) -> How:
    def how(value: str, place: str, whose: str) -> str:
        if value == DROPPED or ledger.safe.key_of(value):
            return value
        return ledger.safe.seal(value, place, whose)

    return how


def _anew(ledger: Ledger) -> How:
    retired = frozenset(ledger.safe.retired())

    def how(value: str, place: str, whose: str) -> str:
        if ledger.safe.key_of(value) not in retired:
            return value
        return ledger.safe.seal(ledger.safe.open(value, place), place, whose)

    return how


def _throw_away(ledger: Ledger) -> int:
    """Drop retired keys that nothing in the event log was sealed with."""
    retired, after = set(ledger.safe.retired()), 0
    while retired:
        rows = ledger.sql.rows(
            "SELECT id, data FROM event WHERE id > :a AND data LIKE :m ORDER BY id LIMIT :n",
            a=after,
            m=f"%{MARK}%",
            n=SLICE,
        )
        for row in rows:
            retired.difference_update(_KEY.findall(row["data"]))
        if len(rows) < SLICE:
            break
        after = rows[-1]["id"]
    for key in retired:
        ledger.sql.do("DELETE FROM data_key WHERE id = :i", i=key)
    return len(retired)
