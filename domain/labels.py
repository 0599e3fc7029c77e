"""Small free labels on an order, to find it again by: `加急`, `样品`. They change nothing."""

from domain.commands import Label, Unlabel
from domain.errors import Refused
from domain.events import Labelled, Unlabelled
from domain.order import Order
from domain.person import Deed, Person, may

LONGEST = 12
"""Signs of a label at most."""
MOST = 6
"""Labels of an order at most."""


def folded(text: str) -> str:
    """A label as it is kept: single spaces, nothing around it."""
    return " ".join(text.split())


def decide_label(
    order: Order, command: Label | Unlabel, by: Person
) -> list[tuple[str, Labelled | Unlabelled]]:
    """The label put on or taken off, or Refused."""
    if not may(by.role, Deed.FOLLOW_ANY):
        raise Refused("not-allowed", order=order.order_no, deed=Deed.FOLLOW_ANY.value)
    label = folded(command.label)
    if isinstance(command, Unlabel):
        if label not in order.labels:
            raise Refused("no-such-label", order=order.order_no, label=label)
        return [("", Unlabelled(label))]
    if not label:
        raise Refused("no-words", order=order.order_no)
    if len(label) > LONGEST:
        raise Refused("label-long", order=order.order_no, most=LONGEST)
    if label in order.labels:
        raise Refused("label-known", order=order.order_no, label=label)
    if len(order.labels) >= MOST:
        raise Refused("labels-full", order=order.order_no, most=MOST)
    return [("", Labelled(label))]
