"""Reports from the shop floor's terminal: through the same inbox and the same desk as the chat, so
that each press counts once and can be taken back. Implements `adapters.web.terminal.port.Terminal`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.web.terminal.port import ACTS, Became, Pressed, Worker
from bot.accounts import STAFF, hashed, new_grant
from bot.acts import QUIET, Acts, Said, photo_facts, standing
from bot.keeping import Keeping
from bot.pins import right_pin
from bot.replies import Replies
from bot.understanding.model import Update
from domain.desk import Desk
from domain.errors import DomainError, NotFound, Refused
from domain.events import Event, Source
from domain.order import Order
from domain.person import GroupKind, Person
from domain.ports import Clock
from storage.ledger import Ledger
from storage.store import Store

PLATFORM = "terminal"
BADGE = "badge"
SHIFT = timedelta(hours=12)
"""How long a badge may be pressed with."""
LATE = timedelta(days=7)
"""How long what was pressed without a network may come after that."""
NOW = timedelta()
UNDO = timedelta(minutes=10)
"""How long one's own press can be taken back."""


@dataclass(slots=True)
class Terminal:
    """See the port for the promises. `wall` is the machine's clock."""

    store: Store
    desk: Desk
    keeping: Keeping
    wall: Clock

    async def workers(self, order_no: str) -> Sequence[Worker]:
        """Who has a PIN and may report at the order."""

        def look(ledger: Ledger) -> list[Worker]:
            order = ledger.order(order_no)
            pins = ledger.settings.starting("pin/")
            found = []
            for person in ledger.people() if order is not None else ():
                nodes = tuple(k for k in order.nodes if person.may_update(k)) if order else ()
                if person.id in pins and person.role in STAFF and nodes:
                    found.append(Worker(person.id, person.name, nodes))
            return sorted(found, key=lambda w: w.name)

        return await self.store.run(look)

    async def badge(self, person: str, pin: str, client: str) -> str | None:
        """A badge for a PIN; wrong ones are counted whatever else happens."""
        now = self.wall.now()

        def look(ledger: Ledger) -> str | DomainError | None:
            found = ledger.person(person)
            if found is None or found.role not in STAFF:
                return None
            try:
                right = right_pin(ledger, person, pin, now, client)
            except Refused as error:
                return error
            return new_grant(ledger, BADGE, person, "", now, SHIFT + LATE) if right else None

        found = await self.store.run(look)
        if isinstance(found, DomainError):
            raise found
        return found

    async def wearer(self, badge: str, ago: timedelta = NOW) -> Person | None:
        """Whose badge it is."""

        def look(ledger: Ledger) -> Person | None:
            now = self.wall.now()
            grant = ledger.access.find(hashed(BADGE, badge), BADGE, now)
            person = ledger.person(grant.person) if grant else None
            if grant is None or person is None or person.role not in STAFF:
                return None
            pressed = max(
                now - max(ago, NOW), grant.created_at
            )  # it can't vouch for what was before
            return person if pressed <= grant.created_at + SHIFT else None

        return await self.store.run(look)

    async def press(self, order_no: str, by: Person, pressed: Pressed) -> Became:
        """Do it, once: the press is a message of the inbox under its own id."""
        if pressed.act not in ACTS:
            raise Refused("not-a-report")
        kept, faults = await self.keeping.keep_what_can_be(pressed.photos)

        def act(ledger: Ledger) -> Became:
            return self._once(ledger, order_no, by, pressed, kept, faults)

        return await self.store.run(act)

    def _once(
        self,
        ledger: Ledger,
        order_no: str,
        by: Person,
        pressed: Pressed,
        kept: Sequence[str],
        faults: tuple[str, ...],
    ) -> Became:
        order = ledger.order(order_no)
        if order is None or pressed.node not in order.nodes:
            raise NotFound("no-such-node", order=order_no, node=pressed.node)
        now = ledger.clock.now()
        name = f"{by.id}/{order_no}/{pressed.id}"
        node = order.nodes[pressed.node]
        if pressed.quantity is not None and not pressed.anyway:
            if pressed.quantity < node.quantity:
                facts = {"order": order_no, "node": node.key, "quantity": pressed.quantity}
                return Became("refused", "fewer", facts | {"before": node.quantity}, faults)
            if pressed.quantity == 0:
                return Became("refused", "no-quantity", {"order": order_no, "node": node.key})
        payload = {"text": pressed.text, "act": pressed.act, "node": pressed.node}
        number = ledger.inbox.take(PLATFORM, "", name, order_no, by.id, now, payload)
        if not number:
            return _repeated(ledger, name)
        said = Said(
            by, Source(PLATFORM, order_no, name), now, pressed.text, photo_facts(ledger, kept),
            _occurred(order, pressed, now),
        )  # fmt: skip
        update = _update(order_no, pressed)
        acted = Acts(self.desk).apply(ledger, said, [update], anyway=pressed.anyway)
        outcome: dict[str, object] = {"person": by.id, "decision": "apply"}
        if acted.refused and not acted.events:
            error = acted.refused[0][1]
            if error.code not in QUIET:
                outcome |= {"decision": "refused", "why": error.code, "facts": _plain(error)}
        ledger.inbox.close(number, "done", outcome, now)
        self._show(ledger)
        if outcome["decision"] == "refused":
            return Became("refused", str(outcome["why"]), _plain(acted.refused[0][1]), faults)
        return Became("kept", faults=faults)

    def _show(self, ledger: Ledger) -> None:
        """The living card of the production groups follows."""
        replies = Replies(self.desk)
        for group in ledger.groups(GroupKind.PRODUCTION):
            replies.card(ledger, group.address, group.language)

    async def undo(self, order_no: str, by: Person, press: str) -> Became:
        """Take one's own press back."""
        name = f"{by.id}/{order_no}/{press}"

        def act(ledger: Ledger) -> Became:
            now = ledger.clock.now()
            source = Source(PLATFORM, order_no, name)
            found: list[Event] = standing(
                ledger, ledger.orders.from_source(PLATFORM, order_no, name)
            )
            if found and now - found[0].recorded_at > UNDO:
                raise Refused("undo-late")
            Acts(self.desk).take_back(ledger, Said(by, source, now), found)
            self._show(ledger)
            return Became("undone")

        return await self.store.run(act)


