"""Questions in words: what is missing, the answers as buttons and as numbers, and what was chosen
in the end.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.chat.port import Button, Reply
from bot.wording.phrases import Phrases
from bot.wording.speak import has, joined
from domain.notice import Kind, Notice
from domain.order import Order
from domain.person import Role


def word(p: Phrases, notice: Notice) -> Reply:
    """The reply for a question's notice."""
    facts = notice.facts
    if notice.what == "answered":
        answer = label(p, str(facts["key"]), facts["option"])
        text = p.say("ask.chosen", answer=answer, who=p.who(str(facts["person"])))
        return Reply(Kind.ASK.value, text)
    if notice.what == "dropped":
        return Reply(Kind.ASK.value, p.say("ask.dropped"))
    if notice.what == "confirm":
        return _confirm(p, facts)
    name = str(facts["question"])
    buttons = tuple(
        Button(f"q:{name}:{n}", label(p, o["key"], o["facts"]), "primary" if n == 0 else "")
        for n, o in enumerate(facts["options"])
    )
    text = _entry(p, facts) if notice.what == "entry" else _question(p, facts)
    return Reply(
        Kind.ASK.value,
        text,
        buttons=buttons,
        reply_to=notice.reply_to,
        mention=((p.who(str(facts["person"])), str(facts["person"])),),
    )


def label(p: Phrases, key: str, facts: Mapping[str, Any]) -> str:
    """What an option is called."""
    order = p.reader.order(str(facts.get("order", ""))) if facts.get("order") else None
    name = p.node(order, str(facts.get("node", ""))) if order else ""
    return p.say(key, **{**facts, "name": name})


def _confirm(p: Phrases, facts: Mapping[str, Any]) -> Reply:
    order = p.reader.order(str(facts["order"]))
    node = p.node(order, str(facts["node"])) if order else ""
    text = f"：{facts['text']}" if facts.get("text") else ""
    key = "ask.confirm_customer" if facts.get("customer") else "ask.confirm_staff"
    button = Button(f"confirm:{facts['order']}/{facts['node']}", p.say("button.confirm"), "primary")
    shown = p.say(key, order=facts["order"], node=node, text=text)
    return Reply(Kind.ASK.value, shown, buttons=(button,))


def _question(p: Phrases, facts: Mapping[str, Any]) -> str:
    order = p.reader.order(str(facts["order"])) if facts["order"] else None
    why = str(facts["why"])
    node = p.node(order, str(facts["node"])) if order else ""
    shared = {"order": facts["order"], "node": node, "quantity": facts.get("quantity") or ""}
    first: Mapping[str, Any] = facts["options"][0]["facts"] if facts["options"] else {}
    match why:
        case "earlier-open" if order is not None and "nodes" in first:
            return p.say("ask.earlier-open", **shared, earlier=p.nodes(order, first["nodes"]))
        case "over-quantity" if order is not None:
            return p.say("ask.over-quantity", **shared, total=order.quantity)
        case "not-your-node":
            return p.say("ask.not-your-node", **shared, owners=_owners(p, str(facts["node"])))
        case "owner":
            return p.say(
                "ask.owner",
                **shared,
                owner=p.who(str(facts["person"])),
                said=facts["said"],
                word=_report(p, facts),
            )
        case "range":
            return p.say("ask.range", orders=joined(p.language, list(facts["candidates"])))
    return _missing(p, facts, order, shared)


def _missing(
    p: Phrases, facts: Mapping[str, Any], order: Order | None, shared: Mapping[str, Any]
) -> str:
    match facts["asked"]:
        case "order":
            if str(facts["why"]) in ("unknown-order", "suffix"):
                return p.say(f"ask.unknown-order{'' if facts['candidates'] else '-none'}")
            return p.say("ask.order")
        case "node" if order is not None:
            now = p.nodes(order, [n.key for n in order.current()])
            return p.say("ask.node_now" if now else "ask.node", **shared, now=now)
        case "quantity" if order is not None:
            return p.say("ask.total", **shared)
        case _ if facts["order"]:
            op = str(facts.get("op", ""))
            key = f"ask.{op}" if op in ("undo", "move") else "ask.confirm"
            return p.say(key, **shared, word=_report(p, facts))
        case _:
            return p.say("ask.plain")


def _report(p: Phrases, facts: Mapping[str, Any]) -> str:
    op = str(facts.get("op", "")) or "none"
    count = facts.get("quantity")
    if op == "progress" and count is None:
        op = "some"
    key = f"ask.report_{op}"
    return p.say(key, n=count) if has(key) else ""


def _owners(p: Phrases, node: str) -> str:
    names = [x.name for x in p.reader.people() if x.role is Role.OPERATOR and node in x.nodes]
    return joined(p.language, names) or p.say("answer.owner_none")


def _entry(p: Phrases, facts: Mapping[str, Any]) -> str:
    """New orders as a plain table to confirm."""
    rows = [" · ".join(_cells(p, row)) for row in facts["rows"]]
    return "\n".join([p.say("ask.entry", n=len(rows)), *rows, *unsaid(p, facts["unsaid"])])


def _cells(p: Phrases, row: Sequence[str]) -> list[str]:
    """What a line says, and last what to look at before it is confirmed."""
    number, customer, product, quantity, due, *marks = row
    shown = [number, customer, product, p.say("unit.pieces", n=int(quantity))]
    cells = [c for c in [*shown, p.date(due) if due else ""] if c]
    if marks:
        said = joined(p.language, [reason(p, code) for code in marks])
        cells[-1] = p.say("line.marked", text=cells[-1], marks=said)
    return cells


def reason(p: Phrases, code: str) -> str:
    """What a code on a line means."""
    return p.say(f"line.{code}" if has(f"line.{code}") else "line.other")


def unsaid(p: Phrases, rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines that were not taken, each with its reason."""
    if not rows:
        return []
    out = [p.say("ask.entry_bad")]
    for row, order, code in rows:
        out.append(p.say("ask.row", row=row, order=order, why=reason(p, code)))
    return out
