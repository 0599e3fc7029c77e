"""What a need allows: a command about it and who gave it in, facts or a refusal out. Pure; the days
are looked at by the desk, which knows the calendar (`domain.supplying`).
"""

from collections.abc import Mapping
from decimal import Decimal

from domain.amounts import amount, plain
from domain.errors import NotFound, Refused
from domain.events import Fact
from domain.need_commands import (
    CancelNeed,
    CheckNeed,
    ConfirmNeed,
    DeliverNeed,
    MoveNeed,
    PlaceNeed,
    PromiseNeed,
)
from domain.need_facts import (
    NeedCancelled,
    NeedChecked,
    NeedConfirmed,
    NeedDelivered,
    NeedMoved,
    NeedPlaced,
    NeedPromised,
)
from domain.needs import Need, NeedState
from domain.order import Order
from domain.person import Deed, Person, may

NeedCommand = (
    PlaceNeed | ConfirmNeed | PromiseNeed | MoveNeed | DeliverNeed | CheckNeed | CancelNeed
)
SHOTS = 9
"""Pictures of one delivery at most."""
LONGEST = {"item": 40, "unit": 12, "text": 200}
"""Characters of what people write."""


def decide_need(order: Order, command: NeedCommand, by: Person) -> list[tuple[str, Fact]]:
    """The node and what happened at it, or Refused. Nobody else's need is there for a supplier."""
    if isinstance(command, PlaceNeed):
        return [_place(order, command, by)]
    need = found(order.needs, command.need, by, order.order_no)
    match command:
        case ConfirmNeed():
            _theirs(need, by)
            _open(order, need)
            if need.given:
                raise Refused("need-confirmed", order=order.order_no, need=need.id)
            fact: Fact = NeedConfirmed(need.id, need.needed_by.isoformat())
        case PromiseNeed(day=day, reason=reason, text=text):
            _theirs(need, by)
            _open(order, need)
            if day == need.promised:
                raise Refused("need-same-day", order=order.order_no, need=need.id)
            before = (need.promised or need.needed_by).isoformat()
            if not need.given and day == need.needed_by:
                fact = NeedConfirmed(need.id, before)
            else:
                why = text.strip()[: LONGEST["text"]]
                fact = NeedPromised(need.id, day.isoformat(), before, reason, why)
        case MoveNeed(needed_by=day):
            _right(by, order)
            _open(order, need)
            if day == need.needed_by:
                raise Refused("need-same-day", order=order.order_no, need=need.id)
            fact = NeedMoved(need.id, day.isoformat(), need.needed_by.isoformat())
        case DeliverNeed():
            _theirs(need, by)
            _open(order, need)
            fact = _delivery(need, command)
        case CheckNeed():
            fact = _checked(order, need, command, by)
        case CancelNeed(text=text):
            _right(by, order)
            _open(order, need)
            fact = NeedCancelled(need.id, text.strip()[: LONGEST["text"]])
    return [(need.node, fact)]


def found(needs: Mapping[str, Need], name: str, by: Person, order_no: str) -> Need:
    """The need of that name; NotFound if there is none that this person may know of."""
    need = needs.get(name)
    if need is None or not (may(by.role, Deed.SEE_NODE_ORDERS) or need.supplier == by.id):
        raise NotFound("no-such-need", order=order_no, need=name)
    return need


def _place(order: Order, command: PlaceNeed, by: Person) -> tuple[str, Fact]:
    if not may(by.role, Deed.PLACE_ORDER) and not may(by.role, Deed.UPDATE_ANY_NODE):
        raise Refused("not-allowed", order=order.order_no)
    if order.node(command.node).completed:
        raise Refused("done-already", order=order.order_no, node=command.node)
    item = " ".join(command.item.split())
    if not item or len(item) > LONGEST["item"]:
        raise Refused("no-item", order=order.order_no)
    much = amount(command.quantity)
    if not much:
        raise Refused("no-amount", order=order.order_no)
    unit = command.unit.strip()[: LONGEST["unit"]]
    same = next((n for n in order.needs.values() if _same(n, command, item) and n.open), None)
    if same is not None:
        raise Refused("need-there", order=order.order_no, need=same.id)
    name = f"N{len(order.needs) + 1}"
    day = command.needed_by.isoformat()
    note = command.note.strip()[: LONGEST["text"]]
    fact = NeedPlaced(name, item, plain(much), unit, command.supplier, day, note, command.declared)
    return command.node, fact


def _same(need: Need, command: PlaceNeed, item: str) -> bool:
    """Whether it was asked for already: a second tap, a message sent twice."""
    return (need.node, need.item, need.supplier, need.needed_by) == (
        command.node, item, command.supplier, command.needed_by,
    )  # fmt: skip


def _delivery(need: Need, command: DeliverNeed) -> NeedDelivered:
    much = amount(command.amount) if command.amount.strip() else need.left
    if not much:
        raise Refused("no-amount", need=need.id)
    if much > 10 * Decimal(need.quantity):
        raise Refused("need-too-much", need=need.id, amount=plain(much))
    return NeedDelivered(need.id, plain(much), tuple(dict.fromkeys(command.photos))[:SHOTS])


def _checked(order: Order, need: Need, command: CheckNeed, by: Person) -> NeedChecked:
    """Whoever works at the node, or leads, says what is good; never the supplier itself."""
    if by.id == need.supplier or not by.may_update(need.node):
        raise Refused("not-your-node", order=order.order_no, node=need.node)
    if need.state in (NeedState.CHECKED, NeedState.CANCELLED):
        raise Refused("need-over", order=order.order_no, need=need.id)
    if not need.deliveries:
        raise Refused("need-not-there", order=order.order_no, need=need.id)
    back = amount(command.returned or "0")
    if back > need.delivered:
        raise Refused("need-too-much", need=need.id, amount=plain(back))
    text = command.text.strip()[: LONGEST["text"]]
    return NeedChecked(need.id, plain(need.delivered - back), plain(back), text)


def _theirs(need: Need, by: Person) -> None:
    """A supplier only its own; those who lead on its behalf."""
    if not may(by.role, Deed.SUPPLY) or (
        need.supplier != by.id and not may(by.role, Deed.UPDATE_ANY_NODE)
    ):
        raise Refused("not-allowed", need=need.id)


def _right(by: Person, order: Order) -> None:
    if not may(by.role, Deed.UPDATE_ANY_NODE):
        raise Refused("not-allowed", order=order.order_no)


def _open(order: Order, need: Need) -> None:
    if not need.open:
        raise Refused("need-over", order=order.order_no, need=need.id)
