"""An order's history as people read it: who said what, when it happened and when it was written
down, from which chat, why; with the pictures in their place and what was taken back struck through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from adapters.web.board import happened
from adapters.web.order.port import Record
from adapters.web.words import Words
from domain.alert import Alert, AlertState
from domain.events import (
    ConfirmationAsked,
    DueChanged,
    Event,
    InspectionFailed,
    LevelChanged,
    NodeDelayed,
    NodeReworked,
    OrderCancelled,
    PhotoAttached,
    ReportUndone,
)
from domain.order import Order
from domain.plan import Level

LATER = timedelta(minutes=10)
"""From so much on it is told that something was written down later than it happened."""
BADGES = {Level.YELLOW.value: "▲1", Level.ORANGE.value: "▲2", Level.RED.value: "▲3"}
VIDEO = "video"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture or video in its place."""

    url: str
    thumb: str
    video: bool
    caption: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the history. `undone` says who took it back and when; empty if nobody did."""

    at: str
    day: str
    recorded: str
    who: str
    behalf: str
    node: str
    what: str
    why: str
    source: str
    undone: str
    shots: tuple[Shot, ...] = ()


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert of the order and what became of it."""

    what: str
    node: str
    at: str
    by: str
    open: bool
    state: str
    answer: str


def timeline(record: Record, words: Words) -> tuple[Entry, ...]:
    """The history, newest first; pictures sent together are one line."""
    undone: dict[int, Event] = {}
    for event in record.history:
        if isinstance(event.fact, ReportUndone):
            undone |= dict.fromkeys(event.fact.undone, event)
    groups: list[list[Event]] = []
    for event in sorted(record.history, key=lambda e: (e.occurred_at, e.seq)):
        if groups and _together(groups[-1][-1], event, undone):
            groups[-1].append(event)
        else:
            groups.append([event])
    return tuple(_entry(record, group, undone, words) for group in reversed(groups))


def _together(one: Event, other: Event, undone: Mapping[int, Event]) -> bool:
    """Whether two events are pictures of the same message, both still counting or both not."""
    return (
        isinstance(one.fact, PhotoAttached)
        and isinstance(other.fact, PhotoAttached)
        and (one.by, one.node, one.recorded_at, one.source)
        == (other.by, other.node, other.recorded_at, other.source)
        and undone.get(one.seq) is undone.get(other.seq)
    )


def _entry(
    record: Record, group: Sequence[Event], undone: Mapping[int, Event], words: Words
) -> Entry:
    event, order = group[0], record.order
    name = _name(record, event.by, words)
    late = event.recorded_at - event.occurred_at >= LATER
    gone = undone.get(event.seq)
    return Entry(
        at=words.clock(event.occurred_at),
        day=words.day(event.occurred_at),
        recorded=_recorded(event, words) if late else "",
        who=name,
        behalf=words("orders.behalf") if event.on_behalf else "",
        node=_node(order, event.node, words),
        what=_what(event, words),
        why=_why(event, words),
        source=_source(record, event, words),
        undone=_undone(record, gone, words) if gone is not None else "",
        shots=tuple(_shot(order, e, words) for e in group if isinstance(e.fact, PhotoAttached)),
    )


def _recorded(event: Event, words: Words) -> str:
    """When it was written down: the clock, and the day if it was another."""
    at = event.recorded_at
    same = words.day(at) == words.day(event.occurred_at)
    return words("orders.recorded", at=words.clock(at) if same else words.date(at))


def _name(record: Record, who: str, words: Words) -> str:
    """A person's name; one who was erased or never known is the system, a customer the customer."""
    person = record.people.get(who)
    if who and who == record.order.customer:
        return words("page.customer")
    return person.name if person is not None else words("page.system")


def _node(order: Order, key: str, words: Words) -> str:
    return order.route.node(key).called(words.language) if key in order.nodes else ""


