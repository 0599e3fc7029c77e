"""What suppliers owe, as the pages see it. Implements `adapters.web.supplier.port.Supplies` over
the store.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from adapters.web.supplier.port import Choice, Due, Sheet
from bot.keeping import Keeping
from bot.supply_records import BACK, needs_of, steps_of
from domain.commands import Command, Told
from domain.desk import Desk
from domain.notice import Kind, Loud, Notice
from domain.person import Person, Role
from domain.ports import Clock
from domain.supply import STEPS, Steps, steps_text
from storage.ledger import Ledger
from storage.needs import Owed
from storage.photos import Photos
from storage.store import Store

SHOWN = 40
"""Needs that are over and still shown."""


@dataclass(frozen=True, slots=True)
class SupplierHouse:
    """See the port for the promises."""

    store: Store
    clock: Clock
    desk: Desk
    photos: Photos

    async def sheet(self, supplier: str) -> Sheet | None:
        """One supplier."""

        def look(ledger: Ledger) -> Sheet | None:
            person = ledger.person(supplier)
            if person is None or person.role is not Role.SUPPLIER:
                return None
            return self._sheet(ledger, person)

        return await self.store.run(look)

    async def sheets(self) -> Sequence[Sheet]:
        """All suppliers."""

        def look(ledger: Ledger) -> list[Sheet]:
            people = [p for p in ledger.people() if p.role is Role.SUPPLIER]
            return [self._sheet(ledger, p) for p in sorted(people, key=lambda p: p.name)]

        return await self.store.run(look)

    def _sheet(self, ledger: Ledger, person: Person) -> Sheet:
        today = self.desk.calendar.day(self.clock.now())
        owed = ledger.needs.of(person.id, today - BACK)
        over = [o for o in owed if not o.need.open][-SHOWN:]
        shown = [o for o in owed if o.need.open] + over
        due = tuple(d for o in shown if (d := self._due(ledger, o)) is not None)
        return Sheet(person, due, needs_of(ledger, person.id, today))

    def _due(self, ledger: Ledger, owed: Owed) -> Due | None:
        """A need as its order has it, with people's words."""
        order = ledger.order(owed.order_no)
        need = order.needs.get(owed.need.id) if order is not None else None
        if order is None or need is None:
            return None
        spec, node = order.route.node(need.node), order.nodes[need.node]
        return Due(order.order_no, need, spec, node)

    async def choices(self) -> Sequence[Choice]:
        """Open orders."""

        def look(ledger: Ledger) -> list[Choice]:
            found = []
            for order in ledger.open_orders():
                left = [s for s in order.route.nodes if not order.nodes[s.key].completed]
                found.append(Choice(order.order_no, order.product, tuple(left)))
            return found

        return await self.store.run(look)

    async def act(self, by: Person, command: Command) -> None:
        """Through the desk."""
        await self.store.run(
            lambda ledger: self.desk.handle(ledger, command, Told(by, self.clock.now()))
        )

    async def keep(self, files: Sequence[tuple[str, bytes]]) -> tuple[str, ...]:
        """Cleaned like any picture that comes by chat, and noted in the same book."""
        return await Keeping(self.store, self.photos).keep(files)

    async def picture(self, order_no: str, need: str, place: int) -> tuple[Due, bytes] | None:
        """A picture of a delivery."""

        def look(ledger: Ledger) -> tuple[Due, str] | None:
            order = ledger.order(order_no)
            found = order.needs.get(need) if order is not None else None
            if order is None or found is None or not 0 <= place < len(found.photos):
                return None
            row = ledger.photos.get(found.photos[place])
            due = self._due(ledger, Owed(order_no, found))
            return (due, str(row["thumb"])) if row and not row["fault"] and due else None

        seen = await self.store.run(look)
        if seen is None:
            return None
        return seen[0], await asyncio.to_thread(self.photos.open, seen[1])

    async def ask(self, supplier: Person, text: str, order_no: str = "") -> None:
        """A supplier's question goes to those who lead."""

        def act(ledger: Ledger) -> None:
            now = self.clock.now()
            name = hashlib.sha256(f"{order_no} {text}".encode()).hexdigest()[:16]
            for group in self.desk.alarms.leading(ledger):
                ledger.notify(
                    Notice(
                        group.address,
                        Kind.NOTICE,
                        "supplier-asked",
                        f"supplier-asked/{supplier.id}/{now.isoformat()}/{name}/{group.address.chat}",
                        now,
                        {"by": supplier.id, "text": text[:500], "about": order_no},
                        group.language,
                        Loud.REPLY,
                    )
                )

        await self.store.run(act)

    async def steps(self) -> Steps:
        """The reward's steps."""
        return await self.store.run(steps_of)

    async def set_steps(self, steps: Steps) -> None:
        """Keep them."""
        await self.store.run(lambda ledger: ledger.settings.put(STEPS, steps_text(steps)))
