"""What happened, in the past tense: the closed union that is history and audit log in one.

An Event is an envelope (who, when it occurred, when it was recorded, from which message) around one
Fact. Facts are never
refused and never rewritten; a correction is a fact of its own. `pack` and `unpack` are the stored
form.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any

from domain.need_facts import (
    NeedCancelled,
    NeedChecked,
    NeedConfirmed,
    NeedDelivered,
    NeedMoved,
    NeedPlaced,
    NeedPromised,
)


@dataclass(frozen=True, slots=True)
class Source:
    """The message that an event came from."""

    platform: str
    chat: str
    message_id: str


@dataclass(frozen=True, slots=True)
class OrderPlaced:
    """An order exists. Times are ISO 8601 in UTC, `due` is a local date; `plan` is node → (start,
    finish).
    """

    product: str
    quantity: int
    customer: str
    route: str
    route_version: int
    placed: str
    due: str
    plan: Mapping[str, tuple[str, str]]
    note: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class NodeStarted:
    """Work at a node began."""


@dataclass(frozen=True, slots=True)
class NodeProgressed:
    """So many good pieces are done (cumulative); `share` in per cent where only that was said."""

    quantity: int | None = None
    rework: int | None = None
    scrap: int | None = None
    share: int | None = None


@dataclass(frozen=True, slots=True)
class NodeCompleted:
    """A node was reported complete; `awaiting` is what it still lacks before it counts as done."""

    awaiting: tuple[str, ...] = ()
    quantity: int | None = None
    rework: int | None = None
    scrap: int | None = None
    tracking: str = ""


@dataclass(frozen=True, slots=True)
class NodeDelayed:
    """A node is held up, for a reason (a code), perhaps until a moment (local date or minute) or
    for some days. `needs` are the suppliers' needs that it waits for, if it is these that hold it.
    """

    reason: str = ""
    text: str = ""
    until: str = ""
    delay_days: int | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeResumed:
    """What held the node up is over. `working` is false where it had not begun and does not yet."""

    working: bool = True


@dataclass(frozen=True, slots=True)
class NodeReworked:
    """Pieces, or the lot if no number was said, go through the node again."""

    rework: int | None = None
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class InspectionFailed:
    """The lot was rejected."""

    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class NodeConfirmed:
    """Someone who may do so confirmed a node: `what` is `completion` or `first_article`."""

    what: str


@dataclass(frozen=True, slots=True)
class ConfirmationAsked:
    """A node waits for a person outside the team; `whom` is a role or `customer`."""

    whom: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class PhotoAttached:
    """A picture belongs to the order, perhaps to a node. `photo` is the digest of the received
    bytes.
    """

    photo: str
    key: str
    thumb: str
    kind: str = "photo"
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class ReportUndone:
    """Earlier events (their numbers) do not count any more; the history shows them still."""

    undone: tuple[int, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class QuantityCorrected:
    """The pieces reported at a node were wrong; this is the right number."""

    quantity: int


@dataclass(frozen=True, slots=True)
class DueChanged:
    """The promise to the customer moved; `offer` is what they may choose between."""

    due: str
    before: str
    reason: str = ""
    text: str = ""
    offer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """Someone wants to hear of the order, or of one node of it (`node` in the envelope)."""

    who: str


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """Someone wants to hear no more."""

    who: str


@dataclass(frozen=True, slots=True)
class OrderCancelled:
    """The order will not be made."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class NodeOverdue:
    """The clock found no report of a node that should have been finished."""


@dataclass(frozen=True, slots=True)
class LevelChanged:
    """How far the order is off its promise became another level; `percent` is the deviation."""

    level: str
    before: str
    percent: float = 0.0


@dataclass(frozen=True, slots=True)
class MeasureTaken:
    """What those who lead do about a deviation or a problem: their cause and countermeasure."""

    text: str


@dataclass(frozen=True, slots=True)
class AlternativeTaken:
    """A held node goes on another way: another supplier, another process, as its route declares."""

    name: str


@dataclass(frozen=True, slots=True)
class CustomerChose:
    """The customer answered what they were offered: `split` (so many pieces first), `together`, or
    `date` (a local date).
    """

    choice: str
    quantity: int = 0
    due: str = ""


@dataclass(frozen=True, slots=True)
class FeedbackGiven:
    """How satisfied the customer is, 1 to 5 (0: words only)."""

    score: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Somebody put a small free label on the order."""

    label: str


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Somebody took it off."""

    label: str


Fact = (
    OrderPlaced
    | NodeStarted
    | NodeProgressed
    | NodeCompleted
    | NodeDelayed
    | NodeResumed
    | NodeReworked
    | InspectionFailed
    | NodeConfirmed
    | ConfirmationAsked
    | PhotoAttached
    | ReportUndone
    | QuantityCorrected
    | DueChanged
    | Followed
    | Unfollowed
    | OrderCancelled
    | NodeOverdue
    | LevelChanged
    | MeasureTaken
    | AlternativeTaken
    | CustomerChose
    | FeedbackGiven
    | Labelled
    | Unlabelled
    | NeedPlaced
    | NeedConfirmed
    | NeedPromised
    | NeedMoved
    | NeedDelivered
    | NeedChecked
    | NeedCancelled
)
FACTS: dict[str, type[Any]] = {cls.__name__: cls for cls in Fact.__args__}
REPORTS = (
    NodeStarted,
    NodeProgressed,
    NodeCompleted,
    NodeDelayed,
    NodeResumed,
    NodeReworked,
    InspectionFailed,
    QuantityCorrected,
)
NODE_FACTS = (
    *REPORTS,
    NodeConfirmed,
    ConfirmationAsked,
    NodeOverdue,
    AlternativeTaken,
)
"""Facts that change one node and nothing else of an order."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an order's history. `seq` counts from 1 within the order; `by` is a person's id
    or `system`.
    """

    order_no: str
    seq: int
    node: str
    by: str
    occurred_at: datetime
    recorded_at: datetime
    fact: Fact
    source: Source | None = None
    on_behalf: bool = False

    @property
    def type(self) -> str:
        """The fact's name."""
        return type(self.fact).__name__


def pack(fact: Fact) -> dict[str, Any]:
    """The plain data of a fact; values that stand at their default are left out."""
    out: dict[str, Any] = {}
    for name, default in _parts(type(fact).__name__):
        value = getattr(fact, name)
        if default is MISSING or value != default:
            out[name] = list(value) if isinstance(value, tuple) else value
    return out


@cache
def _parts(kind: str) -> tuple[tuple[str, Any], ...]:
    """The fields of a kind of fact and their defaults."""
    return tuple((f.name, f.default) for f in fields(FACTS[kind]))


def unpack(kind: str, data: Mapping[str, Any]) -> Fact:
    """A fact from its stored form. Unknown kinds raise KeyError: history is never skipped over."""
    cls = FACTS[kind]
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    if "plan" in data:
        values["plan"] = {k: tuple(v) for k, v in data["plan"].items()}
    fact: Fact = cls(**values)
    return fact


def stamp(at: datetime) -> str:
    """A moment as stored: UTC, to the microsecond, always of the same length so that text order is
    time order.
    """
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def unstamp(text: str) -> datetime:
    """The moment of a stored stamp."""
    return datetime.fromisoformat(text)
