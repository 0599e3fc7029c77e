"""Suppliers in the chat: what they write about their needs in private, the buttons of what they are
asked, and the words with which those who lead ask and check.

Stands in front of the understanding: a supplier without nodes of its own is only heard about its
needs; anything else gets one sentence and its own page.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot import context
from bot.context import Scene, local_naive
from bot.replies import Replies
from bot.supply_records import BACK, standing
from bot.supply_words import Heard, Wanted, heard, wanted
from bot.understanding.model import Update
from bot.understanding.normalise import normalise
from domain.amounts import amount
from domain.commands import Command, Told
from domain.desk import Desk
from domain.errors import DomainError, NotFound, Refused
from domain.need_commands import CheckNeed, ConfirmNeed, DeliverNeed, PlaceNeed, PromiseNeed
from domain.needs import NeedState
from domain.order import Order
from domain.person import Deed, GroupKind, Role, may
from domain.supply import visible
from domain.supplying import known
from storage.ledger import Ledger
from storage.needs import Owed

Facts = dict[str, Any]
ASK = ("/要料", "/叫料", "/need")
CHECK = ("/验料", "/驗料", "/收料", "/checked")
BACK_WORDS = ("退", "退回", "return", "returned")


@dataclass(frozen=True, slots=True)
class Supplying:
    """Reads what suppliers say, and what is said of what they owe."""

    desk: Desk
    replies: Replies

    def command(self, ledger: Ledger, view: Scene) -> Facts | None:
        """Handle the message; None if it is none of ours."""
        text = view.text.strip()
        asked, checked = _after(text, ASK), _after(text, CHECK)
        if asked is not None:
            return self._tried(ledger, view, lambda: self._place(ledger, view, asked))
        if checked is not None:
            return self._tried(ledger, view, lambda: self._check(ledger, view, checked))
        if view.person.role is Role.SUPPLIER and view.kind is GroupKind.PRIVATE:
            return self._said(ledger, view)
        return None

    def pressed(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        """A button: `ok:A103/N1`, `other:…`, `good:…`. Raises DomainError."""
        verb, _, name = rest.partition(":")
        order_no, _, need = name.rpartition("/")
        facts = {"order": order_no, "need": need}
        match verb:
            case "ok":
                self._do(ledger, view, ConfirmNeed(order_no, need))
                self.replies.answer(ledger, view, "supply-noted", facts | {"did": "confirm"})
            case "good":
                self._do(ledger, view, CheckNeed(order_no, need))
                self.replies.answer(ledger, view, "need-checked", facts)
            case "other":
                self._open_need(ledger, view, order_no, need)
                day = self._next_day(ledger)
                self.replies.answer(ledger, view, "supply-other", facts | {"example": day})
            case _:
                raise Refused("no-such-button")
        return facts

    def _open_need(self, ledger: Ledger, view: Scene, order_no: str, need: str) -> None:
        order = ledger.order(order_no)
        found = order.needs.get(need) if order is not None else None
        if found is None or found.supplier != view.person.id:
            raise NotFound("no-such-need", order=order_no)
        if not found.open:
            raise Refused("need-over", order=order_no)

    def _next_day(self, ledger: Ledger) -> str:
        """A day for an example: the next working day."""
        calendar = self.desk.calendar
        tomorrow = calendar.day(ledger.clock.now()) + timedelta(days=1)
        return calendar.day(calendar.opening(tomorrow)).isoformat()

    def _tried(self, ledger: Ledger, view: Scene, act: Callable[[], Facts]) -> Facts:
        try:
            return act()
        except DomainError as error:
            order = str(error.facts.get("order", ""))
            self.replies.refused(ledger, view, Update("none", order or None), error)
            return {"why": error.code}

    def _said(self, ledger: Ledger, view: Scene) -> Facts | None:
        """A supplier's own words, in private."""
        fault = next((m["fault"] for m in view.row.payload.get("media", ()) if "fault" in m), "")
        if fault:
            self.replies.answer(ledger, view, "photo-fault", {"code": fault})
        now = ledger.clock.now()
        today = self.desk.calendar.day(now)
        _, sees = standing(ledger, self.desk.calendar, view.person.id)
        needs = [
            o
            for o in ledger.needs.of(view.person.id, today - BACK)
            if o.need.open and visible(o.need, today, sees.days)
        ]
        found = heard(view.text, needs, local_naive(ledger, now))
        if found is not None and needs:
            found = self._replied(view, found)
            about = _meant(found)
            if len(about) == 1:
                return self._tried(ledger, view, lambda: self._act(ledger, view, found, about[0]))
            which = {"needs": [[o.order_no, o.need.id] for o in about[:8]]}
            self.replies.answer(ledger, view, "supply-which", which)
            return {"why": "supply-which", "remember": True, "text": view.text[:500]}
        if view.person.nodes:
            return None  # works at nodes of ours as well: its reports are understood as anybody's
        first = needs[0] if needs else None
        facts = {"example": self._next_day(ledger)}
        if first is not None:
            facts |= {"order": first.order_no, "need": first.need.id}
        self.replies.answer(ledger, view, "supply-help", facts)
        return {"why": "supply-help", "remember": True, "text": view.text[:500]}

    def _replied(self, view: Scene, found: Heard) -> Heard:
        """An answer to one of our messages is about its need, if the words name none."""
        facts = view.ours["facts"] if view.ours is not None else {}
        if found.named or not isinstance(facts, dict) or "need" not in facts:
            return found
        name = (facts.get("order"), facts.get("need"))
        about = tuple(o for o in found.about if (o.order_no, o.need.id) == name)
        return replace(found, about=about, named=True) if about else found

    def _act(self, ledger: Ledger, view: Scene, found: Heard, owed: Owed) -> Facts:
        no, need = owed.order_no, owed.need.id
        command: Command
        if found.did == "confirm":
            command = ConfirmNeed(no, need)
        elif found.did == "promise" and found.day is not None:
            command = PromiseNeed(no, need, found.day, text=found.why)
        else:
            waiting = context.waiting_photos(view)
            digests = [*view.photos, *(d for h in waiting for d in h.media)]
            command = DeliverNeed(no, need, found.amount, tuple(digests))
        events = self._do(ledger, view, command)
        did = found.did
        if isinstance(command, DeliverNeed):
            order = ledger.order(no)
            left = order is not None and order.needs[need].open
            did = "part" if left else "deliver"
        facts = {"order": no, "need": need, "did": did, "amount": _amount(events)}
        self.replies.answer(ledger, view, "supply-noted", facts)
        return {"events": [[no, seq] for seq, _ in events]}

    def _do(self, ledger: Ledger, view: Scene, command: Command) -> list[tuple[int, Any]]:
        """Through the desk, with the message as its source."""
        done = self.desk.handle(ledger, command, _told(ledger, view))
        for group in ledger.groups(GroupKind.PRODUCTION):
            self.replies.card(ledger, group.address, group.language)
        return [(e.seq, e.fact) for e in done.events]

    def _place(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        """`/要料 A103 罗纹 20 kg 林记 11/25`."""
        person = view.person
        if not (may(person.role, Deed.PLACE_ORDER) or may(person.role, Deed.UPDATE_ANY_NODE)):
            raise Refused("not-allowed")
        parts = wanted(rest, local_naive(ledger, ledger.clock.now()))
        order = _order(ledger, parts.order) if parts is not None else None
        if parts is None or order is None or not parts.words:
            self.replies.answer(ledger, view, "need-help", {})
            return {"why": "need-help"}
        who = next((p for t in parts.rest if (p := known(ledger.people(), t)) is not None), None)
        if who is None:
            raise Refused("no-such-supplier", order=order.order_no)
        node, item = _at(order, parts)
        note = " ".join(t for t in parts.rest if known(ledger.people(), t) is None)
        command = PlaceNeed(
            order.order_no, node, item, parts.amount, parts.unit, who.id, parts.day, note
        )
        done = self.desk.handle(ledger, command, _told(ledger, view))
        name = list(done.order.needs)[-1]
        self.replies.answer(ledger, view, "need-placed", {"order": order.order_no, "need": name})
        return {"why": "need", "events": [[e.order_no, e.seq] for e in done.events]}

    def _check(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        """`/验料 A103 罗纹`, `/验料 A103 罗纹 退 3 色差`."""
        number, _, tail = rest.strip().partition(" ")
        order = _order(ledger, number)
        if order is None or view.person.role in (Role.CUSTOMER, Role.SUPPLIER):
            self.replies.answer(ledger, view, "check-help", {})
            return {"why": "check-help"}
        came = [n for n in order.needs.values() if n.deliveries and n.checked_at is None]
        said = normalise(tail)
        came = [n for n in came if normalise(n.item) in said] or (came if not said else [])
        if len(came) != 1:
            self.replies.answer(ledger, view, "check-help", {})
            return {"why": "check-help"}
        back, text = _returned(said.replace(normalise(came[0].item), " ", 1))
        command = CheckNeed(order.order_no, came[0].id, back, text)
        done = self.desk.handle(ledger, command, _told(ledger, view))
        facts = {"order": order.order_no, "need": came[0].id}
        self.replies.answer(ledger, view, "need-checked", facts)
        return {"why": "checked", "events": [[e.order_no, e.seq] for e in done.events]}


def _told(ledger: Ledger, view: Scene) -> Told:
    """The envelope of what was written or pressed."""
    return Told(view.person, ledger.clock.now(), view.source)


def _meant(found: Heard) -> tuple[Owed, ...]:
    """The needs that the words can be about: unnamed ones are about what was asked and not
    answered, if there is such a one.
    """
    if found.named or len(found.about) == 1:
        return found.about
    asked = tuple(o for o in found.about if o.need.state is NeedState.ASKED)
    return asked if len(asked) == 1 and found.did != "deliver" else found.about


def _amount(events: list[tuple[int, Any]]) -> str:
    """How much a delivery brought."""
    return next((str(f.amount) for _, f in events if hasattr(f, "amount")), "")


def _order(ledger: Ledger, number: str) -> Order | None:
    name = number.strip().lstrip("#＃")
    return ledger.order(name.upper()) or ledger.order(name)


def _at(order: Order, parts: Wanted) -> tuple[str, str]:
    """The node and the item: a first word that names a node is the node; else it is the node whose
    route asks for such a thing, else the one where the order stands.
    """
    first, *others = parts.words
    for spec in order.route.nodes:
        if others and first in (spec.key, spec.name, *spec.aliases):
            return spec.key, " ".join(others)
    item = " ".join(parts.words)
    for spec in order.route.nodes:
        if any(m.item == item for m in spec.materials) and not order.nodes[spec.key].completed:
            return spec.key, item
    standing = [n.key for n in order.current() if not n.completed]
    if not standing:
        raise Refused("order-finished", order=order.order_no)
    return standing[0], item


def _returned(said: str) -> tuple[str, str]:
    """`退 3 色差`: how much goes back, and why."""
    tokens = said.split()
    for word in BACK_WORDS:
        if tokens and tokens[0].startswith(word):
            glued = tokens[0][len(word) :]
            rest = [glued, *tokens[1:]] if glued else tokens[1:]
            digits = "".join(c for c in rest[0] if c in "0123456789.") if rest else ""
            if digits:
                amount(digits)
                return digits, " ".join(rest[1:])
    if tokens:
        raise Refused("no-amount")
    return "0", ""


def _after(text: str, words: tuple[str, ...]) -> str | None:
    """What stands after one of the words, if the text begins with it."""
    if not text.lower().startswith(words):
        return None
    for word in words:
        low = text.lower()
        if (
            low == word
            or low.startswith(word + " ")
            or (not word.isascii() and low.startswith(word))
        ):
            return text[len(word) :].strip()
    return None
