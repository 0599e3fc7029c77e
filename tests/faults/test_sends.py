"""Sends that go wrong in every way a platform knows, one in five: refused, put off, broken off
before and after they were done, answered too late. Who cannot tell twice from once is never asked
twice; who can is asked until it has it.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

from bot import courier
from domain.events import stamp
from tests.adapters.playing import START, Play, playing
from tests.fakes.feishu import FeishuStage
from tests.fakes.stage import Stage
from tests.fakes.telegram import TelegramStage
from tests.fakes.telegram_faults import AFTER, BEFORE, GATEWAY, TROUBLE, Refusal
from tests.faults import factory, invariants
from tests.faults.factory import Group, world
from tests.faults.lots import drawn, often, seeds, told
from tests.faults.test_kill import arrived

SHARE = 0.25
PAUSE = Refusal(429, "Too Many Requests: retry after 1", {"retry_after": 1})
LATE = 1.6
"""Seconds that are too many where a send may take `LONGEST`."""


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The courier's patience, in tenths of seconds instead of hours; no limits."""
    monkeypatch.setattr(courier, "RETRY", (0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.5, 0.5))
    monkeypatch.setattr(courier, "LONGEST", 1.0)
    (tmp_path / "limits.toml").write_text(factory.LIMITS, encoding="utf-8")
    monkeypatch.setenv("VITRINE_LIMITS", str(tmp_path / "limits.toml"))


def telegram(stage: TelegramStage, dice: Random) -> str:
    """The next message, an answer with its card, meets one of them; its name."""
    what = dice.choice((TROUBLE, GATEWAY, PAUSE, BEFORE, AFTER, LATE))
    stage.faults.on("sendphoto", what)
    return what.description or "gateway" if isinstance(what, Refusal) else str(what)


def feishu(stage: FeishuStage, dice: Random) -> str:
    """The same for Feishu, which knows a second try by its key."""
    kind = dice.choice(("500", "502", "429", "after", "late"))
    for name in ("send", "reply"):
        if kind == "429":
            stage.fail(name, 99991400, 429, headers={"x_ogw_ratelimit_reset": "1"})
        elif kind in ("500", "502"):
            stage.fail(name, 0, int(kind))
        else:
            stage.fail(name, delay=LATE if kind == "late" else 0.0, after=True)
    return kind


async def troubled(
    play: Play, count: int, dice: Random, fault: Callable[[], str]
) -> tuple[Counter[str], list[str]]:
    """Questions, whose answers are messages. How the notices ended, and what went wrong with
    them.
    """
    before = {name for _, name, _ in heard(play.stage)}  # of the demo factory, which is gone
    await play.sandbox.reset(world([Group(play.stage, play.group)], count), START)
    met: list[str] = []
    messages: list[str] = []
    for number in range(count):
        if dice.random() < SHARE:
            met.append(fault())
        text = f"K{1000 + number} 到哪了"
        messages.append(await play.stage.say(play.group, play.user("P0"), text))
        if dice.random() < 0.3:
            await play.sandbox.idle()
    for message in messages:
        await play.settled(message)
    where, end = play.app.store.where, time.monotonic() + 60
    now = stamp(play.app.clock.now())
    open_ends = f"state = 'claimed' OR (state = 'waiting' AND not_before <= '{now}')"
    while invariants.rows(where, f"SELECT id FROM outbox WHERE {open_ends}"):
        assert time.monotonic() < end
        await play.sandbox.idle()
        await asyncio.sleep(0.05)
    invariants.ended(where, now)
    invariants.one_outcome(where, messages)
    told = [found for found in heard(play.stage) if found[1] not in before]
    return invariants.told_once(where, told), met


def heard(stage: Stage) -> list[tuple[str, str, str]]:
    """What a platform received, in the order in which it did."""
    if isinstance(stage, TelegramStage):
        return arrived(stage)
    assert isinstance(stage, FeishuStage)
    by_id = {s.id: s for chat in stage.books.chats for s in stage.said(chat)}
    return [
        (m.chat, m.id, by_id[m.id].text)
        for m in stage.books.messages.values()
        if m.by_bot and m.id in by_id
    ]


async def test_telegram_is_told_once_or_it_is_said_that_nobody_knows(tmp_path: Path) -> None:
    for seed in seeds(1, 8):
        stage = TelegramStage()
        await stage.start()
        try:
            with drawn(seed) as dice:
                async with playing(tmp_path / f"{seed}", stage) as play:
                    fault = partial(telegram, stage, dice)
                    ends, met = await troubled(play, often(24, 200), dice, fault)
                left = len(stage.faults.next.get("sendphoto", []))
                assert left < len(met), "nothing was tried"
                doubtful = [m for m in met if m != PAUSE.description]
                assert ends["unknown"] <= len(doubtful), (ends, met)
                assert ends["sent"] > ends["unknown"]
                told("sends, telegram", seed, met=len(met), **ends)
        finally:
            await stage.stop()


async def test_feishu_is_asked_again_and_hears_it_once(tmp_path: Path) -> None:
    for seed in seeds(1, 8):
        stage = FeishuStage()
        await stage.start()
        try:
            with drawn(seed) as dice:
                async with playing(tmp_path / f"{seed}", stage) as play:
                    fault = partial(feishu, stage, dice)
                    ends, met = await troubled(play, often(16, 200), dice, fault)
                assert any(not f.times for f in stage.books.failures), "nothing was tried"
                assert not ends["unknown"], ends
                assert not ends["dead"], ends
                told("sends, feishu", seed, met=len(met), **ends)
        finally:
            await stage.stop()
