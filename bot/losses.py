"""What could not be told: a chat that is closed to us is let go, and those who lead hear of every
customer who did not, with the words and the link to forward.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from domain.desk import Desk
from domain.notice import Kind, Loud, Notice
from domain.person import Address, Group, Person, Role
from storage.ledger import Ledger
from storage.outbox import Claimed

ALARM_EVERY = timedelta(hours=6)
"""The same alarm is raised at most so often."""


@dataclass(slots=True)
class Losses:
    """Notes what got lost. Only used in a unit of work."""

    desk: Desk

    def dead(self, ledger: Ledger, claimed: Claimed, *, shut: bool) -> None:
        """A notice that will never arrive."""
        self._forward(ledger, claimed.notice, claimed.id, "shut" if shut else "dead")

    def doubtful(self, ledger: Ledger, claimed: Claimed) -> None:
        """A notice that may have arrived; a second try might tell it twice."""
        self._forward(ledger, claimed.notice, claimed.id, "unknown")

    def shut(self, ledger: Ledger, to: Address, why: str) -> None:
        """A chat is closed to us: nothing else is tried there, and those who lead hear it once."""
        whose = ledger.folk.shut(to)
        for notice in ledger.outbox.shut(to, why):
            self._forward(ledger, notice, 0, "shut")
        match whose:
            case Person(role=Role.CUSTOMER):
                self.tell(ledger, "left-customer", {"who": whose.id}, f"{to.platform}/{to.chat}")
            case Person():
                self.tell(ledger, "left-person", {"who": whose.id}, f"{to.platform}/{to.chat}")
            case Group() if whose.kind.value != "unbound":
                facts = {"kind": whose.kind.value, "title": whose.title}
                self.tell(ledger, "left-group", facts, f"{to.platform}/{to.chat}")
            case _:
                pass

    def alarm(self, ledger: Ledger, platform: str, code: str, facts: Mapping[str, str]) -> None:
        """Something that an admin has to see to, on a platform of ours."""
        self.tell(ledger, "alarm", {"code": f"{platform}.{code}", **facts}, f"{platform}.{code}")

    def tell(self, ledger: Ledger, what: str, facts: Mapping[str, Any], name: str) -> None:
        """A notice to those who lead, the same one at most every few hours."""
        now = ledger.clock.now()
        slot = int(now.timestamp() // ALARM_EVERY.total_seconds())
        for group in self.desk.alarms.leading(ledger):
            ledger.notify(
                Notice(
                    group.address,
                    Kind.NOTICE,
                    what,
                    f"{what}/{name}/{slot}/{group.address.platform}/{group.address.chat}",
                    now,
                    dict(facts),
                    group.language,
                    Loud.REPLY,
                )
            )

    def _forward(self, ledger: Ledger, notice: Notice, number: int, why: str) -> None:
        """A push that did not reach its customer, as words for somebody to forward."""
        if notice.kind is not Kind.PUSH:
            return
        for group in self.desk.alarms.leading(ledger):
            facts = {**notice.facts, "what": notice.what, "who": notice.reader, "why": why}
            ledger.notify(
                Notice(
                    group.address,
                    Kind.NOTICE,
                    "forward",
                    f"forward/{notice.key}/{why}/{group.address.platform}/{group.address.chat}",
                    ledger.clock.now(),
                    facts | {"letter": number if why in ("dead", "unknown") else 0},
                    group.language,
                    Loud.REPLY,
                    bundle=f"forward/{notice.reader}/{why}",
                )
            )
