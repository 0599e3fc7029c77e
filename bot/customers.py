"""The house as customers' pages see it, over the store. Implements
`adapters.web.customers.port.Customers`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.web.customers.port import GUEST, Dates, Page
from adapters.web.ports import Opened
from bot.cards import Draw, newest_photos, progress_card
from bot.house import House
from bot.links import Links
from bot.rating import keep
from bot.wording.phrases import Phrases
from domain.calendar import WorkCalendar
from domain.desk import Desk
from domain.order import Order
from domain.person import Person, Role
from domain.sight import sees
from storage.ledger import Ledger
from storage.photos import Photos
from storage.store import Store

CALENDAR = "c"
"""The kind of a calendar's link."""
PASSED_ON = timedelta(days=30)
"""How long a link that a customer passed on opens its page."""
CARDS = 64
"""Cards that are kept ready."""
MOST = 50
"""Orders on a customer's page and in a calendar."""


@dataclass(slots=True)
class Customers:
    """See the port for the promises. `lasts` is how long a page outlives its order."""

    store: Store
    links: Links
    desk: Desk
    calendar_of_work: WorkCalendar
    photos: Photos
    house: House
    lasts: timedelta
    _cards: dict[tuple[str, int, str, str], bytes] = field(default_factory=dict)

    async def others(self, opened: Opened) -> Sequence[Page]:
        """The reader's other orders."""
        if opened.reader == GUEST:
            return ()

        def look(ledger: Ledger) -> tuple[Page, ...]:
            order = ledger.order(opened.subject)
            who = opened.reader or (order.customer if order else "")
            found = ledger.orders_of(who) if who else ()
            kept = [o for o in found if o.order_no != opened.subject][:MOST]
            return tuple(self._page(ledger, o, who) for o in kept if not self._over(ledger, o))

        return await self.store.run(look)

    def _page(self, ledger: Ledger, order: Order, who: str) -> Page:
        return Page(order, self.links.path(ledger, "p", order.order_no, who))

    def _over(self, ledger: Ledger, order: Order) -> bool:
        end = self._end(order)
        return end is not None and end < ledger.clock.now()

    def _end(self, order: Order) -> datetime | None:
        if order.open or order.updated_at is None:
            return None
        return order.updated_at + self.lasts

    async def ended(self, opened: Opened) -> datetime | None:
        """When the page's time is over."""
        order = await self.store.run(lambda ledger: ledger.order(opened.subject))
        return self._end(order) if order is not None else None

    async def rate(self, opened: Opened, score: int, text: str) -> None:
        """How content the customer is."""

        def act(ledger: Ledger) -> None:
            person = _reader(ledger, opened)
            if person is not None:
                now = ledger.clock.now()
                keep(ledger, self.desk, person, opened.subject, score, text, now)

        await self.store.run(act)

    async def share(self, opened: Opened) -> tuple[str, datetime]:
        """A link for somebody else."""

        def make(ledger: Ledger) -> tuple[str, datetime]:
            until = ledger.clock.now() + PASSED_ON
            return self.links.path(ledger, "p", opened.subject, GUEST, until), until

        return await self.store.run(make)

    async def unshare(self, opened: Opened) -> None:
        """What was passed on opens nothing any more."""
        await self.store.run(
            lambda ledger: ledger.links.revoke("p", opened.subject, GUEST, ledger.clock.now())
        )

    async def shared(self, opened: Opened) -> bool:
        """Whether a link that was passed on is alive."""
        return await self.store.run(
            lambda ledger: ledger.links.living("p", opened.subject, GUEST, ledger.clock.now())
        )

    async def card(self, opened: Opened, language: str) -> bytes | None:
        """The progress card, drawn once for each state of the order."""

        def gather(ledger: Ledger) -> tuple[tuple[str, int, str, str], Draw] | None:
            order = ledger.order(opened.subject)
            if order is None:
                return None
            p = Phrases(language, ledger, self.calendar_of_work, ledger.clock.now())
            shots = tuple(self.photos.open(x.thumb) for x in newest_photos(order, shown=True))
            drawn = progress_card(p, order, shots, self.house.factory, customer=True)
            day = self.calendar_of_work.day(p.now).isoformat()
            return (order.order_no, order.seq, language, day), Draw(drawn)

        found = await self.store.run(gather)
        if found is None:
            return None
        name, draw = found
        if name not in self._cards:
            while len(self._cards) >= CARDS:
                self._cards.pop(next(iter(self._cards)))
            self._cards[name] = await asyncio.to_thread(draw)
        return self._cards[name]

    async def calendar(self, opened: Opened) -> str:
        """The reader's calendar feed."""

        def make(ledger: Ledger) -> str:
            person = _reader(ledger, opened)
            return self.links.path(ledger, CALENDAR, person.id, person.id) if person else ""

        return await self.store.run(make)

    async def dates(self, token: str) -> Dates | None:
        """What a calendar shows: a customer's orders, or those that one of the staff sees."""

        def look(ledger: Ledger) -> Dates | None:
            found = self.links.opened(ledger, CALENDAR, token)
            person = ledger.person(found[0]) if found else None
            if person is None or person.role is Role.SUPPLIER:
                return None
            staff = person.role is not Role.CUSTOMER
            orders = ledger.open_orders() if staff else ledger.orders_of(person.id)
            seen = [o for o in orders if sees(person, o)]
            pages = [
                Page(o, f"/orders/{o.order_no}") if staff else self._page(ledger, o, person.id)
                for o in (seen if staff else seen[:MOST])
            ]
            return Dates(person.name, person.language, pages, staff)

        return await self.store.run(look)


def _reader(ledger: Ledger, opened: Opened) -> Person | None:
    order = ledger.order(opened.subject)
    return ledger.person(opened.reader or (order.customer if order else ""))
