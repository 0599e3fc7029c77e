"""One order as staff see it: facts, plan against what happened, and who said what when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.web.board import happened
from adapters.web.orders import state_of
from adapters.web.words import Words
from domain.events import Event, ReportUndone
from domain.node import Node
from domain.order import Order
from domain.plan import forecast
from domain.ports import Reader


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
class Entry:
    """One line of the history. Undone ones stay, struck through."""

    at: str
    who: str
    node: str
    what: str
    undone: bool
    source: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo with its caption."""

    url: str
    thumb: str
    caption: str


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
    lines: tuple[Line, ...]
    entries: tuple[Entry, ...]
    pictures: tuple[Picture, ...]


def gather(reader: Reader, number: str, words: Words) -> Facts | None:
    """The page of one order; None if there is none of that number."""
    order = reader.order(number)
    if order is None:
        return None
    calendar = words.house.calendar
    finish = forecast(order, words.house.now(), calendar)
    customer = reader.person(order.customer)
    return Facts(
        order_no=order.order_no,
        product=order.product,
        pieces=words.pieces(order),
        customer=customer.name if customer else order.customer,
        customer_id=order.customer,
        placed=words.date(order.placed) if order.placed else "",
        promised=words.date(order.promises[0].due),
        due=words.date(order.due),
        forecast=words.day(finish),
        word=words.promise(order, finish),
        late=order.open and finish > calendar.closing(order.due),
        badge=words.badge(order),
        state=state_of(order),
        note=order.note,
        lines=tuple(_line(order, node, words) for node in order.in_order()),
        entries=_entries(reader, order, words),
        pictures=tuple(_pictures(order, words)),
    )


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


def _entries(reader: Reader, order: Order, words: Words) -> tuple[Entry, ...]:
    history: Sequence[Event] = reader.history(order.order_no)
    gone = {s for e in history if isinstance(e.fact, ReportUndone) for s in e.fact.undone}
    return tuple(_entry(reader, order, e, e.seq in gone, words) for e in reversed(history))


def _entry(reader: Reader, order: Order, event: Event, undone: bool, words: Words) -> Entry:
    person = reader.person(event.by)
    name = person.name if person else words("page.system")
    return Entry(
        at=words.date(event.recorded_at),
        who=words("page.on_behalf", who=name) if event.on_behalf else name,
        node=order.route.node(event.node).called(words.language) if event.node else "",
        what=happened(event, words),
        undone=undone,
        source=event.source.platform if event.source else "",
    )


def _pictures(order: Order, words: Words) -> list[Picture]:
    url = words.house.photo_url
    out = []
    for photo in reversed(order.photos):
        name = order.route.node(photo.node).called(words.language) if photo.node else ""
        caption = " · ".join(p for p in (name, words.date(photo.at)) if p)
        number = order.order_no
        out.append(Picture(url(number, photo.id), url(number, photo.id, thumb=True), caption))
    return out
