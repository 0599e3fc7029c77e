"""The board as data: one row an open order, one cell a node, what matters most at the top."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from adapters.web.orders import level_of
from adapters.web.words import Words
from domain.events import REPORTS, Event, NodeDelayed, PhotoAttached, ReportUndone
from domain.node import Node, Status
from domain.order import Order
from domain.plan import Level, forecast
from domain.ports import Reader

ROWS = 12
PINNED = 6
"""Rows of a page, and how many of them troubled orders may hold on every page."""
COLUMNS = 11
"""With more different nodes than this, cells carry their names instead of a common heading."""
LONGEST = 7
"""Signs of an amount in a cell."""
LOOKED_AT = 120
"""Events among which the ticker looks for the last reports."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One node of one order."""

    key: str
    name: str
    status: str
    icon: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One order. `page` counts from 1; 0 is pinned to every page."""

    order_no: str
    product: str
    pieces: str
    cells: tuple[Cell | None, ...]
    due: str
    word: str
    late: bool
    badge: str
    red: bool
    page: int


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on the board at one moment."""

    at: datetime
    clock: str
    open: int
    red: int
    today: int
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    pages: int
    ticker: tuple[str, ...]


def board(reader: Reader, words: Words) -> Board:
    """The board as it stands."""
    house, calendar = words.house, words.house.calendar
    now = house.now()
    orders = sorted(reader.open_orders(), key=lambda o: urgency(o, words, now))
    red = [o.order_no for o in orders if troubled(o, words, now)]
    columns = _columns(orders, words)
    pages, places = _places([o.order_no in red for o in orders])
    rows = tuple(
        _row(order, words, now, columns, order.order_no in red, place)
        for order, place in zip(orders, places, strict=True)
    )
    return Board(
        at=calendar.local(now),
        clock=words.date(now),
        open=len(orders),
        red=len(red),
        today=sum(o.due == calendar.day(now) for o in orders),
        columns=columns,
        rows=rows,
        pages=pages,
        ticker=_ticker(reader, words),
    )


def troubled(order: Order, words: Words, now: datetime) -> bool:
    """Whether an order belongs to the red ones: held somewhere, or far off its promise."""
    held = any(n.held for n in order.nodes.values())
    return held or level_of(order, now, words.house.calendar)[1] is Level.RED


def as_data(found: Board) -> dict[str, Any]:
    """The board for programs, short."""
    return {
        "at": found.at.isoformat(),
        "open": found.open,
        "red": found.red,
        "today": found.today,
        "orders": {
            row.order_no: {c.key: c.status for c in row.cells if c is not None}
            for row in found.rows
        },
    }


def urgency(order: Order, words: Words, now: datetime) -> tuple[bool, float, str]:
    """What to sort by so that the most urgent comes first: trouble, then the least slack."""
    calendar = words.house.calendar
    slack = calendar.between(forecast(order, now, calendar), calendar.closing(order.due))
    return (not troubled(order, words, now), slack, order.order_no)


