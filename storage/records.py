"""Smaller books: open questions, pictures, tokened links, settings, what the clock caused, the
sandbox's transcripts.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.events import stamp, unstamp
from domain.person import Address
from storage.cache import Asked, Cache
from storage.docs import dump
from storage.people import PeopleBook, key_owner
from storage.secrets import PLAIN, Seals
from storage.sql import Row, Sql


class QuestionBook:
    """One open question a person and chat."""

    def __init__(self, sql: Sql, seals: Seals, folk: PeopleBook, cache: Cache) -> None:
        self.sql, self.seals, self.folk, self.cache = sql, seals, folk, cache

    def ask(self, asked: Asked) -> tuple[Asked, ...]:
        """Ask; other open questions of that person, wherever, are dropped and handed back."""
        rows = self.sql.rows(
            "SELECT * FROM question WHERE person = :w AND state = 'open' AND id != :i",
            w=asked.person,
            i=asked.id,
        )
        for row in rows:
            self.close(row["id"], "dropped")
        self.cache.asked = None
        self.sql.do(
            "INSERT INTO question (id, platform, account, chat, person, asked_at, expires_at, doc,"
            " state, message_id) VALUES (:i, :p, :a, :c, :w, :at, :ex, :d, 'open', '')"
            " ON CONFLICT (id) DO NOTHING",
            i=asked.id,
            p=asked.to.platform,
            a=asked.to.account,
            c=asked.to.chat,
            w=asked.person,
            at=stamp(asked.asked_at),
            ex=stamp(asked.expires_at),
            d=self._doc(asked),
        )
        return tuple(self._asked(row) for row in rows)

    def lapsed(self, since: datetime) -> list[Asked]:
        """Questions that lapsed unanswered since a moment, oldest first."""
        rows = self.sql.rows(
            "SELECT * FROM question WHERE state = 'lapsed' AND expires_at >= :s ORDER BY asked_at",
            s=stamp(since),
        )
        return [self._asked(row) for row in rows]

    def get(self, question_id: str) -> Asked | None:
        """A question by id, open or not."""
        return self._one("id = :i", i=question_id)

    def open(self, to: Address, person: str, now: datetime) -> Asked | None:
        """The open question of a person in a chat, if it has not expired."""
        if self.cache.asked is None:
            rows = self.sql.rows("SELECT * FROM question WHERE state = 'open' ORDER BY asked_at")
            found = map(self._asked, rows)
            self.cache.asked = {(*_place(a.to), a.person): a for a in found}
        asked = self.cache.asked.get((*_place(to), person))
        return asked if asked is not None and asked.expires_at > now else None

    def _one(self, where: str, **values: object) -> Asked | None:
        row = self.sql.row(f"SELECT * FROM question WHERE {where}", **values)  # noqa: S608
        if row is None:
            return None
        return self._asked(row)

    def _doc(self, asked: Asked) -> str:
        doc = dump(asked.doc)
        if not self.seals.sealing:
            return doc
        who = key_owner(self.folk.all().get(asked.person))
        return self.seals.seal(doc, asked_at(asked.id), who)

    def _asked(self, row: Row) -> Asked:
        return _asked(row, self.seals)

    def close(self, question_id: str, state: str) -> bool:
        """Answered or dropped. False if it was closed before: a late tap."""
        self.cache.asked = None
        changed = self.sql.do(
            "UPDATE question SET state = :s WHERE id = :i AND state = 'open'",
            s=state,
            i=question_id,
        )
        return changed == 1

    def next_expiry(self) -> datetime | None:
        """When the next open question lapses."""
        at = self.sql.value("SELECT MIN(expires_at) FROM question WHERE state = 'open'")
        return unstamp(at) if at else None

    def lapse(self, now: datetime) -> int:
        """Let questions lapse whose time is over; how many."""
        self.cache.asked = None
        return self.sql.do(
            "UPDATE question SET state = 'lapsed' WHERE state = 'open' AND expires_at <= :now",
            now=stamp(now),
        )


def _place(to: Address) -> tuple[str, str, str]:
    return to.platform, to.account, to.chat


def asked_at(question_id: str) -> str:
    """The place of a question's plain data, for sealing."""
    return f"question/doc/{question_id}"


def _asked(row: Row, seals: Seals) -> Asked:
    return Asked(
        row["id"],
        Address(row["platform"], row["chat"], row["account"]),
        row["person"],
        unstamp(row["asked_at"]),
        unstamp(row["expires_at"]),
        json.loads(seals.open(row["doc"], asked_at(row["id"]), "{}")),
        row["state"],
    )


