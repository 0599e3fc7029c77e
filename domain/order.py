"""The order: its nodes and their five states, folded from events alone.

`evolve(order, event)` never refuses and replaying the log gives the stored state, always. What may
happen is decided in
`domain.decide`; what a state means to people (forecast, level, stage) is worked out in
`domain.plan` and `domain.progress`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from domain.errors import NotFound
from domain.events import (
    ConfirmationAsked,
    DueChanged,
    Event,
    Followed,
    InspectionFailed,
    NodeCompleted,
    NodeConfirmed,
    NodeDelayed,
    NodeProgressed,
    NodeResumed,
    NodeReworked,
    NodeStarted,
    OrderCancelled,
    OrderPlaced,
    PhotoAttached,
    QuantityCorrected,
    ReportUndone,
    Unfollowed,
    unstamp,
)
from domain.route import NodeSpec, Route
from domain.route import Photo as Wish


class Status(StrEnum):
    """The five states of a node."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    DELAYED = "delayed"
    TO_CONFIRM = "to_confirm"


@dataclass(frozen=True, slots=True)
class Node:
    """What is known of one node of one order. `awaiting` holds `photo`, `first_article`, a role, or
    `customer`.
    """

    key: str
    planned_start: datetime | None = None
    planned_finish: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    reported_at: datetime | None = None
    reported_by: str = ""
    quantity: int = 0
    rework: int = 0
    scrap: int = 0
    share: int = 0
    completed: bool = False
    held: bool = False
    reason: str = ""
    reason_text: str = ""
    until: str = ""
    delay_days: int = 0
    awaiting: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    tracking: str = ""

    @property
    def status(self) -> Status:
        """The state, derived from what was reported."""
        if self.held:
            return Status.DELAYED
        if self.awaiting:
            return Status.TO_CONFIRM
        if self.completed:
            return Status.DONE
        if self.started_at is not None or self.quantity or self.share:
            return Status.IN_PROGRESS
        return Status.PENDING

    @property
    def done(self) -> bool:
        """Whether the node is green."""
        return self.status is Status.DONE


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of the order: `id` is the event's number, unique within the order."""

    id: int
    node: str
    digest: str
    key: str
    thumb: str
    kind: str
    at: datetime
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise to the customer: the date, when it was given, and why it moved."""

    due: date
    at: datetime
    reason: str = ""
    text: str = ""


_NOTHING: Mapping[str, Node] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it stands. `seq` is the number of its last event."""

    order_no: str
    route: Route
    product: str = ""
    quantity: int = 0
    customer: str = ""
    placed: datetime | None = None
    note: str = ""
    priority: str = ""
    nodes: Mapping[str, Node] = field(default_factory=lambda: _NOTHING)
    photos: tuple[Photo, ...] = ()
    promises: tuple[Promise, ...] = ()
    followers: frozenset[tuple[str, str]] = frozenset()
    cancelled: bool = False
    seq: int = 0
    updated_at: datetime | None = None

    def node(self, key: str) -> Node:
        """The node; NotFound if the route has none of that key."""
        if key not in self.nodes:
            raise NotFound("no-such-node", order=self.order_no, node=key)
        return self.nodes[key]

    @property
    def due(self) -> date:
        """The promise valid now."""
        return self.promises[-1].due

    @property
    def finished(self) -> bool:
        """Whether all nodes are green."""
        return bool(self.nodes) and all(n.done for n in self.nodes.values())

    @property
    def open(self) -> bool:
        """Whether the factory still has something to do for it."""
        return self.seq > 0 and not self.cancelled and not self.finished

    def in_order(self) -> tuple[Node, ...]:
        """The nodes in reading order."""
        return tuple(self.nodes[k] for k in self.route.keys())  # noqa: SIM118 - a method, no mapping

    def open_before(self, key: str) -> tuple[str, ...]:
        """Nodes that must be finished before this one and are not reported complete."""
        before = self.route.earlier(key)
        return tuple(n.key for n in self.in_order() if n.key in before and not n.completed)

    def current(self) -> tuple[Node, ...]:
        """The nodes where the order stands: under way, held or waiting; else the next one to
        begin.
        """
        busy = tuple(n for n in self.in_order() if n.status not in (Status.PENDING, Status.DONE))
        if busy:
            return busy
        ready = tuple(n for n in self.in_order() if not n.completed and not self.open_before(n.key))
        return ready[:1]

    def follows(self, who: str, node: str) -> bool:
        """Whether someone hears of a node by having asked for exactly it."""
        return (who, node) in self.followers


