"""The order: its nodes and their five states, folded from events alone.

`evolve(order, event)` never refuses and replaying the log gives the stored state, always. What may
happen is decided in
`domain.decide`; what a state means to people (forecast, level, stage) is worked out in
`domain.plan` and `domain.progress`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType

from domain.errors import NotFound
from domain.events import (
    NODE_FACTS,
    CustomerChose,
    DueChanged,
    Event,
    FeedbackGiven,
    Followed,
    Labelled,
    LevelChanged,
    MeasureTaken,
    OrderCancelled,
    OrderPlaced,
    PhotoAttached,
    ReportUndone,
    Unfollowed,
    Unlabelled,
    unstamp,
)
from domain.needs import Fact as NeedFact
from domain.needs import Need, needs_after, without_open
from domain.node import Node, Status, node_after
from domain.route import Route


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
    level: str = "none"
    score: int = 0
    labels: tuple[str, ...] = ()
    needs: Mapping[str, Need] = field(default_factory=dict)
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
        for node in reversed(list(self.nodes.values())):  # the last one is green last
            if not node.done:
                return False
        return bool(self.nodes)

    @property
    def open(self) -> bool:
        """Whether the factory still has something to do for it."""
        return self.seq > 0 and not self.cancelled and not self.finished

    def in_order(self) -> tuple[Node, ...]:
        """The nodes in reading order."""
        return tuple(self.nodes[k] for k in self.route.keys())  # noqa: SIM118 - a method, no mapping

    def open_before(self, key: str) -> tuple[str, ...]:
        """Nodes that must be finished before this one and are not reported complete."""
        open_ = [k for k in self.route.earlier(key) if not self.nodes[k].completed]
        if not open_:
            return ()
        return tuple(n.key for n in self.in_order() if n.key in open_)

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
    if isinstance(event.fact, NODE_FACTS):
        after = node_after(order.route, order.quantity, order.node(event.node), event)
        nodes = {**order.nodes, after.key: after}
        return replace(order, nodes=nodes, seq=event.seq, updated_at=event.recorded_at)
    order = replace(order, seq=event.seq, updated_at=event.recorded_at)
    if isinstance(event.fact, NeedFact):
        return replace(order, needs=needs_after(order.needs, event, event.fact))
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
            return replace(order, cancelled=True, needs=without_open(order.needs))
        case LevelChanged(level=level):
            return replace(order, level=level)
        case FeedbackGiven(score=score):
            return replace(order, score=score or order.score)
        case Labelled(label=label):
            return replace(order, labels=(*order.labels, label))
        case Unlabelled(label=label):
            return replace(order, labels=tuple(x for x in order.labels if x != label))
        case MeasureTaken() | CustomerChose():
            return order
        case PhotoAttached() as fact:
            return _attached(order, event, fact)
        case ReportUndone(undone=undone):
            return _undone(order, event, frozenset(undone), history)


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
