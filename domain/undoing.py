"""What an undo takes with it, and which nods a node begins to wait for."""

from collections.abc import Iterable

from domain.events import Event, NodeCompleted, NodeConfirmed, PhotoAttached, ReportUndone
from domain.order import Order


def unsaid(before: Order, after: Order, event: Event, history: Iterable[Event]) -> list[int]:
    """The undone events, and later ones that had made a node green which is green no more."""
    assert isinstance(event.fact, ReportUndone)
    gone = set(event.fact.undone)
    lost = {k for k, n in before.nodes.items() if n.done and not after.nodes[k].done}
    greening = (NodeCompleted, PhotoAttached, NodeConfirmed)
    gone |= {
        e.seq
        for e in history
        if e.node in lost and e.seq > min(gone) and isinstance(e.fact, greening)
    }
    return sorted(gone)


def newly_awaiting(before: Order, after: Order, node: str) -> bool:
    """Whether a node began to wait for somebody's nod."""
    lacks = {a for a in after.nodes[node].awaiting if a != "photo"}
    had = set(before.nodes[node].awaiting) if node in before.nodes else set()
    return bool(lacks - had)
