"""What must hold whatever went wrong. Read from the closed or running books on a connection of its
own, past all code of ours but `verify`.
"""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from storage.secrets import Master
from storage.verify import verify
from tests.servers import postgres

Row = dict[str, Any]
ENDS = ("sent", "dead", "unknown", "superseded", "taken_back")
"""How a row of the outbox may end."""
APOLOGY = "这条我没处理好"
"""What whoever wrote a message that broke us is told: the one text that may come again."""


def rows(where: Path | str, text: str) -> list[Row]:
    """All rows of a query."""
    if isinstance(where, Path):
        with closing(sqlite3.connect(where)) as raw:
            raw.row_factory = sqlite3.Row
            return [dict(r) for r in raw.execute(text)]
    with psycopg.connect(postgres.plain(where), row_factory=dict_row) as pg:
        return pg.execute(text.encode()).fetchall()


def clean(where: Path | str, masters: Sequence[Master] | None = None) -> None:
    """Log and state agree to the last field, and the file is sound."""
    report = verify(where, masters)
    assert report.clean, report.difference
    if isinstance(where, Path):
        found = rows(where, "PRAGMA integrity_check")
        assert found == [{"integrity_check": "ok"}], found


def whole(where: Path | str, acknowledged: Iterable[str], refused: Iterable[str] = ()) -> set[str]:
    """Of the units of `tests.faults.load`: every acknowledged one is there, no refused one is, and
    each that is there is there whole and once: message, event, notice. Those that are there.
    """
    taken = Counter(r["message_id"] for r in rows(where, "SELECT message_id FROM inbox"))
    caused = Counter(
        r["m"] for r in rows(where, "SELECT source_message AS m FROM event WHERE seq > 1")
    )
    noted = Counter(
        r["key"].removeprefix("note/")
        for r in rows(where, "SELECT key FROM outbox WHERE key LIKE 'note/%'")
    )
    assert not (lost := set(acknowledged) - set(taken)), f"acknowledged and lost: {sorted(lost)}"
    assert not (kept := set(refused) & set(taken)), f"refused and kept: {sorted(kept)}"
    assert not (twice := [m for m, n in (taken + caused + noted).items() if n % 3]), twice
    assert taken == caused == noted, "torn units"
    assert set(taken.values()) <= {1}, "doubled units"
    lying = rows(where, "SELECT message_id FROM inbox WHERE state != 'done'")
    assert lying == [], "a unit without its end"
    return set(taken)


def one_outcome(where: Path | str, acknowledged: Iterable[str]) -> None:
    """Every acknowledged message of a platform is in the inbox once, handled, with an outcome."""
    found = rows(where, "SELECT message_id, state, outcome FROM inbox")
    states = {r["message_id"]: r["state"] for r in found}
    assert len(states) == len(found), "taken in twice"
    assert not (lost := set(acknowledged) - set(states)), f"acknowledged and lost: {sorted(lost)}"
    unhandled = {m: s for m, s in states.items() if s not in ("done", "dead")}
    assert not unhandled, unhandled
    assert not [r["message_id"] for r in found if not r["outcome"]], "handled without an outcome"


def one_event(where: Path | str, reports: Iterable[str]) -> None:
    """Every report counts once in its order's history."""
    found = Counter(
        r["m"]
        for r in rows(where, "SELECT source_message AS m FROM event WHERE type = 'NodeCompleted'")
    )
    wrong = {m: found[m] for m in reports if found[m] != 1}
    assert not wrong, f"reports that do not count once: {wrong}"


def ended(where: Path | str, now: str) -> None:
    """Every notice that was due has ended, and no claim is left behind. `now` is a stamp."""
    found = rows(where, "SELECT id, kind, what, state, not_before, error FROM outbox")
    left = [r for r in found if r["state"] not in ENDS and r["not_before"] <= now]
    assert not left, left
    assert not [r for r in found if r["state"] == "claimed"]


def told_once(where: Path | str, arrived: Sequence[tuple[str, str, str]]) -> Counter[str]:
    """What a platform that cannot tell a second try from a second message received: chat, id and
    text of each message in the order of arrival.

    Each belongs to one notice that was sent (or to the notices of one bundle), or is the one that
    an `unknown` notice of its chat (or one still claimed) may have become. Nothing arrived twice,
    and what went to a chat's readers went in the order in which it was written down. How many
    notices ended how.
    """
    found = rows(
        where,
        "SELECT id, chat, kind, loud, slot, bundle, state, attempts, message_id, sent_at,"
        " not_before, created_at FROM outbox ORDER BY id",
    )
    sent = [r for r in found if r["state"] == "sent" and r["message_id"]]
    standing = {r["message_id"] for r in sent if not _new(r)}
    told: dict[str, list[Row]] = {}
    for row in sent:
        told.setdefault(row["message_id"], []).append(row)
    for name, group in told.items():
        same = len({r["bundle"] or r["slot"] or r["id"] for r in group}) == 1
        assert same, f"{name} stands for different notices: {group}"
    ids = [name for _, name, _ in arrived]
    assert not (lost := set(told) - set(ids)), f"noted as sent and never arrived: {lost}"
    unknown = Counter(r["chat"] for r in found if r["state"] in ("unknown", "claimed"))
    stray = Counter(chat for chat, name, _ in arrived if name not in told)
    assert stray <= unknown, f"arrived without being known of: {stray} against {unknown} unknown"
    once = [
        (chat, text)
        for chat, name, text in arrived
        if name not in standing and not text.startswith(APOLOGY)
    ]
    twice = [t for t, n in Counter(once).items() if n > 1]
    assert not twice, f"said twice: {twice}"
    sent = [r for r in sent if _new(r)]
    _in_order(sent, ids)
    return Counter(r["state"] for r in found)


def _new(row: Row) -> bool:
    """Whether a notice is a message of its own, not a mark or another state of one."""
    return row["kind"] not in ("reaction", "card") and not row["slot"]


def _in_order(sent: Sequence[Row], ids: Sequence[str]) -> None:
    """Per chat and lane; what was put off to a later moment lets others pass."""
    place = {name: number for number, name in enumerate(ids)}
    lanes: dict[tuple[str, bool], list[Row]] = {}
    for row in sent:
        if row["not_before"] == row["created_at"] and not row["bundle"]:
            aside = row["kind"] == "answer" and row["loud"] == 2
            lanes.setdefault((row["chat"], aside), []).append(row)
    for lane, group in lanes.items():
        order = [place[r["message_id"]] for r in sorted(group, key=lambda r: int(r["id"]))]
        assert order == sorted(order), f"out of order in {lane}"


def notices(where: Path | str, masters: Sequence[Master] = ()) -> Counter[str]:
    """Every notice by what it says: key, kind, words and whom, without numbers and moments that
    differ from run to run.
    """
    found = rows(
        where, "SELECT key, kind, what, platform, chat, reader, language, loud FROM outbox"
    )
    return Counter(json.dumps(r, sort_keys=True, ensure_ascii=False) for r in found)
