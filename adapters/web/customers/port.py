"""What a customer's pages ask beyond the order itself: their other orders, their opinion, links for
others, the card, the calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from adapters.web.ports import Opened
from domain.order import Order

GUEST = "*"
"""The reader of a link that a customer passed on: it shows one order, and nothing can be done."""


@dataclass(frozen=True, slots=True)
class Page:
    """One order of a customer and the address of its page."""

    order: Order
    path: str


@dataclass(frozen=True, slots=True)
class Dates:
    """What a calendar shows: whose it is, in which language, and the orders."""

    name: str
    language: str
    pages: Sequence[Page]
    staff: bool


class Customers(Protocol):
    """The house as customers' pages see it."""

    async def others(self, opened: Opened) -> Sequence[Page]:
        """The reader's other orders, open ones first; none for a guest."""

    async def ended(self, opened: Opened) -> datetime | None:
        """When the link's time is over: some months after the order was; None while it is open."""

    async def rate(self, opened: Opened, score: int, text: str) -> None:
        """How content the customer is: 5, 3 or 1, and words. Raises DomainError."""

    async def share(self, opened: Opened) -> tuple[str, datetime]:
        """The address of the order for somebody else, and until when it opens."""

    async def unshare(self, opened: Opened) -> None:
        """What was passed on opens nothing any more."""

    async def shared(self, opened: Opened) -> bool:
        """Whether a link that was passed on is alive."""

    async def card(self, opened: Opened, language: str) -> bytes | None:
        """The progress card of the order (PNG, 1080 wide), as its customer may see it."""

    async def calendar(self, opened: Opened) -> str:
        """The address of the reader's calendar feed."""

    async def dates(self, token: str) -> Dates | None:
        """What the calendar behind a token shows; None for a wrong one."""
