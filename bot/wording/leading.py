"""What those who lead hear: a problem with its reason and outlook, who took it, the customer's
draft.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from adapters.chat.port import Button, Reply
from bot.wording.phrases import Phrases
from domain.notice import Kind, Notice
from domain.order import Order


def word(p: Phrases, notices: Sequence[Notice]) -> Reply:
    """The reply for an escalation's notice, or for several of a bundle."""
    if len(notices) > 1:
        return _several(p, notices)
    notice = notices[0]
    facts = notice.facts
    order = p.reader.order(str(facts["order"]))
    if order is None:
        return Reply(Kind.ESCALATION.value, str(facts["order"]))
    node = p.node(order, str(facts.get("node", "")))
    shared = {"order": order.order_no, "node": node}
    match notice.what:
        case "problem" | "red" | "orange" | "problem-still" | "red-still" | "orange-still":
            return _problem(p, notice)
        case "draft-waiting":
            name = _name(p, order.customer)
            text = p.say("escalation.draft-waiting", **shared, customer=name)
            return Reply(Kind.ESCALATION.value, text)
        case "draft":
            return _draft(p, notice)
        case "draft-taken":
            key = "escalation.draft_sent" if facts["sent"] else "escalation.draft_dropped"
            who, due = p.who(str(facts["by"])), p.date(str(facts["due"]))
            return Reply(Kind.ESCALATION.value, p.say(key, **shared, who=who, due=due))
        case "withdrawn":
            text = p.say("escalation.withdrawn", **shared, who=p.who(str(facts["by"])))
            return Reply(Kind.ESCALATION.value, text)
        case "draft-void":
            return Reply(Kind.ESCALATION.value, p.say("escalation.draft-void", **shared))
        case "settled":
            return Reply(
                Kind.ESCALATION.value, p.say("escalation.settled", **shared, ships=p.ships(order))
            )
        case _:
            text = p.say(
                f"escalation.{notice.what}",
                **shared,
                who=p.who(str(facts["by"])),
                time=p.clock(str(facts["at"])),
                to=p.who(str(facts.get("to", ""))),
                until=p.clock(str(facts["until"])) if facts.get("until") else "",
                answer=facts.get("answer", ""),
            )
            left = (
                (Button(f"resolve:{facts['alert']}", p.say("button.resolve")),)
                if notice.what in ("acknowledged", "silenced", "handed")
                else ()
            )
            return Reply(Kind.ESCALATION.value, text, buttons=left)


def _problem(p: Phrases, notice: Notice) -> Reply:
    facts = notice.facts
    order = p.reader.order(str(facts["order"]))
    assert order is not None
    what = p.reason(str(facts["reason"]))
    if facts.get("rework"):
        what = f"{what} · {p.say('escalation.rework', n=facts['rework'])}"
    until = p.say("answer.until", date=p.date(str(facts["until"]))) if facts["until"] else ""
    badge = p.badge(order)
    lines = p.say(
        "escalation.level" if facts["by"] == "system" else "escalation.problem",
        order=order.order_no,
        product=order.product,
        pieces=p.pieces(order),
        node=p.node(order, str(facts["node"])),
        what=what,
        until=until,
        text=facts["text"],
        by=p.who(str(facts["by"])),
        ships=p.ships(order),
        badge=f" · {badge}" if badge else "",
    ).splitlines()
    lines = [*_head(p, notice), *lines, *_together(p, facts), *_asks(p, notice, order)]
    lines = [line for line in lines if line.strip()]
    return Reply(
        Kind.ESCALATION.value,
        "\n".join(lines),
        title=lines[0] if "@" not in lines[0] else "",  # a header can mention nobody
        state="delayed",
        buttons=_ways(p, notice, order),
        mention=mentioned(p, facts),
    )


def _several(p: Phrases, notices: Sequence[Notice]) -> Reply:
    """What is still open, a line each, each with the button that takes it."""
    first, lines, buttons = notices[0], [], []
    for notice in notices:
        order = p.reader.order(str(notice.facts["order"]))
        if order is None:
            continue
        place = f"{order.order_no} {p.node(order, str(notice.facts['node']))}"
        lines.append(
            p.say("escalation.line", place=place, badge=p.badge(order), ships=p.ships(order))
        )
        name = str(notice.facts["alert"])
        label = p.say("button.ack_one", order=order.order_no)
        buttons.append(Button(f"ack:{name}", label))
    mention = mentioned(p, first.facts)
    head = p.say("escalation.open", names=" ".join(f"@{n}" for n, _ in mention), n=len(lines))
    text = "\n".join([head.strip(), *lines])
    return Reply(Kind.ESCALATION.value, text, buttons=tuple(buttons[:6]), mention=mention)


