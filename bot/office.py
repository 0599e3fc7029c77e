"""The settings pages' house: people and ways in, changed with a note of who did it. Implements
`adapters.web.settings.port.Office`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from adapters.web.settings.port import Card, Change, Draft, Invitation, Way
from bot.accounts import new_grant
from bot.onboarding import new_code, next_id
from domain.errors import NotFound, Refused
from domain.events import stamp, unstamp
from domain.person import Person, Role
from domain.ports import Clock
from storage.ledger import Ledger
from storage.store import Store

T = TypeVar("T")
CHANGE = "change/"
SHOWN = (Role.ADMIN, Role.MANAGER, Role.OPERATOR, Role.SUPPLIER)
WAYS = ("session", "token", "kiosk", "badge")


@dataclass(slots=True)
class Office:
    """See the port for the promises. `wall` is the machine's clock, `doors` makes links that bring
    a code along.
    """

    store: Store
    wall: Clock
    doors: Callable[[str], Sequence[str]]

    async def people(self) -> Sequence[Card]:
        """Staff and suppliers."""

        def look(ledger: Ledger) -> list[Card]:
            pins = ledger.settings.starting("pin/")
            seen = self._seen(ledger)
            cards = [
                Card(p, _platforms(p), p.id in pins, seen.get(p.id))
                for p in ledger.people()
                if p.role in SHOWN
            ]
            return sorted(cards, key=lambda c: (SHOWN.index(c.person.role), c.person.id))

        return await self.store.run(look)

    def _seen(self, ledger: Ledger) -> dict[str, datetime]:
        """When each person last used a session."""
        found: dict[str, datetime] = {}
        for grant in ledger.access.living(self.wall.now()):
            at = grant.used_at or grant.created_at
            if grant.kind == "session" and at > found.get(grant.person, at - timedelta(1)):
                found[grant.person] = at
        return found

    async def nodes(self) -> Sequence[tuple[str, str, str]]:
        """All nodes of all routes."""

        def look(ledger: Ledger) -> list[tuple[str, str, str]]:
            names: dict[str, str] = {}
            where: dict[str, list[str]] = {}
            for route in ledger.orders.routes():
                for spec in route.nodes:
                    names.setdefault(spec.key, spec.name)
                    where.setdefault(spec.key, []).append(route.name)
            return [(key, names[key], "、".join(where[key])) for key in names]

        return await self.store.run(look)

    async def keep(self, draft: Draft, by: Person) -> Invitation | None:
        """Change or add somebody."""

        def act(ledger: Ledger) -> Invitation | None:
            before = ledger.person(draft.id) if draft.id else None
            if draft.id and (before is None or before.role is Role.CUSTOMER):
                raise NotFound("no-such-person")
            if not draft.name.strip():
                raise Refused("name-missing")
            after = Person(
                before.id if before else next_id(ledger, draft.role), draft.name.strip()[:60],
                draft.role, draft.title.strip()[:60], draft.nodes, draft.language,
                before.addresses if before else (),
            )  # fmt: skip
            if before is not None and before.role is Role.ADMIN and after.role is not Role.ADMIN:
                self._spare(ledger, before, by)
            if before == after:
                return None
            ledger.folk.keep(after)
            self._note(ledger, by, "person-changed" if before else "person-added", who=after.id)
            return None if before else self._invitation(ledger, after)

        return await self.store.run(act)

    def _spare(self, ledger: Ledger, person: Person, by: Person) -> None:
        """Refuse what would leave nobody to change settings, or lock the asker out."""
        if person.id == by.id:
            raise Refused("own-admin-role")
        if sum(p.role is Role.ADMIN for p in ledger.people()) < 2:
            raise Refused("last-admin")

    def _invitation(self, ledger: Ledger, person: Person) -> Invitation:
        code = new_code(ledger, person)
        return Invitation(person, code, tuple(self.doors(code)))

    async def invite(self, person: str, by: Person) -> Invitation:
        """A new code for somebody."""

        def act(ledger: Ledger) -> Invitation:
            found = _known(ledger, person)
            self._note(ledger, by, "person-invited", who=found.id)
            return self._invitation(ledger, found)

        return await self.store.run(act)

    async def clear_pin(self, person: str, by: Person) -> None:
        """Their PIN counts no more."""

        def act(ledger: Ledger) -> None:
            found = _known(ledger, person)
            ledger.settings.drop(f"pin/{found.id}")
            ledger.access.revoke_all(found.id, self.wall.now(), "badge")
            self._note(ledger, by, "pin-cleared", who=found.id)

        await self.store.run(act)

    async def dismiss(self, person: str, by: Person) -> None:
        """Somebody who left."""

        def act(ledger: Ledger) -> None:
            found = _known(ledger, person)
            if found.id == by.id:
                raise Refused("own-admin-role")
            if found.role is Role.ADMIN:
                self._spare(ledger, found, by)
            ledger.folk.unbind(found.id)
            ledger.folk.keep(replace(found, nodes=(), addresses=()))
            ledger.settings.drop(f"pin/{found.id}")
            ledger.access.revoke_all(found.id, self.wall.now())
            ledger.links.revoke_reader("in", found.id, self.wall.now())
            ledger.links.revoke_reader("s", found.id, self.wall.now())
            self._note(ledger, by, "person-left", who=found.id)

        await self.store.run(act)

    async def ways(self, person: str = "") -> Sequence[Way]:
        """Living ways in."""

        def look(ledger: Ledger) -> list[Way]:
            return [
                Way(
                    g.key, g.kind, ledger.person(g.person), g.label, g.created_at, g.expires_at,
                    g.used_at,
                )
                for g in ledger.access.living(self.wall.now(), person)
                if g.kind in WAYS
            ]  # fmt: skip

        return await self.store.run(look)

    async def open_way(
        self, kind: str, person: str, label: str, lasts: timedelta | None, by: Person
    ) -> str:
        """A new API token or kiosk."""

        def act(ledger: Ledger) -> str:
            if kind not in ("token", "kiosk"):
                raise Refused("no-such-way")
            if not label.strip():
                raise Refused("label-missing")
            owner = _known(ledger, person).id if kind == "token" else ""
            self._note(ledger, by, f"{kind}-made", label=label.strip()[:80])
            return new_grant(ledger, kind, owner, label.strip(), self.wall.now(), lasts)

        return await self.store.run(act)

    async def close_way(self, key: str, by: Person) -> None:
        """It opens nothing any more."""

        def act(ledger: Ledger) -> None:
            now = self.wall.now()
            found = next((g for g in ledger.access.living(now) if g.key == key), None)
            if found is None or not ledger.access.revoke(key, now):
                raise NotFound("no-such-way")
            self._note(ledger, by, f"{found.kind}-ended", label=found.label, who=found.person)

        await self.store.run(act)

    def _note(self, ledger: Ledger, by: Person, what: str, **facts: str) -> None:
        """Write a change down."""
        note(ledger, self.wall.now(), by, what, **facts)

    async def changes(self, count: int) -> Sequence[Change]:
        """The newest changes."""

        def look(ledger: Ledger) -> list[Change]:
            rows = ledger.settings.starting(CHANGE)
            found = []
            for key in sorted(rows, reverse=True)[:count]:
                doc = json.loads(rows[key])
                facts = {k: v for k, v in doc.items() if k not in ("by", "what")}
                found.append(Change(unstamp(key.partition("#")[0]), doc["by"], doc["what"], facts))
            return found

        return await self.store.run(look)

    async def counts(self) -> Mapping[str, int]:
        """What the index tells."""

        def look(ledger: Ledger) -> dict[str, int]:
            people = [p for p in ledger.people() if p.role in SHOWN]
            ways = [g.kind for g in ledger.access.living(self.wall.now())]
            return {
                "people": len(people),
                "unreached": sum(not p.addresses for p in people),
                "customers": sum(p.role is Role.CUSTOMER for p in ledger.people()),
                "sessions": ways.count("session"),
                "tokens": ways.count("token"),
                "kiosks": ways.count("kiosk"),
                "routes": len(ledger.orders.routes()),
            }

        return await self.store.run(look)


def note(ledger: Ledger, now: datetime, by: Person, what: str, **facts: str) -> None:
    """Write a change of the settings down: who, when, what. Never a secret."""
    doc = {"by": by.id, "what": what} | {k: v for k, v in facts.items() if v}
    taken = len(ledger.settings.starting(f"{CHANGE}{stamp(now)}#"))
    ledger.settings.put(f"{CHANGE}{stamp(now)}#{taken:03d}", json.dumps(doc, ensure_ascii=False))


def _known(ledger: Ledger, person_id: str) -> Person:
    person = ledger.person(person_id)
    if person is None or person.role is Role.CUSTOMER:
        raise NotFound("no-such-person")
    return person


def _platforms(person: Person) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a.platform for a in person.addresses))
