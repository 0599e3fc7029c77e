"""The outbox: what has to be told, claimed under a lease, in order per recipient, acknowledged with
a fencing token.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from domain.events import stamp, unstamp
from domain.notice import Kind, Loud, Notice
from domain.person import Address
from storage.cache import Cache
from storage.docs import dump
from storage.orders import OrderBook
from storage.pending import Told
from storage.people import PeopleBook, key_owner
from storage.secrets import HOUSE, Seals, owner
from storage.sql import Row, Sql
from storage.told import DROPPED, ToldBook, facts_of, told_at

_LANE = (
    "CASE WHEN {0}.kind = 'reaction' THEN 1"
    " WHEN {0}.kind = 'answer' AND {0}.loud = 2 THEN 2 ELSE 0 END"
)
"""Marks, and what one reader alone sees, wait for nothing else and hold nothing else up."""
_FREE = f"""NOT EXISTS (SELECT 1 FROM outbox e WHERE e.platform = o.platform
 AND e.account = o.account AND e.chat = o.chat AND e.state IN ('claimed', 'waiting')
 AND e.id < o.id AND (e.state = 'claimed' OR e.not_before <= :now OR e.attempts > 0)
 AND {_LANE.format("e")} = {_LANE.format("o")})"""  # noqa: S608 - constants
_DUE = f"""SELECT o.* FROM outbox o WHERE o.state = 'waiting' AND o.not_before <= :now
 AND o.retry_at <= :wall AND {_FREE} AND o.id > :after AND (:p = '' OR o.platform = :p)
 ORDER BY o.id LIMIT :n"""  # noqa: S608 - two constants
SOON = 5.0
"""A retry that is due within so many seconds counts as being on its way."""
PAGE = 64


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice that is ours to send until the lease runs out. `token` fences the
    acknowledgement.
    """

    id: int
    token: int
    attempts: int
    notice: Notice


