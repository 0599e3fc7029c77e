"""kill -9 at any moment while a platform delivers and is told, on both engines, polled and called:
what the platform counts as delivered has one outcome, and nobody hears anything twice.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from domain.events import stamp
from tests.app.served import Served
from tests.fakes.stage import Stage
from tests.fakes.telegram import TelegramStage
from tests.fakes.telegram_world import BOT
from tests.faults import factory, invariants
from tests.faults.factory import Group
from tests.faults.lots import drawn, first_seed, often, seeds, told
from tests.servers import postgres

WAYS = (
    ("sqlite", "polled"), ("postgresql", "called"), ("sqlite", "called"), ("postgresql", "polled"),
)  # fmt: skip
SECRET = "a-secret-that-telegram-sends-back"
GROUPS = 4
FIRST = -1_001_700_001_000
"""The number of the first group."""


def staged(webhook: bool = False) -> tuple[TelegramStage, list[Group]]:
    """A Telegram with several groups."""
    stage = TelegramStage(SECRET if webhook else "")
    groups = [FIRST - n for n in range(GROUPS)]
    for group in groups:
        stage.world.chats[group] = {"id": group, "title": f"组{group}", "type": "supergroup"}
    return stage, [Group(stage, str(group)) for group in groups]


def arrived(stage: TelegramStage) -> list[tuple[str, str, str]]:
    """The bot's messages in the order in which they arrived: chat, id, text."""
    return [
        (str(chat), f"{chat}:{number}", str(m.get("text") or m.get("caption") or ""))
        for (chat, number), m in stage.world.messages.items()
        if m["from"]["id"] == BOT["id"]
    ]


async def still(where: Path | str, messages: list[str], stage: Stage, wait: float) -> None:
    """Wait until everything was heard, handled and told."""

    def open_ends() -> list[Any]:
        now = stamp(datetime.now(UTC))
        return [
            *[m for m in messages if not stage.acknowledged(m)],
            *invariants.rows(where, "SELECT id FROM inbox WHERE state = 'waiting'"),
            *invariants.rows(
                where,
                "SELECT id, state, error FROM outbox WHERE state = 'claimed'"
                f" OR (state = 'waiting' AND not_before <= '{now}')",
            ),
        ]

    end = time.monotonic() + wait
    while left := await asyncio.to_thread(open_ends):
        assert time.monotonic() < end, left[:20]
        await asyncio.sleep(0.1)


async def streamed(groups: Sequence[Group], numbers: range, dice: Random) -> list[str]:
    """People write, one after the other; the ids of their messages."""
    found = []
    for number in numbers:
        lead = number % len(groups)
        here, text = groups[lead], factory.said(number)
        found.append(await here.stage.say(here.chat, here.stage.user(f"P{lead}"), text))
        await asyncio.sleep(dice.uniform(0, 0.03))
    return found


@pytest.mark.parametrize(("engine", "way"), WAYS[: often(1, 4)])
async def test_kill_9_loses_and_doubles_nothing(engine: str, way: str, tmp_path: Path) -> None:
    for seed in seeds(1, 2):
        with drawn(seed) as dice:
            await killed(engine, way == "called", tmp_path / f"{seed}", dice)


async def killed(engine: str, webhook: bool, folder: Path, dice: Random) -> None:
    """One factory, killed again and again."""
    kills, burst = often(1, 10), 24
    stage, groups = staged(webhook)
    await stage.start()
    url = postgres.database() if engine == "postgresql" else ""
    where, masters = await asyncio.to_thread(
        factory.prepare, folder, url, factory.world(groups, (kills + 1) * burst)
    )
    server = factory.Program(folder, [stage], url)
    messages: list[str] = []
    try:
        await asyncio.to_thread(server.start)
        for turn in range(kills + 1):
            numbers = range(turn * burst, (turn + 1) * burst)
            streaming = asyncio.create_task(streamed(groups, numbers, dice))
            if turn < kills:
                await asyncio.sleep(dice.uniform(0.05, 1.2))
                await asyncio.to_thread(restarted, server)
            messages += await streaming
        await still(where, messages, stage, 60)
        for message in messages[:: max(len(messages) // 10, 1)]:
            await stage.again(message)
        await still(where, messages, stage, 30)
        assert await asyncio.to_thread(server.stop) == 0
    finally:
        factory.away(server)
        await stage.stop()
    ends = held(where, masters, messages, stage)
    told(f"kill -9, {engine}, webhook={webhook}", first_seed(), kills=kills, **ends)
    if url:
        postgres.drop(url)


def restarted(server: Served) -> None:
    """Killed, and started again."""
    server.kill()
    server.start()


def held(where: Path | str, masters: Any, messages: list[str], stage: TelegramStage) -> Any:
    """Every promise, after the dust has settled."""
    invariants.one_outcome(where, messages)
    reports = [m for n, m in enumerate(messages) if n % 3]
    invariants.one_event(where, reports)
    invariants.ended(where, stamp(datetime.now(UTC)))
    invariants.clean(where, masters)
    return dict(invariants.told_once(where, arrived(stage)))
