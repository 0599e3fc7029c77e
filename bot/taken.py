"""Alarms in people's hands: taken, silenced, handed over, answered, over; by a button, or by words
in reply to the alarm's message. A late tap changes nothing and says who was first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.context import Scene
from bot.replies import Replies
from bot.understanding.model import Update
from bot.understanding.normalise import normalise
from domain.alarms import TIMER
from domain.alert import Alert, AlertState
from domain.commands import TakeAlternative, TakeMeasure, Told
from domain.desk import Desk
from domain.errors import DomainError, Refused
from domain.events import Source
from domain.notice import Kind, Loud, Notice
from domain.person import Deed, Person, Role, may
from storage.ledger import Ledger

Facts = dict[str, Any]
ACK = frozenset(
    {
        "知悉",
        "收到",
        "好",
        "好的",
        "我来",
        "我来处理",
        "处理中",
        "在处理",
        "明白",
        "ok",
        "got it",
        "on it",
    }
)
OVER = frozenset(
    {"解决了", "已解决", "好了", "处理好了", "搞定", "搞定了", "没事了", "done", "solved", "fixed"}
)
QUIET = {
    "静音": 1,
    "先静音": 1,
    "静音1小时": 1,
    "1小时后再说": 1,
    "静音4小时": 4,
    "4小时后再说": 4,
    "mute": 1,
}
HAND = ("交给", "转给", "让", "hand to ", "give to ")


@dataclass(slots=True)
class Taking:
    """What is done with an alarm."""

    desk: Desk
    replies: Replies

    def press(self, ledger: Ledger, view: Scene, verb: str, name: str) -> Facts:
        """A button of an alarm's message."""
        if verb == "board":
            return {"why": "board"}
        if verb == "alt":
            name, _, place = name.rpartition(":")
            return self._alternative(ledger, view, name, int(place) if place.isdigit() else -1)
        now, who = ledger.clock.now(), view.person.id
        if verb == "hand":
            name, _, other = name.rpartition(":")
            return self._change(ledger, view, name, "handed", lambda a: a.handed(other, now), other)
        match verb:
            case "ack":
                return self._change(
                    ledger, view, name, "acknowledged", lambda a: a.acknowledged(who, now)
                )
            case "resolve":
                return self._change(ledger, view, name, "resolved", lambda a: a.resolved(who, now))
            case _:
                until = now + timedelta(hours=4 if verb == "mute4" else 1)
                return self._change(
                    ledger, view, name, "silenced", lambda a: a.silenced(who, until)
                )

    def word(self, ledger: Ledger, view: Scene) -> Facts | None:
        """Words in reply to an alarm's message; None if the message is no such thing."""
        facts = view.ours["facts"] if view.ours is not None else {}
        name = facts.get("alert") if isinstance(facts, dict) else None
        if not name or view.person.role in (Role.CUSTOMER, Role.SUPPLIER):
            return None
        text = normalise(view.text).strip().strip("。.！!，,")
        low = text.lower()
        try:
            return self._said(ledger, view, str(name), text, low)
        except DomainError as error:
            self.replies.refused(ledger, view, Update("none"), error)
            return {"why": error.code}

    def _said(self, ledger: Ledger, view: Scene, name: str, text: str, low: str) -> Facts | None:
        now, who = ledger.clock.now(), view.person.id
        if low in ACK:
            return self.press(ledger, view, "ack", name)
        if low in OVER:
            return self.press(ledger, view, "resolve", name)
        if low in QUIET:
            return self.press(ledger, view, f"mute{QUIET[low]}", name)
        other = self._named(ledger, text)
        if other is not None:
            return self._change(
                ledger, view, name, "handed", lambda a: a.handed(other.id, now), other.id
            )
        first = next(iter(ledger.alerts_told_as(name)), None)
        if first is None or not self._wants_answer(first) or len(text) < 2:
            return None
        self._measure(ledger, view, first, text)
        return self._change(ledger, view, name, "answered", lambda a: a.answered(who, text, now))

    def _wants_answer(self, alert: Alert) -> bool:
        """Orange and red ask for a cause and a countermeasure."""
        grave = "orange" in (alert.kind, alert.level) or "red" in (alert.kind, alert.level)
        return grave and alert.state is not AlertState.RESOLVED

    def _measure(self, ledger: Ledger, view: Scene, alert: Alert, text: str) -> None:
        """The answer belongs to the order's history."""
        source = Source(view.row.platform, view.row.chat, view.row.message_id)
        told = Told(view.person, ledger.clock.now(), source)
        self.desk.handle(ledger, TakeMeasure(alert.order_no, text[:500], alert.node), told)

    def _named(self, ledger: Ledger, text: str) -> Person | None:
        """Whom the words hand it over to: staff, by name or by what they are called."""
        word = next((w for w in HAND if text.lower().startswith(w)), None)
        if word is None:
            return None
        name = text[len(word) :].strip().removesuffix("处理").removesuffix("跟进").strip(" @")
        staff = [p for p in ledger.people() if p.role not in (Role.CUSTOMER, Role.SUPPLIER)]
        found = [p for p in staff if name and name in (p.name, p.id, p.title)]
        found = found or [p for p in staff if name and (name in p.name or name in p.title)]
        if len(found) != 1:
            raise Refused("nobody-of-that-name", name=name)
        return found[0]

    def _change(
        self,
        ledger: Ledger,
        view: Scene,
        name: str,
        what: str,
        change: Callable[[Alert], Alert],
        to: str = "",
    ) -> Facts:
        """The same for all alarms that are told in one message."""
        if view.person.role in (Role.CUSTOMER, Role.SUPPLIER):
            raise Refused("not-allowed")
        found = ledger.alerts_told_as(name)
        if not found:
            raise Refused("no-such-button")
        alive = [a for a in found if a.state is not AlertState.RESOLVED] or list(found)
        changed = [change(a) for a in alive]
        for alert in changed:
            ledger.keep_alert(alert)
            quiet = alert.silent_until if alert.state is AlertState.OPEN else None
            ledger.set_timer(TIMER, alert.id, quiet)
        self._show(ledger, view, changed[0], name, what, to)
        return {"alert": name, "state": changed[0].state.value}

    def _show(
        self, ledger: Ledger, view: Scene, alert: Alert, name: str, what: str, to: str
    ) -> None:
        """The alarm's message says how it stands now."""
        now = ledger.clock.now()
        slot = f"alert/{name}/{view.row.platform}/{view.row.chat}"
        facts = {
            "alert": name,
            "order": alert.order_no,
            "node": alert.node,
            "by": view.person.id,
            "to": to,
            "reason": alert.reason,
            "text": alert.text,
            "answer": alert.answer,
            "at": now.isoformat(),
            "until": alert.silent_until.isoformat() if alert.silent_until else "",
        }
        ledger.notify(
            Notice(
                view.to,
                Kind.ESCALATION,
                what,
                f"{slot}/{what}/{view.row.id}",
                now,
                facts,
                view.language,
                Loud.CARD,
                slot=slot,
            )
        )

    def _alternative(self, ledger: Ledger, view: Scene, name: str, place: int) -> Facts:
        """A held node goes on another way, as its route declares: proposed by the alarm, confirmed
        by this tap.
        """
        if not may(view.person.role, Deed.UPDATE_ANY_NODE):
            raise Refused("not-allowed")
        alert = next(iter(ledger.alerts_told_as(name)), None)
        order = ledger.order(alert.order_no) if alert else None
        if alert is None or order is None:
            raise Refused("no-such-button")
        ways = order.route.node(alert.node).alternatives
        if not 0 <= place < len(ways):
            raise Refused("no-such-button")
        source = Source(view.row.platform, view.row.chat, view.row.message_id)
        command = TakeAlternative(order.order_no, alert.node, ways[place])
        done = self.desk.handle(ledger, command, Told(view.person, ledger.clock.now(), source))
        return {"events": [[e.order_no, e.seq] for e in done.events]}