class OutboxBook(ToldBook):
    """The outbox in one transaction."""

    def __init__(
        self, sql: Sql, seals: Seals, orders: OrderBook, folk: PeopleBook, cache: Cache
    ) -> None:
        super().__init__(sql, seals, cache)
        self.orders, self.folk = orders, folk
        self.added = 0

    def put(self, notice: Notice, now: datetime) -> None:
        """A notice to be told. The same key is kept once; the newest of a slot replaces what waits
        there.
        """
        unit = self.sql.unit
        if notice.key in unit.told or notice.key in self.sql.batch.told:
            return
        to = notice.to
        place = (to.platform, to.account, to.chat)
        causes = tuple(dict.fromkeys(notice.causes))
        unit.told[notice.key] = Told(
            partial(self._values, notice, now),
            (*place, notice.slot) if notice.slot else None,
            causes,
        )
        unit.any = True
        if notice.bundle:
            self.cache.pushes[*place, notice.bundle] = notice.not_before
        self.added += 1

    def _values(self, notice: Notice, now: datetime) -> tuple[Any, ...]:
        facts = dump(notice.facts)
        if self.seals.sealing:
            facts = self.seals.seal(
                facts, told_at(notice.key), self.whose(notice.reader, notice.facts)
            )
        to, created = notice.to, stamp(now)
        return (
            notice.key,
            to.platform,
            to.account,
            to.chat,
            notice.kind.value,
            notice.what,
            facts,
            notice.language,
            int(notice.loud),
            notice.reader,
            notice.reply_to,
            notice.slot,
            notice.bundle,
            dump(notice.causes) if notice.causes else "[]",
            created,
            created if notice.not_before is now else stamp(notice.not_before),
        )

    def whose(self, reader: str, facts: Mapping[str, Any]) -> str:
        """Whose words a notice carries: its reader's if that is a customer, else those of the
        order it is about.
        """
        theirs = key_owner(self.folk.all().get(reader)) if reader else HOUSE
        about = facts.get("order")
        if theirs == HOUSE and isinstance(about, str) and about:
            return owner(self.orders.customer(about))
        return theirs

    def notice(self, row: Row) -> Notice:
        """The notice of a stored row."""
        return _notice(row, facts_of(row, self.seals))

    def claim(
        self,
        now: datetime,
        lease_until: float,
        count: int,
        *,
        wall: float = math.inf,
        platform: str = "",
        free: Callable[[Notice], bool] = lambda _: True,
    ) -> list[Claimed]:
        """Up to `count` due notices, one a recipient, with all that is due of the same bundle.
        `wall` is the clock of retries; `free` says whether a notice may go now (its chat's limits).
        """
        found: list[dict[str, Any]] = []
        recipients = after = 0
        while recipients < count:
            page = self.sql.rows(
                _DUE + self.sql.skip_locked,
                now=stamp(now),
                wall=wall,
                after=after,
                p=platform,
                n=max(PAGE, count),
            )
            for row in page:
                if recipients < count and free(self.notice(row)):
                    recipients += 1
                    found += [row, *self._bundled(row, now)]
            if len(page) < max(PAGE, count):
                break
            after = page[-1]["id"]
        for row in found:
            self.sql.do(
                "UPDATE outbox SET state = 'claimed', token = token + 1, attempts = attempts + 1,"
                " lease_until = :l WHERE id = :i AND state = 'waiting'",
                l=f"{lease_until:.3f}",
                i=row["id"],
            )
        return [Claimed(r["id"], r["token"] + 1, r["attempts"] + 1, self.notice(r)) for r in found]

    def _bundled(self, first: Row, now: datetime) -> list[dict[str, Any]]:
        """What else is due of a notice's bundle."""
        if not first["bundle"]:
            return []
        return self.sql.rows(
            "SELECT * FROM outbox WHERE state = 'waiting' AND not_before <= :now AND"
            " platform = :p AND account = :a AND chat = :c AND bundle = :b AND id > :i"
            " ORDER BY id",
            now=stamp(now),
            p=first["platform"],
            a=first["account"],
            c=first["chat"],
            b=first["bundle"],
            i=first["id"],
        )

    def lying(self, before: datetime, wall: float) -> int:
        """How many notices were due before a moment, in the factory's time and by the clock of
        retries, and still wait.
        """
        return int(
            self.sql.value(
                "SELECT COUNT(*) FROM outbox WHERE state = 'waiting' AND not_before <= :b"
                " AND retry_at <= :w",
                b=stamp(before),
                w=wall,
            )
        )

    def platforms(self, now: datetime) -> list[str]:
        """The platforms for which something is due."""
        rows = self.sql.rows(
            "SELECT DISTINCT platform FROM outbox WHERE state = 'waiting' AND not_before <= :now"
            " ORDER BY platform",
            now=stamp(now),
        )
        return [str(r["platform"]) for r in rows]

    def flying(self, platform: str) -> int:
        """How many notices are on their way to a platform."""
        return int(
            self.sql.value(
                "SELECT COUNT(*) FROM outbox WHERE state = 'claimed' AND platform = :p", p=platform
            )
        )

    def _settle(self, claimed: Claimed, state: str, **values: object) -> bool:
        sets = "".join(f", {k} = :{k}" for k in values)
        self._moved(claimed.notice)
        changed = self.sql.do(
            f"UPDATE outbox SET state = :state{sets}, lease_until = ''"  # noqa: S608 - our own names
            " WHERE id = :id AND token = :token AND state = 'claimed'",
            state=state,
            id=claimed.id,
            token=claimed.token,
            **values,
        )
        return changed == 1

    def _moved(self, notice: Notice) -> None:
        """What was known of its bundle's last push may be so no more."""
        if notice.bundle:
            self.cache.pushes.clear()

    def sent(
        self, claimed: Claimed, message_id: str, now: datetime, buttons: Sequence[str] = ()
    ) -> bool:
        """It went out. False if the lease had run out and somebody else has it. `buttons` are the
        ids that stand as numbers in its text.
        """
        ours = self._settle(
            claimed,
            "sent",
            sent_at=stamp(now),
            message_id=message_id,
            error="",
            buttons=dump(list(buttons)) if buttons else "",
        )
        if ours and claimed.notice.slot and message_id:
            self.keep_slot(claimed.notice.to, claimed.notice.slot, message_id)
        return ours

    def again(self, claimed: Claimed, at: float, error: str) -> bool:
        """It did not go out; try again at a moment of the wall clock (seconds since 1970)."""
        return self._settle(claimed, "waiting", retry_at=at, error=error)

    def postponed(self, claimed: Claimed, at: float, error: str) -> bool:
        """The platform asked for a pause: that is no try of ours."""
        attempts = max(claimed.attempts - 1, 0)
        return self._settle(claimed, "waiting", retry_at=at, error=error, attempts=attempts)

    def release(self, claimed: Claimed) -> bool:
        """Not tried after all: hand it back untouched."""
        return self._settle(claimed, "waiting", attempts=max(claimed.attempts - 1, 0))

    def dead(self, claimed: Claimed, error: str) -> bool:
        """It will never go out by itself; shown, and can be sent again by hand."""
        return self._settle(claimed, "dead", error=error)

    def unknown(self, claimed: Claimed, error: str) -> bool:
        """It may have gone out; the platform cannot tell twice from once, so it is not repeated."""
        return self._settle(claimed, "unknown", error=error)

    def expired(self, wall: float) -> list[Claimed]:
        """Claims whose lease has run out: their sender died or hangs."""
        rows = self.sql.rows("SELECT * FROM outbox WHERE state = 'claimed'")
        return [
            Claimed(r["id"], r["token"], r["attempts"], self.notice(r))
            for r in rows
            if float(r["lease_until"] or 0) <= wall
        ]

    def resend(self, number: int, now: datetime) -> bool:
        """Send a dead or unknown notice again, because a person says so."""
        self.cache.pushes.clear()
        changed = self.sql.do(
            "UPDATE outbox SET state = 'waiting', attempts = 0, not_before = :t, retry_at = 0,"
            " error = ''"
            " WHERE id = :i AND state IN ('dead', 'unknown') AND facts != :d",
            d=DROPPED,
            t=stamp(now),
            i=number,
        )
        return changed == 1

    def stuck(self) -> list[dict[str, object]]:
        """Dead letters and unknown sends."""
        return self.sql.rows(
            "SELECT id, platform, chat, kind, what, state, error, created_at FROM outbox"
            " WHERE state IN ('dead', 'unknown') ORDER BY id"
        )

    def take_back(self, causes: Iterable[str]) -> tuple[Notice, ...]:
        """Drop what waits of these causes; hand back what is out."""
        self.cache.pushes.clear()
        sent: dict[int, Notice] = {}
        for name in causes:
            rows = self.sql.rows(
                "SELECT o.* FROM outbox o JOIN outbox_cause c ON c.outbox_id = o.id"
                " WHERE c.cause = :c ORDER BY o.id",
                c=name,
            )
            for row in rows:
                if row["state"] == "waiting":
                    self.sql.do("UPDATE outbox SET state = 'taken_back' WHERE id = :i", i=row["id"])
                elif row["state"] in ("sent", "claimed", "unknown"):
                    sent[row["id"]] = self.notice(row)
        return tuple(sent.values())

    def next_due(self) -> datetime | None:
        """The earliest moment at which something waits to be sent."""
        at = self.sql.value("SELECT MIN(not_before) FROM outbox WHERE state = 'waiting'")
        return unstamp(at) if at else None

    def next_retry(self, wall: float) -> float | None:
        """The earliest moment of the wall clock at which a send is tried again."""
        at = self.sql.value(
            "SELECT MIN(retry_at) FROM outbox WHERE state = 'waiting' AND retry_at > :w", w=wall
        )
        return float(at) if at is not None else None

    def busy(self, now: datetime, wall: float = math.inf, lease: float = 0.0) -> bool:
        """Whether something is being sent or could be sent now, or very soon. A send to a real
        platform whose lease ends before `lease` hangs and is not waited for.
        """
        flying = self.sql.value(
            "SELECT 1 FROM outbox WHERE state = 'claimed' AND (platform = 'sandbox'"
            " OR CAST(lease_until AS REAL) >= :l) LIMIT 1",
            l=lease,
        )
        if flying is not None:
            return True
        return bool(self.sql.rows(_DUE, now=stamp(now), wall=wall + SOON, after=0, p="", n=1))

    def numbered(self, to: Address, message_id: str, since: datetime) -> list[str]:
        """The button ids behind the numbers of a message of ours: of that one, or of the newest
        that went to the chat since a moment if it has any.
        """
        where = "message_id = :m" if message_id else "sent_at >= :t"
        row = self.sql.row(
            "SELECT buttons FROM outbox WHERE platform = :p AND account = :a AND chat = :c"  # noqa: S608 - two constants
            f" AND state = 'sent' AND {where} AND kind != 'reaction' ORDER BY id DESC LIMIT 1",
            p=to.platform,
            a=to.account,
            c=to.chat,
            m=message_id,
            t=stamp(since),
        )
        return [str(b) for b in json.loads(row["buttons"])] if row and row["buttons"] else []

    def shut(self, to: Address, error: str) -> list[Notice]:
        """Nothing reaches that chat any more: what waits for it is dead. What was dropped."""
        self.cache.pushes.clear()
        rows = self.sql.rows(
            "SELECT * FROM outbox WHERE platform = :p AND account = :a AND chat = :c"
            " AND state = 'waiting'",
            p=to.platform,
            a=to.account,
            c=to.chat,
        )
        for row in rows:
            self.sql.do(
                "UPDATE outbox SET state = 'dead', error = :e WHERE id = :i", e=error, i=row["id"]
            )
        return [self.notice(r) for r in rows]


def _notice(row: Row, facts: dict[str, object]) -> Notice:
    return Notice(
        to=Address(row["platform"], row["chat"], row["account"]),
        kind=Kind(row["kind"]),
        what=row["what"],
        key=row["key"],
        not_before=unstamp(row["not_before"]),
        facts=facts,
        language=row["language"],
        loud=Loud(row["loud"]),
        reader=row["reader"],
        reply_to=row["reply_to"],
        slot=row["slot"],
        bundle=row["bundle"],
        causes=tuple(json.loads(row["causes"])),
    )