def empty(order_no: str, route: Route) -> Order:
    """An order before its first event."""
    return Order(order_no=order_no, route=route)


def fold(order: Order, events: Iterable[Event]) -> Order:
    """All events upon an order, in their sequence."""
    history: list[Event] = []
    for event in events:
        order = evolve(order, event, history)
        history.append(event)
    return order


def evolve(order: Order, event: Event, history: Iterable[Event] = ()) -> Order:
    """One event upon an order. `history` (all events before) is only looked at by ReportUndone."""
    order = replace(order, seq=event.seq, updated_at=event.recorded_at)
    match event.fact:
        case OrderPlaced():
            return _placed(order, event, event.fact)
        case DueChanged(due=due, reason=reason, text=text):
            promise = Promise(date.fromisoformat(due), event.recorded_at, reason, text)
            return replace(order, promises=(*order.promises, promise))
        case Followed(who=who):
            return replace(order, followers=order.followers | {(who, event.node)})
        case Unfollowed(who=who):
            gone = {(w, n) for w, n in order.followers if w == who and event.node in ("", n)}
            return replace(order, followers=order.followers - gone)
        case OrderCancelled():
            return replace(order, cancelled=True)
        case PhotoAttached() as fact:
            return _attached(order, event, fact)
        case ReportUndone(undone=undone):
            return _undone(order, event, frozenset(undone), history)
        case (
            NodeStarted()
            | NodeProgressed()
            | NodeCompleted()
            | NodeDelayed()
            | NodeResumed()
            | NodeReworked()
            | InspectionFailed()
            | NodeConfirmed()
            | ConfirmationAsked()
            | QuantityCorrected()
        ):
            return _with(order, _node_after(order, order.node(event.node), event))


def _with(order: Order, node: Node) -> Order:
    return replace(order, nodes={**order.nodes, node.key: node})


def _placed(order: Order, event: Event, fact: OrderPlaced) -> Order:
    nodes = {}
    for spec in order.route.nodes:
        start, finish = fact.plan.get(spec.key, ("", ""))
        nodes[spec.key] = Node(
            spec.key,
            planned_start=unstamp(start) if start else None,
            planned_finish=unstamp(finish) if finish else None,
        )
    return replace(
        order,
        product=fact.product,
        quantity=fact.quantity,
        customer=fact.customer,
        placed=unstamp(fact.placed),
        note=fact.note,
        priority=fact.priority,
        nodes=nodes,
        promises=(Promise(date.fromisoformat(fact.due), event.recorded_at),),
        followers=frozenset({(fact.customer, "")}) if fact.customer else frozenset(),
    )


def _attached(order: Order, event: Event, fact: PhotoAttached) -> Order:
    photo = Photo(
        event.seq, event.node, fact.photo, fact.key, fact.thumb, fact.kind,
        event.occurred_at, fact.width, fact.height,
    )  # fmt: skip
    order = replace(order, photos=(*order.photos, photo))
    if not event.node:
        return order
    node = order.node(event.node)
    awaiting = tuple(a for a in node.awaiting if a != "photo")
    return _with(order, replace(node, photos=(*node.photos, fact.photo), awaiting=awaiting))


def _undone(order: Order, event: Event, undone: frozenset[int], history: Iterable[Event]) -> Order:
    """The order as if the undone events had not been, with every later one still counting."""
    gone = set(undone)
    kept = []
    for past in history:
        if isinstance(past.fact, ReportUndone):
            gone.update(past.fact.undone)
        else:
            kept.append(past)
    again = empty(order.order_no, order.route)
    for past in kept:
        if past.seq not in gone:
            again = evolve(again, past)
    return replace(again, seq=event.seq, updated_at=event.recorded_at)


