"""What was told: the reading side of the outbox, and the messages of ours that are edited in
place.
"""

import json
from collections.abc import Sequence
from datetime import datetime

from domain.events import stamp, unstamp
from domain.person import Address
from storage.cache import Cache
from storage.secrets import Seals
from storage.sql import Row, Sql

DROPPED = "{ }"
"""Words that were dropped when their time was over: no facts, and unlike any that were written."""


class ToldBook:
    """What went out, or will, in one transaction."""

    def __init__(self, sql: Sql, seals: Seals, cache: Cache) -> None:
        self.sql, self.seals, self.cache = sql, seals, cache

    def was_told(self, key: str) -> bool:
        """Whether a notice of that key is out or on its way."""
        state = self.sql.value("SELECT state FROM outbox WHERE key = :k", k=key)
        return state in ("waiting", "claimed", "sent", "unknown")

    def slot_told(self, to: Address, slot: str) -> bool:
        """Whether a chat was told anything in a slot, or will be."""
        found = self.sql.value(
            "SELECT 1 FROM outbox WHERE platform = :p AND account = :a AND chat = :c AND slot = :s"
            " AND slot != '' AND state IN ('waiting', 'claimed', 'sent', 'unknown') LIMIT 1",
            p=to.platform,
            a=to.account,
            c=to.chat,
            s=slot,
        )
        return found is not None

    def told_since(self, to: Address, kinds: Sequence[str], since: datetime) -> int:
        """How many messages of these kinds a chat was told from a moment on, or will be."""
        among = self.sql.within("kind", "kinds")
        return int(
            self.sql.value(
                "SELECT COUNT(DISTINCT CASE WHEN slot != '' THEN slot ELSE key END) FROM outbox"  # noqa: S608
                " WHERE platform = :p AND account = :a AND chat = :c AND not_before >= :t"
                " AND state IN ('waiting', 'claimed', 'sent', 'unknown')"
                f" AND {among}",
                p=to.platform,
                a=to.account,
                c=to.chat,
                t=stamp(since),
                kinds=self.sql.listed(kinds),
            )
        )

    def last_push(self, to: Address, bundle: str) -> datetime | None:
        """When that bundle was last sent there, or the last of it that waits will be."""
        place = (to.platform, to.account, to.chat, bundle)
        if place not in self.cache.pushes:
            self.cache.pushes[place] = self._last_push(to, bundle)
        return self.cache.pushes[place]

    def _last_push(self, to: Address, bundle: str) -> datetime | None:
        row = self.sql.row(
            "SELECT state, sent_at, not_before FROM outbox WHERE platform = :p AND account = :a"
            " AND chat = :c AND bundle = :b AND bundle != ''"
            " AND state IN ('sent', 'claimed', 'waiting') ORDER BY id DESC LIMIT 1",
            p=to.platform,
            a=to.account,
            c=to.chat,
            b=bundle,
        )
        if row is None:
            return None
        return unstamp(row["sent_at"] if row["state"] == "sent" else row["not_before"])

    def slot(self, to: Address, slot: str) -> str:
        """The message that stands in a slot; empty if none was sent yet."""
        found = self.sql.value(
            "SELECT message_id FROM slot WHERE platform = :p AND account = :a AND chat = :c"
            " AND slot = :s",
            p=to.platform,
            a=to.account,
            c=to.chat,
            s=slot,
        )
        return str(found or "")

    def keep_slot(self, to: Address, slot: str, message_id: str) -> None:
        """A message of ours stands in this slot."""
        self.sql.do(
            "INSERT INTO slot (platform, account, chat, slot, message_id)"
            " VALUES (:p, :a, :c, :s, :m) ON CONFLICT (platform, account, chat, slot)"
            " DO UPDATE SET message_id = excluded.message_id",
            p=to.platform,
            a=to.account,
            c=to.chat,
            s=slot,
            m=message_id,
        )

    def about(self, to: Address, message_id: str) -> dict[str, object] | None:
        """The notice behind a message of ours: its kind, what it said and its facts."""
        row = self.sql.row(
            "SELECT key, kind, what, facts, slot FROM outbox WHERE platform = :p AND account = :a"
            " AND chat = :c AND message_id = :m AND state = 'sent' ORDER BY id DESC LIMIT 1",
            p=to.platform,
            a=to.account,
            c=to.chat,
            m=message_id,
        )
        return row | {"facts": facts_of(row, self.seals)} if row else None


def told_at(key: str) -> str:
    """The place of a notice's facts, for sealing."""
    return f"outbox/facts/{key}"


def facts_of(row: Row, seals: Seals) -> dict[str, object]:
    """A notice's facts; none where the words were erased or dropped."""
    found: dict[str, object] = json.loads(seals.open(row["facts"], told_at(row["key"]), "{}"))
    return found