class PhotoBook:
    """Pictures by the hash of the bytes that were received."""

    FIELDS = (
        "digest", "key", "thumb", "kind", "media", "width", "height", "bytes", "likeness",
        "taken_at", "codes", "fault",
    )  # fmt: skip

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def keep(self, **fields: object) -> None:
        """A picture that was cleaned and kept, or why it could not be."""
        row = {"taken_at": "", "codes": "[]", "fault": "", "likeness": "", "media": ""} | fields
        names = ", ".join(self.FIELDS)
        marks = ", ".join(f":{f}" for f in self.FIELDS)
        self.sql.do(
            f"INSERT INTO photo ({names}) VALUES ({marks}) ON CONFLICT (digest) DO NOTHING",  # noqa: S608
            **row,
        )

    def get(self, digest: str) -> dict[str, Any] | None:
        """What is kept of a picture."""
        return self.sql.row("SELECT * FROM photo WHERE digest = :d", d=digest)

    def keys(self) -> set[str]:
        """Every file that a kept picture needs."""
        rows = self.sql.rows("SELECT key, thumb FROM photo WHERE fault = ''")
        return {k for r in rows for k in (r["key"], r["thumb"]) if k}


class LinkBook:
    """Tokened links, kept as hashes."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def keep(
        self,
        digest: str,
        kind: str,
        subject: str,
        reader: str,
        generation: int,
        now: datetime,
        expires: datetime | None = None,
    ) -> None:
        """A link exists, for good or until a moment."""
        self.sql.do(
            "INSERT INTO link (hash, kind, subject, reader, generation, created_at, expires_at,"
            " revoked_at) VALUES (:h, :k, :s, :r, :g, :t, :e, '') ON CONFLICT (hash)"
            " DO UPDATE SET expires_at = excluded.expires_at WHERE excluded.expires_at != ''",
            e=stamp(expires) if expires else "",
            h=digest,
            k=kind,
            s=subject,
            r=reader,
            g=generation,
            t=stamp(now),
        )

    def find(self, digest: str, kind: str, now: datetime) -> dict[str, Any] | None:
        """What a link points at, unless it is revoked or its time is over."""
        return self.sql.row(
            "SELECT subject, reader, generation FROM link WHERE hash = :h AND kind = :k"
            " AND revoked_at = '' AND (expires_at = '' OR expires_at > :n)",
            h=digest,
            k=kind,
            n=stamp(now),
        )

    def revoke_reader(self, kind: str, reader: str, now: datetime) -> int:
        """No link of a kind that was made for a reader opens anything any more; how many did."""
        return self.sql.do(
            "UPDATE link SET revoked_at = :t WHERE kind = :k AND reader = :r AND revoked_at = ''",
            t=stamp(now),
            k=kind,
            r=reader,
        )

    def of_reader(self, reader: str, now: datetime) -> list[dict[str, Any]]:
        """Every living link that was made for a reader, oldest first."""
        return self.sql.rows(
            "SELECT kind, subject, created_at FROM link WHERE reader = :r AND reader != ''"
            " AND revoked_at = '' AND (expires_at = '' OR expires_at > :n)"
            " ORDER BY created_at, kind, subject",
            r=reader,
            n=stamp(now),
        )

    def generation(self, kind: str, subject: str, reader: str) -> int:
        """The generation of a subject's living link; 1 for the first, one more once revoked."""
        found = self.sql.value(
            "SELECT MAX(generation + CASE WHEN revoked_at != '' THEN 1 ELSE 0 END) FROM link"
            " WHERE kind = :k AND subject = :s AND reader = :r",
            k=kind,
            s=subject,
            r=reader,
        )
        return int(found or 1)

    def living(self, kind: str, subject: str, reader: str, now: datetime) -> bool:
        """Whether a link of a subject for a reader opens anything."""
        found = self.sql.value(
            "SELECT COUNT(*) FROM link WHERE kind = :k AND subject = :s AND reader = :r"
            " AND revoked_at = '' AND (expires_at = '' OR expires_at > :n)",
            k=kind,
            s=subject,
            r=reader,
            n=stamp(now),
        )
        return bool(found)

    def revoke(self, kind: str, subject: str, reader: str, now: datetime) -> None:
        """Existing links of a subject open nothing any more."""
        self.sql.do(
            "UPDATE link SET revoked_at = :t WHERE kind = :k AND subject = :s AND reader = :r"
            " AND revoked_at = ''",
            t=stamp(now),
            k=kind,
            s=subject,
            r=reader,
        )


