"""Forgets a customer: the key under which their words lie, and everything that says who they are.
Orders and figures stay, and `verify` is clean afterwards.

Run in one unit of work; raising in it leaves everything as it was, which is how a dry run counts.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from domain.events import PhotoAttached
from domain.order import empty, fold
from domain.person import Address, Group, GroupKind, Person
from storage.docs import chain, event_from
from storage.ledger import Ledger
from storage.orders import GENESIS
from storage.privacy import CONTACTS
from storage.secrets import MARK, owner
from storage.told import DROPPED, told_at
from storage.words import opened

CODE = "code/"
"""Where invitations lie among the settings."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done. `counts` by code, in the order of a report; `files` are keys of pictures, and
    `digests` names of their records, to be deleted once this is on disk.
    """

    counts: tuple[tuple[str, int], ...]
    files: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()


def chats_of(ledger: Ledger, person: Person) -> tuple[Address, ...]:
    """Every chat that is a customer's: private ones, and groups with nobody else's customer."""
    groups = [g for g in ledger.folk.groups().values() if _theirs(ledger, g, person)]
    private = [a for a in person.addresses if a.chat]
    return tuple(dict.fromkeys((*private, *(g.address for g in groups))))


def _theirs(ledger: Ledger, group: Group, person: Person) -> bool:
    if group.kind is not GroupKind.CUSTOMER or person.id not in group.members:
        return False
    others = (ledger.person(m) for m in group.members if m != person.id)
    return not any(p is not None and p.role is person.role for p in others)


def erase(
    ledger: Ledger, person: Person, name: str, by: str, now: datetime, *, photos: bool
) -> Erased:
    """Forget them; `name` is what they are called from now on, `by` who wanted it. Photos are the
    factory's work and go only if that is said.
    """
    numbers = [o.order_no for o in ledger.orders_of(person.id)]
    chats, users = chats_of(ledger, person), _users(ledger, person.id)
    rechained = sum(_rechained(ledger, no) for no in numbers)
    _carried_on(ledger, chats, person.id)
    keys = ledger.safe.forget(owner(person.id), now)
    files, digests = _files(ledger, person.id, numbers) if photos else ([], [])
    counts = {
        "contacts": _contacts(ledger, person.id, numbers),
        "messages": _said(ledger, chats, users, keys),
        "notices": _told(ledger, chats, person.id, keys),
        "questions": _asked(ledger, person.id),
        "words": _words(ledger, numbers),
        "addresses": ledger.sql.do("DELETE FROM address WHERE person = :p", p=person.id),
        "chats": _unbound(ledger, chats, person),
        "transcripts": sum(_transcript(ledger, to) for to in chats),
        "links": _links(ledger, person.id, numbers, now),
        "sessions": ledger.access.revoke_all(person.id, now),
        "invitations": _invitations(ledger, person.id),
        "photos": len(digests),
        "rechained": rechained,
        "keys": len(keys),
    }
    ledger.folk.keep(replace(person, name=name, title="", addresses=()))
    ledger.private.looked(by, "erase", owner(person.id), now)
    ledger.cache.forget()
    return Erased(tuple(counts.items()), tuple(files), tuple(digests))


def _users(ledger: Ledger, person_id: str) -> list[tuple[str, str, str]]:
    rows = ledger.sql.rows(
        'SELECT platform, account, "user" FROM address WHERE person = :p', p=person_id
    )
    return [(r["platform"], r["account"], r["user"]) for r in rows]


def _rechained(ledger: Ledger, no: str) -> int:
    """Events from before there were sealed values are hashed over their words. When these go the
    hashes are made anew over what is stored, if they were right; how many changed.
    """
    rows = ledger.sql.rows("SELECT * FROM event WHERE order_no = :no ORDER BY seq", no=no)
    before, fresh = GENESIS, GENESIS
    changes: list[tuple[int, str]] = []
    for row in rows:
        stored, plain = chain(before, row), chain(before, opened(row, ledger.safe))
        if row["hash"] not in (stored, plain):
            return 0  # somebody's hand was in it before: verify goes on saying so
        before, fresh = row["hash"], chain(fresh, row)
        if fresh != row["hash"]:
            changes.append((row["id"], fresh))
    for number, value in changes:
        ledger.sql.do("UPDATE event SET hash = :h WHERE id = :i", h=value, i=number)
    if changes:
        ledger.sql.do("UPDATE orders SET head = :h WHERE order_no = :no", h=fresh, no=no)
    return len(changes)


def _contacts(ledger: Ledger, person_id: str, numbers: Iterable[str]) -> int:
    return ledger.private.drop(owner(person_id)) + sum(
        ledger.private.drop(f"order/{no}", CONTACTS) for no in numbers
    )


def _words(ledger: Ledger, numbers: Sequence[str]) -> int:
    """Orders written anew as their events now read; alerts without their words."""
    ledger.cache.forget()
    count = 0
    for no in numbers:
        row = ledger.sql.row("SELECT * FROM orders WHERE order_no = :no", no=no)
        if row is None:
            continue
        events = ledger.history(no)
        route = ledger.orders.route_version(row["route"], row["route_version"])
        ledger.orders.rewrite(fold(empty(no, route), events), row["head"])
        count += ledger.sql.value(
            "SELECT COUNT(*) FROM event WHERE order_no = :no AND data LIKE :m",
            no=no,
            m=f'%"{MARK}%',
        )
        for alert in ledger.alerts.all_alerts_of(no):
            ledger.sql.do("UPDATE alert SET text = '' WHERE id = :i", i=alert.id)
            ledger.keep_alert(replace(alert, text="", answer=""))
    return count


def _sealed(rows: Iterable[dict[str, Any]], names: Sequence[str], keys: Sequence[str]) -> set[int]:
    """The rows of which something was sealed with one of the keys."""
    marks = tuple(f"{MARK}{key}." for key in keys)
    return {r["id"] for r in rows if any(str(r[n]).startswith(marks) for n in names)}


def _said(
    ledger: Ledger,
    chats: Sequence[Address],
    users: Sequence[tuple[str, str, str]],
    keys: Sequence[str],
) -> int:
    """What they said anywhere, and what was said in their chats."""
    places = {(a.platform, a.account, a.chat) for a in chats}
    rows = ledger.sql.rows(
        "SELECT id, platform, account, chat, sender, substr(payload, 1, 12) AS payload,"
        " substr(outcome, 1, 12) AS outcome FROM inbox"
    )
    found = _sealed(rows, ("payload", "outcome"), keys)
    for row in rows:
        who = (row["platform"], row["account"], row["sender"])
        if who in users or (row["platform"], row["account"], row["chat"]) in places:
            found.add(row["id"])
    ledger.sql.many(
        "UPDATE inbox SET payload = :d, outcome = CASE WHEN outcome = '' THEN '' ELSE :d END,"
        " sender = '', state = CASE WHEN state = 'waiting' THEN 'done' ELSE state END"
        " WHERE id = :i",
        [{"d": DROPPED, "i": number} for number in sorted(found)],
    )
    return len(found)


def _carried_on(ledger: Ledger, chats: Sequence[Address], person_id: str) -> None:
    """What waits to be told to the factory about their orders still has to be told: it is sealed
    with the house's key before theirs is forgotten.
    """
    places = {(a.platform, a.account, a.chat) for a in chats}
    marks = tuple(f"{MARK}{key}." for key in ledger.safe.ids(owner(person_id)))
    for row in ledger.sql.rows("SELECT * FROM outbox WHERE state IN ('waiting', 'claimed')"):
        here = (row["platform"], row["account"], row["chat"]) in places
        if here or row["reader"] == person_id or not row["facts"].startswith(marks):
            continue
        place = told_at(row["key"])
        facts = ledger.safe.seal(ledger.safe.open(row["facts"], place), place)
        ledger.sql.do("UPDATE outbox SET facts = :f WHERE id = :i", f=facts, i=row["id"])


def _told(ledger: Ledger, chats: Sequence[Address], person_id: str, keys: Sequence[str]) -> int:
    """What they were told, and what others were told in their words."""
    places = {(a.platform, a.account, a.chat) for a in chats}
    rows = ledger.sql.rows(
        "SELECT id, platform, account, chat, reader, state, substr(facts, 1, 12) AS facts"
        " FROM outbox"
    )
    found = _sealed(rows, ("facts",), keys)
    for row in rows:
        here = (row["platform"], row["account"], row["chat"]) in places
        if here or row["reader"] == person_id:
            found.add(row["id"])
    ledger.sql.many(
        "UPDATE outbox SET facts = :d, buttons = '',"
        " state = CASE WHEN state IN ('waiting', 'claimed') THEN 'taken_back' ELSE state END"
        " WHERE id = :i",
        [{"d": DROPPED, "i": number} for number in sorted(found)],
    )
    return len(found)


def _asked(ledger: Ledger, person_id: str) -> int:
    return ledger.sql.do("DELETE FROM question WHERE person = :p", p=person_id)


def _unbound(ledger: Ledger, chats: Iterable[Address], person: Person) -> int:
    """Their chats are nobody's from now on, and have no name."""
    count = 0
    for to, group in list(ledger.folk.groups().items()):
        if person.id not in group.members:
            continue
        left = tuple(m for m in group.members if m != person.id)
        closed = replace(group, kind=GroupKind.UNBOUND, title="") if to in chats else group
        ledger.folk.keep_group(replace(closed, members=left))
        count += 1
    return count


