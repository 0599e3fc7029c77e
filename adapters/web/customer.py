"""What a customer may see of an order: stages instead of nodes, dates, pictures. Never raw reasons,
names, or other orders.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.web.words import Words
from domain.node import Node, Status
from domain.order import Order, Photo
from domain.plan import days_late, forecast
from domain.route import NodeSpec, Stage

STALE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the stepper. `follow` says whether to offer a reminder, `followed` whether it is
    on.
    """

    key: str
    name: str
    status: Status
    note: str
    current: bool
    follow: bool
    followed: bool


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture with its caption."""

    url: str
    thumb: str
    caption: str
    large: bool
    width: int
    height: int
    video: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One move of the promised date."""

    text: str
    at: str


@dataclass(frozen=True, slots=True)
class Dated:
    """One day of the box of dates: what it is, the day, a word that is true of it."""

    label: str
    day: str
    word: str = ""
    late: bool = False
    then: bool = False


@dataclass(frozen=True, slots=True)
class Portal:
    """The whole page."""

    sentence: str
    preview: str
    steps: tuple[Step, ...]
    shots: tuple[Shot, ...]
    updated: str
    next: str
    dates: tuple[Dated, ...]
    late: bool
    changes: tuple[Change, ...]


def portal(order: Order, words: Words, who: str) -> Portal:
    """The page of one order for one customer."""
    house, calendar = words.house, words.house.calendar
    finish = forecast(order, house.now(), calendar)
    late = not order.finished and days_late(order, finish, calendar) > 0
    stages = order.route.shown_stages()
    found = [(stage, _nodes_of(order, stage)) for stage in stages]
    found = [(stage, nodes) for stage, nodes in found if nodes]
    states = [_state(nodes, late) for _, nodes in found]
    current = next((n for n, s in enumerate(states) if s is not Status.DONE), len(states))
    steps = tuple(
        _step(order, stage, nodes, state, n == current, words, who)
        for n, ((stage, nodes), state) in enumerate(zip(found, states, strict=True))
    )
    return Portal(
        sentence=_sentence(order, steps, current, finish, words),
        preview=_preview(order, steps, current, finish, words),
        steps=steps,
        shots=_shots(order, words),
        updated=_updated(order, words),
        next=_next(order, found, states, current, words),
        dates=_dates(order, finish, late, words),
        late=late,
        changes=_changes(order, words),
    )


def visible_nodes(order: Order, stage: str) -> tuple[str, ...]:
    """The nodes of a stage that a customer may follow: visible and not finished."""
    return tuple(
        spec.key
        for spec in order.route.nodes
        if order.route.stage_of(spec) == stage
        and spec.customer_visible
        and not order.nodes[spec.key].done
    )


Pairs = list[tuple[NodeSpec, Node]]


def _nodes_of(order: Order, stage: Stage) -> Pairs:
    return [
        (s, order.nodes[s.key]) for s in order.route.nodes if order.route.stage_of(s) == stage.key
    ]


def _state(nodes: Pairs, late: bool) -> Status:
    """A stage's state. A hold that moves no date is the factory's own business; an unconfirmed
    completion is not done yet.
    """
    states = [node.status for _, node in nodes]
    if all(s is Status.DONE for s in states):
        return Status.DONE
    if any("customer" in node.awaiting for _, node in nodes):
        return Status.TO_CONFIRM
    if late and Status.DELAYED in states:
        return Status.DELAYED
    begun = any(s is not Status.PENDING for s in states)
    return Status.IN_PROGRESS if begun else Status.PENDING


def _step(
    order: Order,
    stage: Stage,
    nodes: Pairs,
    state: Status,
    current: bool,
    words: Words,
    who: str,
) -> Step:
    visible = visible_nodes(order, stage.key)
    return Step(
        key=stage.key,
        name=stage.called(words.language),
        status=state,
        note=_note(order, nodes, state, words),
        current=current,
        follow=bool(visible) and bool(who),
        followed=any(order.follows(who, key) for key in visible),
    )


def _note(order: Order, nodes: Pairs, state: Status, words: Words) -> str:
    if state is Status.DONE:
        ends = [node.finished_at for _, node in nodes if node.finished_at]
        return words.day(max(ends)) if ends else ""
    if state is Status.TO_CONFIRM:
        return words("page.waits_for_you")
    if state is Status.IN_PROGRESS:
        amounts = [words.amount(order, node) for spec, node in nodes if spec.customer_visible]
        return " · ".join([words.status(state), *[a for a in amounts if a][:1]])
    return words.status(state)


