"""What an order allows: a command and who gave it in, events or a refusal out. Pure; nothing is
changed here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.checks import in_turn, moment, not_over, pieces
from domain.commands import (
    AskConfirmation,
    Attach,
    Cancel,
    ChangeDue,
    ChangeLevel,
    Choose,
    Command,
    Complete,
    Confirm,
    Delay,
    Fail,
    Follow,
    GiveFeedback,
    Label,
    Overdue,
    PlaceOrder,
    Progress,
    Resume,
    Rework,
    SetQuantity,
    Start,
    TakeAlternative,
    TakeMeasure,
    Told,
    Undo,
    Unfollow,
    Unlabel,
)
from domain.errors import Refused
from domain.events import (
    REPORTS,
    AlternativeTaken,
    ConfirmationAsked,
    CustomerChose,
    DueChanged,
    Event,
    Fact,
    FeedbackGiven,
    Followed,
    InspectionFailed,
    LevelChanged,
    MeasureTaken,
    NodeCompleted,
    NodeConfirmed,
    NodeDelayed,
    NodeOverdue,
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
    stamp,
)
from domain.labels import decide_label
from domain.needs_decide import NeedCommand, decide_need
from domain.node import Node, Status, awaits
from domain.order import Order
from domain.person import Deed, Person, Role, may
from domain.route import NodeSpec

Said = tuple[str, Fact]
"""A node key (or the empty text) and what happened there."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What placing an order needs from outside it: the planned times and the promise."""

    plan: Mapping[str, tuple[datetime, datetime]]
    due: str
    placed: datetime


def decide(
    order: Order,
    command: Command,
    told: Told,
    *,
    history: Callable[[], tuple[Event, ...]] = tuple,
    placing: Placing | None = None,
) -> list[Event]:
    """Events that the command causes, or Refused. `history` is only asked for by Undo."""
    return enveloped(order, _said(order, command, told.by, history, placing), told)


def enveloped(order: Order, said: Sequence[Said], told: Told) -> list[Event]:
    """Facts as the next events of an order."""
    by = told.by
    return [
        Event(
            order_no=order.order_no,
            seq=order.seq + n,
            node=node,
            by=by.id,
            occurred_at=told.at,
            recorded_at=told.now,
            fact=fact,
            source=told.source,
            on_behalf=bool(node)
            and isinstance(fact, REPORTS)
            and may(by.role, Deed.UPDATE_ANY_NODE)
            and not by.owns(node)
            and by.id != "system",
        )
        for n, (node, fact) in enumerate(said, 1)
    ]


def _said(
    order: Order,
    command: Command,
    by: Person,
    history: Callable[[], tuple[Event, ...]],
    placing: Placing | None,
) -> list[Said]:
    if isinstance(command, PlaceOrder):
        return _place(order, command, by, placing)
    if order.seq == 0:
        raise Refused("no-such-order", order=order.order_no)
    if order.cancelled:
        raise Refused("order-cancelled", order=order.order_no)
    if isinstance(command, NeedCommand):
        return decide_need(order, command, by)
    match command:
        case Start() | Progress() | Complete() | Delay() | Resume() | Rework() | Fail():
            return _report(order, command, by)
        case SetQuantity(node=node, quantity=quantity):
            _own(order, node, by)
            not_over(order, node, quantity)
            return [(node, QuantityCorrected(quantity))]
        case Confirm(node=node):
            return _confirm(order, order.node(node), by)
        case AskConfirmation(node=node, whom=whom, text=text):
            _own(order, node, by)
            return [(node, ConfirmationAsked(whom, text))]
        case Attach():
            return _attach(order, command, by)
        case Undo(seqs=seqs, why=why):
            return _undo(order, seqs, why, by, history())
        case ChangeDue(due=due, reason=reason, text=text, offer=offer):
            _right(by, Deed.TELL_CUSTOMER, order)
            if order.finished:
                raise Refused("order-finished", order=order.order_no)
            if due == order.due:
                raise Refused("same-due", order=order.order_no, due=due.isoformat())
            fact = DueChanged(due.isoformat(), order.due.isoformat(), reason, text, offer)
            return [("", fact)]
        case Follow(node=node):
            _may_follow(order, by)
            if node:
                order.node(node)
            if order.follows(by.id, node):
                raise Refused("follows-already", order=order.order_no, node=node)
            return [(node, Followed(by.id))]
        case Unfollow(node=node):
            if not any(w == by.id and node in ("", n) for w, n in order.followers):
                raise Refused("follows-not", order=order.order_no, node=node)
            return [(node, Unfollowed(by.id))]
        case Cancel(text=text):
            _right(by, Deed.PLACE_ORDER, order)
            return [("", OrderCancelled(text))]
        case Overdue(node=node):
            there = order.node(node)
            if there.completed or there.overdue:
                raise Refused("not-overdue", order=order.order_no, node=node)
            return [(node, NodeOverdue())]
        case ChangeLevel(level=level, percent=percent):
            if level == order.level:
                raise Refused("same-level", order=order.order_no)
            return [("", LevelChanged(level, order.level, percent))]
        case TakeMeasure(text=text, node=node):
            _right(by, Deed.UPDATE_ANY_NODE, order)
            if not text.strip():
                raise Refused("no-words", order=order.order_no)
            return [(node, MeasureTaken(text.strip()))]
        case TakeAlternative(node=node, name=name):
            _right(by, Deed.UPDATE_ANY_NODE, order)
            if not order.node(node).held:
                raise Refused("not-held", order=order.order_no, node=node)
            if name not in order.route.node(node).alternatives:
                raise Refused("no-such-alternative", order=order.order_no, node=node)
            return [(node, AlternativeTaken(name))]
        case Label() | Unlabel():
            return list(decide_label(order, command, by))
        case Choose() | GiveFeedback():
            return _answer(order, command, by)