def _head(p: Phrases, notice: Notice) -> list[str]:
    """Whom it concerns, and that it was said before."""
    facts = notice.facts
    names = " ".join(f"@{name}" for name, _ in mentioned(p, facts))
    if not notice.what.endswith("-still"):
        return [names]
    return [p.say("escalation.still", names=names, time=p.clock(str(facts["since"]))).strip()]


def mentioned(p: Phrases, facts: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Names and ids of those whom a message calls."""
    return tuple((p.who(str(w)), str(w)) for w in facts.get("mention", ()))


def _together(p: Phrases, facts: Mapping[str, Any]) -> list[str]:
    """Other orders with the same trouble, told in the same message."""
    others = [a for a in p.reader.alerts_told_as(str(facts["alert"])) if a.state.value == "open"]
    rows = []
    for alert in others:
        order = p.reader.order(alert.order_no)
        if order is not None and alert.order_no != facts["order"]:
            rows.append(
                p.say("escalation.also", order=alert.order_no, node=p.node(order, alert.node))
            )
    return [p.say("escalation.together", n=len(rows)), *rows] if rows else []


def _asks(p: Phrases, notice: Notice, order: Order) -> list[str]:
    """What those who lead are asked for."""
    facts, rows = notice.facts, []
    if not facts["reason"] and facts.get("kind", "problem") == "problem":
        rows.append(p.say("escalation.ask_reason"))
    if order.level in ("orange", "red"):
        rows.append(p.say(f"escalation.ask_{order.level}"))
    return rows


def _ways(p: Phrases, notice: Notice, order: Order) -> tuple[Button, ...]:
    """Take it, silence it, or go another way where a key node is held."""
    name = str(notice.facts["alert"])
    buttons = [
        Button(f"ack:{name}", p.say("button.ack"), "primary"),
        Button(f"mute1:{name}", p.say("button.mute")),
    ]
    node = order.nodes.get(str(notice.facts["node"]))
    if node is not None and node.held:
        spec = order.route.node(node.key)
        ways = spec.alternatives if spec.core or spec.milestone or spec.alternatives else ()
        buttons += [
            Button(f"alt:{name}:{n}", p.say("button.alternative", name=way))
            for n, way in enumerate(ways[:2])
        ]
    theirs = [str(who) for who in notice.facts.get("theirs", ())][:1]
    buttons += [
        Button(f"hand:{name}:{who}", p.say("button.hand", name=p.who(who))) for who in theirs
    ]
    return tuple(buttons)


def remind(p: Phrases, notices: Sequence[Notice]) -> Reply:
    """Nodes of which nothing is heard, and orders that begin to slip: a line each."""
    first = notices[0]
    lines = []
    people: dict[str, str] = {}
    for notice in notices:
        order = p.reader.order(str(notice.facts["order"]))
        if order is None:
            continue
        calls = mentioned(p, notice.facts)
        people |= {who: name for name, who in calls}
        key = str(notice.facts["node"])
        plan = order.nodes[key].planned_finish if key in order.nodes else None
        lines.append(
            p.say(
                f"reminder.{notice.what}",
                order=order.order_no,
                product=order.product,
                node=p.node(order, key),
                plan=p.date(plan) if plan else "",
                ships=p.ships(order),
                badge=p.badge(order),
                names=" ".join(f"@{name}" for name, _ in calls),
            ).strip()
        )
    mention = tuple((name, who) for who, name in people.items())
    return Reply(first.kind.value, "\n".join(lines), mention=mention)


def _name(p: Phrases, who: str) -> str:
    return p.who(who) if who else ""


def _draft(p: Phrases, notice: Notice) -> Reply:
    """What the customer would read, in the customer's language, with the tap that sends it."""
    facts = notice.facts
    order = p.reader.order(str(facts["order"]))
    assert order is not None
    customer = p.reader.person(str(facts["customer"]))
    theirs = Phrases(customer.language if customer else p.language, p.reader, p.calendar, p.now)
    before, due = str(facts["before"]), str(facts["due"])
    days = p.calendar.workdays_between(_day(before), _day(due))
    text = theirs.say(
        "push.due-changed",
        order=order.order_no,
        before=theirs.date(before),
        due=theirs.date(due),
        reason=theirs.reason_out(str(facts["reason"])),
        word=theirs.say("due.late_short", n=abs(days)),
    )
    name = str(facts.get("draft", "")) or (str(notice.causes[0]) if notice.causes else "")
    return Reply(
        Kind.ESCALATION.value,
        p.say("escalation.draft", customer=customer.name if customer else "", text=text),
        buttons=(
            Button(f"send:{name}:{due}", p.say("button.send"), "primary"),
            *(
                [Button(f"offer:{name}:{due}", p.say("button.offer"))]
                if any(str(c).startswith("split") for c in facts.get("offer", ()))
                else []
            ),
            Button(f"drop:{name}:{due}", p.say("button.drop")),
        ),
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)