def _sentence(
    order: Order, steps: tuple[Step, ...], current: int, finish: datetime, words: Words
) -> str:
    facts = {
        "pieces": words.pieces(order),
        "product": order.product.replace("*", "×"),
        "date": words.day(finish),
        "word": _word(order, finish, words),
    }
    if order.cancelled:
        return words("page.says_cancelled", **facts)
    if order.finished or current >= len(steps):
        return words("page.says_finished", **facts)
    step = steps[current]
    kind = {Status.PENDING: "pending", Status.TO_CONFIRM: "waiting"}.get(step.status, "now")
    return words(f"page.says_{kind}", stage=step.name, **facts)


def _preview(
    order: Order, steps: tuple[Step, ...], current: int, finish: datetime, words: Words
) -> str:
    """What a link shows of itself in a chat: no names of people."""
    if order.finished or order.cancelled or current >= len(steps):
        return words("page.preview_finished", date=words.day(finish))
    return words("page.preview", stage=steps[current].name, date=words.day(finish))


def _shots(order: Order, words: Words) -> tuple[Shot, ...]:
    """Newest first; the first one and those of inspections large."""
    shown = [p for p in order.photos if not p.node or order.route.node(p.node).customer_visible]
    shown.sort(key=lambda p: (p.at, p.id), reverse=True)
    return tuple(_shot(order, photo, words, first=n == 0) for n, photo in enumerate(shown))


def _shot(order: Order, photo: Photo, words: Words, *, first: bool) -> Shot:
    spec = order.route.node(photo.node) if photo.node else None
    stages = {s.key: s for s in order.route.shown_stages()}
    stage = stages.get(order.route.stage_of(spec)) if spec else None
    name = stage.called(words.language) if stage else ""
    house = words.house
    return Shot(
        url=house.photo_url(order.order_no, photo.id),
        thumb=house.photo_url(order.order_no, photo.id, thumb=True),
        caption=" · ".join(p for p in (name, words.date(photo.at)) if p),
        large=first or bool(spec and spec.inspection),
        width=photo.width or 4,
        height=photo.height or 3,
        video=photo.kind == "video",
    )


def _last_word(order: Order) -> datetime | None:
    """When the factory last said something of the order."""
    told = [n.reported_at for n in order.nodes.values() if n.reported_at]
    told += [p.at for p in order.photos] + [p.at for p in order.promises]
    return max(told, default=order.placed)


def _updated(order: Order, words: Words) -> str:
    last = _last_word(order)
    if last is None:
        return ""
    ago = words("page.updated", ago=words.ago(last))
    stale = order.open and words.house.now() - last > STALE
    return f"{words('page.stale')} {ago}" if stale else ago


def _next(
    order: Order,
    found: list[tuple[Stage, Pairs]],
    states: list[Status],
    current: int,
    words: Words,
) -> str:
    """What comes after the stage where the order stands, and when it is planned."""
    if not order.open or current >= len(states):
        return ""
    after = current if states[current] is Status.PENDING else current + 1
    if after >= len(found):
        return ""
    stage, nodes = found[after]
    starts = [node.planned_start for _, node in nodes if node.planned_start]
    name = stage.called(words.language)
    if starts and min(starts) > words.house.now():
        return words("page.next", stage=name, date=words.day(min(starts)))
    return words("page.next_undated", stage=name)


def _moved(order: Order) -> bool:
    return order.promises[0].due != order.due


def _word(order: Order, finish: datetime, words: Words) -> str:
    """How a finish stands to the promise valid now; a promise that was moved is called the new
    one.
    """
    late = days_late(order, finish, words.house.calendar)
    if not _moved(order):
        return words.promise(order, finish)
    if late == 0:
        return words("page.on_new")
    return words("page.late_of_new" if late > 0 else "page.early_of_new", n=abs(late))


def _dates(order: Order, finish: datetime, late: bool, words: Words) -> tuple[Dated, ...]:
    """The promise and the forecast; of a promise that was moved, both, and the forecast only where
    it is another day.
    """
    calendar = words.house.calendar
    key = "page.shipped_on" if order.finished else "page.expected"
    now = Dated(words(key), words.day(finish), _word(order, finish, words), late)
    if not _moved(order):
        return Dated(words("page.promised"), words.date(order.due)), now
    first = order.promises[0].due
    days = calendar.workdays_between(first, order.due)
    later = "later_than_first" if order.due > first else "sooner_than_first"
    both = (
        Dated(words("page.promised_first"), words.date(first), words("page.moved")),
        Dated(
            words("page.promised_now"),
            words.date(order.due),
            words(f"page.{later}", n=abs(days)) if days else "",
            then=True,
        ),
    )
    shown = order.finished or calendar.day(finish) != order.due
    return (*both, now) if shown else both


def _changes(order: Order, words: Words) -> tuple[Change, ...]:
    out = []
    for before, after in zip(order.promises, order.promises[1:], strict=False):
        text = words(
            "page.change",
            before=words.date(before.due),
            due=words.date(after.due),
            reason=words.reason(after.reason or "other"),
        )
        out.append(Change(text, words.date(after.at)))
    return tuple(out)
