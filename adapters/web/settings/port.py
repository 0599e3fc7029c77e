"""What the settings pages ask of the house: people, ways in, and what was changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from domain.person import Person, Role


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody of the factory: where they are reached, whether they have a PIN, since when they
    are signed in somewhere.
    """

    person: Person
    platforms: tuple[str, ...]
    pin: bool
    signed_in: datetime | None


@dataclass(frozen=True, slots=True)
class Way:
    """A way in: a session, a token, a kiosk. `key` names it, it opens nothing."""

    key: str
    kind: str
    person: Person | None
    label: str
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the settings."""

    at: datetime
    by: str
    what: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A person as a form has it. `id` is empty for a new one."""

    id: str
    name: str
    role: Role
    title: str
    nodes: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time code for a person, and links that bring it along."""

    person: Person
    code: str
    doors: tuple[str, ...]


class Office(Protocol):
    """The house as the settings pages see it. `by` is who wants it; changes are written down."""

    async def people(self) -> Sequence[Card]:
        """Staff and suppliers, by role and name."""

    async def nodes(self) -> Sequence[tuple[str, str, str]]:
        """All nodes of all routes: key, name, and the routes' names."""

    async def keep(self, draft: Draft, by: Person) -> Invitation | None:
        """Change somebody, or add somebody and hand back how to let them in. Refused: a name is
        missing, the last admin would be none, somebody would take their own admin role away.
        """

    async def invite(self, person: str, by: Person) -> Invitation:
        """A new code for somebody. NotFound."""

    async def clear_pin(self, person: str, by: Person) -> None:
        """Their PIN counts no more."""

    async def dismiss(self, person: str, by: Person) -> None:
        """Somebody who left: addresses, sessions, tokens, badges and PIN end; history keeps the
        name. Refused for oneself and the last admin.
        """

    async def ways(self, person: str = "") -> Sequence[Way]:
        """Living ways in, newest first."""

    async def open_way(
        self, kind: str, person: str, label: str, lasts: timedelta | None, by: Person
    ) -> str:
        """A new API token or kiosk: its secret, which nobody can read again."""

    async def close_way(self, key: str, by: Person) -> None:
        """It opens nothing any more."""

    async def changes(self, count: int) -> Sequence[Change]:
        """The newest changes, newest first."""

    async def counts(self) -> Mapping[str, int]:
        """What the index tells: `people`, `unreached`, `customers`, `sessions`, `tokens`, `kiosks`,
        `routes`.
        """
