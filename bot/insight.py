"""The cockpit's figures: gathered from the books in short units of work, counted in a thread, kept
for a minute. Implements `adapters.web.cockpit.port.Insight`.

Histories are read once an order and sequence: what has been read of an order stays true until its
next event.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from adapters.web.cockpit.port import Table
from bot.reviewing import questions, written
from bot.sheets.write import Sheet, to_xlsx
from domain.alert import Alert
from domain.calendar import WorkCalendar
from domain.events import Event
from domain.insight import Cockpit, Said, Scene, begin, weigh
from domain.insight_flow import WEEK, Question
from domain.insight_life import Life, life
from domain.insight_scope import Scope
from domain.order import Order
from domain.person import Person
from domain.ports import Clock
from storage.cache import Asked
from storage.insight import InsightBook
from storage.ledger import Ledger
from storage.reviews import ReviewBook
from storage.store import Store

FRESH = 60.0
"""Seconds for which a cockpit is shown again, if nothing happened meanwhile."""
SLICE = 60
"""Orders whose histories are read in one unit of work."""
MOST = 20_000
"""Orders whose histories are remembered."""
SCOPES = 64
"""Cockpits that are kept."""


@dataclass(frozen=True, slots=True)
class _Now:
    """What one short unit of work hands over."""

    now: datetime
    open: tuple[Order, ...]
    closed: tuple[tuple[str, int], ...]
    alerts: tuple[Alert, ...]
    questions: tuple[Question, ...]
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A cockpit, and when it was counted, and from what."""

    at: float
    mark: str
    cockpit: Cockpit


@dataclass(slots=True)
class Insights:
    """See `adapters.web.cockpit.port.Insight` for the promises."""

    store: Store
    clock: Clock
    calendar: WorkCalendar
    _lives: dict[str, Life] = field(default_factory=dict)
    _kept: dict[Scope, _Kept] = field(default_factory=dict)
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def cockpit(self, scope: Scope) -> Cockpit:
        """The cockpit of a scope."""
        async with self._busy:
            mark = await self._mark()
            kept = self._kept.get(scope)
            if kept is not None and kept.mark == mark and time.monotonic() - kept.at < FRESH:
                return kept.cockpit
            scene = await self._scene(scope)
            found = await asyncio.to_thread(weigh, scene, scope, self.calendar)
            if len(self._kept) >= SCOPES:
                self._kept.clear()
            self._kept[scope] = _Kept(time.monotonic(), mark, found)
            return found

    async def workbook(self, tables: Sequence[Table]) -> bytes:
        """Tables as .xlsx."""
        sheets = [Sheet(t.name, t.headings, t.rows) for t in tables]
        return await asyncio.to_thread(to_xlsx, sheets)

    async def _mark(self) -> str:
        """Differs whenever the books have changed, or the factory's clock was turned."""
        mark = await self.store.run(lambda ledger: InsightBook(ledger.sql).mark())
        return f"{mark}/{self.clock.now():%Y%m%d%H%M}"

    async def _scene(self, scope: Scope) -> Scene:
        now = self.clock.now()
        # A trend told by week begins up to six days earlier.
        since = begin(now, scope.days + WEEK, self.calendar)
        state = await self.store.run(lambda ledger: self._state(ledger, now, since))
        lives = await self._read(state)
        answered, passed, said = await self._talk(begin(now, scope.days, self.calendar), now)
        return Scene(
            now, tuple(lives), state.alerts, state.questions, state.people, answered, passed, said
        )

    def _state(self, ledger: Ledger, now: datetime, since: datetime) -> _Now:
        books = InsightBook(ledger.sql)
        asked = [q for i in books.waiting(now) if (q := ledger.questions.get(i)) is not None]
        return _Now(
            now,
            ledger.open_orders(),
            tuple(books.closed(since, self.calendar.day(since))),
            ledger.open_alerts(),
            tuple(map(_question, asked)),
            ledger.people(),
        )

    async def _read(self, state: _Now) -> list[Life]:
        """The lives of all orders asked for; only histories that grew are read."""
        wanted = [(o.order_no, o.seq) for o in state.open] + list(state.closed)
        if len(self._lives) > MOST:
            self._lives.clear()
        stale = [no for no, seq in wanted if not self._knows(no, seq)]
        for first in range(0, len(stale), SLICE):
            numbers = stale[first : first + SLICE]
            found = await self.store.run(partial(_histories, numbers))
            self._lives |= await asyncio.to_thread(self._told, found)
        return [self._lives[no] for no, _ in wanted if no in self._lives]

    def _knows(self, number: str, seq: int) -> bool:
        kept = self._lives.get(number)
        return kept is not None and kept.order.seq == seq

    def _told(self, found: list[tuple[Order, tuple[Event, ...]]]) -> dict[str, Life]:
        return {o.order_no: life(o, history, self.calendar) for o, history in found}

    async def _talk(self, since: datetime, now: datetime) -> tuple[int, int, tuple[Said, ...]]:
        """Customers' questions and our own messages, read a week at a time."""
        answered = passed = 0
        said: dict[tuple[str, date], int] = {}
        at = since
        while at < now:
            end = min(at + timedelta(days=WEEK), now)
            part = await self.store.run(partial(self._week, at, end))
            answered, passed = answered + part[0], passed + part[1]
            for one in part[2]:
                said[one.group, one.day] = said.get((one.group, one.day), 0) + one.count
            at = end
        return answered, passed, tuple(Said(g, d, n) for (g, d), n in sorted(said.items()))

    def _week(
        self, since: datetime, until: datetime, ledger: Ledger
    ) -> tuple[int, int, list[Said]]:
        books = ReviewBook(ledger.sql, ledger.safe)
        answered, passed = questions(ledger, books, since, until)
        told = written(ledger, books, self.calendar, since, until)
        rows = [
            Said(group.title or group.address.chat, day, count)
            for group, days in told.items()
            for day, count in days.items()
        ]
        return answered, passed, rows


def _histories(numbers: Sequence[str], ledger: Ledger) -> list[tuple[Order, tuple[Event, ...]]]:
    """Orders as they stand, with their histories."""
    histories = ReviewBook(ledger.sql, ledger.safe).histories(numbers)
    orders = [ledger.order(no) for no in numbers]
    return [(o, histories.get(o.order_no, ())) for o in orders if o is not None]


def _question(asked: Asked) -> Question:
    """What a question is about: the order and node that all its pending updates name."""
    pending = asked.doc.get("pending", [])
    orders = {str(u.get("order") or "") for u in pending}
    nodes = {str(u.get("node") or "") for u in pending}
    return Question(
        asked.id,
        asked.person,
        asked.asked_at,
        orders.pop() if len(orders) == 1 else "",
        nodes.pop() if len(nodes) == 1 else "",
    )
