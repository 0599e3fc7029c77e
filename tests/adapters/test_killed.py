"""kill -9 at any moment while a platform delivers and is told: with the platform's own redelivery
nothing is lost, nothing counts twice, and nobody hears the same thing twice.
"""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.playing import PLATFORMS, START, stage_of
from tests.app.served import Served, command
from tests.fakes.stage import Stage

ROUNDS, REPORTS = 3, 9
"""Together below what a WeCom conversation may hear in a minute: nothing here waits for that."""


def world(stage: Stage) -> dict[str, Any]:
    """Many orders of one short route, one person to report them in the platform's group."""
    nodes = [
        {"key": "cut", "name": "裁切", "standard_days": 1, "aliases": ["开裁"]},
        {"key": "sew", "name": "车缝", "standard_days": 1, "aliases": ["缝制"]},
    ]
    orders = [
        {"order_no": f"K{1000 + n}", "product": "包", "quantity": 9, "customer": "C1", "route": "r"}
        for n in range(ROUNDS * REPORTS)
    ]
    here = [{"platform": stage.platform, "user": stage.user("P0")}]
    return {
        "routes": [{"key": "r", "name": "包", "nodes": nodes}],
        "people": [
            {"id": "P0", "name": "甲", "role": "manager", "nodes": ["*"], "addresses": here}
        ],
        "customers": [{"id": "C1", "name": "乙"}],
        "orders": orders,
        "groups": [{"platform": stage.platform, "chat": stage.group, "kind": "production_group"}],
    }


async def handled(server: Served, number: int) -> int:
    """How often a report counts in its order's history."""
    events = await asyncio.to_thread(server.events, f"K{1000 + number}")
    return len([e for e in events if e["type"] == "NodeCompleted"])


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
async def test_a_killed_program_loses_and_doubles_nothing(platform: str, tmp_path: Path) -> None:
    dice = random.Random(f"{platform} 20261123")
    stage = stage_of(platform)
    await stage.start()
    server = Served(tmp_path / "data", 0, **stage.settings())
    try:
        await asyncio.to_thread(server.start)
        begin = {"world": world(stage), "at": START}
        assert (await asyncio.to_thread(server.call, "POST", "/api/sandbox/reset", begin))[0] == 200
        await asyncio.wait_for(stage.connected(), 30)
        said: dict[int, str] = {}
        for turn in range(ROUNDS):
            for number in range(turn * REPORTS, (turn + 1) * REPORTS):
                said[number] = await stage.say(
                    stage.group, stage.user("P0"), f"K{1000 + number} 裁切完成"
                )
                await asyncio.sleep(dice.uniform(0, 0.03))
            await asyncio.sleep(dice.uniform(0, 0.5))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            await asyncio.wait_for(stage.connected(), 30)
        for number, message_id in said.items():
            for _ in range(200):
                if await handled(server, number):
                    break
                if not stage.acknowledged(message_id) or platform == "wecom":
                    await stage.again(message_id)
                await asyncio.sleep(0.1)
        await asyncio.to_thread(server.idle)
        for message_id in list(said.values())[::5]:
            await stage.again(message_id)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.idle)
        assert {number: await handled(server, number) for number in said} == dict.fromkeys(said, 1)
        texts = [s.text for s in stage.said(stage.group) if not s.edited]
        assert len(texts) == len(set(texts)), texts
    finally:
        if server.process is not None:
            await asyncio.to_thread(server.stop)
        await stage.stop()
    assert command(tmp_path / "data", "verify")[0] == 0
