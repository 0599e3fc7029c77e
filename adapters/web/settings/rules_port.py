"""What the pages of the factory's rules ask of the house: routes, days, who hears of what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from domain.escalation import Policy
from domain.person import Person
from domain.route import Route

Own = Literal["off", "work"]
Kind = Literal["work", "rest", "holiday", "exchanged", "own-off", "own-work"]
"""A day: worked, free by the week, free or worked by the state, free or worked by the factory."""


@dataclass(frozen=True, slots=True)
class RouteCard:
    """A route as it is used: how many open orders follow its newest version and older ones, and
    whether orders that name none get it.
    """

    route: Route
    running: int
    older: int
    default: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Days of the factory's own that lie side by side."""

    first: date
    last: date
    kind: Own
    reason: str


@dataclass(frozen=True, slots=True)
class Year:
    """A year's days; `published` says whether the state's exchanged days are known."""

    days: Mapping[date, Kind]
    published: bool
    own: Sequence[Span]


@dataclass(frozen=True, slots=True)
class Moved:
    """An open order whose forecast moves; `late` is working days behind the promise after it."""

    order_no: str
    before: date
    after: date
    late: int


@dataclass(frozen=True, slots=True)
class Chains:
    """The escalation in force, and its text. `file` is the file that a setting names, which the
    page must not change; `own` whether the text is the factory's; `broken` why a kept text does not
    count.
    """

    policy: Policy
    text: str
    file: str
    own: bool
    broken: str


class Rules(Protocol):
    """The house as the pages of its rules see it. `by` is who wants it; changes are written down
    and hold at once.
    """

    async def routes(self) -> Sequence[RouteCard]:
        """All routes by key."""

    async def route(self, key: str) -> RouteCard:
        """One of them. NotFound."""

    def templates(self) -> Sequence[Route]:
        """The routes that come with us."""

    async def keep_route(self, route: Route, seen: int, by: Person) -> RouteCard:
        """A new version, the first of its key if `seen` is 0. Refused `route-moved` if the newest
        is not the one that was seen any more, `route-taken` if the key is in use.
        """

    async def year(self, year: int) -> Year:
        """A year's days as they are worked."""

    async def effect(self, first: date, last: date, kind: Own | None) -> Sequence[Moved]:
        """What such days (None: as week and state have them) would do to open orders."""

    async def set_days(
        self, first: date, last: date, kind: Own | None, reason: str, by: Person
    ) -> Sequence[Moved]:
        """Do it; what it did."""

    async def chains(self) -> Chains:
        """Who hears of what."""

    async def keep_chains(self, text: str, by: Person) -> None:
        """Another declaration; empty is the one that comes with us. RouteFault; Refused
        `escalation-file` where a setting names a file.
        """
