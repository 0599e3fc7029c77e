"""What the cockpit costs with 1,000 open orders and 3,000 that ended within three months: the first
look, the next ones, and the longest that the store's thread was held. One JSON object a line, as
`python -m bot bench` writes them.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.bench import START, row
from bot.clocks import TurnedClock
from bot.demo.history import History
from bot.insight import Insights
from bot.worlds import load
from domain.calendar import WorkCalendar
from domain.desk import Desk
from domain.insight_scope import Scope
from storage.holidays import ChinaHolidays
from storage.ledger import Ledger
from storage.migrate import upgrade
from storage.store import Store
from tests.load.digest import SHOTS, world

OPEN, ENDED = 1000, 3000


class Timed(Store):
    """A store that remembers how long each unit of work took."""

    took: list[float]

    def _unit(self, work: Any) -> tuple[Any, BaseException | None, bool]:
        begun = time.perf_counter()
        found = super()._unit(work)
        self.took.append(time.perf_counter() - begun)
        return found


def fill(ledger: Ledger, desk: Desk) -> int:
    """The factory, and its past."""
    data = world(OPEN)
    data["routes"] = [{"template": t} for t in ("garment", "garment-no-embroidery", "bag")]
    data["customers"] = [{"id": f"C{n:02d}", "name": f"客户{n}"} for n in range(1, 9)]
    written: list[int] = []

    def past(books: Ledger) -> None:
        written.append(History(books, desk, SHOTS, Random(1), ENDED).write(START))

    load(ledger, desk, data, START, SHOTS, past)
    return written[0]


async def measure(folder: Path) -> None:
    """Fill a store, look, look again, tell."""
    clock = TurnedClock(START)
    upgrade(folder / "vitrine.sqlite3")
    calendar = WorkCalendar(ZoneInfo("Asia/Shanghai"), holidays=ChinaHolidays())
    Timed.took = []
    store = Timed(folder / "vitrine.sqlite3", clock)
    ended = await store.run(lambda ledger: fill(ledger, Desk(calendar)))
    await store.run(lambda ledger: ledger.cache.forget())
    await store.run(lambda ledger: ledger.open_orders())  # the board keeps them at hand
    insights = Insights(store, clock, calendar)
    for name, scope in (
        ("first", Scope(90)), ("filtered", Scope(90, team="绣花")), ("kept", Scope(90)),
    ):  # fmt: skip
        Timed.took.clear()
        begun = time.perf_counter()
        found = await insights.cockpit(scope)
        whole = time.perf_counter() - begun
        assert found.figures.open > 0
        print(json.dumps(row(f"cockpit.{name}", whole, "s"), ensure_ascii=False))
        print(json.dumps(row(f"cockpit.{name}.unit", max(Timed.took) * 1000, "ms")))
    print(json.dumps(row("cockpit.orders", OPEN + ended, "orders")))
    store.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(measure(Path(place)))
    sys.exit(0)