class SettingBook:
    """Small facts, and what the clock has caused."""

    def __init__(self, sql: Sql) -> None:
        self.sql = sql

    def get(self, key: str, default: str = "") -> str:
        """A setting's value."""
        found = self.sql.value("SELECT value FROM setting WHERE key = :k", k=key)
        return default if found is None else str(found)

    def put(self, key: str, value: str) -> None:
        """Set it."""
        self.sql.do(
            "INSERT INTO setting (key, value) VALUES (:k, :v)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            k=key,
            v=value,
        )

    def add(self, key: str, more: int) -> int:
        """Add to a number, whoever else does so too; the sum."""
        text = (
            "INSERT INTO setting (key, value) VALUES (:k, :v) ON CONFLICT (key) DO UPDATE SET"
            " value = CAST(CAST(setting.value AS INTEGER) + :m AS TEXT) RETURNING value"
        )
        return int(self.sql.value(text, k=key, v=str(more), m=more))

    def starting(self, prefix: str) -> dict[str, str]:
        """All settings whose key begins so, without the prefix."""
        rows = self.sql.rows(
            "SELECT key, value FROM setting WHERE key >= :a AND key < :b ORDER BY key",
            a=prefix,
            b=prefix + "\U0010ffff",
        )
        return {r["key"][len(prefix) :]: r["value"] for r in rows}

    def drop(self, key: str) -> bool:
        """Forget it. False if there was none: somebody else was first."""
        return self.sql.do("DELETE FROM setting WHERE key = :k", k=key) == 1

    def ran(self, kind: str, scope: str, fire_at: datetime, now: datetime) -> bool:
        """Claim a tick of the clock. False if it has run, here or in another process."""
        changed = self.sql.do(
            "INSERT INTO schedule_run (kind, scope, fire_at, ran_at) VALUES (:k, :s, :f, :n)"
            " ON CONFLICT (kind, scope, fire_at) DO NOTHING",
            k=kind,
            s=scope,
            f=stamp(fire_at),
            n=stamp(now),
        )
        return changed == 1

    def last_run(self, kind: str, scope: str) -> datetime | None:
        """The newest tick of a kind that has run."""
        at = self.sql.value(
            "SELECT MAX(fire_at) FROM schedule_run WHERE kind = :k AND scope = :s", k=kind, s=scope
        )
        return unstamp(at) if at else None


class TranscriptBook:
    """What was said in the sandbox's chats. A change gives a message a new place in the stream."""

    def __init__(self, sql: Sql, seals: Seals = PLAIN) -> None:
        self.sql, self.seals = sql, seals

    def get(self, chat: str, message_id: str) -> dict[str, Any] | None:
        """One message."""
        doc = self.sql.value(
            "SELECT doc FROM transcript WHERE chat = :c AND message_id = :m", c=chat, m=message_id
        )
        return self._doc(chat, message_id, doc) if doc else None

    def find(self, message_id: str) -> tuple[str, dict[str, Any]] | None:
        """A message and its chat, by id alone."""
        row = self.sql.row("SELECT chat, doc FROM transcript WHERE message_id = :m", m=message_id)
        return (row["chat"], self._doc(row["chat"], message_id, row["doc"])) if row else None

    def keep(self, chat: str, message_id: str, doc: Mapping[str, Any]) -> None:
        """A message as it stands now."""
        changed = self.sql.value("SELECT COALESCE(MAX(changed), 0) + 1 FROM transcript")
        self.sql.do(
            "INSERT INTO transcript (chat, message_id, changed, position, doc)"
            " VALUES (:c, :m, :n, :n, :d) ON CONFLICT (chat, message_id)"
            " DO UPDATE SET changed = excluded.changed, doc = excluded.doc",
            c=chat,
            m=message_id,
            n=changed,
            d=self.seals.seal(dump(doc), shown_at(chat, message_id)),
        )

    def _doc(self, chat: str, message_id: str, sealed: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            self.seals.open(sealed, shown_at(chat, message_id), "{}")
        )
        return found

    def since(self, chat: str, changed: int) -> tuple[int, list[dict[str, Any]]]:
        """The cursor after, and the messages changed since a cursor, in the order they were first
        said.
        """
        rows = self.sql.rows(
            "SELECT changed, message_id, doc FROM transcript WHERE chat = :c AND changed > :n"
            " ORDER BY position",
            c=chat,
            n=changed,
        )
        cursor = max((r["changed"] for r in rows), default=changed)
        return cursor, [self._doc(chat, r["message_id"], r["doc"]) for r in rows]


def shown_at(chat: str, message_id: str) -> str:
    """The place of a message of the sandbox, for sealing."""
    return f"transcript/doc/{chat}/{message_id}"
