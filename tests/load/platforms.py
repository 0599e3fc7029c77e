"""What the chat platforms cost, measured against the fakes: the rate of a fan-out and whether it
kept every limit, start-up time and memory with none and with each, the longest stall of the event
loop while a platform answers slowly. One JSON object a line, as `python -m bot bench` writes them.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.bench import Row, row
from domain.events import stamp
from domain.notice import Kind, Notice
from domain.person import Address
from storage.ledger import Ledger
from tests.adapters.playing import PLATFORMS, Play, playing, stage_of
from tests.app.served import Served

RECIPIENTS = 1000
SLOW = 0.6
STALLED = 20


@asynccontextmanager
async def on_stage(platform: str) -> AsyncIterator[Play]:
    """The program in this process, on a platform's fake."""
    stage = stage_of(platform)
    await stage.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with playing(Path(folder) / "data", stage) as play:
                yield play
    finally:
        await stage.stop()


async def fan_out(platform: str) -> AsyncIterator[Row]:
    """One message to each of 1,000 people, and whether the platform saw a limit overrun."""
    async with on_stage(platform) as play:
        rules = [r for r in play.adapter.rules if r.scope == "account"]
        chats = [play.private(f"fan{n}") for n in range(RECIPIENTS)]

        def put(ledger: Ledger) -> None:
            now = ledger.clock.now()
            for n, chat in enumerate(chats):
                to = Address(platform, chat)
                facts = {"person": ""}
                ledger.notify(
                    Notice(to, Kind.ANSWER, "resent", f"fan/{n}/{stamp(now)}", now, facts)
                )

        start = time.monotonic()
        await play.app.store.run(put)
        play.app.courier.wake()
        await play.sandbox.idle()
        rate = RECIPIENTS / (time.monotonic() - start)
        told = sum(bool(play.stage.said(chat)) for chat in chats)
        broken = play.stage.violations(play.adapter.rules)
    for one in broken:
        print(one, file=sys.stderr)
    allowed = min(r.count / r.seconds for r in rules)
    yield row(f"fanout.{platform}", rate, "messages/s", "configured rate", allowed)
    yield row(f"fanout.{platform}.told", told, "recipients", "recipients", RECIPIENTS)
    yield row(f"fanout.{platform}.violations", len(broken), "limits overrun")


async def stalls(platform: str) -> AsyncIterator[Row]:
    """The longest time that the loop was held up, while every answer takes long."""
    async with on_stage(platform) as play:
        slow(play.stage)
        worst, over = 0.0, asyncio.Event()

        async def watch() -> None:
            nonlocal worst
            while not over.is_set():
                before = time.monotonic()
                await asyncio.sleep(0.005)
                worst = max(worst, time.monotonic() - before - 0.005)

        watching = asyncio.create_task(watch())
        for number in range(STALLED):
            await play.stage.say(play.group, play.user("P05"), f"A105 车缝 {190 + number}/300")
        await asyncio.sleep(3 * SLOW)
        await play.sandbox.idle()
        over.set()
        await watching
    yield row(f"loop.stall.{platform}", worst, "s")


def slow(stage: Any) -> None:
    """Every answer of the platform takes long."""
    match stage.platform:
        case "telegram":
            for method in ("sendMessage", "editMessageText", "setMessageReaction", "getFile"):
                stage.faults.on(method, *([SLOW] * 200))
        case "feishu":
            stage.api.slow = SLOW
        case _:
            stage.bot.slow = SLOW


def resident(process: int) -> int:
    """The resident memory of a process in kilobytes."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


async def weigh(platform: str) -> AsyncIterator[Row]:
    """From the call to the address, in a process of its own, and what it weighs when connected."""
    stage = stage_of(platform) if platform else None
    if stage is not None:
        await stage.start()
    with tempfile.TemporaryDirectory() as folder:
        server = Served(Path(folder) / "data", 0, **(stage.settings() if stage else {}))
        start = time.monotonic()
        await asyncio.to_thread(server.start)
        seconds = time.monotonic() - start
        if stage is not None:
            await asyncio.wait_for(stage.connected(), 60)
        await asyncio.sleep(1)
        assert server.process is not None
        kilobytes = resident(server.process.pid)
        await asyncio.to_thread(server.stop)
    if stage is not None:
        await stage.stop()
    name = platform or "none"
    yield row(f"startup.{name}", seconds, "s")
    yield row(f"memory.{name}", kilobytes * 1024, "bytes")


def jobs() -> dict[str, Callable[[], AsyncIterator[Row]]]:
    """All measurements by name."""
    found: dict[str, Callable[[], AsyncIterator[Row]]] = {}
    for name in ("", *PLATFORMS):
        found[f"startup.{name or 'none'}"] = lambda name=name: weigh(name)  # type: ignore[misc]
    for name in PLATFORMS:
        found[f"loop.{name}"] = lambda name=name: stalls(name)  # type: ignore[misc]
    for name in ("telegram", "feishu"):  # WeCom limits each chat only
        found[f"fanout.{name}"] = lambda name=name: fan_out(name)  # type: ignore[misc]
    return found


async def main(wanted: list[str]) -> None:
    """Run those whose name begins with one of the words, or all."""
    for name, job in jobs().items():
        if not wanted or any(name.startswith(w) for w in wanted):
            async for found in job():
                print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
