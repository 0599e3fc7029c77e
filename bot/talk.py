"""One message in, its outcome and its replies out, all in the transaction of the unit of work.

Pure but for the books: understands, asks, acts through the desk and leaves notices in the outbox.
Where nothing should be
said, nothing is said.
"""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from adapters.chat.port import Check
from bot import context, questions, typed
from bot.acts import QUIET, Acted, Acts, Said, photo_facts
from bot.answers import answer_facts
from bot.context import Scene
from bot.entry import Entry
from bot.losses import Losses
from bot.onboarding import Onboarding
from bot.presses import Presses
from bot.registry import Heard, Registry
from bot.replies import Replies
from bot.reviewing import Reviewing
from bot.supplying import Supplying
from bot.taken import Taking
from bot.understanding.model import Decision, ReplyTo, Update
from bot.understanding.understand import understand
from domain.desk import Desk
from domain.person import Address, GroupKind
from storage.cache import Received
from storage.ledger import Ledger

log = logging.getLogger("vitrine.talk")
NUMBERED = re.compile(r"[#＃№]?[A-Za-z]{0,4}[-_]?\d[A-Za-z0-9-]*", re.ASCII)
MOST_NAMED = 20
SHORT = 24
"""A text longer than this is no answer to a question unless it replies to it."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a work ticket's code in a picture names."""

    order: str
    node: str = ""


class Room(Protocol):
    """Something that handles commands of its own."""

    def command(self, ledger: Ledger, view: Scene) -> dict[str, Any] | None:
        """Handle the message, with what became of it; None if it is none of this room's."""