def _repeated(ledger: Ledger, name: str) -> Became:
    """The same press again: what became of it the first time."""
    row = ledger.inbox.find(PLATFORM, "", name)
    if row is not None and row.outcome.get("decision") == "refused":
        return Became("refused", str(row.outcome["why"]), dict(row.outcome.get("facts", {})))
    return Became("repeated")


def _plain(error: DomainError) -> dict[str, object]:
    return {k: v for k, v in error.facts.items() if isinstance(v, str | int)}


def _occurred(order: Order, pressed: Pressed, now: datetime) -> datetime | None:
    """When it was pressed, if that was a while ago: a week at most, and never before the order was
    placed, the node's last report, or the end of what stands before it.
    """
    if pressed.ago <= NOW:
        return None
    node = order.nodes[pressed.node]
    before = [order.nodes[k].finished_at for k in order.route.earlier(pressed.node)]
    known = [at for at in (order.placed, node.reported_at, *before) if at is not None]
    return min(max([now - min(pressed.ago, LATE), *known]), now)


def _update(order_no: str, pressed: Pressed) -> Update:
    if pressed.act == "problem":
        return Update("delay", order_no, pressed.node, reason=pressed.reason)
    if pressed.act == "progress" and pressed.quantity is None:
        raise Refused("no-quantity", order=order_no, node=pressed.node)
    return Update(
        pressed.act, order_no, pressed.node, quantity=pressed.quantity, scrap=pressed.scrap
    )
