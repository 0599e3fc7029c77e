"""Writes that wait for the end of a batch: each table gets them in one statement, and what is
written twice is written once.

They belong to units of work that are done but not committed. A unit that fails drops its own;
a batch that fails drops them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Place = tuple[str, str, str, str]
"""Platform, account, chat, slot."""
INBOX = (
    "id", "platform", "account", "message_id", "chat", "sender", "at", "payload", "state",
    "outcome", "handled_at", "holder",
)  # fmt: skip
EVENT = (
    "order_no", "seq", "type", "node", "by", "on_behalf", "occurred_at", "recorded_at",
    "source_platform", "source_chat", "source_message", "data", "hash",
)  # fmt: skip
ORDER = (
    "order_no", "customer", "product", "due", "open", "seq", "head", "route", "route_version",
    "updated_at", "doc",
)  # fmt: skip
OUTBOX = (
    "id", "key", "platform", "account", "chat", "kind", "what", "facts", "language", "loud",
    "reader", "reply_to", "slot", "bundle", "causes", "created_at", "not_before", "state",
    "attempts", "token", "lease_until", "sent_at", "message_id", "error", "retry_at", "buttons",
)  # fmt: skip
_KEPT = "ON CONFLICT (order_no) DO UPDATE SET " + ", ".join(
    f"{c} = excluded.{c}" for c in ORDER if c not in ("order_no", "route", "route_version")
)
_TIMED = "ON CONFLICT (kind, scope) DO UPDATE SET at = excluded.at"
_REPLACED = (
    "UPDATE outbox SET state = 'superseded' WHERE platform = :p AND account = :a AND chat = :c"
    " AND slot = :s AND slot != '' AND state = 'waiting' AND attempts = 0 AND id < :i"
)
_CLOSED = "UPDATE inbox SET state = :s, outcome = :o, handled_at = :t WHERE id = :i"
_UNTIMED = "DELETE FROM timer WHERE kind = :k AND scope = :s"


class Writer(Protocol):
    """What writes for a batch; see `storage.sql.Sql`."""

    def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], rest: str = ""
    ) -> None:
        """Many new rows."""

    def each(self, text: str, rows: Sequence[Any]) -> None:
        """A statement once a row."""

    def among(self, table: str, column: str, values: Sequence[str]) -> set[str]:
        """Those of the values that are there."""

    def numbers(self, table: str, count: int) -> Sequence[int]:
        """The next numbers."""


@dataclass(slots=True)
class Told:
    """A notice that waits to be written: what makes its values from `key` to `not_before`, its
    place if it stands in a slot, and its causes. Many are replaced before they are ever written.
    """

    values: Callable[[], tuple[Any, ...]]
    place: Place | None
    causes: tuple[str, ...]


@dataclass(slots=True)
class Pending:
    """What waits, by table. `orders` hold rows already built; timers without a moment go away."""

    heard: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    closed: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    events: list[tuple[Any, ...]] = field(default_factory=list)
    orders: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    timers: dict[tuple[str, str], str] = field(default_factory=dict)
    told: dict[str, Told] = field(default_factory=dict)
    any: bool = False

    def tables(self) -> set[str]:
        """The tables for which something waits."""
        found = set()
        if self.heard or self.closed:
            found.add("inbox")
        if self.events:
            found.add("event")
        if self.orders:
            found.add("orders")
        if self.timers:
            found.add("timer")
        if self.told:
            found.update(("outbox", "outbox_cause"))
        return found

    def clear(self) -> None:
        """Nothing waits."""
        if self.any:
            for each in (
                self.heard, self.closed, self.events, self.orders, self.timers, self.told,
            ):  # fmt: skip
                each.clear()
            self.any = False

    def absorb(self, unit: "Pending") -> None:
        """Take over what waits of a unit that is done."""
        self.heard.update(unit.heard)
        self.events += unit.events
        self.orders.update(unit.orders)
        self.timers.update(unit.timers)
        self.told.update(unit.told)
        for number, end in unit.closed.items():
            self.close(number, end)
        self.any = True
        unit.clear()

    def close(self, number: int, end: tuple[str, str, str]) -> None:
        """What became of a message: state, outcome, moment."""
        row = self.heard.get(number)
        if row is None:
            self.closed[number] = end
        else:
            self.heard[number] = (*row[:8], *end, row[11])
        self.any = True

    def write(self, out: Writer) -> None:
        """Write all of it; then nothing waits. Making a row may write something itself, a key to
        seal it with: what is being written waits no more by then.
        """
        mine = Pending(self.heard, self.closed, self.events, self.orders, self.timers, self.told)
        self.heard, self.closed, self.events = {}, {}, []
        self.orders, self.timers, self.told = {}, {}, {}
        self.any = False
        mine._write(out)

    def _write(self, out: Writer) -> None:
        if self.heard:
            out.insert("inbox", INBOX, list(self.heard.values()))
        if self.closed:
            out.each(
                _CLOSED,
                [{"s": s, "o": o, "t": t, "i": n} for n, (s, o, t) in self.closed.items()],
            )
        if self.events:
            out.insert("event", EVENT, self.events)
        if self.orders:  # in one order everywhere, so that nobody waits for one another
            out.insert("orders", ORDER, [row for _, row in sorted(self.orders.items())], _KEPT)
        if self.timers:
            self._time(out)
        if self.told:
            self._tell(out)

    def _time(self, out: Writer) -> None:
        gone = [{"k": k, "s": s} for (k, s), at in sorted(self.timers.items()) if not at]
        if gone:
            out.each(_UNTIMED, gone)
        set_ = sorted((*name, at) for name, at in self.timers.items() if at)
        if set_:
            out.insert("timer", ("kind", "scope", "at"), set_, _TIMED)

    def _tell(self, out: Writer) -> None:
        """The same key is kept once; the newest of a slot replaces what waits there, and what it
        replaced before anybody could see it was never there.
        """
        known = out.among("outbox", "key", list(self.told))
        fresh = [t for key, t in self.told.items() if key not in known]
        newest = {t.place: t for t in fresh if t.place}
        kept = [t for t in fresh if not t.place or newest[t.place] is t or t.causes]
        numbers = out.numbers("outbox", len(kept))
        rows, causes, slots = [], [], []
        for number, told in zip(numbers, kept, strict=True):
            state = "waiting"
            if told.place:
                if newest[told.place] is told:
                    p, a, c, s = told.place
                    slots.append({"p": p, "a": a, "c": c, "s": s, "i": number})
                else:
                    state = "superseded"
            rows.append((number, *told.values(), state, 0, 0, "", "", "", "", 0.0, ""))
            causes += [(c, number) for c in told.causes]
        if rows:
            out.insert("outbox", OUTBOX, rows)
        if causes:
            out.insert("outbox_cause", ("cause", "outbox_id"), causes)
        if slots:
            out.each(_REPLACED, sorted(slots, key=lambda s: (s["p"], s["a"], s["c"], s["s"])))
