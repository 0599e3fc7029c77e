"""A node of an order: what is known of it, its state, and what one fact makes of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.events import (
    AlternativeTaken,
    ConfirmationAsked,
    Event,
    InspectionFailed,
    NodeCompleted,
    NodeConfirmed,
    NodeDelayed,
    NodeOverdue,
    NodeProgressed,
    NodeResumed,
    NodeReworked,
    NodeStarted,
    QuantityCorrected,
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
    `customer`; `waits_for` the suppliers' needs that hold it, if it is these.
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
    overdue: bool = False
    alternative: str = ""
    waits_for: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        """The state, derived from what was reported."""
        if self.held:
            return Status.DELAYED
        if self.awaiting:
            return Status.TO_CONFIRM
        if self.completed:
            return Status.DONE
        if self.overdue:
            return Status.DELAYED
        if self.started_at is not None or self.quantity or self.share:
            return Status.IN_PROGRESS
        return Status.PENDING

    @property
    def done(self) -> bool:
        """Whether the node is green."""
        return self.completed and not self.held and not self.awaiting


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


def node_after(route: Route, total: int, node: Node, event: Event) -> Node:
    """A node after one fact about it. Open again, it waits for no more than its first article."""
    after = _told_of(route, total, node, event)
    if after.waits_for and (not after.held or not isinstance(event.fact, _ASIDE)):
        after = replace(after, waits_for=())
    if isinstance(event.fact, NodeDelayed):
        after = replace(after, waits_for=event.fact.needs)
    if node.completed and not after.completed:
        return replace(after, awaiting=tuple(a for a in after.awaiting if a == "first_article"))
    return after


_ASIDE = (NodeConfirmed, ConfirmationAsked, NodeOverdue, QuantityCorrected)
"""Facts that leave what holds a node as it is."""


def _told_of(route: Route, total: int, node: Node, event: Event) -> Node:
    at = event.occurred_at
    told: dict[str, Any] = {"reported_at": at, "reported_by": event.by, "overdue": False}
    begun = node.started_at or at
    match event.fact:
        case NodeStarted():
            first = route.node(node.key).first_article and "first_article" not in node.confirmed
            awaiting = (*node.awaiting, "first_article") if first else node.awaiting
            return replace(
                node, **told, started_at=begun, held=False, completed=False, finished_at=None,
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
                node, **told, started_at=begun, held=False, quantity=pieces,
                rework=node.rework if rework is None else rework, scrap=lost,
                share=node.share if share is None else share,
                completed=still, finished_at=node.finished_at if still else None,
                reason="", reason_text="", until="", delay_days=0,
            )  # fmt: skip
        case NodeCompleted() as fact:
            scrap = node.scrap if fact.scrap is None else fact.scrap
            # Asked of the node again: what the report leaned on may have been undone since.
            lacks = (*fact.awaiting, *awaits(route.node(node.key), node))
            return replace(
                node, **told, started_at=begun, finished_at=at, completed=True, held=False,
                quantity=total - scrap if fact.quantity is None else fact.quantity,
                rework=0 if fact.rework is None else fact.rework, scrap=scrap, share=100,
                awaiting=tuple(dict.fromkeys(lacks)), tracking=fact.tracking or node.tracking,
                reason="", reason_text="", until="", delay_days=0,
            )  # fmt: skip
        case NodeDelayed() as fact:
            return replace(
                node, **told, held=True, completed=False, finished_at=None, reason=fact.reason,
                reason_text=fact.text, until=fact.until, delay_days=fact.delay_days or 0,
            )  # fmt: skip
        case NodeResumed(working=working):
            return replace(
                node, **told, held=False, started_at=begun if working else node.started_at,
                reason="", reason_text="", until="", delay_days=0,
            )  # fmt: skip
        case NodeReworked(rework=rework, reason=reason, text=text):
            left = max(node.quantity - (rework or node.quantity), 0)
            return replace(
                node, **told, started_at=begun, held=True, completed=False, finished_at=None,
                rework=rework or node.rework, quantity=left, share=0,
                reason=reason or "rework", reason_text=text, awaiting=(),
            )  # fmt: skip
        case InspectionFailed(reason=reason, text=text):
            return replace(
                node, **told, started_at=begun, held=True, completed=False, finished_at=None,
                reason=reason or "quality", reason_text=text, awaiting=(),
            )  # fmt: skip
        case NodeConfirmed(what=what):
            awaiting = tuple(a for a in node.awaiting if a != what)
            return replace(node, awaiting=awaiting, confirmed=(*node.confirmed, what))
        case ConfirmationAsked(whom=whom, text=text):
            awaiting = tuple(dict.fromkeys((*node.awaiting, whom)))
            return replace(node, **told, awaiting=awaiting, reason_text=text)
        case NodeOverdue():
            return replace(node, overdue=True)
        case AlternativeTaken(name=name):
            return replace(
                node, **told, held=False, started_at=begun, alternative=name, reason="",
                reason_text="", until="", delay_days=0,
            )  # fmt: skip
        case QuantityCorrected(quantity=quantity):
            full = quantity + node.scrap >= total
            return replace(
                node, **told, quantity=quantity, share=0, completed=node.completed and full,
                finished_at=node.finished_at if full else None,
            )  # fmt: skip
        case _:
            return replace(node, **told)
