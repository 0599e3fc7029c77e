"""The digest's rows: a decision with its question, what waits, what is silent, what a team owes."""

from collections.abc import Mapping
from typing import Any

from bot.wording.phrases import Phrases
from bot.wording.speak import has
from domain.alert import AlertState
from domain.node import Node
from domain.order import Order
from domain.plan import forecast

PRODUCT = 12
"""Characters of a product's name."""
Row = Mapping[str, Any]


def taken_by(p: Phrases, row: Row) -> str:
    """Who has taken a decision's alarm since; `-` if it is over, empty if nobody has."""
    name = str(row.get("alert", ""))
    alerts = p.reader.alerts_told_as(name) if name else ()
    if not alerts or any(a.state is AlertState.OPEN for a in alerts):
        return ""
    alive = [a for a in alerts if a.state is not AlertState.RESOLVED]
    return (alive[0].owner or alive[0].taken_by) if alive else "-"


def decision_line(p: Phrases, number: int, row: Row, room: int) -> str:
    """What is to be decided, with its new date and one question; `room` characters of a reason."""
    order = p.reader.order(row["order"])
    if order is None:
        return f"{number}. {row['order']}"
    node = order.nodes[row["node"]]
    finish = forecast(order, p.now, p.calendar)
    until = p.say("answer.until", date=p.date(node.until)) if node.until else ""
    return p.say(
        "meeting.decide",
        n=str(number),
        order=order.order_no,
        product=shortened(order.product, PRODUCT),
        pieces=p.pieces(order),
        node=p.node(order, node.key),
        what=_what(p, order, node, row),
        text=_reason(p, node, room),
        until=until,
        date=p.date(p.calendar.day(finish)),
        late=p.promise(order, finish, short=True),
        ask=_ask(p, row),
    ).strip()


def _what(p: Phrases, order: Order, node: Node, row: Row) -> str:
    if node.held:
        return p.reason(node.reason)
    badge = p.badge(order)
    return badge if badge and row.get("ask") in ("orange", "red") else p.say("meeting.back")


def _reason(p: Phrases, node: Node, room: int) -> str:
    if not (node.held and node.reason_text and room):
        return ""
    return p.say("meeting.text", text=shortened(node.reason_text, room))


def _ask(p: Phrases, row: Row) -> str:
    """The one question, or who sees to it by now."""
    taken = taken_by(p, row)
    if taken:
        return p.say("meeting.taken", who=p.who(taken)) if taken != "-" else ""
    key = f"meeting_ask.{row.get('ask', 'none')}"
    ask = p.say(key if has(key) else "meeting_ask.other")
    who = str(row.get("who", ""))
    return p.say("meeting.asked", who=p.who(who), ask=ask) if who else ask


def shortened(text: str, room: int) -> str:
    """So many characters of a text at most."""
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def waiting_place(p: Phrases, row: Row) -> str:
    """A node that waits: for whom and how many working days, or with whom."""
    if row.get("who"):
        whom = p.say("meeting.following", who=p.who(row["who"]))
    else:
        key = f"role.{row['whom']}"
        whom = p.say(key) if has(key) else p.say("event.PhotoAttached")
        if row.get("days"):
            whom = p.say("meeting.waited", whom=whom, n=row["days"])
    order = p.reader.order(row["order"])
    name = p.node(order, row["node"]) if order else ""
    return p.say("digest.wait_line", order=row["order"], node=name, whom=whom)


def stale_place(p: Phrases, row: Row) -> str:
    """A silent node and whose it is."""
    who = p.say("meeting.text", text=p.who(row["who"])) if row.get("who") else ""
    return place(p, row) + who


def team_line(p: Phrases, row: Row, most: int) -> str:
    """A team that is called like its work says it once: `接单确认：A102 · A104`."""
    team, jobs = str(row["team"]), []
    names: set[str] = set()
    for job in row["jobs"][:most]:
        order = p.reader.order(job["order"])
        spec = order.route.node(job["node"]) if order else None
        if spec is not None and team in (spec.name, spec.called(p.language)):
            names.add(spec.called(p.language))
            jobs.append(str(job["order"]) + _amount(p, job))
        else:
            jobs.append(place(p, job) + _amount(p, job))
    left = len(row["jobs"][most:]) + row.get("more", 0)
    if left:
        jobs.append(p.say("meeting.more", n=left))
    shown = names.pop() if len(names) == 1 else team
    leads = "/".join(p.who(w) for w in row.get("leads", ()))
    shown = p.say("meeting.lead", team=shown, leads=leads) if leads else shown
    return p.say("digest.team_line", team=shown, jobs=" · ".join(jobs))


def _amount(p: Phrases, job: Row) -> str:
    if job["left"]:
        return p.say("digest.left", n=job["left"])
    return p.say("meeting.amount", n=job["all"]) if job.get("all") else ""


def place(p: Phrases, row: Row) -> str:
    """`A102 裁切`."""
    order = p.reader.order(row["order"])
    name = p.node(order, row["node"]) if order else ""
    return p.say("digest.job", order=row["order"], node=name, more="")
