"""The inbox: every message that was acknowledged, exactly one outcome each."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.events import stamp
from storage.cache import Cache, Received
from storage.docs import dump
from storage.people import PeopleBook, key_owner
from storage.secrets import Seals
from storage.sql import Row, Sql


class InboxBook:
    """The inbox in one transaction."""

    def __init__(self, sql: Sql, seals: Seals, folk: PeopleBook, cache: Cache) -> None:
        self.sql, self.seals, self.folk, self.cache = sql, seals, folk, cache

    def take(
        self,
        platform: str,
        account: str,
        message_id: str,
        chat: str,
        sender: str,
        at: datetime,
        payload: Mapping[str, Any],
    ) -> int:
        """Take a message in; its number, or 0 if it was taken in before (a redelivery)."""
        key = (platform, account, message_id)
        if key in self.cache.taken:
            return 0
        if key not in self.sql.absent and self.sql.stored(
            "SELECT id FROM inbox WHERE platform = :p AND account = :a AND message_id = :m",
            p=platform,
            a=account,
            m=message_id,
        ):
            return 0
        number = self.sql.next("inbox")
        sealed, said = self._payload(platform, account, message_id, sender, payload), stamp(at)
        row = (number, *key, chat, sender, said, sealed, "waiting", "", "", self.sql.holder)
        self.sql.unit.heard[number] = row
        self.sql.unit.any = True
        self.cache.trim()
        self.cache.taken[key] = number
        self.cache.heard[number] = Received(
            number, *key[:2], message_id, chat, sender, said, payload, "waiting", {}
        )
        return number

    def get(self, number: int) -> Received | None:
        """One message by its number."""
        kept = self.cache.heard.get(number)
        if kept is not None:
            return kept
        row = self.sql.row("SELECT * FROM inbox WHERE id = :i", i=number)
        return self._received(row) if row else None

    def find(self, platform: str, account: str, message_id: str) -> Received | None:
        """One message by its platform's id."""
        row = self.sql.row(
            "SELECT * FROM inbox WHERE platform = :p AND account = :a AND message_id = :m",
            p=platform,
            a=account,
            m=message_id,
        )
        return self._received(row) if row else None

    def waiting(self) -> list[Received]:
        """What was acknowledged and not handled yet, oldest first."""
        rows = self.sql.rows("SELECT * FROM inbox WHERE state = 'waiting' ORDER BY id")
        return [self._received(r) for r in rows]

    def first(self, row: Received) -> bool:
        """Whether nothing said earlier in that chat still waits to be handled, in the books as
        they were when the batch began: what this process has in hand it keeps in order itself.
        """
        turn = self.sql.chats.get((row.platform, row.account, row.chat))
        if turn is not None:
            return not 0 < turn[0] < row.id
        found = self.sql.stored(
            "SELECT 1 FROM inbox WHERE state = 'waiting' AND platform = :p AND account = :a"
            " AND chat = :c AND id < :i LIMIT 1",
            p=row.platform,
            a=row.account,
            c=row.chat,
            i=row.id,
        )
        return found is None

    def newest(self, platform: str, account: str, chat: str) -> int:
        """The number of the message of a chat that was handled last; 0 if there is none. What waits
        to be written is not among them.
        """
        turn = self.sql.chats.get((platform, account, chat))
        if turn is not None:
            return turn[1]
        found = self.sql.stored(
            "SELECT id FROM inbox WHERE platform = :p AND account = :a AND chat = :c"
            " AND state = 'done' ORDER BY at DESC, id DESC LIMIT 1",
            p=platform,
            a=account,
            c=chat,
        )
        return int(found or 0)

    def adopt(self, holder: str) -> list[Received]:
        """Take over what waits in the hands of processes that live no more, oldest first."""
        rows = self.sql.rows(
            "UPDATE inbox SET holder = :h WHERE state = 'waiting' AND holder != :h AND NOT EXISTS"
            " (SELECT 1 FROM lease WHERE lease.name = 'process/' || inbox.holder"
            " AND lease.until > extract(epoch from clock_timestamp())) RETURNING *",
            h=holder,
        )
        return [self._received(r) for r in sorted(rows, key=lambda r: r["id"])]

    def lying(self, before: datetime) -> int:
        """How many messages were said before a moment and still wait to be handled."""
        return int(
            self.sql.value(
                "SELECT COUNT(*) FROM inbox WHERE state = 'waiting' AND at <= :b", b=stamp(before)
            )
        )

    def album(self, platform: str, account: str, chat: str, name: str) -> list[Received]:
        """The waiting parts of an album, in the order they came."""
        rows = self.sql.rows(
            "SELECT * FROM inbox WHERE state = 'waiting' AND platform = :p AND account = :a"
            " AND chat = :c ORDER BY id",
            p=platform,
            a=account,
            c=chat,
        )
        return [r for r in map(self._received, rows) if r.payload.get("album") == name]

    def recent(
        self, platform: str, account: str, chat: str, since: datetime, before: int
    ) -> list[Received]:
        """Handled messages of a chat from a moment on, up to (without) a number; oldest first."""
        rows = self.sql.rows(
            "SELECT * FROM inbox WHERE platform = :p AND account = :a AND chat = :c AND at >= :at"
            " AND id < :b AND state = 'done' ORDER BY at DESC, id DESC LIMIT 60",
            p=platform,
            a=account,
            c=chat,
            at=stamp(since),
            b=before,
        )
        return [self._received(r) for r in sorted(rows, key=lambda r: r["id"])]

    def close(self, number: int, state: str, outcome: Mapping[str, Any], now: datetime) -> None:
        """Write down what became of a message: `done`, or `dead` with the error."""
        self.sql.unit.close(number, (state, self._outcome(number, outcome), stamp(now)))
        self.cache.heard.pop(number, None)

    def repay(self, number: int, payload: Mapping[str, Any]) -> None:
        """Replace the payload of a waiting message: its pictures were looked at."""
        self.cache.heard.pop(number, None)
        row = self.sql.row(
            "SELECT platform, account, message_id, sender FROM inbox WHERE id = :i", i=number
        )
        if row is None:
            return
        self.sql.do(
            "UPDATE inbox SET payload = :d WHERE id = :i AND state = 'waiting'",
            d=self._payload(
                row["platform"], row["account"], row["message_id"], row["sender"], payload
            ),
            i=number,
        )

    def amend(self, number: int, outcome: Mapping[str, Any]) -> None:
        """Replace the outcome of a message: photos were paired with a later text, reports were
        undone.
        """
        self.sql.do(
            "UPDATE inbox SET outcome = :o WHERE id = :i",
            o=self._outcome(number, outcome),
            i=number,
        )

    def _payload(
        self, platform: str, account: str, message_id: str, sender: str, payload: Mapping[str, Any]
    ) -> str:
        text = dump(payload)
        if not self.seals.sealing:
            return text
        who = key_owner(self.folk.user(platform, account, sender))
        return self.seals.seal(text, said_at(platform, account, message_id), who)

    def _outcome(self, number: int, outcome: Mapping[str, Any]) -> str:
        text, person = dump(outcome), str(outcome.get("person", ""))
        if not self.seals.sealing:
            return text
        return self.seals.seal(text, became_at(number), key_owner(self.folk.all().get(person)))

    def _received(self, row: Row) -> Received:
        return _received(row, self.seals)


def heard(row: Row, seals: Seals) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was said and what became of it; empty where the words were erased or dropped."""
    place = said_at(row["platform"], row["account"], row["message_id"])
    said = json.loads(seals.open(row["payload"], place, "{}"))
    became = seals.open(row["outcome"], became_at(row["id"]), "{}") if row["outcome"] else "{}"
    return said, json.loads(became)


def said_at(platform: str, account: str, message_id: str) -> str:
    """The place of what was said, for sealing."""
    return f"inbox/payload/{platform}/{account}/{message_id}"


def became_at(number: int) -> str:
    """The place of what became of a message, for sealing."""
    return f"inbox/outcome/{number}"


def _received(row: Row, seals: Seals) -> Received:
    said, became = heard(row, seals)
    return Received(
        row["id"],
        row["platform"],
        row["account"],
        row["message_id"],
        row["chat"],
        row["sender"],
        row["at"],
        said,
        row["state"],
        became,
    )
