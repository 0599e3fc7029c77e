"""From what was understood to what is done: updates become commands at the desk, photos go with
them, undo finds its events.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.registry import Heard
from bot.understanding.model import Update
from domain.commands import (
    Attach,
    Command,
    Complete,
    Delay,
    Fail,
    Follow,
    Progress,
    Resume,
    Rework,
    SetQuantity,
    Start,
    Told,
    Undo,
    Unfollow,
)
from domain.desk import Desk
from domain.errors import DomainError, Refused
from domain.events import REPORTS, Event, PhotoAttached, ReportUndone, Source
from domain.person import Person
from storage.ledger import Ledger

QUIET = frozenset(
    {
        "already-done",
        "already-started",
        "already-said",
        "photo-known",
        "not-held",
        "follows-already",
    }
)
"""Refusals that nobody needs to hear of."""


@dataclass(slots=True)
class Acted:
    """What came of a list of updates. `reports` are those that stand in the message's name now;
    `undone` are the earlier messages whose reports were taken back.
    """

    applied: list[Update] = field(default_factory=list)
    reports: list[Update] = field(default_factory=list)
    undone: list[Heard] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    refused: list[tuple[Update, DomainError]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Said:
    """Who said it, in which message, when, with which pictures and words. `occurred_at` is when all
    of it happened, if the one who said it knows.
    """

    person: Person
    source: Source
    now: datetime
    text: str = ""
    photos: tuple[PhotoAttached, ...] = ()
    occurred_at: datetime | None = None

    def told(self, occurred_at: datetime | None = None) -> Told:
        """The envelope of a command."""
        return Told(self.person, self.now, self.source, occurred_at or self.occurred_at)


def command_of(update: Update, text: str, *, anyway: bool = False) -> Command:
    """The command for an update that names order and node."""
    no, node = update.order or "", update.node or ""
    match update.op:
        case "start":
            return Start(no, node, anyway)
        case "progress":
            return Progress(
                no, node, update.quantity, update.rework, update.scrap,
                share=None if update.quantity is not None else share_in(text), anyway=anyway,
            )  # fmt: skip
        case "complete":
            return Complete(
                no, node, update.quantity, update.rework, update.scrap, update.tracking or "",
                anyway,
            )  # fmt: skip
        case "delay":
            return Delay(no, node, update.reason or "", text, update.until or "", update.delay_days)
        case "resume":
            return Resume(no, node)
        case "rework":
            return Rework(no, node, update.rework, update.reason or "", text)
        case "fail":
            return Fail(no, node, update.reason or "", text)
        case "set_quantity":
            return SetQuantity(no, node, update.quantity or 0)
        case "subscribe":
            return Follow(no, node)
        case "unsubscribe":
            return Unfollow(no, node)
        case _:
            raise Refused("not-a-report", op=update.op)


def share_in(text: str) -> int:
    """The share of the pieces in per cent where only that was said: `80%`, `一半`."""
    head, sign, _ = text.replace("％", "%").partition("%")
    digits = ""
    while sign and head and head[-1].isascii() and head[-1].isdigit():
        digits, head = head[-1] + digits, head[:-1]
    return min(int(digits), 99) if digits and len(digits) < 4 else 50


@dataclass(slots=True)
class Acts:
    """Does what was understood, through the desk."""

    desk: Desk

    def apply(
        self,
        ledger: Ledger,
        said: Said,
        updates: Sequence[Update],
        past: Iterable[Heard] = (),
        *,
        anyway: bool = False,
    ) -> Acted:
        """All updates of one message; each is kept or refused by itself."""
        acted = Acted()
        for update in updates:
            try:
                self._do(ledger, said, update, list(past), acted, anyway=anyway)
            except DomainError as error:
                acted.refused.append((update, error))
            else:
                acted.applied.append(update)
        return acted

    def _do(
        self,
        ledger: Ledger,
        said: Said,
        update: Update,
        past: list[Heard],
        acted: Acted,
        *,
        anyway: bool,
    ) -> None:
        match update.op:
            case "undo":
                self._undo(ledger, said, update, past, acted)
            case "move":
                self._move(ledger, said, update, past, acted)
            case "unsubscribe" if not update.order:
                acted.events += self._unfollow_all(ledger, said)
            case _:
                acted.events += self._one(ledger, said, update, anyway=anyway)
                acted.reports.append(update)

    def _one(self, ledger: Ledger, said: Said, update: Update, *, anyway: bool) -> list[Event]:
        """One plain report: its photos first, so that a node that wants one finds it there."""
        if update.op == "attach":
            return self._attach(ledger, said, update.order or "", update.node or "")
        photos: list[Event] = []
        if said.photos and update.node and update.op != "set_quantity":
            photos = self._attach(ledger, said, update.order or "", update.node)
        return [*photos, *self._plain(ledger, said, update, anyway=anyway)]

    def _plain(self, ledger: Ledger, said: Said, update: Update, *, anyway: bool) -> list[Event]:
        command = command_of(update, said.text, anyway=anyway)
        occurred = self._occurred(update, said.now)
        return list(self.desk.handle(ledger, command, said.told(occurred)).events)

    def _occurred(self, update: Update, now: datetime) -> datetime | None:
        """When it happened, where the message says another day: that day's end of work."""
        if not update.at:
            return None
        return min(self.desk.calendar.closing(date.fromisoformat(update.at)), now)

    def _attach(self, ledger: Ledger, said: Said, order_no: str, node: str) -> list[Event]:
        if not said.photos:
            return []
        try:
            done = self.desk.handle(ledger, Attach(order_no, node, said.photos), said.told())
        except Refused as error:
            if error.code == "photo-known":
                return []
            raise
        return list(done.events)

    def _unfollow_all(self, ledger: Ledger, said: Said) -> list[Event]:
        events: list[Event] = []
        for order_no in dict.fromkeys(no for no, _ in ledger.orders.followed_by(said.person.id)):
            done = self.desk.handle(ledger, Unfollow(order_no), said.told())
            events.extend(done.events)
        return events

    def _undo(
        self, ledger: Ledger, said: Said, update: Update, past: list[Heard], acted: Acted
    ) -> None:
        item, found = self.reported(ledger, said.source, update, past)
        acted.events += self.take_back(ledger, said, found)
        if item is not None:
            acted.undone.append(item)

    def take_back(self, ledger: Ledger, said: Said, found: Sequence[Event]) -> list[Event]:
        """Undo these events, order by order."""
        if not found:
            raise Refused("nothing-to-undo")
        events: list[Event] = []
        for order_no in dict.fromkeys(e.order_no for e in found):
            seqs = tuple(e.seq for e in found if e.order_no == order_no)
            done = self.desk.handle(ledger, Undo(order_no, seqs, said.text), said.told())
            events.extend(done.events)
        return events

    def reported(
        self, ledger: Ledger, source: Source, update: Update, past: list[Heard]
    ) -> tuple[Heard | None, list[Event]]:
        """The newest message that reported this order and node, and its events that still count."""
        for item in reversed(past):
            if any(_about(a, update) for a in item.applied):
                events = ledger.orders.from_source(source.platform, source.chat, item.message_id)
                kept = standing(ledger, events)
                if kept:
                    return item, kept
        return None, []

    def _move(
        self, ledger: Ledger, said: Said, update: Update, past: list[Heard], acted: Acted
    ) -> None:
        """The last report belongs to another order or node: take it back and say it there."""
        for item in reversed(past):
            if not item.applied or item.person != said.person.id:
                continue
            source = said.source
            events = standing(
                ledger, ledger.orders.from_source(source.platform, source.chat, item.message_id)
            )
            if events:
                self._moved(ledger, said, update, item, events, acted)
                return
        raise Refused("nothing-to-undo")

    def _moved(
        self,
        ledger: Ledger,
        said: Said,
        update: Update,
        item: Heard,
        events: Sequence[Event],
        acted: Acted,
    ) -> None:
        photos = tuple(e.fact for e in events if isinstance(e.fact, PhotoAttached))
        acted.events += self.take_back(ledger, said, events)
        acted.undone.append(item)
        moved = replace(said, photos=tuple(dict.fromkeys(photos)), text=item.text)
        for old in item.applied:
            new = replace(old, order=update.order or old.order, node=update.node or old.node)
            acted.events += self._one(ledger, moved, new, anyway=True)
            acted.reports.append(new)


def standing(ledger: Ledger, events: Iterable[Event]) -> list[Event]:
    """Those of the events that still count."""
    found = [e for e in events if isinstance(e.fact, (*REPORTS, PhotoAttached))]
    gone: dict[str, set[int]] = {}
    for order_no in {e.order_no for e in found}:
        gone[order_no] = {
            seq
            for e in ledger.history(order_no)
            if isinstance(e.fact, ReportUndone)
            for seq in e.fact.undone
        }
    return [e for e in found if e.seq not in gone[e.order_no]]


def _about(applied: Update, wanted: Update) -> bool:
    return (wanted.order in (None, applied.order)) and (wanted.node in (None, applied.node))


def photo_facts(ledger: Ledger, digests: Sequence[str]) -> tuple[PhotoAttached, ...]:
    """The facts of kept pictures; those that could not be kept are left out."""
    found = []
    for digest in dict.fromkeys(digests):
        kept = ledger.photos.get(digest)
        if kept is not None and not kept["fault"]:
            found.append(
                PhotoAttached(
                    digest, kept["key"], kept["thumb"], kept["kind"], kept["width"], kept["height"]
                )
            )
    return tuple(found)
