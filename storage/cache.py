"""What has been read from the books and is still true, and the shapes of what is remembered so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.order import Order
from domain.person import Address, Group, Person
from domain.route import Route
from storage.docs import Pieces
from storage.secrets import Ring

MOST = 20_000
"""Orders that are kept in memory."""
WARM = 4_000
"""Orders whose nodes' JSON is kept, so that only what changed is worked out anew."""
Bundle = tuple[str, str, str, str]
"""Platform, account, chat and name of a bundle."""
Seat = tuple[str, str, str, str]
"""Platform, account, chat and person."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it was taken in. `payload` is the adapter's plain data, `outcome` what became of
    it.
    """

    id: int
    platform: str
    account: str
    message_id: str
    chat: str
    sender: str
    at: str
    payload: Mapping[str, Any]
    state: str
    outcome: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for its answer. `doc` is what the talk needs to act on the answer."""

    id: str
    to: Address
    person: str
    asked_at: datetime
    expires_at: datetime
    doc: Mapping[str, Any]
    state: str = "open"


@dataclass(slots=True)
class Cache:
    """What has been read and is still true. Only the writer's thread looks at it.

    Where other processes write too (`shared`), `sure` holds the orders that were looked at in this
    batch, and `looked` the moment (of the steady clock) at which the list of open orders was.
    """

    orders: dict[str, Order] = field(default_factory=dict)
    heads: dict[str, str] = field(default_factory=dict)
    routes: dict[tuple[str, int], Route] = field(default_factory=dict)
    newest: dict[str, Route] = field(default_factory=dict)
    people: dict[str, Person] | None = None
    users: dict[tuple[str, str, str], Person] = field(default_factory=dict)
    groups: dict[Address, Group] | None = None
    open: set[str] | None = None
    fresh: dict[str, Order] = field(default_factory=dict)
    pieces: dict[str, Pieces] = field(default_factory=dict)
    heard: dict[int, Received] = field(default_factory=dict)
    taken: dict[tuple[str, str, str], int] = field(default_factory=dict)
    pushes: dict[Bundle, datetime | None] = field(default_factory=dict)
    asked: dict[Seat, Asked] | None = None
    ring: Ring = field(default_factory=Ring)
    version: int = 0
    shared: bool = False
    sure: set[str] = field(default_factory=set)
    looked: float = 0.0
    hinted: bool = False

    def trim(self) -> None:
        """Orders of years ago need not stay in memory because somebody looked at them once."""
        if len(self.orders) > MOST:
            self.orders.clear()
            self.heads.clear()
        for many in (self.pieces, self.heard, self.taken, self.pushes):
            if len(many) > WARM:
                many.clear()

    def forget(self) -> None:
        """Everything may be wrong: read anew."""
        self.orders.clear()
        self.heads.clear()
        self.routes.clear()
        self.newest.clear()
        self.users.clear()
        self.fresh.clear()
        self.pieces.clear()
        self.ring.forget()
        self.pass_on()
        self.sure.clear()
        self.looked = 0.0
        self.people = self.groups = self.open = None
        self.version += 1

    def begin(self) -> None:
        """The next batch begins."""
        if self.shared:
            self.sure.clear()
            self.pass_on()

    def pass_on(self) -> None:
        """What another process may change at any moment is not remembered longer than a batch."""
        self.heard.clear()
        self.taken.clear()
        self.pushes.clear()
        self.asked = None