def _answer(order: Order, command: Choose | GiveFeedback, by: Person) -> list[Said]:
    """What a customer says of their own order."""
    if by.id != order.customer:
        raise Refused("no-such-order", order=order.order_no)
    if isinstance(command, GiveFeedback):
        if not 0 <= command.score <= 5 or not (command.score or command.text.strip()):
            raise Refused("no-words", order=order.order_no)
        return [("", FeedbackGiven(command.score, command.text.strip()))]
    due = command.due.isoformat() if command.due else ""
    said: list[Said] = [("", CustomerChose(command.choice, command.quantity, due))]
    if command.due is not None and command.due != order.due:
        said.append(("", DueChanged(due, order.due.isoformat(), "customer")))
    return said


def _place(order: Order, command: PlaceOrder, by: Person, placing: Placing | None) -> list[Said]:
    if order.seq:
        raise Refused("order-exists", order=order.order_no)
    _right(by, Deed.PLACE_ORDER, order)
    if placing is None:
        raise Refused("no-plan", order=order.order_no)
    if command.quantity < 1:
        raise Refused("no-quantity", order=order.order_no)
    fact = OrderPlaced(
        product=command.product,
        quantity=command.quantity,
        customer=command.customer,
        route=order.route.key,
        route_version=order.route.version,
        placed=stamp(placing.placed),
        due=placing.due,
        plan={k: (stamp(a), stamp(b)) for k, (a, b) in placing.plan.items()},
        note=command.note,
        priority=command.priority,
    )
    return [("", fact)]


Report = Start | Progress | Complete | Delay | Resume | Rework | Fail


def _report(order: Order, command: Report, by: Person) -> list[Said]:
    spec, node = _own(order, command.node, by), order.node(command.node)
    match command:
        case Start(anyway=anyway):
            if node.completed:
                raise Refused("already-done", order=order.order_no, node=node.key)
            if node.status in (Status.IN_PROGRESS, Status.TO_CONFIRM):
                raise Refused("already-started", order=order.order_no, node=node.key)
            in_turn(order, node.key, anyway)
            return [(node.key, NodeStarted())]
        case Progress():
            return _progress(order, node, command)
        case Complete():
            return _complete(order, spec, node, command)
        case Delay(reason=reason, text=text, until=until, delay_days=days, needs=needs):
            if node.completed:
                raise Refused("done-already", order=order.order_no, node=node.key)
            days = None if days is None else max(days, 0)
            return [(node.key, NodeDelayed(reason, text, moment(until), days, needs))]
        case Resume():
            if not node.held:
                raise Refused("not-held", order=order.order_no, node=node.key)
            return [(node.key, NodeResumed())]
        case Rework(rework=rework, reason=reason, text=text):
            if rework is not None:
                not_over(order, node.key, rework or -1)  # none at all is no rework
            return [(node.key, NodeReworked(rework, reason, text))]
        case Fail(reason=reason, text=text):
            return [(node.key, InspectionFailed(reason, text))]


