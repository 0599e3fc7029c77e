"""Orders one at a time for their pages. Implements `adapters.web.order.port.Records`."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.alert import Alert
from domain.commands import Command, Follow, Label, Told, Unfollow, Unlabel
from domain.desk import Desk
from domain.order import Order
from domain.person import Person
from domain.ports import Clock
from storage.insight import InsightBook
from storage.ledger import Ledger
from storage.store import Store


@dataclass(slots=True)
class Orderbook:
    """See `adapters.web.order.port.Records` for the promises."""

    store: Store
    clock: Clock
    desk: Desk

    async def alerts(self, order_no: str) -> Sequence[Alert]:
        """All alerts of an order."""
        return await self.store.run(lambda ledger: ledger.alerts.all_alerts_of(order_no))

    async def ended(self, text: str, most: int) -> Sequence[Order]:
        """Orders that are over."""

        def gather(ledger: Ledger) -> list[Order]:
            numbers = InsightBook(ledger.sql).ended(text, most)
            return [o for no in numbers if (o := ledger.order(no)) is not None]

        return await self.store.run(gather)

    async def follow(self, order_no: str, by: Person, on: bool) -> None:
        """Follow or unfollow."""
        await self._do(Follow(order_no) if on else Unfollow(order_no), by)

    async def label(self, order_no: str, by: Person, label: str, on: bool) -> None:
        """Label or unlabel."""
        await self._do(Label(order_no, label) if on else Unlabel(order_no, label), by)

    async def _do(self, command: Command, by: Person) -> None:
        told = Told(by, self.clock.now())
        await self.store.run(lambda ledger: self.desk.handle(ledger, command, told))
