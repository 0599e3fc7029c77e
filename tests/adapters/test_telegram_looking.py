"""The program looks at what a platform can do as soon as it is connected, not long after."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from adapters.chat.port import Check
from bot.platforms import FOUND, looking


@dataclass
class Door:
    """An adapter that is not connected yet."""

    platform: str = "telegram"
    state: str = "starting"
    checks: tuple[Check, ...] = ()
    looks: int = 0

    async def examine(self) -> tuple[Check, ...]:
        self.looks += 1
        self.checks = (Check("telegram.token", True),)
        return self.checks


@dataclass
class Kept:
    """A store of nothing but settings."""

    settings: dict[str, str] = field(default_factory=dict)

    async def run(self, work: Callable[[Any], object]) -> None:
        clock = SimpleNamespace(now=lambda: datetime(2026, 11, 24, tzinfo=UTC))
        put = self.settings.__setitem__
        work(SimpleNamespace(clock=clock, settings=SimpleNamespace(put=put)))


async def test_it_looks_within_a_second_of_connecting(monkeypatch: pytest.MonkeyPatch) -> None:
    door, store, slept = Door(), Kept(), list[float]()
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            assert door.looks == 0
            door.state = "ok"
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    task = asyncio.create_task(looking(door, store))  # type: ignore[arg-type]
    while len(slept) < 6:
        await real(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert slept == [0.5] * len(slept)
    assert door.looks == 1
    assert json.loads(store.settings[FOUND + "telegram"])["checks"] == [
        ["telegram.token", True, {}]
    ]


async def test_after_a_minute_it_looks_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.platforms.FRESH", 0.0)
    slept: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    task = asyncio.create_task(looking(Door(), Kept()))  # type: ignore[arg-type]
    while len(slept) < 2:
        await real(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert slept[:2] == [30.0, 30.0]
