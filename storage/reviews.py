"""What the weekly review reads: a week's events, the orders that it is about, customers' questions,
our messages. Each is asked by an index, whatever the years before it hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from domain.events import Event, stamp, unstamp
from domain.person import Address
from storage.docs import event_from
from storage.inbox import heard
from storage.secrets import PLAIN, Seals
from storage.sql import Sql
from storage.told import facts_of

MANY = 500
"""Orders whose histories are read in one go."""


class ReviewBook:
    """The reading side of the review, in one transaction."""

    def __init__(self, sql: Sql, seals: Seals = PLAIN) -> None:
        self.sql, self.seals = sql, seals

    def closed(self, since: datetime) -> list[str]:
        """The numbers of orders that are not open and were touched since a moment."""
        rows = self.sql.rows(
            "SELECT order_no FROM orders WHERE open = FALSE AND updated_at >= :s ORDER BY order_no",
            s=stamp(since),
        )
        return [str(r["order_no"]) for r in rows]

    def histories(self, numbers: Sequence[str]) -> dict[str, tuple[Event, ...]]:
        """All events of orders, by number, each in its sequence."""
        found: dict[str, list[Event]] = {}
        for first in range(0, len(numbers), MANY):
            theirs = self.sql.within("order_no", "numbers")
            rows = self.sql.rows(
                f"SELECT * FROM event WHERE {theirs} ORDER BY order_no, seq",  # noqa: S608
                numbers=self.sql.listed(numbers[first : first + MANY]),
            )
            for row in rows:
                found.setdefault(row["order_no"], []).append(event_from(row, self.seals))
        return {no: tuple(events) for no, events in found.items()}

    def heard(
        self, chats: Iterable[Address], since: datetime, until: datetime
    ) -> list[tuple[Mapping[str, Any], str]]:
        """What became of the messages of some chats, with their texts."""
        found: list[tuple[Mapping[str, Any], str]] = []
        for to in dict.fromkeys(chats):
            rows = self.sql.rows(
                "SELECT id, platform, account, message_id, outcome, payload FROM inbox"
                " WHERE platform = :p AND chat = :c AND account = :a"
                " AND at >= :s AND at < :u AND state = 'done' ORDER BY id",
                p=to.platform,
                c=to.chat,
                a=to.account,
                s=stamp(since),
                u=stamp(until),
            )
            for row in rows:
                said, became = heard(row, self.seals)
                found.append((became, str(said.get("text", ""))))
        return found

    def asked(self, chats: Iterable[Address], since: datetime, until: datetime) -> int:
        """How many questions from customers' pages went to those who lead; each counts once,
        whoever was told.
        """
        keys = {
            str(row["key"]).rpartition("/")[0]
            for to in dict.fromkeys(chats)
            for row in self._told(to, since, until)
            if row["what"] == "asked"
        }
        return len(keys)

    def written(
        self, to: Address, since: datetime, until: datetime, answers: Sequence[str] = ()
    ) -> list[datetime]:
        """When our messages to a chat went out, edits of the same one counted once, and without
        those of some kinds.
        """
        first: dict[str, datetime] = {}
        for row in self._told(to, since - timedelta(days=1), until):
            if row["kind"] in answers or not row["message_id"]:
                continue
            first.setdefault(row["message_id"], unstamp(row["sent_at"]))
        return [at for at in first.values() if since <= at < until]

    def sent_at(self, key: str) -> datetime | None:
        """When a notice went out; None if it has not."""
        at = self.sql.value("SELECT sent_at FROM outbox WHERE key = :k AND state = 'sent'", k=key)
        return unstamp(at) if at else None

    def newest(self, to: Address) -> tuple[str, Any] | None:
        """What we said last in a chat, marks apart, and its facts."""
        row = self.sql.row(
            "SELECT key, what, facts FROM outbox WHERE state = 'sent' AND platform = :p"
            " AND account = :a AND chat = :c AND kind != 'reaction' ORDER BY id DESC LIMIT 1",
            p=to.platform,
            a=to.account,
            c=to.chat,
        )
        return (str(row["what"]), facts_of(row, self.seals)) if row else None

    def _told(self, to: Address, since: datetime, until: datetime) -> list[dict[str, Any]]:
        return self.sql.rows(
            "SELECT key, kind, what, message_id, sent_at FROM outbox WHERE state = 'sent'"
            " AND platform = :p AND account = :a AND chat = :c AND not_before >= :s"
            " AND not_before < :u ORDER BY id",
            p=to.platform,
            a=to.account,
            c=to.chat,
            s=stamp(since),
            u=stamp(until),
        )