def _places(red: Sequence[bool]) -> tuple[int, list[int]]:
    """How many pages there are, and the page of each row: red ones on every page, as far as they
    leave room for the others.
    """
    if len(red) <= ROWS:
        return 1, [1] * len(red)
    pinned = min(sum(red), PINNED)
    room, places, others = ROWS - pinned, [], 0
    for n, is_red in enumerate(red):
        if is_red and n < pinned:
            places.append(0)
        else:
            places.append(others // room + 1)
            others += 1
    return places[-1], places


def _columns(orders: Sequence[Order], words: Words) -> tuple[tuple[str, str], ...]:
    """Node keys and names that all orders shown share, in reading order; none if there are too
    many.
    """
    keys: list[str] = []
    names: dict[str, str] = {}
    for order in sorted(orders, key=lambda o: -len(o.route.nodes)):
        place = 0
        for spec in order.route.nodes:
            if spec.key in names:
                place = keys.index(spec.key) + 1
            else:
                keys.insert(place, spec.key)
                place += 1
                names[spec.key] = spec.called(words.language)
    return tuple((k, names[k]) for k in keys) if len(keys) <= COLUMNS else ()


def _row(
    order: Order,
    words: Words,
    now: datetime,
    columns: tuple[tuple[str, str], ...],
    red: bool,
    place: int,
) -> Row:
    finish = forecast(order, now, words.house.calendar)
    word = words.promise(order, finish, short=True)
    keys = [k for k, _ in columns] or list(order.route.keys())
    return Row(
        order_no=order.order_no,
        product=order.product,
        pieces=words.pieces(order),
        cells=tuple(
            _cell(order, order.nodes[k], words) if k in order.nodes else None for k in keys
        ),
        due=words.date(order.due),
        word=word,
        late=finish > words.house.calendar.closing(order.due),
        badge=words.short_badge(order),
        red=red,
        page=place,
    )


def _cell(order: Order, node: Node, words: Words) -> Cell:
    name = order.route.node(node.key).called(words.language)
    status, text = node.status, _amount(order, node, words)
    if status is Status.DELAYED:
        text = _short(node.reason, words)
    elif status is Status.TO_CONFIRM:
        text = words(f"page.await_{_whom(node)}")
    elif status is Status.IN_PROGRESS and not text:
        text = f"{node.share}%" if node.share else words.status(status)
    elif status in (Status.DONE, Status.PENDING):
        text = ""
    title = " ".join(p for p in (name, words.status(status), words.amount(order, node)) if p)
    return Cell(node.key, name, status.value, words.icon(status), text, title)


def _amount(order: Order, node: Node, words: Words) -> str:
    """`50/120`, or `60%` where the figures would not fit a cell."""
    text = words.amount(order, node)
    return text if len(text) <= LONGEST else f"{node.quantity * 100 // order.quantity}%"


def _short(reason: str, words: Words) -> str:
    try:
        return words(f"board.short_{reason or 'none'}")
    except KeyError:
        return words("board.short_other")


def _whom(node: Node) -> str:
    """Whom or what a node waits for, as the catalogue names it."""
    for what in node.awaiting:
        if what in ("photo", "first_article", "customer"):
            return what
    return "person"


def _ticker(reader: Reader, words: Words) -> tuple[str, ...]:
    """The last three reports, with the names of those who gave them in."""
    recent = reader.latest(LOOKED_AT)
    gone = {
        (e.order_no, seq)
        for e in recent
        if isinstance(e.fact, ReportUndone)
        for seq in e.fact.undone
    }
    reports = [e for e in recent if isinstance(e.fact, REPORTS) and (e.order_no, e.seq) not in gone]
    reports.sort(key=lambda e: e.recorded_at, reverse=True)
    told = [(e, reader.order(e.order_no)) for e in reports[:3]]
    return tuple(_report(reader, event, order, words) for event, order in told if order)


def _report(reader: Reader, event: Event, order: Order, words: Words) -> str:
    person = reader.person(event.by)
    spec = order.route.node(event.node)
    same_day = words.house.calendar.day(event.occurred_at) == words.house.calendar.day(
        words.house.now()
    )
    return words(
        "board.report",
        who=person.name if person else words("page.system"),
        order=order.order_no,
        node=spec.called(words.language),
        what=happened(event, words),
        time=words.clock(event.occurred_at) if same_day else words.date(event.occurred_at),
    )


def happened(event: Event, words: Words) -> str:
    """What an event says, without its node."""
    every = {f.name: getattr(event.fact, f.name) for f in fields(event.fact)}
    facts = {k: v for k, v in every.items() if v is None or isinstance(v, str | int | float)}
    if isinstance(event.fact, NodeDelayed):
        return f"{words('event.NodeDelayed')} {words.reason(event.fact.reason)}"
    if isinstance(event.fact, PhotoAttached):
        return words("event.PhotoAttached")
    if facts.get("share") and facts.get("quantity") is None:
        facts["quantity"] = f"{facts['share']}%"
        return f"{words.icon(Status.IN_PROGRESS)} {facts['share']}%"
    if facts.get("due"):
        facts["due"] = words.date(datetime.fromisoformat(str(facts["due"])).date())
    return words(f"event.{event.type}", **facts)
