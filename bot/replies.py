"""What the chat sees of what was done: marks, the living card, answers; always as notices in the
outbox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.context import Scene
from bot.understanding.model import Update
from domain.desk import Desk
from domain.errors import DomainError
from domain.events import Event
from domain.notice import Kind, Loud, Notice
from domain.person import Address, GroupKind
from storage.ledger import Ledger


@dataclass(slots=True)
class Replies:
    """Writes notices for the chat that a message came from."""

    desk: Desk

    def answer(self, ledger: Ledger, view: Scene, what: str, facts: Mapping[str, Any]) -> None:
        """A sentence in answer to a message."""
        key = f"answer/{view.row.id}/{what}/{ledger.outbox.added}"
        self._say(ledger, view, what, key, {**facts, "person": view.person.id})

    def _say(
        self,
        ledger: Ledger,
        view: Scene,
        what: str,
        key: str,
        facts: Mapping[str, Any],
        loud: Loud = Loud.REPLY,
    ) -> None:
        ledger.notify(
            Notice(
                view.to,
                Kind.ANSWER,
                what,
                key,
                ledger.clock.now(),
                facts,
                view.language,
                loud,
                view.person.id,
                reply_to=view.answer_to,
            )
        )

    def recorded(self, ledger: Ledger, view: Scene, events: Sequence[Event] = ()) -> None:
        """The quietest yes: a mark on the message itself. Where the platform has none, a short
        answer that names what was recorded in these events.
        """
        self.recorded_at(ledger, view, view.source.message_id, events)

    def recorded_at(
        self, ledger: Ledger, view: Scene, message_id: str, events: Sequence[Event]
    ) -> None:
        """The same for the message that a question was about."""
        told = [[e.order_no, e.seq] for e in events]
        self._mark(ledger, view, message_id, "recorded", view.row.id, told)

    def asked(self, ledger: Ledger, view: Scene) -> None:
        """The message was not clear enough; the question stands beside it."""
        self._mark(ledger, view, view.source.message_id, "asked", view.row.id)

    def voice(self, ledger: Ledger, view: Scene) -> None:
        """Words are needed beside a voice message; said once a day to each who sends them."""
        day = self.desk.calendar.day(ledger.clock.now()).isoformat()
        facts = {"person": view.person.id}
        key = f"voice/{view.to.platform}/{view.to.chat}/{view.person.id}/{day}"
        self._say(ledger, view, "voice", key, facts)

    def unmark(self, ledger: Ledger, view: Scene, message_id: str) -> None:
        """The mark goes away with what was taken back."""
        self._mark(ledger, view, message_id, "", view.row.id)

    def _mark(
        self,
        ledger: Ledger,
        view: Scene,
        message_id: str,
        mark: str,
        number: int,
        events: Sequence[Sequence[object]] = (),
    ) -> None:
        facts = {"message": message_id, **({"events": events} if events else {})}
        ledger.notify(
            Notice(
                view.to,
                Kind.REACTION,
                mark or "none",
                f"mark/{number}/{message_id}/{mark}",
                ledger.clock.now(),
                facts,
                view.language,
                Loud.REACTION,
                reply_to=message_id,
            )
        )

    def following(self, ledger: Ledger, view: Scene, updates: Sequence[Update]) -> None:
        """Whoever follows or unfollows is told what they will hear of now."""
        for update in updates:
            facts = {"order": update.order or "", "node": update.node or ""}
            what = "follows" if update.op == "subscribe" else "unfollows"
            self.answer(ledger, view, what, facts)

    def refused(self, ledger: Ledger, view: Scene, update: Update, error: DomainError) -> None:
        """A refusal that the person should hear of."""
        facts = {"order": update.order or "", "node": update.node or "", "code": error.code}
        more = {k: v for k, v in error.facts.items() if isinstance(v, str | int)}
        if view.row.payload.get("said") == "pressed":
            more["press"] = view.row.message_id
        key = f"answer/{view.row.id}/refused/{ledger.outbox.added}"
        said = {**facts, **more, "person": view.person.id}
        self._say(ledger, view, "refused", key, said, Loud.TOAST)

    def card(self, ledger: Ledger, to: Address, language: str) -> None:
        """One living card per group and day; what stands on it is looked up when it is sent."""
        group = ledger.folk.groups().get(to)
        if group is None or group.kind is not GroupKind.PRODUCTION:
            return
        now = ledger.clock.now()
        day = self.desk.calendar.day(now).isoformat()
        slot = f"card/{day}"
        newest = ledger.orders.newest()
        ledger.notify(
            Notice(
                to,
                Kind.CARD,
                "today",
                f"{slot}/{to.platform}/{to.chat}/{newest}",
                now,
                {"day": day},
                language,
                Loud.CARD,
                slot=slot,
            )
        )