def _progress(order: Order, node: Node, command: Progress) -> list[Said]:
    if node.completed:
        raise Refused("done-already", order=order.order_no, node=node.key)
    pieces(order, node.key, command)
    good, lost = command.quantity or 0, (command.rework or 0) + (command.scrap or 0)
    not_over(order, node.key, good + lost)
    if command.share is not None and not 0 <= command.share <= 100:
        raise Refused("no-quantity", order=order.order_no, node=node.key)
    in_turn(order, node.key, command.anyway)
    fact = NodeProgressed(command.quantity, command.rework, command.scrap, command.share)
    same = (
        node.status is Status.IN_PROGRESS
        and fact.quantity == node.quantity
        and (fact.rework is None or fact.rework == node.rework)
        and (fact.scrap is None or fact.scrap == node.scrap)
    )
    if same:
        raise Refused("already-said", order=order.order_no, node=node.key)
    return [(node.key, fact)]


def _complete(order: Order, spec: NodeSpec, node: Node, command: Complete) -> list[Said]:
    if node.completed:
        raise Refused("already-done", order=order.order_no, node=node.key)
    pieces(order, node.key, command)
    good = order.quantity if command.quantity is None else command.quantity
    if good + (command.scrap or 0) < order.quantity:
        return _progress(
            order,
            node,
            Progress(
                order.order_no, node.key, command.quantity, command.rework, command.scrap,
                anyway=command.anyway,
            ),
        )  # fmt: skip
    in_turn(order, node.key, command.anyway)
    fact = NodeCompleted(
        awaiting=awaits(spec, node),
        quantity=command.quantity,
        rework=command.rework,
        scrap=command.scrap,
        tracking=command.tracking,
    )
    return [(node.key, fact)]


def confirmer(spec: NodeSpec, what: str) -> str:
    """The role (or `customer`) that may confirm."""
    if what == "first_article":
        return spec.confirmed_by or Role.MANAGER.value
    return what


def _confirm(order: Order, node: Node, by: Person) -> list[Said]:
    waiting = [a for a in node.awaiting if a != "photo"]
    if not waiting:
        raise Refused("nothing-to-confirm", order=order.order_no, node=node.key)
    spec = order.route.node(node.key)
    said: list[Said] = []
    for what in waiting:
        role = confirmer(spec, what)
        if role == "customer":
            allowed = by.id == order.customer or may(by.role, Deed.CONFIRM)
        else:
            allowed = by.role.value == role or may(by.role, Deed.CONFIRM)
            allowed = allowed and by.id != node.reported_by
        if not allowed:
            raise Refused("not-yours-to-confirm", order=order.order_no, node=node.key, whom=role)
        said.append((node.key, NodeConfirmed(what)))
    return said


def _attach(order: Order, command: Attach, by: Person) -> list[Said]:
    """A node's picture may turn it green: it takes the same right as a report."""
    if command.node:
        _own(order, command.node, by)
    elif not _works_on(order, by) and by.id != order.customer:
        raise Refused("no-such-order", order=order.order_no)
    there = {(p.digest, p.node) for p in order.photos}
    new = [p for p in dict.fromkeys(command.photos) if (p.photo, command.node) not in there]
    if not new:
        raise Refused("photo-known", order=order.order_no)
    return [(command.node, photo) for photo in new]


def _undo(
    order: Order, seqs: tuple[int, ...], why: str, by: Person, history: tuple[Event, ...]
) -> list[Said]:
    gone = {s for e in history if isinstance(e.fact, ReportUndone) for s in e.fact.undone}
    there = [e for e in history if e.seq in seqs and e.seq not in gone]
    there = [e for e in there if isinstance(e.fact, (*REPORTS, PhotoAttached, NodeConfirmed))]
    if not there:
        raise Refused("nothing-to-undo", order=order.order_no)
    if any(e.by != by.id for e in there) and not may(by.role, Deed.UPDATE_ANY_NODE):
        raise Refused("not-your-report", order=order.order_no)
    node = there[0].node
    return [(node, ReportUndone(tuple(e.seq for e in there), why))]


def _own(order: Order, node: str, by: Person) -> NodeSpec:
    order.node(node)
    if not by.may_update(node):
        raise Refused("not-your-node", order=order.order_no, node=node)
    return order.route.node(node)


def _right(by: Person, deed: Deed, order: Order) -> None:
    if not may(by.role, deed):
        raise Refused("not-allowed", order=order.order_no, deed=deed.value)


def _may_follow(order: Order, by: Person) -> None:
    own = by.id == order.customer and may(by.role, Deed.FOLLOW_OWN)
    if not own and not may(by.role, Deed.FOLLOW_ANY):
        raise Refused("no-such-order", order=order.order_no)


def _works_on(order: Order, by: Person) -> bool:
    return may(by.role, Deed.SEE_NODE_ORDERS) or any(by.may_update(n) for n in order.nodes)
