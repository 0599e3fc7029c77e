"""The cards that go with messages: what is on them is gathered and worded here, drawn in
bot/pictures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.pictures.cards import ProgressCard, Step, draw_progress
from bot.pictures.digest import DigestCard, DigestSection, draw_digest
from bot.pictures.ticket import Ticket, TicketWords
from bot.wording.phrases import Phrases
from domain.node import Node, Status
from domain.order import Order, Photo
from domain.plan import forecast

_WEIGHT = (Status.DELAYED, Status.TO_CONFIRM, Status.IN_PROGRESS)


def stage_status(nodes: list[Node]) -> Status:
    """The state of a customer-facing stage: its most urgent node, done when all are, begun when any
    is.
    """
    states = {n.status for n in nodes}
    for wanted in _WEIGHT:
        if wanted in states:
            return wanted
    if states == {Status.DONE}:
        return Status.DONE
    return Status.IN_PROGRESS if Status.DONE in states else Status.PENDING


def progress_card(
    p: Phrases, order: Order, photos: tuple[bytes, ...], factory: str, *, customer: bool
) -> ProgressCard:
    """The progress card of an order: stages for a customer, every node for the factory."""
    steps = _stages(p, order) if customer else _nodes(p, order)
    finish = forecast(order, p.now, p.calendar)
    day = p.calendar.day(finish)
    facts = [
        (p.say("sheet.quantity"), p.pieces(order)),
        (p.say("sheet.due"), p.date(order.due)),
        (p.say("sheet.forecast"), p.date(day)),
    ]
    at = p.date(p.now)
    return ProgressCard(
        title=f"{order.order_no} {order.product}",
        focal=p.ships(order) if order.finished else p.say("due.focal", date=p.date(day)),
        subtitle="" if order.finished else p.promise(order, finish),
        badge="" if customer else p.badge(order),
        steps=tuple(steps),
        facts=tuple(facts),
        photos=photos,
        footer=f"{factory} · {at}",
        language=p.language,
    )


def _nodes(p: Phrases, order: Order) -> list[Step]:
    return [
        Step(
            p.node(order, n.key),
            n.status.value,
            p.say(f"status.{n.status.value}"),
            p.amount(order, n).strip(),
        )
        for n in order.in_order()
    ]


def _stages(p: Phrases, order: Order) -> list[Step]:
    steps = []
    for stage in order.route.shown_stages():
        nodes = [
            order.nodes[n.key] for n in order.route.nodes if order.route.stage_of(n) == stage.key
        ]
        if nodes:
            state = stage_status(nodes)
            steps.append(
                Step(stage.called(p.language), state.value, p.say(f"status.{state.value}"))
            )
    return steps


def newest_photos(
    order: Order, node: str = "", count: int = 3, *, shown: bool = False
) -> list[Photo]:
    """The newest pictures of an order, or of one node; `shown` leaves out what customers may not
    see.
    """
    found = [x for x in order.photos if x.kind == "photo" and node in ("", x.node)]
    if shown:
        found = [x for x in found if not x.node or order.route.node(x.node).customer_visible]
    return found[-count:]


def digest_card(p: Phrases, facts: Mapping[str, Any], factory: str) -> ProgressCard | DigestCard:
    """The digest as a card; its parts are worded already."""
    sections = tuple(
        DigestSection(state, title, tuple(lines)) for state, title, lines in facts["sections"]
    )
    return DigestCard(facts["title"], facts["subtitle"], sections, factory, p.language)


@dataclass(frozen=True, slots=True)
class Draw:
    """The act of drawing a card, for a thread of its own. Equal cards are equal drawings."""

    card: ProgressCard | DigestCard
    theme: str = "light"

    def __call__(self) -> bytes:
        """The PNG."""
        if isinstance(self.card, DigestCard):
            return draw_digest(self.card, self.theme)
        return draw_progress(self.card, self.theme)


def ticket_of(p: Phrases, order: Order, url: str, factory: str, node: str = "") -> Ticket:
    """The work ticket of an order, or of one node of it."""
    words = TicketWords(
        p.say("ticket.quantity"), p.say("ticket.due"), p.say("ticket.route"), p.say("ticket.scan")
    )
    lines = (p.node(order, node),) if node else ()
    return Ticket(
        order.order_no,
        order.product,
        p.pieces(order),
        p.date(order.due),
        tuple(p.node(order, n.key) for n in order.in_order()),
        url,
        factory,
        words,
        lines,
    )
