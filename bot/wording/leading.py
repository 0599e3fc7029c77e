"""What those who lead hear: a problem with its reason and outlook, who took it, the customer's
draft.
"""

from datetime import date

from adapters.chat.port import Button, Reply
from bot.wording.phrases import Phrases
from domain.notice import Kind, Notice


def word(p: Phrases, notice: Notice) -> Reply:
    """The reply for an escalation's notice."""
    facts = notice.facts
    order = p.reader.order(str(facts["order"]))
    if order is None:
        return Reply(Kind.ESCALATION.value, str(facts["order"]))
    node = p.node(order, str(facts.get("node", "")))
    shared = {"order": order.order_no, "node": node}
    match notice.what:
        case "problem":
            return _problem(p, notice)
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
            )
            left = (
                (Button(f"resolve:{facts['alert']}", p.say("button.resolve")),)
                if notice.what == "acknowledged"
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
        "escalation.problem",
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
    if not facts["reason"]:
        lines.append(p.say("escalation.ask_reason"))
    button = Button(f"ack:{facts['alert']}", p.say("button.ack"), "primary")
    text = "\n".join(line for line in lines if line.strip())
    return Reply(Kind.ESCALATION.value, text, buttons=(button,))


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
    name = str(notice.causes[0]) if notice.causes else ""
    return Reply(
        Kind.ESCALATION.value,
        p.say("escalation.draft", customer=customer.name if customer else "", text=text),
        buttons=(
            Button(f"send:{name}:{due}", p.say("button.send"), "primary"),
            Button(f"drop:{name}:{due}", p.say("button.drop")),
        ),
    )


def _day(text: str) -> date:
    return date.fromisoformat(text)
