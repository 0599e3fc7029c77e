"""Who is reached how, what an order costs, and who looked at it: contacts and prices sealed, every
look at them written down.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.events import stamp, unstamp
from storage.orders import OrderBook
from storage.people import PeopleBook, key_owner
from storage.secrets import HOUSE, Safe, owner, secret_at
from storage.sql import Row, Sql

CONTACTS = ("contact", "phone", "email", "wechat", "address")
"""What is kept of how to reach somebody."""
MONEY = ("price", "cost")
"""What is kept of an order's money; the factory's own, so it stays when a customer is erased."""
AGAIN = timedelta(minutes=15)
"""Within that time the same look of the same person is written down once."""
EVERYBODY = "*"
"""The subject of a look at all customers at once."""


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody saw personal data. `what` is a code (`page`, `api`, `export` …); `subject` is
    `person/C05`, `order/A102` or `*`.
    """

    at: datetime
    who: str
    what: str
    subject: str


class PrivateBook:
    """Contacts, prices and looks in one transaction."""

    def __init__(self, sql: Sql, safe: Safe, orders: OrderBook, folk: PeopleBook) -> None:
        self.sql, self.safe, self.orders, self.folk = sql, safe, orders, folk

    def put(self, subject: str, name: str, value: str) -> None:
        """Keep one fact of `person/C05` or `order/A102`, sealed; an empty one is dropped."""
        if not value:
            self.sql.do("DELETE FROM secret WHERE owner = :o AND field = :f", o=subject, f=name)
            return
        self.sql.do(
            "INSERT INTO secret (owner, field, value) VALUES (:o, :f, :v)"
            " ON CONFLICT (owner, field) DO UPDATE SET value = excluded.value",
            o=subject,
            f=name,
            v=self.safe.seal(value, secret_at(subject, name), self.whose(subject, name)),
        )

    def whose(self, subject: str, name: str) -> str:
        """The owner of the key that seals a fact."""
        kind, _, number = subject.partition("/")
        if kind == "person":
            return key_owner(self.folk.all().get(number))
        return HOUSE if name in MONEY else owner(self.orders.customer(number))

    def of(self, subject: str) -> dict[str, str]:
        """All that is kept of somebody or of an order. Whoever shows it writes the look down."""
        rows = self.sql.rows("SELECT * FROM secret WHERE owner = :o ORDER BY field", o=subject)
        return self._opened(rows).get(subject, {})

    def all(self) -> dict[str, dict[str, str]]:
        """All of everybody and of every order, for whole tables."""
        return self._opened(self.sql.rows("SELECT * FROM secret ORDER BY owner, field"))

    def _opened(self, rows: Iterable[Row]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        for row in rows:
            text = self.safe.open(row["value"], secret_at(row["owner"], row["field"]))
            if text:
                found.setdefault(row["owner"], {})[row["field"]] = text
        return found

    def learn(self, person_id: str, order_no: str, facts: Mapping[str, str]) -> None:
        """What a table or a message says with an order: the first contact of a kind is the
        customer's, another one is this order's.
        """
        mine = f"order/{order_no}"
        theirs = f"person/{person_id}"
        known = self.of(theirs) if person_id else {}
        for name, value in facts.items():
            text = value.strip()
            if not text:
                continue
            if name in CONTACTS and person_id and known.get(name, text) == text:
                if name not in known:
                    self.put(theirs, name, text)
            else:
                self.put(mine, name, text)

    def drop(self, subject: str, names: Iterable[str] = ()) -> int:
        """Forget all facts of a subject, or some; how many there were."""
        wanted = tuple(names) or tuple(
            r["field"]
            for r in self.sql.rows("SELECT field FROM secret WHERE owner = :o", o=subject)
        )
        return sum(
            self.sql.do("DELETE FROM secret WHERE owner = :o AND field = :f", o=subject, f=name)
            for name in wanted
        )

    def looked(self, who: str, what: str, subject: str, now: datetime) -> bool:
        """Write a look down. False if the same one was written down a quarter of an hour ago or
        less.
        """
        newest = self.sql.value(
            "SELECT MAX(at) FROM look WHERE subject = :s AND who = :w AND what = :k AND at > :a",
            s=subject,
            w=who,
            k=what,
            a=stamp(now - AGAIN),
        )
        if newest is not None:
            return False
        self.sql.do(
            "INSERT INTO look (at, who, what, subject) VALUES (:a, :w, :k, :s)",
            a=stamp(now),
            w=who,
            k=what,
            s=subject,
        )
        return True

    def looks(self, count: int) -> list[Look]:
        """The newest looks."""
        rows = self.sql.rows("SELECT * FROM look ORDER BY id DESC LIMIT :n", n=count)
        return [_look(r) for r in rows]

    def looks_of(self, who: str, subject: str, since: datetime) -> list[Look]:
        """What somebody looked at lately of one subject."""
        rows = self.sql.rows(
            "SELECT * FROM look WHERE subject = :s AND who = :w AND at > :a ORDER BY id",
            s=subject,
            w=who,
            a=stamp(since),
        )
        return [_look(r) for r in rows]

    def looks_at(self, subjects: Iterable[str]) -> list[Look]:
        """All looks at somebody, at their orders, and at everybody at once; oldest first."""
        found = [
            row
            for subject in dict.fromkeys((*subjects, EVERYBODY))
            for row in self.sql.rows("SELECT * FROM look WHERE subject = :s", s=subject)
        ]
        return [_look(r) for r in sorted(found, key=lambda r: int(r["id"]))]


def _look(row: Row) -> Look:
    return Look(unstamp(row["at"]), row["who"], row["what"], row["subject"])
