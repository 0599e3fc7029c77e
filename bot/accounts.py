"""Signing in: one-time links said in the chat, sessions, API tokens, kiosks. Implements the guard's
port over the store.

Moments are the machine's own, not the sandbox's turned ones: a link that is good for ten minutes is
good for ten minutes. Secrets are random; one-time links are made like all links and stand hashed in
the books.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.web.access.visitor import Visitor
from bot.links import Links, digest
from domain.person import SYSTEM, Person, Role
from domain.ports import Clock
from storage.ledger import Ledger
from storage.store import Store

STAFF = (Role.OPERATOR, Role.MANAGER, Role.ADMIN)
LINK = "in"
"""The kind of a one-time link."""
GOOD = timedelta(minutes=10)
"""How long a one-time link may be used."""
IDLE = timedelta(days=30)
"""How long a session lives without a visit."""
WHOLE = timedelta(days=180)
"""How long a session lives at most."""
SELDOM = timedelta(hours=1)
"""How often a visit is written down."""
PREFIX = "vt_"
"""How an API token begins, so that one that leaked into a repository is found."""


def hashed(kind: str, secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(f"{kind}:{secret}".encode("utf-8", "replace")).hexdigest()


def new_link(ledger: Ledger, links: Links, person: Person, now: datetime) -> str:
    """A one-time link's subject: `links.full(ledger, "in", subject, person.id)` words it. Links
    made before it for the same person open nothing any more.
    """
    ledger.links.revoke_reader(LINK, person.id, now)
    subject = secrets.token_hex(8)
    token = links.token(LINK, subject, person.id, 1)
    ledger.links.keep(digest(LINK, token), LINK, subject, person.id, 1, now, now + GOOD)
    return subject


def new_grant(
    ledger: Ledger, kind: str, person: str, label: str, now: datetime, lasts: timedelta | None
) -> str:
    """A way in for good or for a time; its secret, which nobody can read again."""
    secret = (PREFIX if kind == "token" else "") + secrets.token_urlsafe(32)
    until = now + lasts if lasts else None
    ledger.access.grant(hashed(kind, secret), kind, person, label, now, until)
    return secret


@dataclass(slots=True)
class Accounts:
    """See `adapters.web.access.port.Accounts` for the promises."""

    store: Store
    links: Links
    clock: Clock

    async def sandbox(self) -> Visitor:
        """The sandbox's visitor: the first who leads, with every right."""
        return await self.store.run(_anybody)

    async def session(self, secret: str) -> Visitor | None:
        """Whose session this is."""
        return await self.store.run(lambda ledger: self._session(ledger, secret))

    def _session(self, ledger: Ledger, secret: str) -> Visitor | None:
        key, now = hashed("session", secret), self.clock.now()
        grant = ledger.access.find(key, "session", now)
        person = _staff(ledger, grant.person) if grant else None
        if grant is None or person is None:
            return None
        if grant.used_at is None or now - grant.used_at > SELDOM:
            ledger.access.used(key, now, min(now + IDLE, grant.created_at + WHOLE))
        return Visitor(person, "session", key)

    async def token(self, secret: str) -> Visitor | None:
        """Whose API token this is."""
        if not secret.startswith(PREFIX):
            return None
        return await self.store.run(lambda ledger: self._lasting(ledger, "token", secret))

    async def kiosk(self, secret: str) -> Visitor | None:
        """A board on a wall."""
        return await self.store.run(lambda ledger: self._lasting(ledger, "kiosk", secret))

    def _lasting(self, ledger: Ledger, kind: str, secret: str) -> Visitor | None:
        key, now = hashed(kind, secret), self.clock.now()
        grant = ledger.access.find(key, kind, now)
        if grant is None:
            return None
        person = SYSTEM if kind == "kiosk" else _staff(ledger, grant.person)
        if person is None:
            return None
        if grant.used_at is None or now - grant.used_at > SELDOM:
            ledger.access.used(key, now, grant.expires_at)
        return Visitor(person, kind, key)

    async def invited(self, code: str) -> Person | None:
        """Whom a one-time link would sign in."""
        return await self.store.run(lambda ledger: self._invited(ledger, code))

    def _invited(self, ledger: Ledger, code: str) -> Person | None:
        found = self.links.opened(ledger, LINK, code, self.clock.now())
        return _staff(ledger, found[1]) if found else None

    async def enter(self, code: str, label: str) -> tuple[Person, str] | None:
        """Use a one-time link up."""

        def act(ledger: Ledger) -> tuple[Person, str] | None:
            now, person = self.clock.now(), self._invited(ledger, code)
            if person is None:
                return None
            ledger.links.revoke_reader(LINK, person.id, now)
            return person, new_grant(ledger, "session", person.id, label, now, IDLE)

        return await self.store.run(act)

    async def leave(self, visitor: Visitor, *, everywhere: bool = False) -> None:
        """End this session, or all of the person's."""
        now = self.clock.now()
        work: Callable[[Ledger], object] = (
            (lambda ledger: ledger.access.revoke_all(visitor.person.id, now, "session"))
            if everywhere
            else (lambda ledger: ledger.access.revoke(visitor.key, now))
        )
        await self.store.run(work)


def _staff(ledger: Ledger, person_id: str) -> Person | None:
    person = ledger.person(person_id)
    return person if person is not None and person.role in STAFF else None


def _anybody(ledger: Ledger) -> Visitor:
    leading = (p for p in ledger.people() if p.role in (Role.ADMIN, Role.MANAGER))
    first = next(leading, None)
    return Visitor(replace(first, role=Role.ADMIN) if first else SYSTEM, "sandbox")
