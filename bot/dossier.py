"""Everything held about one customer, in one file that they can be given: plain JSON, pictures, and
a page in their language that says what is what.
"""

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.wording.speak import say
from bot.wording.voice import Voice
from domain.calendar import WorkCalendar
from domain.errors import DomainError, NotFound
from domain.events import unstamp
from domain.person import Person
from storage.docs import order_doc
from storage.erasing import chats_of, shots
from storage.inbox import heard
from storage.ledger import Ledger
from storage.outbox import OutboxBook
from storage.photos import Photos
from storage.secrets import owner
from storage.told import DROPPED

PREFIX = "vitrine-"
"""How files that wait to be downloaded begin."""
Plain = dict[str, Any]


@dataclass(slots=True)
class Dossier:
    """Files by name, and pictures by name and key."""

    person: str
    texts: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)


def gather(ledger: Ledger, person: Person, calendar: WorkCalendar, voice: Voice) -> Dossier:
    """Read it all, in one unit of work."""
    found = Dossier(person.id)
    orders = ledger.orders_of(person.id)
    numbers = [o.order_no for o in orders]
    subjects = [owner(person.id), *(f"order/{no}" for no in numbers)]
    data: dict[str, object] = {
        "person.json": _person(ledger, person),
        "orders.json": [
            {"order_no": o.order_no, "product": o.product, "due": o.due.isoformat()}
            | {"open": o.open, "private": ledger.private.of(f"order/{o.order_no}")}
            | order_doc(o)
            for o in orders
        ],
        "events.json": [_event(row) for no in numbers for row in ledger.orders.event_rows(no)],
        "messages.json": sorted(
            (*_said(ledger, person), *_told(ledger, person, voice)), key=lambda m: str(m["at"])
        ),
        "links.json": ledger.links.of_reader(person.id, ledger.clock.now()),
        "looks.json": [
            {"at": look.at.isoformat(), "who": look.who, "what": look.what, "subject": look.subject}
            for look in ledger.private.looks_at(subjects)
        ],
    }
    for no in numbers:
        for place, shot in enumerate(shots(ledger, no), 1):
            ending = shot.key.rpartition(".")[2]
            found.pictures[f"photos/{_plain(no)}-{place:03d}.{ending}"] = shot.key
    made = calendar.local(ledger.clock.now())
    facts = {"name": person.name, "id": person.id, "time": f"{made:%Y-%m-%d %H:%M}"}
    found.texts["README.txt"] = say(person.language, "privacy.readme", **facts)
    for name, value in data.items():
        found.texts[name] = json.dumps(value, ensure_ascii=False, indent=1, default=str)
    return found


def _plain(no: str) -> str:
    """An order's number as a part of a file's name."""
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in no)


def _person(ledger: Ledger, person: Person) -> Plain:
    rows = ledger.sql.rows("SELECT * FROM address WHERE person = :p", p=person.id)
    return {
        "id": person.id,
        "name": person.name,
        "role": person.role.value,
        "language": person.language,
        "contacts": ledger.private.of(owner(person.id)),
        "addresses": [{k: v for k, v in r.items() if k != "person"} for r in rows],
    }


def _event(row: Mapping[str, Any]) -> Plain:
    return {k: v for k, v in row.items() if k != "id"} | {"data": json.loads(row["data"])}


def _said(ledger: Ledger, person: Person) -> Iterator[Plain]:
    """What the customer said, as long as its words are kept."""
    rows = ledger.sql.rows(
        'SELECT i.* FROM inbox i JOIN address a ON a.platform = i.platform AND a."user" = i.sender'
        " AND a.account = i.account WHERE a.person = :p ORDER BY i.id",
        p=person.id,
    )
    for row in rows:
        said, _ = heard(row, ledger.safe)
        yield {
            "at": unstamp(row["at"]).isoformat(),
            "from": person.id,
            "platform": row["platform"],
            "text": said.get("text", ""),
            "photos": len(said.get("media", ())),
        }


def _told(ledger: Ledger, person: Person, voice: Voice) -> Iterator[Plain]:
    """What the customer was told, in the words that it would be told in today."""
    for to in chats_of(ledger, person):
        rows = ledger.sql.rows(
            "SELECT * FROM outbox WHERE platform = :p AND account = :a AND chat = :c"
            " AND state = 'sent' AND kind != 'reaction' AND facts != :gone ORDER BY id",
            p=to.platform,
            a=to.account,
            c=to.chat,
            gone=DROPPED,
        )
        for row in rows:
            yield {
                "at": unstamp(row["sent_at"]).isoformat(),
                "from": "vitrine",
                "platform": to.platform,
                "kind": row["kind"],
                "text": _worded(ledger, ledger.outbox, row, voice),
            }


def _worded(ledger: Ledger, book: OutboxBook, row: Mapping[str, Any], voice: Voice) -> str:
    notice = book.notice(row)
    try:
        return voice.word(ledger, [notice], notice.not_before).reply.text
    except (DomainError, LookupError, ValueError, TypeError, AttributeError):
        return json.dumps(notice.facts, ensure_ascii=False)  # what it was about is gone


def fresh(folder: Path) -> Path:
    """An empty file, for its owner only, that a download is written to."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(".zip", PREFIX, folder)
    os.close(handle)
    return Path(name)


def pack(found: Dossier, photos: Photos, target: Path) -> int:
    """Write the file; how many pictures it names that are not there any more."""
    missing = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in found.texts.items():
            archive.writestr(name, text)
        for name, key in found.pictures.items():
            try:
                archive.writestr(name, photos.open(key), zipfile.ZIP_STORED)
            except NotFound:
                missing += 1
    return missing
