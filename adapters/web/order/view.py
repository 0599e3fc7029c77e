"""One order as staff see it: facts, plan against what happened, who said what when, and what may be
done about it.
"""

from dataclasses import dataclass
from datetime import datetime

from adapters.web.access.visitor import Visitor
from adapters.web.order.drawing import Drawing, drawn
from adapters.web.order.port import Record
from adapters.web.order.timeline import Entry, Raised, Shot, raised, timeline
from adapters.web.orders import state_of
from adapters.web.supplier.port import Due
from adapters.web.supplier.view import Line as Owed
from adapters.web.supplier.view import line
from adapters.web.words import Words
from domain.needs import NeedState
from domain.node import Node
from domain.order import Order
from domain.person import SYSTEM, Deed
from domain.plan import forecast
from domain.sight import masked_name


@dataclass(frozen=True, slots=True)
class Line:
    """One node: plan against what happened."""

    name: str
    status: str
    icon: str
    word: str
    amount: str
    plan: str
    real: str
    late: bool
    remark: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The whole page."""

    order_no: str
    product: str
    pieces: str
    customer: str
    customer_id: str
    placed: str
    promised: str
    due: str
    forecast: str
    word: str
    late: bool
    badge: str
    state: str
    note: str
    priority: str
    labels: tuple[str, ...]
    lines: tuple[Line, ...]
    drawing: Drawing
    entries: tuple[Entry, ...]
    shots: tuple[Shot, ...]
    alerts: tuple[Raised, ...]
    follows: bool | None
    followers: tuple[str, ...]
    may_label: bool
    needs: tuple[tuple[str, Owed], ...]


def facts(record: Record, words: Words, visitor: Visitor) -> Facts:
    """The page of one order for somebody who may see it. Who may not see private data gets the
    customer's name masked and no remark.
    """
    order, calendar = record.order, words.house.calendar
    finish = forecast(order, words.house.now(), calendar)
    entries = timeline(record, words)
    nobody = visitor.person.id == SYSTEM.id
    return Facts(
        order_no=order.order_no,
        product=order.product,
        pieces=words.pieces(order),
        customer=_customer(record, visitor),
        customer_id=order.customer if visitor.private else "",
        placed=words.date(order.placed) if order.placed else "",
        promised=words.date(order.promises[0].due),
        due=words.date(order.due),
        forecast=words.day(finish),
        word=words.promise(order, finish),
        late=order.open and finish > calendar.closing(order.due),
        badge=words.badge(order),
        state=state_of(order),
        note=order.note if visitor.private else "",
        priority=order.priority,
        labels=order.labels,
        lines=tuple(_line(order, node, words) for node in order.in_order()),
        drawing=drawn(order, record.history, words),
        entries=entries,
        shots=tuple(s for e in entries if not e.undone for s in e.shots),
        alerts=raised(record, words),
        follows=None if nobody else order.follows(visitor.person.id, ""),
        followers=_followers(record),
        may_label=visitor.may(Deed.FOLLOW_ANY),
        needs=_needs(record, words),
    )


def _needs(record: Record, words: Words) -> tuple[tuple[str, Owed], ...]:
    """What suppliers owe the order, each with its supplier's name; what is still to come first."""
    order = record.order
    kept = [n for n in order.needs.values() if n.state is not NeedState.CANCELLED]
    kept.sort(key=lambda n: (not n.open, n.promised or n.needed_by, n.id))
    found = []
    for need in kept:
        due = Due(order.order_no, need, order.route.node(need.node), order.nodes[need.node])
        who = record.people.get(need.supplier)
        found.append((who.name if who else need.supplier, line(due, words, "")))
    return tuple(found)


def _customer(record: Record, visitor: Visitor) -> str:
    person = record.people.get(record.order.customer)
    name = person.name if person is not None else record.order.customer
    return name if visitor.private else masked_name(name)


def _followers(record: Record) -> tuple[str, ...]:
    """The staff who hear of it; customers always do."""
    order = record.order
    ids = sorted({who for who, _ in order.followers if who != order.customer})
    return tuple(record.people[who].name for who in ids if who in record.people)


def _line(order: Order, node: Node, words: Words) -> Line:
    late_since = node.finished_at or words.house.now()
    begun_late = bool(node.planned_finish and late_since > node.planned_finish)
    return Line(
        name=order.route.node(node.key).called(words.language),
        status=node.status.value,
        icon=words.icon(node.status),
        word=words.status(node.status),
        amount=_amount(order, node, words),
        plan=_span(node.planned_start, node.planned_finish, words),
        real=_span(node.started_at, node.finished_at, words),
        late=begun_late and node.started_at is not None,
        remark=_remark(node, words),
    )


def _amount(order: Order, node: Node, words: Words) -> str:
    parts = [f"{node.quantity}/{order.quantity}"] if node.quantity else []
    if node.rework:
        parts.append(words("page.rework", n=node.rework))
    if node.scrap:
        parts.append(words("page.scrap", n=node.scrap))
    return " · ".join(parts)


def _span(start: datetime | None, end: datetime | None, words: Words) -> str:
    if start is None:
        return words.date(end) if end else ""
    if end is None:
        return f"{words.date(start)} –"
    if start == end:
        return words.date(end)
    same_day = words.day(start) == words.day(end)
    return f"{words.date(start)} – {words.clock(end) if same_day else words.date(end)}"


def _remark(node: Node, words: Words) -> str:
    if node.held:
        return " · ".join(p for p in (words.reason(node.reason), node.reason_text) if p)
    if node.awaiting:
        known = ("photo", "first_article", "customer")
        return " · ".join(
            words(f"page.await_{what if what in known else 'person'}") for what in node.awaiting
        )
    return node.tracking
