"""What the suppliers' pages ask of the house: what is owed, how well it was kept, acts upon it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.commands import Command
from domain.needs import Need
from domain.node import Node
from domain.person import Person
from domain.route import NodeSpec
from domain.supply import Steps


@dataclass(frozen=True, slots=True)
class Due:
    """A need with what its supplier may know of the order: the number and the node it is for."""

    order_no: str
    need: Need
    spec: NodeSpec
    node: Node


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of one supplier: `due` are the needs with their orders' nodes (open ones, and some that
    are over, newest last), `needs` what counts for its record.
    """

    person: Person
    due: tuple[Due, ...]
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An open order that materials can be asked for: its number, product and open nodes."""

    order_no: str
    product: str
    nodes: tuple[NodeSpec, ...]


class Supplies(Protocol):
    """What suppliers owe, as the pages see it."""

    async def sheet(self, supplier: str) -> Sheet | None:
        """One supplier by id; None if there is no such supplier."""

    async def sheets(self) -> Sequence[Sheet]:
        """All suppliers, by name."""

    async def choices(self) -> Sequence[Choice]:
        """Open orders, by number."""

    async def act(self, by: Person, command: Command) -> None:
        """Do it through the desk. Raises DomainError."""

    async def keep(self, files: Sequence[tuple[str, bytes]]) -> tuple[str, ...]:
        """Clean and keep received pictures (name and bytes); their digests. Raises PhotoFault."""

    async def picture(self, order_no: str, need: str, place: int) -> tuple[Due, bytes] | None:
        """A picture of a delivery, small, by its place among them (JPEG); None if there is none."""

    async def ask(self, supplier: Person, text: str, order_no: str = "") -> None:
        """A supplier's question, to those who lead; `text` may be empty."""

    async def steps(self) -> Steps:
        """What suppliers see ahead, and for what."""

    async def set_steps(self, steps: Steps) -> None:
        """Change that."""
