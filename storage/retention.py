"""What is kept for how long: words of messages, looks, sign-ins that are over. Dropped in slices,
each in the transaction of its tick; the rows themselves stay, because they say that a message was
heard, and the event log is never touched.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from domain.events import stamp
from storage.ledger import Ledger
from storage.records import shown_at
from storage.told import DROPPED

SLICE = 2000
"""Rows of one go, of each kind."""
OPEN, TIDIED, PLACE = "retention/open", "retention/tidied", "retention/place"
OVER = timedelta(days=30)
"""How long sign-ins and one-time links stay after they have ended."""
KINDS = ("inbox", "outbox", "question", "transcript", "look", "access", "link")


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what stays, in days."""

    messages: int = 180
    looks: int = 730


@dataclass(frozen=True, slots=True)
class Held:
    """What there is of a kind: how many rows with words, the oldest, and how many are due to go."""

    kind: str
    count: int
    oldest: str
    due: int


def begin(ledger: Ledger, now: datetime) -> None:
    """From now on there is something to tidy."""
    ledger.settings.put(OPEN, json.dumps({"at": stamp(now), "counts": {}}))


def proceed(ledger: Ledger, keep: Keep, now: datetime) -> bool:
    """One slice, if there is something to tidy. False if there is nothing left; the night's counts
    are kept then.
    """
    kept = ledger.settings.get(OPEN)
    if not kept:
        return False
    doc = json.loads(kept)
    counts: dict[str, int] = doc["counts"]
    more = False
    for kind in KINDS:
        gone = _drop(ledger, kind, keep, now)
        counts[kind] = counts.get(kind, 0) + gone
        more = more or gone >= SLICE
    if more:
        ledger.settings.put(OPEN, json.dumps(doc))
    else:
        ledger.settings.drop(OPEN)
        ledger.settings.put(TIDIED, json.dumps(doc))
    return more


def tidied(ledger: Ledger) -> dict[str, object]:
    """When it was tidied last, and what was dropped; empty if never."""
    found: dict[str, object] = json.loads(ledger.settings.get(TIDIED, "{}"))
    return found


_DUE = {
    "inbox": "FROM inbox WHERE at < :before AND state NOT IN ('waiting') AND payload != :gone",
    "outbox": "FROM outbox WHERE created_at < :before AND state NOT IN ('waiting', 'claimed')"
    " AND facts != :gone",
    "question": "FROM question WHERE asked_at < :before AND state != 'open'",
    "look": "FROM look WHERE at < :looks",
    "access": "FROM access WHERE (expires_at != '' AND expires_at < :over)"
    " OR (revoked_at != '' AND revoked_at < :over)",
    # a revoked link's number must be remembered by one row at least, or its token would open again
    "link": "FROM link WHERE ((expires_at != '' AND expires_at < :over)"
    " OR (revoked_at != '' AND revoked_at < :over)) AND (kind = 'in' OR EXISTS (SELECT 1"
    " FROM link n WHERE n.kind = link.kind AND n.subject = link.subject"
    " AND n.reader = link.reader AND n.generation > link.generation))",
}
_HELD = {
    "inbox": ("FROM inbox WHERE payload != :gone", "at"),
    "outbox": ("FROM outbox WHERE facts != :gone", "created_at"),
    "question": ("FROM question", "asked_at"),
    "look": ("FROM look", "at"),
    "access": ("FROM access", "created_at"),
    "link": ("FROM link", "created_at"),
}
_WORDS = {
    "inbox": (
        "SELECT id, at, state = 'waiting' AS stays FROM inbox WHERE id > :a ORDER BY id LIMIT :n",
        "UPDATE inbox SET payload = :gone,"
        " outcome = CASE WHEN outcome = '' THEN '' ELSE :gone END WHERE id = :i",
    ),
    "outbox": (
        "SELECT id, created_at AS at, state IN ('waiting', 'claimed') AS stays FROM outbox"
        " WHERE id > :a ORDER BY id LIMIT :n",
        "UPDATE outbox SET facts = :gone, buttons = '' WHERE id = :i",
    ),
}


def _values(keep: Keep, now: datetime) -> dict[str, object]:
    return {
        "before": stamp(now - timedelta(days=keep.messages)),
        "looks": stamp(now - timedelta(days=keep.looks)),
        "over": stamp(now - OVER),
        "gone": DROPPED,
    }


def _used(text: str, values: dict[str, object]) -> dict[str, object]:
    return {k: v for k, v in values.items() if f":{k}" in text}


def _drop(ledger: Ledger, kind: str, keep: Keep, now: datetime) -> int:
    """Drop one slice of a kind; how many rows."""
    if kind == "transcript":
        return _shown(ledger, stamp(now - timedelta(days=keep.messages)))
    if kind in _WORDS:
        return _silenced(ledger, kind, stamp(now - timedelta(days=keep.messages)))
    row = ledger.sql.rowid
    text = f"DELETE FROM {kind} WHERE {row} IN (SELECT {row} {_DUE[kind]} LIMIT :n)"  # noqa: S608
    return ledger.sql.do(text, **_used(text, _values(keep, now)), n=SLICE)


def _silenced(ledger: Ledger, kind: str, before: str) -> int:
    """Drop the words of the next messages, up to the first that is too young. Where it was left is
    kept, so that a night does not walk over the years.
    """
    look, act = _WORDS[kind]
    place = f"{PLACE}/{kind}"
    rows = ledger.sql.rows(look, a=int(ledger.settings.get(place, "0")), n=SLICE)
    old = list(takewhile(lambda r: r["at"] < before, rows))
    ledger.sql.many(act, [{"gone": DROPPED, "i": r["id"]} for r in old if not r["stays"]])
    if old:
        ledger.settings.put(place, str(old[-1]["id"]))
    return len(old)


def _shown(ledger: Ledger, before: str) -> int:
    """The sandbox's oldest messages; they know their time only inside what is sealed."""
    rows = ledger.sql.rows(
        "SELECT chat, message_id, doc FROM transcript ORDER BY position LIMIT :n",
        n=SLICE,
    )
    old = []
    for row in rows:
        doc = json.loads(
            ledger.safe.open(row["doc"], shown_at(row["chat"], row["message_id"]), "{}")
        )
        at = str(doc.get("at", ""))
        if at and stamp(datetime.fromisoformat(at)) >= before:
            break
        old.append({"c": row["chat"], "m": row["message_id"]})
    ledger.sql.many("DELETE FROM transcript WHERE chat = :c AND message_id = :m", old)
    return len(old)


def held(ledger: Ledger, keep: Keep, now: datetime) -> list[Held]:
    """What is held of each kind, how old, and how much of it is due to go."""
    values = _values(keep, now)
    found = []
    for kind, (there, at) in _HELD.items():
        row = ledger.sql.row(
            f"SELECT COUNT(*) AS count, COALESCE(MIN({at}), '') AS oldest {there}",
            **_used(there, values),
        )
        due = ledger.sql.value(f"SELECT COUNT(*) {_DUE[kind]}", **_used(_DUE[kind], values))
        assert row is not None
        found.append(Held(kind, int(row["count"]), str(row["oldest"]), int(due)))
    return found
