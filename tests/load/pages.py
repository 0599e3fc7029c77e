"""Pages under load: two hundred open boards and two thousand visits of customers a minute, beside a
factory that reports. `python -m tests.load.pages [seconds]` prints a JSON object a line.

Visits are sent on a fixed beat, whatever became of those before (open loop); their time counts from
the moment they were due. A board's delay counts from the answer to the report until the board was
told.
"""

import asyncio
import itertools
import json
import os
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import ClientSession, ClientTimeout, TCPConnector

from tests.app.served import Served

BOARDS = 200
VISITS = 2000 / 60
"""Visits a second."""
REPORTS = 2.0
"""Seconds between reports."""
LANGUAGES = ("zh-CN", "zh-TW", "en")


@dataclass
class Seen:
    """What was measured: seconds, and bytes of memory."""

    visits: list[float] = field(default_factory=list)
    failed: int = 0
    heard: list[list[float]] = field(default_factory=list)
    said: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)


def resident(process: int) -> int:
    """Bytes that a process holds (Linux)."""
    text = Path(f"/proc/{process}/statm").read_text(encoding="ascii")
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def watch(session: ClientSession, base: str, language: str, seen: Seen) -> None:
    """One board: when each message came."""
    times: list[float] = []
    seen.heard.append(times)
    async with session.get(
        f"{base}/board/events?lang={language}", timeout=ClientTimeout(total=None)
    ) as feed:
        async for line in feed.content:
            if line == b"event: board\n":
                times.append(time.monotonic())


async def visit(session: ClientSession, url: str, due: float, seen: Seen) -> None:
    """One visit of a customer's page."""
    try:
        async with session.get(url) as answer:
            await answer.read()
            if answer.status != 200:
                seen.failed += 1
    except Exception:
        seen.failed += 1
        raise
    seen.visits.append(time.monotonic() - due)


async def visits(session: ClientSession, urls: list[str], seconds: float, seen: Seen) -> None:
    """Visits on their beat."""
    begun, tasks = time.monotonic(), []
    for number, url in zip(range(int(seconds * VISITS)), itertools.cycle(urls), strict=False):
        due = begun + number / VISITS
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        tasks.append(asyncio.create_task(visit(session, url, due, seen)))
    await asyncio.gather(*tasks)


async def reports(session: ClientSession, base: str, seconds: float, seen: Seen) -> None:
    """A team lead reports ever more pieces."""
    for pieces in range(1, int(seconds / REPORTS)):
        said = {"chat": "production", "sender": "P05", "text": f"A105 车缝 {180 + pieces}/300"}
        async with session.post(f"{base}/api/sandbox/messages", json=said) as answer:
            assert answer.status == 202
        seen.said.append(time.monotonic())
        await asyncio.sleep(REPORTS)


async def weigh(process: int, seconds: float, seen: Seen) -> None:
    """Memory, again and again."""
    for _ in range(int(seconds)):
        seen.memory.append(resident(process))
        await asyncio.sleep(1)


async def load(server: Served, seconds: float) -> Seen:
    """All of it at once."""
    assert server.process is not None
    base, seen = f"http://127.0.0.1:{server.port}", Seen()
    links = server.call("GET", "/api/sandbox/links")[1]["orders"]
    urls = [f"{base}{found['p']}" for found in links.values()]
    connector = TCPConnector(limit=0)
    async with ClientSession(connector=connector) as session:
        boards = [
            asyncio.create_task(watch(session, base, LANGUAGES[n % 3], seen)) for n in range(BOARDS)
        ]
        await asyncio.sleep(3)
        await asyncio.gather(
            visits(session, urls, seconds, seen),
            reports(session, base, seconds, seen),
            weigh(server.process.pid, seconds, seen),
        )
        await asyncio.sleep(2)
        for board in boards:
            board.cancel()
        await asyncio.gather(*boards, return_exceptions=True)
    return seen


def delays(seen: Seen) -> list[float]:
    """Of each report and board: how long until that board was told; a report that a board was not
    told of within ten seconds counts as ten.
    """
    found = []
    for said in seen.said:
        for times in seen.heard:
            told = next((t for t in times if t >= said), said + 10)
            found.append(min(told - said, 10.0))
    return found


def at(values: list[float], share: float) -> float:
    """A quantile."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def rows(seen: Seen) -> list[dict[str, object]]:
    """What to print."""
    found, half = delays(seen), len(seen.memory) // 2
    early, late = max(seen.memory[:half], default=0), max(seen.memory[half:], default=0)
    return [
        {
            "name": "pages.visits", "value": len(seen.visits), "unit": "visits",
            "failed": seen.failed,
        },
        {"name": "pages.visit.p50", "value": round(at(seen.visits, 0.5), 4), "unit": "s"},
        {"name": "pages.visit.p99", "value": round(at(seen.visits, 0.99), 4), "unit": "s"},
        {"name": "pages.visit.max", "value": round(max(seen.visits, default=0), 4), "unit": "s"},
        {"name": "pages.board.p50", "value": round(at(found, 0.5), 3), "unit": "s"},
        {"name": "pages.board.p99", "value": round(at(found, 0.99), 3), "unit": "s"},
        {"name": "pages.board.max", "value": round(max(found, default=0), 3), "unit": "s"},
        {
            "name": "pages.memory", "value": late, "unit": "bytes",
            "baseline": {"name": "first half", "value": early},
            "ratio": round(late / early, 3) if early else 0,
        },
        {"name": "pages.load1", "value": os.getloadavg()[0], "unit": "load"},
    ]  # fmt: skip


def main() -> None:
    """Serve, load, print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 60.0
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        server = Served(data).start()
        try:
            seen = asyncio.run(load(server, seconds))
        finally:
            server.stop()
    for row in rows(seen):
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
