"""Buttons: an option of a question, undo, acknowledge, the customer's draft, a confirmation. A late
tap changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot.acts import QUIET, Acts, Said, photo_facts
from bot.answers import answer_facts
from bot.context import Scene
from bot.questions import Option, ask, plain, put, update_from
from bot.replies import Replies
from bot.reviewing import Reviewing
from bot.standup import alarm_scene, restate, stood
from bot.supplying import Supplying
from bot.taken import Taking
from bot.understanding.model import Decision, Update
from domain.alarms import TIMER
from domain.alert import AlertState
from domain.commands import ChangeDue, Choose, Confirm
from domain.errors import DomainError, Refused
from domain.events import DueChanged, Source
from domain.notice import Kind, Loud, Notice
from domain.person import Deed, GroupKind, Role, may
from storage.cache import Asked
from storage.ledger import Ledger

Facts = dict[str, Any]
VAGUE = frozenset({"subscribe", "unsubscribe", "none"})
"""What an order alone does not settle: the words are read again."""


@dataclass(slots=True)
class Presses:
    """What a press of one of our buttons does."""

    acts: Acts
    replies: Replies
    place: Callable[[Ledger, Scene, list[Facts]], Facts]
    reread: Callable[[Ledger, Scene, str, str], Decision]
    taking: Taking

    def pressed(self, ledger: Ledger, view: Scene, button: str) -> Facts:
        """Handle one press. Button ids are `verb:rest`."""
        verb, _, rest = button.partition(":")
        try:
            match verb:
                case "q":
                    return self._question(ledger, view, rest)
                case "undo":
                    return self._undo(ledger, view, rest)
                case "ack" | "resolve" | "mute1" | "mute4" | "alt" | "hand" | "board":
                    return self._alert(ledger, view, verb, rest)
                case "send" | "offer" | "drop":
                    return self._draft(ledger, view, verb, rest)
                case "choose":
                    return self._choice(ledger, view, rest)
                case "stood":
                    return stood(ledger, view, rest)
                case "confirm":
                    return self._confirm(ledger, view, rest)
                case "std" | "rate":
                    return Reviewing(self.acts.desk, self.replies).pressed(ledger, view, verb, rest)
                case "need":
                    return Supplying(self.acts.desk, self.replies).pressed(ledger, view, rest)
                case "resend":
                    return self._resend(ledger, view, rest)
                case _:
                    return {"why": "no-such-button"}
        except DomainError as error:
            self.replies.refused(ledger, view, Update("none"), error)
            return {"why": error.code}

    def _question(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        name, _, place = rest.partition(":")
        asked = ledger.questions.get(name)
        if asked is None or not place.isdigit():
            return {"why": "no-such-button"}
        if asked.person != view.person.id:
            raise Refused("not-your-question")
        if asked.state != "open" or asked.expires_at <= view.at:
            raise Refused("question-over")
        return self.choose(ledger, view, asked, int(place))

    def choose(self, ledger: Ledger, view: Scene, asked: Asked, place: int) -> Facts:
        """An option of a question was chosen; the report counts as said in the message that was
        asked about.
        """
        doc = asked.doc
        if not 0 <= place < len(doc["options"]) or not ledger.questions.close(asked.id, "answered"):
            raise Refused("question-over")
        option = doc["options"][place]
        updates = [update_from(u) for u in option["do"]]
        self._answered(ledger, asked, doc, place)
        if doc.get("entry") and option["key"] == "option.take":
            return {"answered": asked.id} | self.place(ledger, view, list(doc["entry"]))
        if option["key"] == "option.order" and all(u.op in VAGUE for u in updates):
            return self._read_again(ledger, view, asked, str(option["facts"]["order"]), updates)
        if not updates:
            self.replies.unmark(ledger, view, str(doc.get("message_id", "")))
            return {"answered": asked.id}
        if option["owner"]:
            return self._ask_owner(ledger, view, asked, updates)
        row = view.row
        said = Said(
            view.person,
            Source(row.platform, row.chat, str(doc.get("message_id", row.message_id))),
            ledger.clock.now(),
            str(doc.get("text", "")),
            photo_facts(ledger, doc.get("photos", ())),
        )
        return self._do(ledger, view, asked, said, updates, anyway=option["anyway"])

    def _do(
        self,
        ledger: Ledger,
        view: Scene,
        asked: Asked,
        said: Said,
        updates: list[Update],
        *,
        anyway: bool,
    ) -> Facts:
        doc = asked.doc
        acted = self.acts.apply(ledger, said, updates, view.past, anyway=anyway)
        for update, error in acted.refused:
            if error.code == "earlier-open":
                again = Decision("ask", asked="confirm", pending=(update,), why="earlier-open")
                ask(ledger, again, view, list(doc.get("photos", ())), doc)
            elif error.code not in QUIET:
                self.replies.refused(ledger, view, update, error)
        if acted.events and {u.op for u in acted.applied} & {"subscribe", "unsubscribe"}:
            self.replies.following(ledger, view, acted.applied)
            return {"answered": asked.id}
        for item in acted.undone:
            self.replies.unmark(ledger, view, item.message_id)
        if acted.events:
            self.replies.recorded_at(ledger, view, str(doc.get("message_id", "")), acted.events)
            self.replies.card(ledger, view.to, view.language)
        applied = [plain(u) for u in acted.reports]
        return {
            "answered": asked.id,
            "number": doc.get("number"),
            "applied": applied,
            "forget": acted.undone[0].number if acted.undone else None,
            "events": [[e.order_no, e.seq] for e in acted.events],
        }

    def _read_again(
        self, ledger: Ledger, view: Scene, asked: Asked, order_no: str, updates: list[Update]
    ) -> Facts:
        """The order was what was missing: read the words again with it."""
        decision = self.reread(ledger, view, str(asked.doc.get("text", "")), order_no)
        if decision.decision == "answer" and decision.query is not None:
            facts = answer_facts(ledger, self.acts.desk, view, decision.query)
            self.replies.answer(ledger, view, str(facts.pop("what")), facts)
            return {"answered": asked.id}
        if decision.decision == "ask":
            ask(ledger, decision, view, list(asked.doc.get("photos", ())), asked.doc)
            return {"answered": asked.id}
        found = list(decision.updates) if decision.decision == "apply" else updates
        source = Source(view.row.platform, view.row.chat, str(asked.doc.get("message_id", "")))
        said = Said(view.person, source, ledger.clock.now(), str(asked.doc.get("text", "")))
        return self._do(ledger, view, asked, said, found, anyway=False)

    def _answered(self, ledger: Ledger, asked: Asked, doc: Mapping[str, Any], place: int) -> None:
        """The question's message says how it was answered; its buttons go."""
        option = doc["options"][place]
        ledger.notify(
            Notice(
                asked.to,
                Kind.ASK,
                "answered",
                f"ask/{asked.id}/answered",
                ledger.clock.now(),
                {
                    "of": f"ask/{asked.id}",
                    "key": option["key"],
                    "option": option["facts"],
                    "person": asked.person,
                },
                self._language(ledger, asked),
                Loud.CARD,
                slot=f"ask/{asked.id}",
            )
        )

    def _language(self, ledger: Ledger, asked: Asked) -> str:
        group = ledger.folk.groups().get(asked.to)
        person = ledger.person(asked.person)
        return group.language if group else person.language if person else "zh-CN"

    def _ask_owner(self, ledger: Ledger, view: Scene, asked: Asked, updates: list[Update]) -> Facts:
        """Ask the team that the node belongs to whether it is so; their yes is their report."""
        node = updates[0].node or ""
        owners = [p for p in ledger.people() if p.role is Role.OPERATOR and node in p.nodes]
        for person in owners[:1]:
            doc = {
                **asked.doc,
                "why": "owner",
                "asked": "confirm",
                "said": view.person.name,
                "options": [
                    Option("option.yes", {}, tuple(updates)).doc(),
                    Option("option.no", {}).doc(),
                ],
            }
            to = ledger.reach(person.id) if view.group is None else view.to
            if to is None:
                continue
            theirs = Scene(view.row, to, person, view.group, (), view.at)
            put(ledger, theirs, f"{asked.id}o", doc, ())
            return {"answered": asked.id, "asked": person.id}
        raise Refused("no-owner", node=node)

    def _undo(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        """The living card's way back: the same as writing 撤回 after that report."""
        order_no, _, seq = rest.rpartition("/")
        history = ledger.history(order_no)
        event = next((e for e in history if seq.isdigit() and e.seq == int(seq)), None)
        if event is None or event.source is None:
            raise Refused("nothing-to-undo")
        if ledger.clock.now() - event.recorded_at > timedelta(minutes=10) and not may(
            view.person.role, Deed.UPDATE_ANY_NODE
        ):
            raise Refused("undo-late", order=order_no, node=event.node)
        source = event.source
        siblings = [
            e
            for e in ledger.orders.from_source(source.platform, source.chat, source.message_id)
            if e.by == event.by
        ]
        said = Said(
            view.person,
            Source(view.row.platform, view.row.chat, view.row.message_id),
            ledger.clock.now(),
        )
        events = self.acts.take_back(ledger, said, siblings)
        self.replies.unmark(ledger, view, source.message_id)
        self.replies.card(ledger, view.to, view.language)
        kept = ledger.inbox.find(source.platform, view.row.account, source.message_id)
        return {
            "undone": [[e.order_no, e.seq] for e in events],
            "forget": kept.id if kept else None,
        }

    def _alert(self, ledger: Ledger, view: Scene, verb: str, name: str) -> Facts:
        """An alarm is taken, silenced, over, or goes another way; a late tap is told by whom."""
        scene = alarm_scene(ledger, self.acts.desk, view, name) if verb == "ack" else view
        facts = self.taking.press(ledger, scene, verb, name)
        restate(ledger, view)
        return facts

    def _draft(self, ledger: Ledger, view: Scene, verb: str, rest: str) -> Facts:
        """The customer's draft: sent by a person's tap, which moves the promise; or dropped."""
        name, _, day = rest.rpartition(":")
        order_no = name.partition("/")[0]
        if not may(view.person.role, Deed.TELL_CUSTOMER):
            raise Refused("not-allowed")
        key = f"draft/{name}/taken"
        if ledger.settings.get(key):
            raise Refused("draft-taken", order=order_no)
        waits = ledger.alert(f"{name}/draft")
        alert = ledger.alert(name) or waits
        if alert is None or alert.state is AlertState.RESOLVED:
            raise Refused("draft-void", order=order_no)
        if verb != "drop":
            order = ledger.order(order_no)
            node = order.nodes.get(alert.node) if order else None
            reason = node.reason if node and node.held else alert.reason
            due = date.fromisoformat(day)
            offer: tuple[str, ...] = ()
            if verb == "offer" and order is not None:
                offer = self.acts.desk.alarms.drafts.choices(order, due)
            command = ChangeDue(order_no, due, reason, offer=offer)
            said = Said(
                view.person,
                Source(view.row.platform, view.row.chat, view.row.message_id),
                ledger.clock.now(),
            )
            self.acts.desk.handle(ledger, command, said.told())
        ledger.settings.put(key, f"{verb} {view.person.id}")
        if waits is not None and waits.state is not AlertState.RESOLVED:
            ledger.keep_alert(waits.resolved(view.person.id, ledger.clock.now()))
            ledger.set_timer(TIMER, waits.id, None)
        slot = f"draft/{name}/{view.row.platform}/{view.row.chat}"
        facts = {"order": order_no, "by": view.person.id, "sent": verb != "drop", "due": day}
        ledger.notify(
            Notice(
                view.to,
                Kind.ESCALATION,
                "draft-taken",
                f"{slot}/{'drop' if verb == 'drop' else 'send'}",
                ledger.clock.now(),
                facts,
                view.language,
                Loud.CARD,
                slot=slot,
            )
        )
        return {"draft": name, "sent": verb == "send"}

    def _choice(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        """The customer's answer to what they were offered: an event, a new promise if they chose a
        date, and those who lead know.
        """
        name, _, place = rest.rpartition(":")
        order_no, _, seq = name.rpartition("/")
        event = next((e for e in ledger.history(order_no) if str(e.seq) == seq), None)
        if event is None or not isinstance(event.fact, DueChanged) or not place.isdigit():
            raise Refused("no-such-button")
        if int(place) >= len(event.fact.offer):
            raise Refused("no-such-button")
        key = f"offer/{name}/taken"
        order = ledger.order(order_no)
        if ledger.settings.get(key) or order is None or order.due.isoformat() != event.fact.due:
            raise Refused("choice-over", order=order_no)
        kind, _, value = event.fact.offer[int(place)].partition(":")
        command = Choose(
            order_no,
            kind,
            int(value) if kind == "split" else 0,
            date.fromisoformat(value) if kind == "date" else None,
        )
        source = Source(view.row.platform, view.row.chat, view.row.message_id)
        done = self.acts.desk.handle(
            ledger, command, Said(view.person, source, ledger.clock.now()).told()
        )
        ledger.settings.put(key, view.person.id)
        facts = {"order": order_no, "choice": kind, "value": value, "who": view.person.id}
        self.replies.answer(ledger, view, "chosen", facts)
        for group in self.acts.desk.alarms.leading(ledger):
            ledger.notify(
                Notice(
                    group.address,
                    Kind.NOTICE,
                    "chose",
                    f"chose/{name}/{group.address.platform}/{group.address.chat}",
                    ledger.clock.now(),
                    facts,
                    group.language,
                    Loud.REPLY,
                )
            )
        return {"events": [[e.order_no, e.seq] for e in done.events]}

    def _resend(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        """A message that did not go out is tried once more, because a person says so."""
        if not may(view.person.role, Deed.TELL_CUSTOMER):
            raise Refused("not-allowed")
        now, numbers = ledger.clock.now(), [int(n) for n in rest.split(",") if n.isdigit()]
        sent = [n for n in numbers if ledger.outbox.resend(n, now)]
        if not sent:
            raise Refused("letter-over")
        self.replies.answer(ledger, view, "resent", {})
        return {"resent": sent}

    def _confirm(self, ledger: Ledger, view: Scene, rest: str) -> Facts:
        order_no, _, node = rest.rpartition("/")
        said = Said(
            view.person,
            Source(view.row.platform, view.row.chat, view.row.message_id),
            ledger.clock.now(),
        )
        done = self.acts.desk.handle(ledger, Confirm(order_no, node), said.told())
        slot = f"confirm/{order_no}/{node}/{view.row.platform}/{view.row.chat}"
        ledger.notify(
            Notice(
                view.to,
                Kind.NOTICE,
                "confirmed",
                f"{slot}/{done.order.seq}",
                ledger.clock.now(),
                {"order": order_no, "node": node, "by": view.person.id},
                view.language,
                Loud.CARD,
                slot=slot,
            )
        )
        for group in ledger.groups(GroupKind.PRODUCTION):
            self.replies.card(ledger, group.address, group.language)
        return {"events": [[e.order_no, e.seq] for e in done.events]}
