"""The machine's clock jumps, a day forward and an hour back, while the program runs: no digest
comes twice, no alarm is lost, nobody waits for an hour, and no lease is held by two.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot import sharing
from bot.app import App
from bot.clocks import RealClock
from bot.settings import Settings
from bot.sharing import Sharing
from tests.app.served import free_port
from tests.fakes.telegram import TelegramStage
from tests.faults import factory, invariants
from tests.faults.factory import Group
from tests.faults.lots import LONG, drawn, first_seed, often
from tests.faults.test_kill import staged
from tests.storage.engines import ENGINES, Place

MONDAY = datetime.fromisoformat("2026-11-23T08:20:00+08:00")


class Wall:
    """The machine's clock, off by as much as one likes."""

    def __init__(self) -> None:
        self._true = time.time
        self.off = 0.0

    def seconds(self) -> float:
        return self._true() + self.off

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), MONDAY.tzinfo)

    def put(self, at: datetime) -> None:
        """It shows this now."""
        self.off += (at - self.now()).total_seconds()


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Wall:
    """What every part of the program in this process sees as the time."""
    found = Wall()
    found.put(MONDAY)
    monkeypatch.setattr(time, "time", found.seconds)
    monkeypatch.setattr(RealClock, "now", lambda _: found.now())
    return found


@contextlib.asynccontextmanager
async def serving(folder: Path, stage: TelegramStage, groups: list[Group]) -> AsyncIterator[App]:
    """The whole program in this process, on a platform, without the sandbox."""
    await asyncio.to_thread(factory.prepare, folder, "", factory.world(groups, 40))
    named = {k.removeprefix("VITRINE_").lower(): v for k, v in stage.settings().items()}
    more = {"data_dir": folder, "http_port": free_port(), "_env_file": None, **named}
    app = App(Settings(**more))  # type: ignore[arg-type]
    task = asyncio.create_task(app.serve())
    try:
        await asyncio.wait_for(stage.connected(), 20)
        yield app
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def digests(app: App) -> list[str]:
    """The keys of the morning's digests, as they were told."""
    text = "SELECT key FROM outbox WHERE kind = 'digest' AND what = 'standup' AND state = 'sent'"
    return [str(r["key"]) for r in invariants.rows(app.store.where, text)]


def told_of(app: App, wanted: int) -> bool:
    """Whether so many digests are out."""
    return len(digests(app)) >= wanted


async def ticking(app: App, wall: Wall, at: datetime) -> None:
    """It is that time now; the clock looks, and what is due is sent."""
    wall.put(at)
    await app.clockwork.tick()
    app.courier.wake()
    await asyncio.sleep(0)


async def until(true: Callable[[], bool], what: str, wait: float = 8.0) -> None:
    """Wait until a list is as long as it should be."""
    end = time.monotonic() + wait
    while not true():
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


async def test_a_clock_that_jumps_brings_no_digest_twice_and_loses_none(
    wall: Wall, tmp_path: Path
) -> None:
    stage, groups = staged()
    await stage.start()
    try:
        with drawn(first_seed()) as dice:
            async with serving(tmp_path / "data", stage, groups) as app:
                await ticking(app, wall, MONDAY)  # the factory's clock begins
                days = often(2, 10)
                wanted = 0
                for number in range(days):
                    day = MONDAY + timedelta(days=number)
                    if app.calendar.is_workday(day.date()):
                        wanted += len(groups)
                    await ticking(app, wall, day + timedelta(minutes=dice.uniform(15, 200)))
                    await until(partial(told_of, app, wanted), f"digests of {day}")
                    for _ in range(3):
                        back = wall.now() - timedelta(minutes=60)
                        await ticking(app, wall, back)
                        await ticking(app, wall, back + timedelta(minutes=dice.uniform(0, 90)))
                    await asyncio.sleep(0.3)
                    assert len(digests(app)) == len(set(digests(app))) == wanted
                told = [s.text for g in groups for s in stage.said(g.chat) if "晨会" in s.text]
                assert len(told) >= wanted
    finally:
        await stage.stop()


async def test_after_an_hour_back_nobody_waits_for_an_hour(wall: Wall, tmp_path: Path) -> None:
    """Daylight saving never moves this clock, but people do, and NTP after them: answers, alarms
    and the limits' windows go on at once.
    """
    stage, groups = staged()
    await stage.start()
    here, lead = groups[0], stage.user("P0")
    try:
        async with serving(tmp_path / "data", stage, groups) as app:
            wall.put(MONDAY + timedelta(hours=2))
            for step, jump in enumerate((0, -1, 24, -1)):
                wall.put(wall.now() + timedelta(hours=jump))
                before = len(stage.said(here.chat))
                await stage.say(here.chat, lead, f"K{1000 + step} 到哪了")
                more = partial(said_more, stage, here.chat, before)
                await until(more, f"an answer after {jump} h", 12)
                await stage.say(here.chat, lead, f"K{1010 + step} 裁切断针了，停了")
                await until(partial(alarmed, app, step), f"an alarm after {jump} h", 12)
    finally:
        await stage.stop()


def said_more(stage: TelegramStage, chat: str, before: int) -> bool:
    """Whether a chat was told something since."""
    return len(stage.said(chat)) > before


def alarmed(app: App, before: int) -> bool:
    """Whether there is one more open alarm."""
    found = invariants.rows(app.store.where, "SELECT id FROM alert WHERE state = 'open'")
    return len(found) > before


async def test_a_clock_that_jumps_lets_no_two_hold_a_lease(
    wall: Wall, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database's clock counts. The one who has it keeps it, whatever the machine says."""
    if not LONG:
        for name, seconds in (("TTL", 2.0), ("BEAT", 0.5), ("MARGIN", 0.5)):
            monkeypatch.setattr(sharing, name, seconds)
    place = Place(ENGINES[1], tmp_path)
    place.engine.create(tmp_path)
    stores = [place.open() for _ in range(3)]
    shares = [Sharing(store, names=["clock"]) for store in stores]
    tasks = [asyncio.create_task(s.run()) for s in shares]
    try:
        await until(lambda: any(s.holds("clock") for s in shares), "a holder")
        (first,) = (s for s in shares if s.holds("clock"))
        end = time.monotonic() + 3 * sharing.BEAT
        while time.monotonic() < end:
            wall.off += 86_400 if wall.off < 10 * 86_400 else -3_600
            assert [s for s in shares if s.holds("clock")] == [first]
            await asyncio.sleep(0.05)
        still = [await s.store.run(partial(s.still, name="clock")) for s in shares]
        assert still == [s is first for s in shares]
        tasks[shares.index(first)].cancel()  # it sleeps, as a machine that is put to sleep
        begun = time.monotonic()
        while not (held := [s for s in shares if s is not first and s.holds("clock")]):
            assert time.monotonic() - begun < sharing.TTL + 2 * sharing.BEAT + 2
            await asyncio.sleep(0.02)
        assert not first.holds("clock"), "two hold it"
        assert len(held) == 1
        assert not await first.store.run(lambda ledger: first.still(ledger, "clock"))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        place.close()