def _what(event: Event, words: Words) -> str:
    """What happened; a kind of event that the catalogue does not name yet says its name."""
    if isinstance(event.fact, LevelChanged):
        badge = BADGES.get(event.fact.level)
        text = f"{badge} {event.fact.percent:g}%" if badge else words("orders.level_none")
        return words("event.LevelChanged", level=text)
    try:
        return happened(event, words)
    except KeyError:
        return event.type


def _why(event: Event, words: Words) -> str:
    """The reason, in words and in the sender's own."""
    parts: list[str] = []
    match event.fact:
        case NodeDelayed(text=text, until=until):
            parts = [text, words("orders.until", at=_until(until, words)) if until else ""]
        case NodeReworked(rework=pieces, reason=reason, text=text):
            count = words("page.rework", n=pieces) if pieces else ""
            parts = [count, words.reason(reason) if reason else "", text]
        case InspectionFailed(reason=reason, text=text):
            parts = [words.reason(reason) if reason else "", text]
        case DueChanged(before=before, reason=reason, text=text):
            day = words.date(date.fromisoformat(before))
            moved = words("orders.before", date=day)
            parts = [moved, words.reason(reason) if reason else "", text]
        case ConfirmationAsked(whom=whom, text=text):
            known = whom == "customer"
            parts = [words(f"page.await_{'customer' if known else 'person'}"), text]
        case ReportUndone(why=why):
            parts = [why]
        case OrderCancelled(text=text):
            parts = [text]
        case _:
            pass
    return " · ".join(p for p in parts if p)


def _until(until: str, words: Words) -> str:
    """`2026-11-24` or `2026-11-24T15:00`, local, as people say it."""
    day, _, clock = until.partition("T")
    try:
        shown = words.date(date.fromisoformat(day))
    except ValueError:
        return until
    return f"{shown} {clock[:5]}".strip()


def _source(record: Record, event: Event, words: Words) -> str:
    """The chat that it was said in; a private one is told apart only as that."""
    if event.source is None:
        return ""
    title = record.chats.get((event.source.platform, event.source.chat))
    return title if title is not None else words("orders.private_chat")


def _undone(record: Record, gone: Event, words: Words) -> str:
    who = _name(record, gone.by, words)
    return words("orders.undone", who=who, at=words.date(gone.recorded_at))


def _shot(order: Order, event: Event, words: Words) -> Shot:
    assert isinstance(event.fact, PhotoAttached)
    url, number = words.house.photo_url, order.order_no
    name = _node(order, event.node, words)
    caption = " · ".join(p for p in (name, words.date(event.occurred_at)) if p)
    return Shot(
        url(number, event.seq),
        url(number, event.seq, thumb=True) if event.fact.thumb else "",
        event.fact.kind == VIDEO,
        caption,
    )


def raised(record: Record, words: Words) -> tuple[Raised, ...]:
    """The order's alerts, the newest first, with who took them and what was done."""
    return tuple(_raised(record, alert, words) for alert in reversed(record.alerts))


def _raised(record: Record, alert: Alert, words: Words) -> Raised:
    badge = BADGES.get(alert.level or alert.kind, "")
    if alert.kind == "problem":
        text = " · ".join(p for p in (words.reason(alert.reason), alert.text) if p)
    else:
        text = words(f"cockpit.kind_{alert.kind}")
    taken = alert.owner or alert.taken_by
    at = words.date(alert.taken_at) if alert.taken_at else ""
    state = words(f"cockpit.alert_{alert.state.value}")
    who = _name(record, taken, words) if taken else ""
    by = _name(record, alert.raised_by, words) if alert.raised_by else ""
    return Raised(
        what=f"{badge} {text}".strip(),
        node=_node(record.order, alert.node, words),
        at=words.date(alert.raised_at),
        by=by,
        open=alert.state is not AlertState.RESOLVED,
        state=" · ".join(p for p in (state, who, at) if p),
        answer=alert.answer,
    )
