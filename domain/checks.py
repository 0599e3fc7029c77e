"""What is checked of numbers, moments and turns before anything is decided."""

from datetime import datetime

from domain.commands import Complete, Progress
from domain.errors import Refused
from domain.order import Order


def moment(until: str) -> str:
    """A local date or minute; nothing, where it is neither: a forecast leans on it for ever."""
    try:
        found = datetime.fromisoformat(until)
    except ValueError:
        return ""
    return until if found.tzinfo is None else ""


def pieces(order: Order, node: str, command: Progress | Complete) -> None:
    """Each number by itself: none below zero, none beyond the order."""
    for number in (command.quantity, command.rework, command.scrap):
        if number is not None:
            not_over(order, node, number)


def not_over(order: Order, node: str, quantity: int) -> None:
    """Not below zero, not beyond the order."""
    if quantity < 0:
        raise Refused("no-quantity", order=order.order_no, node=node)
    if quantity > order.quantity:
        raise Refused(
            "over-quantity", order=order.order_no, node=node, quantity=quantity,
            total=order.quantity,
        )  # fmt: skip


def in_turn(order: Order, node: str, anyway: bool) -> None:
    """No earlier node is open, or that is accepted."""
    earlier = order.open_before(node)
    if earlier and not anyway:
        raise Refused("earlier-open", order=order.order_no, node=node, earlier=earlier)
