"""One short question at a time: what may be answered, by button, by number or by word, and what the
answer does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.context import Scene
from bot.understanding.model import Decision, Update
from domain.notice import Kind, Loud, Notice
from domain.order import Order
from domain.person import Person
from storage.cache import Asked
from storage.ledger import Ledger

OPEN_FOR = timedelta(minutes=30)
MOST = 4
"""Buttons of a question at most."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to answer: how it is called (a wording key and its facts) and what it does."""

    key: str
    facts: Mapping[str, Any]
    do: tuple[Update, ...] = ()
    anyway: bool = False
    owner: bool = False

    def doc(self) -> dict[str, Any]:
        """Plain data, as kept with the question."""
        return {
            "key": self.key, "facts": dict(self.facts), "do": [u.facts() for u in self.do],
            "anyway": self.anyway, "owner": self.owner,
        }  # fmt: skip


NEVER_MIND = Option("option.cancel", {})
NONE_OF_THESE = Option("option.none", {})


def options_for(ledger: Ledger, decision: Decision, view: Scene) -> list[Option]:
    """The answers to offer, the likeliest first."""
    pending = [p for p in decision.pending if p.op != "none"]
    first = pending[0] if pending else None
    order = ledger.order(first.order) if first and first.order else None
    match decision.why:
        case "earlier-open" if first and order and first.node:
            return _earlier(order, pending, first, view.person)
        case "over-quantity" if first and order and first.node:
            whole = replace(first, op="complete", quantity=None, rework=None, scrap=None)
            return [
                Option("option.whole", {"quantity": order.quantity}, (whole,)),
                NEVER_MIND,
            ]
        case "not-your-node" if first and first.node:
            return [Option("option.ask-owner", {}, tuple(pending), owner=True), NEVER_MIND]
    if decision.asked == "order" or (decision.candidates and not pending):
        return _orders(ledger, decision, pending)
    if decision.asked == "node" and first and order:
        return _nodes(order, decision, first)
    if pending and all(_whole(p) for p in pending):
        return [Option("option.yes", {}, tuple(pending), anyway=True), Option("option.no", {})]
    return []


def _whole(update: Update) -> bool:
    return update.op in ("undo", "move") or bool(
        update.order and (update.node or update.op in ("attach", "subscribe", "unsubscribe"))
    )


def _earlier(
    order: Order, pending: Sequence[Update], first: Update, person: Person
) -> list[Option]:
    """Earlier nodes are open: take the report alone, or finish them as well, if one may."""
    names = order.open_before(first.node or "")
    before = tuple(Update("complete", order.order_no, key) for key in names)
    shown = {"order": order.order_no, "nodes": list(names), "node": first.node}
    alone = Option("option.this-only", shown, tuple(pending), anyway=True)
    if not all(person.may_update(key) for key in names):
        return [alone, NEVER_MIND]
    return [Option("option.with-earlier", shown, (*before, *pending)), alone, NEVER_MIND]


def _orders(ledger: Ledger, decision: Decision, pending: Sequence[Update]) -> list[Option]:
    """Orders to choose from; without anything pending it was a question, and choosing answers
    it.
    """
    found = []
    for no in decision.candidates[: MOST - 1]:
        order = ledger.order(no)
        if order is None:
            continue
        facts = {"order": no, "product": order.product, "quantity": order.quantity}
        do = tuple(replace(p, order=no) for p in pending)
        found.append(Option("option.order", facts, do))
    return [*found, NONE_OF_THESE] if found else []


def _nodes(order: Order, decision: Decision, first: Update) -> list[Option]:
    keys = [k for k in decision.candidates if k in order.nodes]
    keys += [n.key for n in order.current() if n.key not in keys and not n.completed]
    keys += [n.key for n in order.in_order() if n.key not in keys and not n.completed]
    return [
        Option(
            "option.node",
            {"order": order.order_no, "node": key},
            (replace(first, order=order.order_no, node=key),),
        )
        for key in keys[:MOST]
    ]


def ask(
    ledger: Ledger,
    decision: Decision,
    view: Scene,
    photos: Sequence[str],
    origin: Mapping[str, Any] | None = None,
) -> str:
    """Put the question: one row, one notice. Its id. `origin` is an earlier question about the same
    words.
    """
    options = options_for(ledger, decision, view)
    first = decision.pending[0] if decision.pending else Update("none")
    name = f"q{view.row.id}"
    doc = {
        "why": decision.why,
        "asked": decision.asked or "",
        "order": first.order or "",
        "node": first.node or "",
        "pending": [p.facts() for p in decision.pending],
        "options": [o.doc() for o in options],
        "photos": list(photos),
        "text": view.text[:500],
        "number": view.row.id,
        "message_id": view.row.message_id,
    }
    if origin is not None:
        doc |= {k: origin[k] for k in ("text", "number", "message_id") if k in origin}
    put(ledger, view, name, doc, decision.candidates)
    return name


def put(
    ledger: Ledger,
    view: Scene,
    name: str,
    doc: Mapping[str, Any],
    candidates: Sequence[str],
    what: str = "ask",
) -> None:
    """Keep a question and send it."""
    now = ledger.clock.now()
    asked = Asked(name, view.to, view.person.id, now, now + OPEN_FOR, doc)
    for old in ledger.questions.ask(asked):
        slot = f"ask/{old.id}"
        ledger.notify(
            Notice(
                old.to,
                Kind.ASK,
                "dropped",
                f"{slot}/dropped",
                now,
                {},
                view.language,
                Loud.CARD,
                slot=slot,
            )
        )
    facts = {
        "question": name,
        "why": doc["why"],
        "asked": doc["asked"],
        "order": doc["order"],
        "node": doc["node"],
        "quantity": next((u.get("quantity") for u in doc["pending"]), None),
        "op": next((u.get("op") for u in doc["pending"]), ""),
        "said": doc.get("said", ""),
        "candidates": list(candidates),
        "options": [{"key": o["key"], "facts": o["facts"]} for o in doc["options"]],
        "person": view.person.id,
        "rows": doc.get("rows", []),
        "unsaid": doc.get("unsaid", []),
    }
    ledger.notify(
        Notice(
            view.to,
            Kind.ASK,
            what,
            f"ask/{name}",
            now,
            facts,
            view.language,
            Loud.TOAST,
            view.person.id,
            reply_to=view.answer_to,
            slot=f"ask/{name}",
        )
    )


def update_from(facts: Mapping[str, Any]) -> Update:
    """An update from its plain data."""
    return Update(**facts)


def plain(update: Update) -> dict[str, Any]:
    """All fields of an update, for keeping."""
    return dict(update.facts())