@dataclass(slots=True)
class Talk:
    """Handles messages, in the order they were said in each chat. `ticket` reads a code's text,
    `checks` tells what a platform lacks, `doors` makes links that bring somebody in with a code,
    `rooms` handle commands of theirs before anything is understood.
    """

    desk: Desk
    ticket: Callable[[Ledger, str], Ticket | None]
    checks: Callable[[str], Sequence[Check]] = lambda _: ()
    doors: Callable[[str], Sequence[str]] = lambda _: ()
    rooms: Sequence[Room] = ()
    registry: Registry = field(default_factory=Registry)
    acts: Acts = field(init=False)
    replies: Replies = field(init=False)
    presses: Presses = field(init=False)
    entry: Entry = field(init=False)
    onboarding: Onboarding = field(init=False)
    losses: Losses = field(init=False)
    taken: Taking = field(init=False)

    def __post_init__(self) -> None:
        self.acts = Acts(self.desk)
        self.replies = Replies(self.desk)
        self.entry = Entry(self.desk, self.replies)
        self.taken = Taking(self.desk, self.replies)
        self.presses = Presses(self.acts, self.replies, self.entry.place, self._reread, self.taken)
        self.onboarding = Onboarding(self.replies, self.checks, self.doors)
        self.losses = Losses(self.desk)

    def hear(self, ledger: Ledger, number: int) -> str:
        """Handle one message of the inbox and write down what became of it; the decision."""
        row = ledger.inbox.get(number)
        if row is None or row.state != "waiting":
            return ""
        self.registry.refresh(ledger)
        past = self.registry.said(ledger, row)
        outcome = self._outcome(ledger, row, tuple(past))
        self.registry.refresh(ledger)
        ledger.inbox.close(row.id, "done", outcome, ledger.clock.now())
        if outcome.get("remember"):
            self.registry.remember(row, outcome)
        return str(outcome.get("decision", ""))

    def _outcome(self, ledger: Ledger, row: Received, past: tuple[Heard, ...]) -> dict[str, Any]:
        said = row.payload.get("said")
        row = self._signed(ledger, row) if said == "recalled" and not row.sender else row
        person = ledger.folk.user(row.platform, row.account, row.sender)
        if said in ("left", "moved"):
            return self._gone(ledger, row, str(said))
        if person is None or said == "joined":
            return self.onboarding.stranger(ledger, row)
        view = context.scene(ledger, row, person, past)
        match said:
            case "pressed":
                return self._pressed(ledger, view, str(view.row.payload.get("button", "")))
            case "recalled" | "edited":
                return self._changed(ledger, view, str(said))
            case _:
                return self._said(ledger, view)

    def _signed(self, ledger: Ledger, row: Received) -> Received:
        """A recall that names nobody is its writer's."""
        target = str(row.payload.get("target", ""))
        kept = ledger.inbox.find(row.platform, row.account, target)
        return replace(row, sender=kept.sender) if kept is not None else row

    def _gone(self, ledger: Ledger, row: Received, said: str) -> dict[str, Any]:
        """The chat goes on under another id, or is closed to us."""
        to = Address(row.platform, row.chat, row.account)
        if said == "moved":
            ledger.folk.move(to, str(row.payload.get("target", row.chat)))
            self.registry.forget()
        else:
            self.losses.shut(ledger, to, "left")
        return {"decision": said}

    def _said(self, ledger: Ledger, view: Scene) -> dict[str, Any]:
        """An ordinary message: a command, else something to be understood."""
        own = (self.onboarding, self.entry, Reviewing(self.desk, self.replies))
        for room in (*self.rooms, *own, Supplying(self.desk, self.replies)):
            outcome = room.command(ledger, view)
            if outcome is not None:
                return {"person": view.person.id, "decision": "command"} | outcome
        if view.kind is GroupKind.UNBOUND:
            return {"person": view.person.id, "decision": "unbound"}
        self._faults(ledger, view)
        taken = self.taken.word(ledger, view)
        if taken is not None:
            return {"person": view.person.id, "decision": "pressed"} | taken
        button = typed.numbered(ledger, view)
        if button:
            return self._pressed(ledger, view, button)
        return self._understood(ledger, view, self._decide(ledger, view))

    def _decide(self, ledger: Ledger, view: Scene) -> Decision:
        world = self.registry.refresh(ledger)
        decision = understand(world, context.message(ledger, view))
        if decision.decision in ("apply", "answer"):
            return decision
        code = self._code(ledger, view)
        if code is not None:
            decision = self._by_code(ledger, view, code, decision)
        asked = ledger.questions.open(view.to, view.person.id, view.at)
        if asked is not None and view.question is None and 0 < len(view.text.strip()) <= SHORT:
            answer = understand(
                world, context.message(ledger, view, reply=context.question_reply(asked))
            )
            heard = ("apply", "ask") if decision.decision == "ignore" else ("apply",)
            if (
                answer.decision in heard
                or typed.picks(ledger, self.desk, view, asked.doc) is not None
            ):
                return answer
        return decision

    def _code(self, ledger: Ledger, view: Scene) -> Ticket | None:
        """The work ticket in one of the message's pictures."""
        for digest in view.photos:
            kept = ledger.photos.get(digest)
            for text in questions_codes(kept):
                ticket = self.ticket(ledger, text)
                if ticket is not None:
                    return ticket
        return None

    def _by_code(self, ledger: Ledger, view: Scene, code: Ticket, decision: Decision) -> Decision:
        """A work ticket in the picture names the order, and perhaps the node, that the text left
        out.
        """
        world = self.registry.refresh(ledger)
        order = ledger.order(code.order)
        if order is None:
            return decision
        if not view.text.strip():
            return Decision("apply", (Update("attach", code.order, code.node or None),))
        again = understand(
            world, context.message(ledger, view, reply=ReplyTo("bot_card", order=code.order))
        )
        if again.decision == "ask" and again.asked == "node" and code.node:
            name = order.route.node(code.node).name
            text = f"{name}{view.text}"
            again = understand(
                world,
                context.message(
                    ledger, view, text=text, reply=ReplyTo("bot_card", order=code.order)
                ),
            )
        return again if again.decision != "ignore" else decision

    def _understood(self, ledger: Ledger, view: Scene, decision: Decision) -> dict[str, Any]:
        outcome: dict[str, Any] = {
            "person": view.person.id,
            "decision": decision.decision,
            "why": decision.why,
            "remember": True,
            "text": view.text[:500],
        }
        picked = self._answered(ledger, view)
        if picked is not None:
            return outcome | self._credited(ledger, view, picked)
        match decision.decision:
            case "apply":
                outcome |= self._apply(ledger, view, decision.updates)
                for rest in decision.rest:
                    self._beside(ledger, view, rest)
            case "ask":
                photos = [d for h in context.waiting_photos(view) for d in h.media]
                questions.ask(ledger, decision, view, [*view.photos, *photos])
                self.replies.asked(ledger, view)
            case "answer" if decision.query is not None:
                facts = answer_facts(ledger, self.desk, view, decision.query)
                self.replies.answer(ledger, view, str(facts.pop("what")), facts)
            case _:
                pass
        return outcome

    def _beside(self, ledger: Ledger, view: Scene, rest: Decision) -> None:
        """What is asked or answered after something was applied."""
        if rest.decision == "ask":
            questions.ask(ledger, rest, view, view.photos)
        elif rest.decision == "answer" and rest.query is not None:
            facts = answer_facts(ledger, self.desk, view, rest.query)
            self.replies.answer(ledger, view, str(facts.pop("what")), facts)

    def _reread(self, ledger: Ledger, view: Scene, text: str, order_no: str) -> Decision:
        """The same words, with the order that they lacked."""
        words = NUMBERED.sub("", text)
        reply = ReplyTo("bot_card", order=order_no)
        said = context.message(ledger, view, text=words, reply=reply)
        return understand(self.registry.refresh(ledger), said)

    def _answered(self, ledger: Ledger, view: Scene) -> dict[str, Any] | None:
        """The message answers an open question by number, or says no to it."""
        asked = view.question or ledger.questions.open(view.to, view.person.id, view.at)
        if asked is None:
            return None
        if asked.state != "open" or asked.person != view.person.id:
            return None
        place = typed.picks(ledger, self.desk, view, asked.doc)
        if place is None:
            return None
        return self.presses.choose(ledger, view, asked, place)

    def _apply(self, ledger: Ledger, view: Scene, updates: Sequence[Update]) -> dict[str, Any]:
        waiting = context.waiting_photos(view) if self._wants_photos(updates) else []
        digests = [*view.photos, *(d for h in waiting for d in h.media)]
        said = Said(
            view.person,
            view.source,
            ledger.clock.now(),
            view.text,
            photo_facts(ledger, digests),
        )
        acted = self.acts.apply(ledger, said, updates, view.past)
        for item in waiting if acted.events else ():
            self._paired(ledger, view, item)
        self._after(ledger, view, acted)
        asked = ledger.questions.open(view.to, view.person.id, view.at)
        if asked is not None and acted.events and not self._corrects(updates):
            ledger.questions.close(asked.id, "answered")
        return {
            "applied": [questions.plain(u) for u in acted.reports],
            "events": [[e.order_no, e.seq] for e in acted.events],
            "refused": [error.code for _, error in acted.refused],
        }

    def _corrects(self, updates: Sequence[Update]) -> bool:
        return any(u.op in ("undo", "move") for u in updates)

    def _wants_photos(self, updates: Sequence[Update]) -> bool:
        return not any(
            u.op in ("undo", "move", "set_quantity", "subscribe", "unsubscribe") for u in updates
        )

    def _paired(self, ledger: Ledger, view: Scene, item: Heard) -> None:
        kept = ledger.inbox.get(item.number)
        if kept is not None and item.person == view.person.id:
            ledger.inbox.amend(item.number, {**kept.outcome, "paired": True})
            self.registry.amend(view.row, item.number, paired=True)

    def _after(self, ledger: Ledger, view: Scene, acted: Acted) -> None:
        """Reactions, the living card, sentences: what the chat sees of it."""
        ops = {u.op for u in acted.applied}
        if acted.events:
            if ops & {"undo", "move"}:
                self._taken_back(ledger, view, acted)
            if ops & {"subscribe", "unsubscribe"}:
                self.replies.following(ledger, view, acted.applied)
            else:
                if view.row.payload.get("said") != "recalled":  # that message is gone
                    self.replies.recorded(ledger, view, acted.events)
                self.replies.card(ledger, view.to, view.language)
        for update, error in acted.refused:
            if error.code not in QUIET:
                self.replies.refused(ledger, view, update, error)

    def _taken_back(self, ledger: Ledger, view: Scene, acted: Acted) -> None:
        """The corrected message loses its mark, unless its report only moved; its photos are
        used.
        """
        for item in acted.undone:
            kept = ledger.inbox.get(item.number)
            if kept is not None:
                ledger.inbox.amend(item.number, {**kept.outcome, "applied": [], "paired": True})
            self.registry.amend(view.row, item.number, applied=(), paired=True)
            if not acted.reports:
                self.replies.unmark(ledger, view, item.message_id)

    def _faults(self, ledger: Ledger, view: Scene) -> None:
        """Pictures that could not be kept: say so, kindly, and keep the rest of the message."""
        for media in view.row.payload.get("media", ()):
            fault = media.get("fault")
            if fault:
                self.replies.answer(ledger, view, "photo-fault", {"code": fault})
                return
        if self._unheard(view):
            self.replies.voice(ledger, view)

    def _unheard(self, view: Scene) -> bool:
        """A voice message without words: it is kept, and nobody here can listen."""
        kinds = {m["kind"] for m in view.row.payload.get("media", ())}
        return kinds == {"voice"} and not view.text.strip()

    def _changed(self, ledger: Ledger, view: Scene, event: str) -> dict[str, Any]:
        """A recall or an edit of an earlier message."""
        target = str(view.row.payload.get("target", ""))
        item = next((h for h in reversed(view.past) if h.message_id == target), None)
        if item is None or item.person != view.person.id:
            return {"person": view.person.id, "decision": "ignore", "why": "not-known"}
        if event == "edited":
            view = replace(view, origin=target)
        decision = understand(
            self.registry.refresh(ledger),
            context.message(ledger, view, event=event, source=item.number),
        )
        outcome = self._understood(ledger, view, decision)
        if event == "edited":
            changes = {"applied": outcome.pop("applied", []), "text": view.text[:500]}
            if decision.decision == "apply":
                self._rewrite(ledger, view, item, changes)
        elif not item.applied:
            self._paired(ledger, view, item)
        return {**outcome, "remember": False}

    def _rewrite(
        self, ledger: Ledger, view: Scene, item: Heard, changes: Mapping[str, Any]
    ) -> None:
        """An edited message stands for what it says now."""
        kept = ledger.inbox.get(item.number)
        if kept is not None:
            ledger.inbox.amend(item.number, {**kept.outcome, **changes})
        applied = tuple(Update(**u) for u in changes["applied"])
        self.registry.amend(view.row, item.number, applied=applied, text=changes["text"])

    def _credited(self, ledger: Ledger, view: Scene, outcome: dict[str, Any]) -> dict[str, Any]:
        """What an answer applied counts as said in the message that was asked about."""
        number, applied = outcome.pop("number", None), outcome.pop("applied", None)
        forgotten = outcome.pop("forget", None)
        for place, updates in ((number, applied), (forgotten, [])):
            kept = ledger.inbox.get(int(place)) if place is not None else None
            if kept is not None and updates is not None:
                ledger.inbox.amend(kept.id, {**kept.outcome, "applied": updates})
                self.registry.amend(view.row, kept.id, applied=tuple(Update(**u) for u in updates))
        return outcome

    def _pressed(self, ledger: Ledger, view: Scene, button: str) -> dict[str, Any]:
        outcome = self._credited(ledger, view, self.presses.pressed(ledger, view, button))
        return {"person": view.person.id, "decision": "pressed"} | outcome


def named(text: str) -> list[str]:
    """What in a text may be the number of an order, written as numbers are."""
    return [found.lstrip("#＃№").upper() for found in NUMBERED.findall(text)][:MOST_NAMED]


def questions_codes(kept: Mapping[str, Any] | None) -> list[str]:
    """The texts of the codes found in a kept picture."""
    return [str(c) for c in json.loads(kept["codes"])] if kept else []
