"""What is wanted of a supplier's need: the part of the closed union in `domain.commands` that is
about materials and outside work.
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class PlaceNeed:
    """Ask a supplier (a person's id) for so much of something, for a node, by a day."""

    order_no: str
    node: str
    item: str
    quantity: str
    unit: str
    supplier: str
    needed_by: date
    note: str = ""
    declared: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmNeed:
    """It will come on the day that was asked for."""

    order_no: str
    need: str


@dataclass(frozen=True, slots=True)
class PromiseNeed:
    """It will come on another day."""

    order_no: str
    need: str
    day: date
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class MoveNeed:
    """It is needed on another day."""

    order_no: str
    need: str
    needed_by: date


@dataclass(frozen=True, slots=True)
class DeliverNeed:
    """So much has come; an empty amount means all that was left. `photos` are digests."""

    order_no: str
    need: str
    amount: str = ""
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckNeed:
    """What came is good, but for what goes back."""

    order_no: str
    need: str
    returned: str = "0"
    text: str = ""


@dataclass(frozen=True, slots=True)
class CancelNeed:
    """It is not needed any more."""

    order_no: str
    need: str
    text: str = ""
