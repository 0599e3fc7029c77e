"""What the shop floor's terminal asks of the house: who may report with which badge, and what
became of what was pressed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from domain.person import Person

ACTS = ("start", "complete", "progress", "problem", "resume")


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who may report at an order's nodes with a PIN."""

    id: str
    name: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press: `id` is the phone's own name for it, so that sending it again changes nothing;
    `ago` is how long ago it was pressed (phones' clocks are wrong, their stop watches are right).
    """

    id: str
    act: str
    node: str
    ago: timedelta = timedelta()
    quantity: int | None = None
    scrap: int | None = None
    reason: str = ""
    text: str = ""
    anyway: bool = False
    photos: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a press: `kept`, `repeated` (it was kept before), `refused` with a code of the
    catalogue and its facts. `faults` are codes of photos that could not be kept.
    """

    state: str
    code: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    faults: tuple[str, ...] = ()


class Terminal(Protocol):
    """The house as the terminal sees it."""

    async def workers(self, order_no: str) -> Sequence[Worker]:
        """Who has a PIN and may report at a node of the order, by name."""

    async def badge(self, person: str, pin: str, client: str) -> str | None:
        """The secret of a badge for half a day; None for a wrong PIN. Refused("pin-locked") after
        too many wrong ones from one client, or very many from anywhere.
        """

    async def wearer(self, badge: str, ago: timedelta = timedelta()) -> Person | None:
        """Whose badge it is, if it had not run out so long ago, when something was pressed. Some
        days later it is good for nothing.
        """

    async def press(self, order_no: str, by: Person, pressed: Pressed) -> Became:
        """Do it, once."""

    async def undo(self, order_no: str, by: Person, press: str) -> Became:
        """Take one's own press back."""
