"""What happened to a supplier's need: the part of the closed union in `domain.events` that is about
materials and outside work.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NeedPlaced:
    """A supplier is asked for so much of something for the node, by a local date. `declared`: the
    route asks for it.
    """

    need: str
    item: str
    quantity: str
    unit: str
    supplier: str
    needed_by: str
    note: str = ""
    declared: bool = False


@dataclass(frozen=True, slots=True)
class NeedConfirmed:
    """The supplier will deliver, on the day that was asked for (a local date)."""

    need: str
    promised: str


@dataclass(frozen=True, slots=True)
class NeedPromised:
    """The supplier gave another day; `before` is the one that was valid."""

    need: str
    promised: str
    before: str
    reason: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class NeedMoved:
    """The day by which it is needed moved, because the order's did."""

    need: str
    needed_by: str
    before: str


@dataclass(frozen=True, slots=True)
class NeedDelivered:
    """So much has come; `photos` are digests of received pictures."""

    need: str
    amount: str
    photos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NeedChecked:
    """What came was looked at: so much is good, so much goes back. The need is over."""

    need: str
    good: str
    returned: str = "0"
    text: str = ""


@dataclass(frozen=True, slots=True)
class NeedCancelled:
    """It is not needed any more."""

    need: str
    text: str = ""