def _transcript(ledger: Ledger, to: Address) -> int:
    """The sandbox's copy of what was said in a chat, and our messages that are edited there."""
    ledger.sql.do(
        "DELETE FROM slot WHERE platform = :p AND account = :a AND chat = :c",
        p=to.platform,
        a=to.account,
        c=to.chat,
    )
    if to.platform != "sandbox":
        return 0
    return ledger.sql.do("DELETE FROM transcript WHERE chat = :c", c=to.chat)


def _links(ledger: Ledger, person_id: str, numbers: Iterable[str], now: datetime) -> int:
    rows = ledger.sql.rows("SELECT kind, subject, reader FROM link WHERE revoked_at = ''")
    wanted = set(numbers)
    count = 0
    for row in rows:
        theirs = person_id in (row["reader"], row["subject"])
        if theirs or (row["kind"] == "p" and row["subject"] in wanted):
            ledger.links.revoke(row["kind"], row["subject"], row["reader"], now)
            count += 1
    return count


def _invitations(ledger: Ledger, person_id: str) -> int:
    codes = ledger.settings.starting(CODE).items()
    mine = [code for code, doc in codes if json.loads(doc).get("id") == person_id]
    return sum(ledger.settings.drop(CODE + code) for code in mine)


def shots(ledger: Ledger, no: str) -> Iterator[PhotoAttached]:
    """The pictures of an order, those of undone reports too."""
    for row in ledger.sql.rows(
        "SELECT * FROM event WHERE order_no = :no AND type = 'PhotoAttached' ORDER BY seq", no=no
    ):
        fact = event_from(row, ledger.safe).fact
        if isinstance(fact, PhotoAttached):
            yield fact


def _files(ledger: Ledger, person_id: str, numbers: Sequence[str]) -> tuple[list[str], list[str]]:
    """Files and digests of their orders' pictures that no other customer's order shows."""
    mine = {f.photo: (f.key, f.thumb) for no in numbers for f in shots(ledger, no)}
    rows = ledger.sql.rows(
        "SELECT e.data FROM event e JOIN orders o ON o.order_no = e.order_no"
        " WHERE e.type = 'PhotoAttached' AND o.customer != :c",
        c=person_id,
    )
    others = {key for r in rows for key in _names(json.loads(r["data"]))}
    gone = [digest for digest, pair in mine.items() if others.isdisjoint(pair)]
    for digest in gone:
        ledger.sql.do("DELETE FROM photo WHERE digest = :d", d=digest)
    return sorted({key for digest in gone for key in mine[digest] if key}), gone


def _names(data: dict[str, Any]) -> tuple[str, str]:
    return str(data["key"]), str(data["thumb"])
