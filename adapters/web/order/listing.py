"""All orders that somebody may see, the most urgent first: searched, and narrowed to a state or a
label.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.web.access.visitor import Visitor
from adapters.web.board import urgency
from adapters.web.words import Words
from domain.insight_flow import in_trouble
from domain.insight_life import Life
from domain.node import Status
from domain.order import Order
from domain.plan import forecast
from domain.ports import Reader
from domain.sight import masked_name

STATES = ("open", "late", "confirm", "ended")
ENDED = 100
"""Orders that are over, at most."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for."""

    text: str = ""
    state: str = "open"
    label: str = ""

    def takes(self, order: Order) -> bool:
        """Whether text and label let an order through."""
        text = self.text.casefold()
        known = text in order.order_no.casefold() or text in order.product.casefold()
        return known and (not self.label or self.label in order.labels)


@dataclass(frozen=True, slots=True)
class Row:
    """One order in the list."""

    order_no: str
    product: str
    pieces: str
    customer: str
    status: str
    icon: str
    where: str
    due: str
    word: str
    late: bool
    badge: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """The list, and the labels and counts that the filters offer."""

    wanted: Wanted
    rows: tuple[Row, ...]
    labels: tuple[str, ...]
    counts: tuple[tuple[str, int | None], ...]


def listing(
    reader: Reader, ended: Sequence[Order], wanted: Wanted, words: Words, visitor: Visitor
) -> Listing:
    """The list of what a visitor may see."""
    now, calendar = words.house.now(), words.house.calendar
    running = [o for o in reader.open_orders() if visitor.sees(o)]
    over = [o for o in ended if visitor.sees(o)]
    groups = {
        "open": running,
        "late": [o for o in running if in_trouble(Life(o), now, calendar)],
        "confirm": [o for o in running if _waits(o)],
        "ended": over,
    }
    found = [o for o in groups[wanted.state] if wanted.takes(o)]
    if wanted.state != "ended":
        found.sort(key=lambda o: urgency(o, words, now))
    labels = sorted({label for o in (*running, *over) for label in o.labels})
    return Listing(
        wanted,
        tuple(_row(reader, o, words, now, visitor) for o in found),
        tuple(labels),
        tuple((s, None if s == "ended" else len(groups[s])) for s in STATES),
    )


def _waits(order: Order) -> bool:
    return any(n.status is Status.TO_CONFIRM for n in order.nodes.values())


def _row(reader: Reader, order: Order, words: Words, now: datetime, visitor: Visitor) -> Row:
    finish = forecast(order, now, words.house.calendar)
    person = reader.person(order.customer) if order.customer else None
    name = person.name if person is not None else ""
    status, where = _place(order, words)
    return Row(
        order_no=order.order_no,
        product=order.product,
        pieces=words.pieces(order),
        customer=name if visitor.private else masked_name(name),
        status=status.value,
        icon=words.icon(status),
        where=where,
        due=words.date(order.due),
        word=words("page.state_cancelled") if order.cancelled else words.promise(order, finish),
        late=order.open and finish > words.house.calendar.closing(order.due),
        badge=words.short_badge(order),
        labels=tuple(
            dict.fromkeys((*((order.priority,) if order.priority else ()), *order.labels))
        ),
    )


def _place(order: Order, words: Words) -> tuple[Status, str]:
    """Where an order stands: the gravest of its current nodes, and their names."""
    if not order.open:
        return Status.DONE, words("page.state_finished")
    nodes = order.current()
    order_of = (Status.DELAYED, Status.TO_CONFIRM, Status.IN_PROGRESS, Status.PENDING, Status.DONE)
    worst = min((n.status for n in nodes), key=order_of.index, default=Status.PENDING)
    return worst, _joined(order.route.node(n.key).called(words.language) for n in nodes)


def _joined(names: Iterable[str]) -> str:
    return " · ".join(names)
