"""What the pages of customers ask of the house. Contacts and prices come masked unless the look was
written down; who asks is named in every call that shows or changes something.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from domain.order import Order
from domain.person import Person

CONTACTS = ("contact", "phone", "email", "wechat", "address")
"""The fields of a contact, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Linked:
    """A living page of a customer: its kind (`p` one order, `c` calendar), what it shows, since
    when.
    """

    kind: str
    subject: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Client:
    """One customer. `contacts` are whole only if `shown`: the visitor asked to see them in the last
    quarter of an hour, and that was written down. `erased`: nothing of them is left.
    """

    person: Person
    orders: tuple[Order, ...]
    contacts: Mapping[str, str]
    shown: bool
    pushes: bool
    links: tuple[Linked, ...]
    erased: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: who (name), what (a code), whose (an order's number or a name), when."""

    at: datetime
    who: str
    what: str
    whose: str


class People(Protocol):
    """Customers as those who may see private data know them."""

    async def clients(self) -> Sequence[tuple[Person, int]]:
        """All customers by name, each with the number of open orders."""

    async def client(self, person_id: str, who: str) -> Client | None:
        """One customer; None if there is none of that id."""

    async def show(self, person_id: str, who: str) -> None:
        """Write down that somebody looks at a customer's contacts; `client` shows them then."""

    async def change(self, person_id: str, contacts: Mapping[str, str], who: str) -> None:
        """Other contacts of a customer; written down like a look. Raises DomainError."""

    async def pushes(self, person_id: str, on: bool) -> None:
        """Whether the customer hears of their open orders."""

    async def revoke(self, person_id: str) -> int:
        """None of the pages opens any more; how many did. New ones are made when needed."""

    async def contact(self, order_no: str, who: str) -> Mapping[str, str]:
        """How the customer of an order is reached, and its price and cost; written down."""

    async def packed(self, person_id: str, who: str) -> Path:
        """Everything held about a customer, as a ZIP in a file that the caller deletes. Written
        down. Raises DomainError.
        """

    async def would_erase(self, person_id: str, *, photos: bool) -> Sequence[tuple[str, int]]:
        """What erasing would do, as codes and counts; nothing is changed. Raises DomainError."""

    async def erase(self, person_id: str, who: str, *, photos: bool) -> None:
        """Forget a customer; written down. Raises DomainError."""

    async def looks(self, count: int) -> Sequence[Seen]:
        """The newest looks."""

    async def table(self, form: str, who: str, *, private: bool) -> bytes:
        """All orders as `csv` or `xlsx`; with contacts and prices if `private`, which is written
        down.
        """
