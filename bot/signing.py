"""`/登录` in the chat: a one-time link to the pages, sent to the person alone. Customers and
suppliers get their own page instead; they have nothing to sign in to.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.accounts import STAFF
from bot.context import Scene
from bot.replies import Replies
from domain.notice import Kind, Loud, Notice
from domain.person import Address, GroupKind, Person, Role
from storage.ledger import Ledger

WORDS = ("/登录", "/登入", "/login", "/signin", "/sign-in")
BARE = ("登录", "登入", "login", "sign in")
"""Understood without the stroke in a private chat only."""

NewLink = Callable[[Ledger, Person], str]


@dataclass(frozen=True, slots=True)
class Signing:
    """Hands out links. `new_link` makes a one-time link's subject."""

    replies: Replies
    new_link: NewLink

    def command(self, ledger: Ledger, view: Scene) -> dict[str, Any] | None:
        """Handle the message if it asks for a link; None if it does not."""
        text = view.text.strip().lower()
        private = view.kind is GroupKind.PRIVATE
        if text not in WORDS and not (private and text in BARE):
            return None
        person = view.person
        to = view.to if private else ledger.reach(person.id)
        if to is None:
            self.replies.answer(ledger, view, "sign-in-private", {})
            return {"why": "sign-in-private"}
        what, facts = self._link(ledger, person)
        self._tell(ledger, view, to, what, facts)
        if to != view.to:
            self.replies.answer(ledger, view, "sign-in-sent", {})
        return {"why": what, "remember": False}

    def _link(self, ledger: Ledger, person: Person) -> tuple[str, dict[str, Any]]:
        if person.role in STAFF:
            return "sign-in", {"kind": "in", "subject": self.new_link(ledger, person)}
        if person.role is Role.SUPPLIER:
            return "own-page", {"kind": "s", "subject": person.id}
        orders = ledger.orders_of(person.id)
        if not orders:
            return "no-page", {}
        return "own-page", {"kind": "p", "subject": orders[0].order_no}

    def _tell(
        self, ledger: Ledger, view: Scene, to: Address, what: str, facts: dict[str, Any]
    ) -> None:
        ledger.notify(
            Notice(
                to,
                Kind.ANSWER,
                what,
                f"answer/{view.row.id}/{what}",
                ledger.clock.now(),
                {**facts, "person": view.person.id},
                view.person.language,
                Loud.REPLY,
                view.person.id,
            )
        )
