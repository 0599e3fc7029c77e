"""Customers' private data in the house's hands: shown to who may see it and written down, handed
over, erased. Implements `adapters.web.people.port.People`; the commands use the same functions.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.web.customers.port import GUEST
from adapters.web.people.port import CONTACTS, Client, Linked, Seen
from bot import dossier
from bot.exports import export_csv, export_xlsx
from bot.wording.phrases import Phrases
from bot.wording.speak import say
from bot.wording.voice import Voice
from domain.calendar import WorkCalendar
from domain.commands import Follow, Told, Unfollow
from domain.desk import Desk
from domain.errors import NotFound, Refused
from domain.events import unstamp
from domain.person import Person, Role
from domain.ports import Clock
from domain.sight import masked_name, masked_number
from storage.erasing import Erased, erase
from storage.ledger import Ledger
from storage.photos import Photos
from storage.privacy import AGAIN, EVERYBODY, MONEY
from storage.secrets import owner
from storage.store import Store

LONGEST = 200
"""Signs of one field of a contact."""
PAGE, CHANGE, ORDER, EXPORT, TABLE = "page", "change", "order", "export", "table"
"""What a look was."""


class _Undo(Exception):
    """Carries what would have been done out of a unit that is rolled back."""

    def __init__(self, erased: Erased) -> None:
        super().__init__()
        self.erased = erased


def masked(name: str, value: str) -> str:
    """A field of a contact as it stands there before somebody asked to see it."""
    match name:
        case "phone":
            return masked_number(value) or "****"
        case "contact":
            return masked_name(value)
        case "email":
            first, at, host = value.partition("@")
            return f"{first[:1]}***{at}{host}"
        case _:
            return f"{value[:2]}****" if len(value) > 4 else "****"


def customer(ledger: Ledger, person_id: str) -> Person:
    """The customer of an id. Raises NotFound."""
    person = ledger.person(person_id)
    if person is None or person.role is not Role.CUSTOMER:
        raise NotFound("no-such-customer", customer=person_id)
    return person


def gone_name(language: str, person_id: str) -> str:
    """What an erased customer is called."""
    return say(language, "privacy.gone", id=person_id)


def dry(ledger: Ledger, person_id: str, language: str, by: str, *, photos: bool) -> None:
    """Erase and take it back at once: raises `_Undo` with the counts."""
    raise _Undo(forget(ledger, person_id, language, by, photos=photos))


def forget(ledger: Ledger, person_id: str, language: str, by: str, *, photos: bool) -> Erased:
    """Erase a customer. Raises NotFound, or Refused `erased-already`."""
    person = customer(ledger, person_id)
    name = gone_name(language, person_id)
    if _erased(ledger, person):
        raise Refused("erased-already", customer=person_id)
    return erase(ledger, person, name, by, ledger.clock.now(), photos=photos)


def would_forget(store: Store, person_id: str, language: str, *, photos: bool) -> Erased:
    """What erasing would do; everything stays as it is."""
    try:
        store.now(lambda ledger: dry(ledger, person_id, language, "system", photos=photos))
    except _Undo as undo:
        return undo.erased
    raise AssertionError("a dry run always ends by taking back")


def _erased(ledger: Ledger, person: Person) -> bool:
    row = ledger.sql.row(
        "SELECT 1 AS one FROM data_key WHERE owner = :o AND wrapped = ''", o=owner(person.id)
    )
    return row is not None and not person.addresses and not ledger.private.of(owner(person.id))


@dataclass(slots=True)
class Privacy:
    """See the port for the promises. `voice` words what was told, `quiet` forgets what was heard
    and is still in memory.
    """

    store: Store
    clock: Clock
    calendar: WorkCalendar
    desk: Desk
    photos: Photos
    folder: Path
    voice: Callable[[Ledger], Voice]
    quiet: Callable[[], None]
    language: str = "zh-CN"

    async def clients(self) -> Sequence[tuple[Person, int]]:
        """All customers."""

        def look(ledger: Ledger) -> list[tuple[Person, int]]:
            open_orders = [o.customer for o in ledger.open_orders()]
            found = [p for p in ledger.people() if p.role is Role.CUSTOMER]
            return [(p, open_orders.count(p.id)) for p in sorted(found, key=lambda p: p.id)]

        return await self.store.run(look)

    async def client(self, person_id: str, who: str) -> Client | None:
        """One customer."""

        def look(ledger: Ledger) -> Client | None:
            try:
                person = customer(ledger, person_id)
            except NotFound:
                return None
            shown = self._seen_lately(ledger, who, person_id)
            kept = ledger.private.of(owner(person_id))
            contacts = {n: kept[n] if shown else masked(n, kept[n]) for n in CONTACTS if n in kept}
            orders = ledger.orders_of(person_id)
            return Client(
                person,
                orders,
                contacts,
                shown,
                any(o.follows(person_id, "") for o in orders if o.open),
                _links(ledger, person_id),
                _erased(ledger, person),
            )

        return await self.store.run(look)

    def _seen_lately(self, ledger: Ledger, who: str, person_id: str) -> bool:
        since = ledger.clock.now() - AGAIN
        mine = ledger.private.looks_of(who, owner(person_id), since)
        return any(look.what in (PAGE, CHANGE) for look in mine)

    async def show(self, person_id: str, who: str) -> None:
        """Write a look at the contacts down."""
        await self._looked(person_id, who, PAGE)

    async def _looked(self, person_id: str, who: str, what: str) -> None:
        def act(ledger: Ledger) -> None:
            subject = owner(customer(ledger, person_id).id)
            ledger.private.looked(who, what, subject, ledger.clock.now())

        await self.store.run(act)

    async def change(self, person_id: str, contacts: Mapping[str, str], who: str) -> None:
        """Other contacts."""

        def act(ledger: Ledger) -> None:
            subject = owner(customer(ledger, person_id).id)
            for name in CONTACTS:
                if name in contacts:
                    value = " ".join(contacts[name].split())[:LONGEST]
                    ledger.private.put(subject, name, value)
            ledger.private.looked(who, CHANGE, subject, ledger.clock.now())

        await self.store.run(act)

    async def pushes(self, person_id: str, on: bool) -> None:
        """Follow all open orders, or none."""

        def act(ledger: Ledger) -> None:
            person = customer(ledger, person_id)
            for order in ledger.orders_of(person_id):
                if order.open:
                    number = order.order_no
                    command = Follow(number) if on else Unfollow(number)
                    with contextlib.suppress(Refused):  # follows already, or did not anyway
                        self.desk.handle(ledger, command, Told(person, ledger.clock.now()))

        await self.store.run(act)

    async def revoke(self, person_id: str) -> int:
        """Close all pages."""

        def act(ledger: Ledger) -> int:
            living = _links(ledger, customer(ledger, person_id).id)
            now = ledger.clock.now()
            for each in living:
                ledger.links.revoke(each.kind, each.subject, person_id, now)
            for order in ledger.orders_of(person_id):  # and what the customer passed on
                ledger.links.revoke("p", order.order_no, GUEST, now)
            return len(living)

        return await self.store.run(act)

    async def contact(self, order_no: str, who: str) -> Mapping[str, str]:
        """How to reach whom, and what it costs."""

        def look(ledger: Ledger) -> dict[str, str]:
            order = ledger.order(order_no)
            if order is None:
                raise NotFound("no-such-order", order=order_no)
            theirs = ledger.private.of(owner(order.customer)) if order.customer else {}
            own = ledger.private.of(f"order/{order_no}")
            ledger.private.looked(who, ORDER, f"order/{order_no}", ledger.clock.now())
            return {n: v for n in (*CONTACTS, *MONEY) if (v := own.get(n) or theirs.get(n))}

        return await self.store.run(look)

    async def packed(self, person_id: str, who: str) -> Path:
        """Everything about one customer."""

        def look(ledger: Ledger) -> dossier.Dossier:
            person = customer(ledger, person_id)
            ledger.private.looked(who, EXPORT, owner(person_id), ledger.clock.now())
            return dossier.gather(ledger, person, self.calendar, self.voice(ledger))

        found = await self.store.run(look)
        return await asyncio.to_thread(self._written, found)

    def _written(self, found: dossier.Dossier) -> Path:
        target = dossier.fresh(self.folder)
        dossier.pack(found, self.photos, target)
        return target

    async def would_erase(self, person_id: str, *, photos: bool) -> Sequence[tuple[str, int]]:
        """What would go."""
        try:
            await self.store.run(
                lambda ledger: dry(ledger, person_id, self.language, "system", photos=photos)
            )
        except _Undo as undo:
            return undo.erased.counts
        raise AssertionError("a dry run always ends by taking back")

    async def erase(self, person_id: str, who: str, *, photos: bool) -> None:
        """Forget a customer."""

        def act(ledger: Ledger) -> Erased:
            done = forget(ledger, person_id, self.language, who, photos=photos)
            self.quiet()
            return done

        done = await self.store.run(act)
        await asyncio.to_thread(self.photos.erase, done.files, done.digests)

    async def looks(self, count: int) -> Sequence[Seen]:
        """Who looked at what."""

        def look(ledger: Ledger) -> list[Seen]:
            return [
                Seen(each.at, _name(ledger, each.who), each.what, _whose(ledger, each.subject))
                for each in ledger.private.looks(count)
            ]

        return await self.store.run(look)

    async def table(self, form: str, who: str, *, private: bool) -> bytes:
        """All orders."""

        def gather(ledger: Ledger) -> bytes:
            p = Phrases(self.language, ledger, self.calendar, ledger.clock.now())
            if private:
                ledger.private.looked(who, TABLE, EVERYBODY, ledger.clock.now())
            make = export_xlsx if form == "xlsx" else export_csv
            return make(ledger, p, private=private)

        return await self.store.run(gather)


def _links(ledger: Ledger, person_id: str) -> tuple[Linked, ...]:
    return tuple(
        Linked(row["kind"], row["subject"], unstamp(row["created_at"]))
        for row in ledger.links.of_reader(person_id, ledger.clock.now())
    )


def _name(ledger: Ledger, person_id: str) -> str:
    person = ledger.person(person_id)
    return person.name if person else person_id


def _whose(ledger: Ledger, subject: str) -> str:
    kind, _, name = subject.partition("/")
    return _name(ledger, name) if kind == "person" else name or subject
