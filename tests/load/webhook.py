"""Messages through the webhook of the real program, in a process of its own: how many a second
against a bare handler, what they cost, and how long one takes at a fixed offered rate. One JSON
object a line, as `python -m bot bench` writes them.

A message counts as done when its outcome is committed, not when it was acknowledged.
"""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bot.bench import ROOT, ROUNDS, Row, asked, row
from storage.sqlite import reader
from tests.fakes.telegram import TelegramStage
from tests.load.driver import CHATS, update
from tests.load.machine import Load, cpu_of
from tests.load.pages import at
from tests.load.place import Program, bare, prepare, program, settings

SECRET = "a-Secret_of-64"
MESSAGES, BARE, WIDTH = 1500, 15_000, 64
"""Messages of a round through ours and through the bare handler, and connections."""
RATE, SECONDS = 200.0, 30
WARM = 4 * CHATS
ORDERS = WARM + max(ROUNDS * MESSAGES, int(RATE * SECONDS))
PATIENCE = 300.0


@dataclass(frozen=True, slots=True)
class Round:
    """What a server did in a round: done and acknowledged messages a second, CPU a message."""

    rate: float
    acknowledged: float
    cpu: float


async def drive(**order: Any) -> dict[str, Any]:
    """The driver, in a process of its own; how it went."""
    driver = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.load.driver", cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    told, _ = await driver.communicate(json.dumps(order).encode())
    ran: dict[str, Any] = json.loads(told)
    if ran["failed"]:
        raise RuntimeError(f"{ran['failed']} of {order['count']} messages were not taken")
    return ran


@asynccontextmanager
async def on_telegram(kept: Path, folder: Path) -> AsyncIterator[Program]:
    """The program on a copy of a factory, with a fake of Telegram that it answers to; warm."""
    stage = TelegramStage(webhook_secret=SECRET)
    for number in range(ORDERS):
        message = update(number, int(time.time()))["message"]
        chat = message["chat"]["id"]
        stage.world.chats[chat] = message["chat"]
        stage.world.messages[chat, message["message_id"]] = message
    await stage.start()
    try:
        shutil.copytree(kept, folder)
        entered = program(folder, **stage.settings())
        server = await asyncio.to_thread(entered.__enter__)
        try:
            await asyncio.wait_for(stage.connected(), 60)
            await drive(
                how="closed", port=server.port, secret=SECRET, first=0, count=WARM, width=WIDTH
            )
            await handled(server, WARM)
            yield server
        finally:
            await asyncio.to_thread(entered.__exit__, None, None, None)
    finally:
        await stage.stop()


async def handled(server: Program, count: int) -> float:
    """When so many messages had their outcome on disk, on the monotonic clock. Raises if one of
    them was not recorded.
    """
    with closing(reader(settings(server.folder).database)) as books:
        end = time.monotonic() + PATIENCE
        while (done := _closed(books)) < count:
            if time.monotonic() > end:
                raise RuntimeError(f"{done} of {count} messages were handled")
            await asyncio.sleep(0.01)
        now = time.monotonic()
        found = books.execute(
            "SELECT COUNT(DISTINCT source_chat || ' ' || source_message) FROM event"
            " WHERE source_platform = 'telegram' AND type = 'NodeCompleted'"
        ).fetchone()[0]
    if found != count:
        raise RuntimeError(f"{found} of {count} reports were recorded")
    return now


def _closed(books: sqlite3.Connection) -> int:
    """Messages with an outcome: those there are but for the few that wait (an index each)."""
    there = books.execute("SELECT COALESCE(MAX(id), 0) FROM inbox").fetchone()[0]
    waiting = books.execute("SELECT COUNT(*) FROM inbox WHERE state = 'waiting'").fetchone()[0]
    return int(there - waiting)


async def _ours(server: Program, first: int) -> Round:
    before = cpu_of(server.process)
    ran = await drive(
        how="closed", port=server.port, secret=SECRET, first=first, count=MESSAGES, width=WIDTH
    )
    done = await handled(server, first + MESSAGES)
    cpu = cpu_of(server.process) - before
    seconds, taken = done - ran["begun"], ran["ended"] - ran["begun"]
    return Round(MESSAGES / seconds, MESSAGES / taken, cpu / MESSAGES)


async def _bare(port: int, process: int) -> Round:
    before = cpu_of(process)
    ran = await drive(how="closed", port=port, secret=SECRET, first=0, count=BARE, width=WIDTH)
    rate = BARE / (ran["ended"] - ran["begun"])
    return Round(rate, rate, (cpu_of(process) - before) / BARE)


async def throughput(kept: Path, folder: Path) -> AsyncIterator[Row]:
    """Ours and the bare handler in turns; medians."""
    ours, base = [], []
    async with on_telegram(kept, folder) as server:
        with bare(SECRET) as (port, process):
            await _bare(port, process)
            for number in range(ROUNDS):
                base.append(await _bare(port, process))
                ours.append(await _ours(server, WARM + number * MESSAGES))
    told = "bare aiohttp handler with the same secret"
    rates = median(r.rate for r in ours), median(r.rate for r in base)
    more = {"acknowledged": round(median(r.acknowledged for r in ours), 3)}
    yield row("pipeline.http", rates[0], "messages/s", told, rates[1]) | more
    costs = median(r.cpu for r in ours), median(r.cpu for r in base)
    yield row("pipeline.http.cpu", costs[0], "s/message", told, costs[1])


async def latency(kept: Path, folder: Path, seconds: int = SECONDS) -> AsyncIterator[Row]:
    """How long until a message is acknowledged, from the moment at which it was meant to be sent,
    at a fixed rate; with the machine's load beside it.
    """
    count = int(RATE * seconds)
    async with on_telegram(kept, folder) as server:
        with Load() as load:
            ran = await drive(
                how="open", port=server.port, secret=SECRET, first=WARM, count=count, rate=RATE
            )
        behind = await handled(server, WARM + count) - ran["ended"]
    more = {
        "offered": RATE, "messages": count, "connections": ran["lines"],
        "behind": round(max(behind, 0.0), 3), "load": load.told(),
    }  # fmt: skip
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999)):
        yield row(f"latency.{name}", at(ran["took"], share), "s") | more
    yield row("latency.max", max(ran["took"]), "s") | more


JOBS = {
    throughput: ("pipeline.http", "pipeline.http.cpu"),
    latency: ("latency.p50", "latency.p99", "latency.p999", "latency.max"),
}


async def bench(wanted: list[str]) -> None:
    """All of it, or nothing where other benches are asked for."""
    jobs = [job for job, rows in JOBS.items() if asked(wanted, *rows)]
    if not jobs:
        return
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        await asyncio.to_thread(prepare, folder / "kept", ORDERS)
        for number, job in enumerate(jobs):
            async for found in job(folder / "kept", folder / str(number)):
                print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(bench(sys.argv[1:]))
