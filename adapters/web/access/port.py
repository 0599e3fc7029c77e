"""What the guard asks of the house: who stands behind a secret, and what becomes of one-time links
and sessions.
"""

from typing import Protocol

from adapters.web.access.visitor import Visitor
from domain.person import Person


class Accounts(Protocol):
    """Sign-in. Secrets come in as they were sent; only their hashes are kept."""

    async def sandbox(self) -> Visitor:
        """Who a visitor of the sandbox is without having signed in: one who may do everything."""

    async def session(self, secret: str) -> Visitor | None:
        """Whose living session this is; a used one lives on."""

    async def token(self, secret: str) -> Visitor | None:
        """Whose API token this is."""

    async def kiosk(self, secret: str) -> Visitor | None:
        """The board on a wall that this secret was made for."""

    async def invited(self, code: str) -> Person | None:
        """Whom a one-time link would sign in; looking does not use it up."""

    async def enter(self, code: str, label: str) -> tuple[Person, str] | None:
        """Use a one-time link up: who it was, and the secret of the new session. `label` says in
        short on what it was opened.
        """

    async def leave(self, visitor: Visitor, *, everywhere: bool = False) -> None:
        """End this session, or all sessions of the person."""
