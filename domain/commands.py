"""What somebody wants: imperative, may be refused. A closed union, matched without a default arm.

`Told` is the envelope around a command: who, when it is said, when it happened, from which message.
"""

from dataclasses import dataclass
from datetime import date, datetime

from domain.events import PhotoAttached, Source
from domain.need_commands import (
    CancelNeed,
    CheckNeed,
    ConfirmNeed,
    DeliverNeed,
    MoveNeed,
    PlaceNeed,
    PromiseNeed,
)
from domain.person import Person


@dataclass(frozen=True, slots=True)
class Told:
    """Who wants it and when. `now` is when it is recorded, `occurred_at` when it happened (now,
    unless said).
    """

    by: Person
    now: datetime
    source: Source | None = None
    occurred_at: datetime | None = None

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.occurred_at or self.now


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Take an order in. `due` None means the natural end of the route."""

    order_no: str
    product: str
    quantity: int
    customer: str
    route: str
    due: date | None = None
    placed: datetime | None = None
    note: str = ""
    priority: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """Work at a node begins. `anyway` accepts that earlier nodes are open."""

    order_no: str
    node: str
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """Cumulative good pieces at a node."""

    order_no: str
    node: str
    quantity: int | None = None
    rework: int | None = None
    scrap: int | None = None
    share: int | None = None
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class Complete:
    """A node is finished."""

    order_no: str
    node: str
    quantity: int | None = None
    rework: int | None = None
    scrap: int | None = None
    tracking: str = ""
    anyway: bool = False


@dataclass(frozen=True, slots=True)
class Delay:
    """A node is held up; by these of its suppliers' needs, if it is they."""

    order_no: str
    node: str
    reason: str = ""
    text: str = ""
    until: str = ""
    delay_days: int | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resume:
    """A held-up node goes on."""

    order_no: str
    node: str


@dataclass(frozen=True, slots=True)
class Rework:
    """Pieces go through a node again."""

    order_no: str
    node: str
    rework: int | None = None
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fail:
    """An inspection rejects the lot."""

    order_no: str
    node: str
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Confirm:
    """Confirm a node that waits for it."""

    order_no: str
    node: str


@dataclass(frozen=True, slots=True)
class AskConfirmation:
    """Let a node wait for somebody, a role or `customer`."""

    order_no: str
    node: str
    whom: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Attach:
    """Pictures for an order or one of its nodes."""

    order_no: str
    node: str
    photos: tuple[PhotoAttached, ...]


@dataclass(frozen=True, slots=True)
class Undo:
    """Take reports back: the events with these numbers."""

    order_no: str
    seqs: tuple[int, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class SetQuantity:
    """Correct the pieces reported at a node."""

    order_no: str
    node: str
    quantity: int


@dataclass(frozen=True, slots=True)
class ChangeDue:
    """Promise another date; `offer` lets the customer choose (see `domain.drafts`)."""

    order_no: str
    due: date
    reason: str = ""
    text: str = ""
    offer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Follow:
    """Hear of an order, or of one node."""

    order_no: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class Unfollow:
    """Hear of it no more."""

    order_no: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The order will not be made."""

    order_no: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Overdue:
    """The clock found no report of a node that should have been finished."""

    order_no: str
    node: str


@dataclass(frozen=True, slots=True)
class ChangeLevel:
    """The deviation crossed into another level, or stayed out of one long enough."""

    order_no: str
    level: str
    percent: float


@dataclass(frozen=True, slots=True)
class TakeMeasure:
    """What is done about it."""

    order_no: str
    text: str
    node: str = ""


@dataclass(frozen=True, slots=True)
class TakeAlternative:
    """A held node goes on another way that its route declares."""

    order_no: str
    node: str
    name: str


@dataclass(frozen=True, slots=True)
class Choose:
    """The customer's answer to what they were offered."""

    order_no: str
    choice: str
    quantity: int = 0
    due: date | None = None


@dataclass(frozen=True, slots=True)
class GiveFeedback:
    """How satisfied the customer is."""

    order_no: str
    score: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """Put a small free label on an order."""

    order_no: str
    label: str


@dataclass(frozen=True, slots=True)
class Unlabel:
    """Take it off."""

    order_no: str
    label: str


Command = (
    PlaceOrder
    | Start
    | Progress
    | Complete
    | Delay
    | Resume
    | Rework
    | Fail
    | Confirm
    | AskConfirmation
    | Attach
    | Undo
    | SetQuantity
    | ChangeDue
    | Follow
    | Unfollow
    | Cancel
    | Overdue
    | ChangeLevel
    | TakeMeasure
    | TakeAlternative
    | Choose
    | GiveFeedback
    | Label
    | Unlabel
    | PlaceNeed
    | ConfirmNeed
    | PromiseNeed
    | MoveNeed
    | DeliverNeed
    | CheckNeed
    | CancelNeed
)
