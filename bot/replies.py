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
from domain.notice import Kind, Loud, Notice
from domain.person import Address, GroupKind
from storage.ledger import Ledger


@dataclass(slots=True)
class Replies:
    """Writes notices for the chat that a message came from."""

    desk: Desk

    def answer(self, ledger: Ledger, view: Scene, what: str, facts: Mapping[str, Any]) -> None:
        """A sentence in answer to a message."""
        ledger.notify(
            Notice(
                view.to,
                Kind.ANSWER,
                what,
                f"answer/{view.row.id}/{what}/{ledger.outbox.added}",
                ledger.clock.now(),
                {**facts, "person": view.person.id},
                view.language,
                Loud.REPLY,
                view.person.id,
                reply_to=view.answer_to,
            )
        )

    def recorded(self, ledger: Ledger, view: Scene) -> None:
        """The quietest yes: a mark on the message itself."""
        self._mark(ledger, view, view.source.message_id, "recorded", view.row.id)

    def unmark(self, ledger: Ledger, view: Scene, message_id: str) -> None:
        """The mark goes away with what was taken back."""
        self._mark(ledger, view, message_id, "", view.row.id)

    def _mark(self, ledger: Ledger, view: Scene, message_id: str, mark: str, number: int) -> None:
        ledger.notify(
            Notice(
                view.to,
                Kind.REACTION,
                mark or "none",
                f"mark/{number}/{message_id}",
                ledger.clock.now(),
                {"message": message_id},
                view.language,
                Loud.REACTION,
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
        self.answer(ledger, view, "refused", {**facts, **more})

    def card(self, ledger: Ledger, to: Address, language: str) -> None:
        """One living card per group and day; what stands on it is looked up when it is sent."""
        group = ledger.folk.groups().get(to)
        if group is None or group.kind is not GroupKind.PRODUCTION:
            return
        now = ledger.clock.now()
        day = self.desk.calendar.day(now).isoformat()
        slot = f"card/{day}"
        number = ledger.orders.last_event_id()
        ledger.notify(
            Notice(
                to,
                Kind.CARD,
                "today",
                f"{slot}/{to.platform}/{to.chat}/{number}",
                now,
                {"day": day},
                language,
                Loud.CARD,
                slot=slot,
            )
        )