def awaits(spec: NodeSpec, node: Node) -> tuple[str, ...]:
    """What a node lacks, once reported complete, before it may be green."""
    lacks = []
    if spec.photo is not Wish.OPTIONAL and not node.photos:
        lacks.append("photo")
    if spec.first_article and "first_article" not in node.confirmed:
        lacks.append("first_article")
    if spec.confirmed_by and not spec.first_article:
        lacks.append(spec.confirmed_by)
    return tuple(lacks)


def _node_after(order: Order, node: Node, event: Event) -> Node:
    """A node after one fact about it. Open again, it waits for no more than its first article."""
    after = _told_of(order, node, event)
    if node.completed and not after.completed:
        return replace(after, awaiting=tuple(a for a in after.awaiting if a == "first_article"))
    return after


def _told_of(order: Order, node: Node, event: Event) -> Node:
    at, total = event.occurred_at, order.quantity
    told = replace(node, reported_at=at, reported_by=event.by)
    begun = node.started_at or at
    match event.fact:
        case NodeStarted():
            first = (
                order.route.node(node.key).first_article and "first_article" not in node.confirmed
            )
            awaiting = (*node.awaiting, "first_article") if first else node.awaiting
            return replace(
                told, started_at=begun, held=False, completed=False, finished_at=None,
                awaiting=tuple(dict.fromkeys(awaiting)), reason="", reason_text="", until="",
                delay_days=0,
            )  # fmt: skip
        case NodeProgressed(quantity=quantity, rework=rework, scrap=scrap, share=share):
            pieces = node.quantity if quantity is None else quantity
            if quantity is None and share is not None:
                pieces = total * share // 100
            lost = node.scrap if scrap is None else scrap
            still = node.completed and pieces + lost >= total  # only where an undo left it so
            return replace(
                told, started_at=begun, held=False, quantity=pieces,
                rework=node.rework if rework is None else rework, scrap=lost,
                share=node.share if share is None else share,
                completed=still, finished_at=node.finished_at if still else None,
                reason="", reason_text="", until="", delay_days=0,
            )  # fmt: skip
        case NodeCompleted() as fact:
            scrap = node.scrap if fact.scrap is None else fact.scrap
            # Asked of the node again: what the report leaned on may have been undone since.
            lacks = (*fact.awaiting, *awaits(order.route.node(node.key), node))
            return replace(
                told, started_at=begun, finished_at=at, completed=True, held=False,
                quantity=total - scrap if fact.quantity is None else fact.quantity,
                rework=0 if fact.rework is None else fact.rework, scrap=scrap, share=100,
                awaiting=tuple(dict.fromkeys(lacks)), tracking=fact.tracking or node.tracking,
                reason="", reason_text="", until="", delay_days=0,
            )  # fmt: skip
        case NodeDelayed() as fact:
            return replace(
                told, held=True, completed=False, finished_at=None, reason=fact.reason,
                reason_text=fact.text, until=fact.until, delay_days=fact.delay_days or 0,
            )  # fmt: skip
        case NodeResumed():
            return replace(
                told, held=False, started_at=begun, reason="", reason_text="", until="",
                delay_days=0,
            )  # fmt: skip
        case NodeReworked(rework=rework, reason=reason, text=text):
            left = max(node.quantity - (rework or node.quantity), 0)
            return replace(
                told, started_at=begun, held=True, completed=False, finished_at=None,
                rework=rework or node.rework, quantity=left, share=0,
                reason=reason or "rework", reason_text=text, awaiting=(),
            )  # fmt: skip
        case InspectionFailed(reason=reason, text=text):
            return replace(
                told, started_at=begun, held=True, completed=False, finished_at=None,
                reason=reason or "quality", reason_text=text, awaiting=(),
            )  # fmt: skip
        case NodeConfirmed(what=what):
            awaiting = tuple(a for a in node.awaiting if a != what)
            return replace(node, awaiting=awaiting, confirmed=(*node.confirmed, what))
        case ConfirmationAsked(whom=whom, text=text):
            awaiting = tuple(dict.fromkeys((*node.awaiting, whom)))
            return replace(told, awaiting=awaiting, reason_text=text)
        case QuantityCorrected(quantity=quantity):
            full = quantity + node.scrap >= total
            return replace(
                told, quantity=quantity, share=0, completed=node.completed and full,
                finished_at=node.finished_at if full else None,
            )  # fmt: skip
        case _:
            return told
