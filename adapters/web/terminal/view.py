"""The ticket as the shop floor needs it: the order, its nodes, and which one is meant."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.web.terminal.port import Worker
from adapters.web.words import Words
from domain.node import Node, Status
from domain.order import Order
from domain.person import Person


@dataclass(frozen=True, slots=True)
class Spot:
    """One node to report at. `mine` says whether whoever holds the phone may."""

    key: str
    name: str
    status: str
    icon: str
    word: str
    amount: str
    quantity: int
    mine: bool
    chosen: bool
    held: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole page."""

    order_no: str
    product: str
    pieces: str
    quantity: int
    due: str
    spots: tuple[Spot, ...]
    workers: tuple[Worker, ...]

    @property
    def mine(self) -> tuple[Spot, ...]:
        """The nodes that whoever holds the phone may report at: those still open, else all."""
        own = tuple(s for s in self.spots if s.mine)
        return tuple(s for s in own if s.status != Status.DONE.value or s.chosen) or own

    @property
    def chosen(self) -> Spot | None:
        """The node that is meant until somebody says another."""
        return next((s for s in self.spots if s.chosen), None)


def sheet(
    order: Order, node: str, person: Person | None, workers: Sequence[Worker], words: Words
) -> Sheet:
    """The page of one ticket. `node` is the ticket's own, if it was printed for one."""
    meant = _meant(order, node, person)
    return Sheet(
        order.order_no,
        order.product,
        words.pieces(order),
        order.quantity,
        words.date(order.due),
        tuple(_spot(order, n, person, n.key == meant, words) for n in order.in_order()),
        tuple(workers),
    )


def _spot(order: Order, node: Node, person: Person | None, chosen: bool, words: Words) -> Spot:
    return Spot(
        node.key,
        order.route.node(node.key).called(words.language),
        node.status.value,
        words.icon(node.status),
        words.status(node.status),
        words.amount(order, node),
        node.quantity,
        person is not None and person.may_update(node.key),
        chosen,
        node.held,
    )


def _meant(order: Order, node: str, person: Person | None) -> str:
    """The ticket's node; else the worker's own that is under way or next, theirs before others';
    else where the order stands.
    """
    every = [n.key for n in order.in_order()]
    still = [n.key for n in order.in_order() if n.status is not Status.DONE]
    likely = [*([node] if node in order.nodes else []), *(n.key for n in order.current()), *still]
    if person is None:
        return next(iter(likely), "")
    for wanted in (person.owns, person.may_update):
        found = next((key for key in (*likely, *every) if wanted(key)), "")
        if found:
            return found
    return ""
