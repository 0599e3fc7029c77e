"""The whole program over a store that fails now and then, on both engines: whoever wrote is
answered once, and nothing is given up that could be kept a moment later.
"""

import asyncio
import contextlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import apsw
import psycopg
import pytest

from bot.app import App
from bot.settings import Settings
from tests.app.served import free_port
from tests.fakes.telegram import TelegramStage
from tests.faults import factory, invariants
from tests.faults.factory import Group
from tests.faults.lots import LONG, drawn, first_seed, often, seeds, told
from tests.faults.platter import Disk, Library
from tests.faults.test_kill import arrived, staged, still, streamed
from tests.faults.wire import Wire
from tests.servers import postgres

SHARE = 0.05
LOOKED = "checks/telegram"
"""Where the program leaves what it found when it had connected."""


def kept(where: Path | str, masters: Any, messages: list[str], stage: TelegramStage) -> Any:
    """Every promise. Reports that were given up (their writers were told) do not count."""
    invariants.one_outcome(where, messages)
    dead = {
        r["message_id"]
        for r in invariants.rows(where, "SELECT message_id FROM inbox WHERE state = 'dead'")
    }
    invariants.one_event(where, [m for n, m in enumerate(messages) if n % 3 and m not in dead])
    invariants.clean(where, masters)
    return {"given_up": len(dead), **invariants.told_once(where, arrived(stage))}


@contextlib.asynccontextmanager
async def on_a_disk(
    folder: Path, stage: TelegramStage, groups: list[Group], disk: Disk, count: int
) -> AsyncIterator[tuple[App, Path | str, Any]]:
    """The whole program in this process, with its books on a disk of ours."""
    where, masters = await asyncio.to_thread(
        factory.prepare, folder, "", factory.world(groups, count)
    )
    named = {k.removeprefix("VITRINE_").lower(): v for k, v in stage.settings().items()}
    more: dict[str, Any] = {"limits": str(folder / "limits.toml"), "_env_file": None, **named}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("storage.sqlite.sqlite3", Library(disk))
        app = App(Settings(data_dir=folder, http_port=free_port(), **more))
    task = asyncio.create_task(app.serve())
    try:
        await asyncio.wait_for(stage.connected(), 20)
        async with asyncio.timeout(20):  # what is written at the start may end the program
            while not await app.store.run(lambda ledger: ledger.settings.get(LOOKED)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        yield app, where, masters
    finally:
        disk.release()
        task.cancel()
        (end,) = await asyncio.gather(task, return_exceptions=True)
        disk.forget()
        assert isinstance(end, asyncio.CancelledError), f"the program stopped: {end!r}"


async def handled(app: App, count: int) -> None:
    """Wait until so many messages have an outcome, and what was to be sent is on its way."""
    text = "SELECT COUNT(*) FROM inbox WHERE state != 'waiting'"
    async with asyncio.timeout(60):
        while await app.store.run(lambda ledger: int(ledger.sql.value(text))) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)


async def test_a_disk_that_fails_under_the_program(tmp_path: Path) -> None:
    """One write or flush in twenty fails while people write."""
    for seed in seeds(1, 10):
        stage, groups = staged()
        await stage.start()
        count, seen = often(36, 240), Counter[str]()
        try:
            with drawn(seed) as dice:
                disk = Disk(dice)
                async with on_a_disk(tmp_path / f"{seed}", stage, groups, disk, count) as there:
                    app, where, masters = there
                    disk.fault = partial(some_fail, dice, seen)
                    messages = await streamed(groups, range(count), dice)
                    await asyncio.sleep(often(1, 3))
                    disk.fault = None
                    await handled(app, count)
                assert seen
                told("a failing disk", seed, **seen, **kept(where, masters, messages, stage))
        finally:
            await stage.stop()


def some_fail(dice: Random, seen: Counter[str], what: str) -> None:
    """Chance says which."""
    if dice.random() < SHARE:
        seen[what] += 1
        raise apsw.IOError(f"{what} failed")


async def test_one_fault_of_the_disk_gives_no_message_up(tmp_path: Path) -> None:
    """The commit of what a message did fails once, and would not a moment later."""
    stage, groups = staged()
    await stage.start()
    disk, flushes, fails = Disk(Random(first_seed())), [0], [0]

    def fault(what: str) -> None:
        flushes[0] += what == "flush"
        if what == "write" and flushes[0] == fails[0]:
            flushes[0] += 1
            raise apsw.IOError("write failed")

    try:
        async with on_a_disk(tmp_path / "data", stage, groups, disk, 6) as (app, where, _):
            disk.fault = fault
            for number in range(3):  # its own commit, or one of those of what came of it
                flushes[0], fails[0] = 0, number
                await stage.say(groups[0].chat, stage.user("P0"), f"K{1001 + number} 裁切完成")
                await handled(app, number + 1)
                assert flushes[0] > number, "nothing was tried"
        states = {r["state"] for r in invariants.rows(where, "SELECT state FROM inbox")}
        assert states == {"done"}
    finally:
        await stage.stop()


@pytest.mark.skipif(not LONG, reason="takes its time; `make faults` has it")
async def test_a_wire_that_breaks_under_the_program(tmp_path: Path) -> None:
    server = await asyncio.to_thread(postgres.new, postgres.DURABLE)
    with psycopg.connect(postgres.plain(server.url()), autocommit=True) as raw:
        raw.execute("CREATE DATABASE wired")
    url, (stage, groups) = server.url("wired"), staged()
    await stage.start()
    folder, count = tmp_path / "data", 600
    where, masters = await asyncio.to_thread(
        factory.prepare, folder, url, factory.world(groups, count)
    )
    with drawn(first_seed()) as dice, tempfile.TemporaryDirectory(prefix="vitrine-wire-") as at:
        wire = Wire(Path(at), server.folder, dice)
        wire.start()
        program = factory.Program(folder, [stage], wire.url(url))
        try:
            await asyncio.to_thread(program.start)
            await asyncio.wait_for(stage.connected(), 30)
            wire.share, wire.commits = SHARE / 4, 2 * SHARE
            messages = await streamed(groups, range(count), dice)
            await asyncio.sleep(often(1, 5))
            wire.share = wire.commits = 0
            await still(where, messages, stage, 90)
            assert await asyncio.to_thread(program.stop) == 0
            ends = kept(where, masters, messages, stage)
            told("a breaking wire", first_seed(), met=dict(wire.met), **ends)
        finally:
            factory.away(program)
            wire.stop()
            await stage.stop()
            await asyncio.to_thread(server.stop)
