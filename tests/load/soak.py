"""The real program under a steady mixed load, to see whether it keeps what it should let go:
`python -m tests.load.soak [SECONDS]`, an hour by default. Reports with pictures, questions, pages,
open boards that come and go; the sandbox's clock stands.

Memory and open handles are looked at every ten seconds. Exit 1 if the last quarter's memory is more
than a twentieth above the second quarter's (the first warms up), or if handles grow.
"""

import asyncio
import io
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData, TCPConnector
from PIL import Image

from bot.bench import Row, row, world
from tests.app.served import Served
from tests.load.machine import Load, cpu_of, handles, resident

HOUR, EVERY, MOST = 3600.0, 10.0, 1.05
ORDERS, FEEDS, LASTS = 400, 20, 45.0
"""Open orders; open boards, and the seconds after which each is opened anew."""
SLACK = 4
"""Handles that may be open by chance when one looks: a page being sent, a picture being written."""
AT = "2026-11-23T10:00:00+08:00"
NODES = ("裁切", "绣花", "车缝", "后道", "质检", "包装", "发货")


@dataclass(slots=True)
class Seen:
    """What was sampled: bytes and handles; and how often what was done."""

    memory: list[int] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)

    def did(self, what: str, good: bool) -> None:
        """Count it."""
        self.done[what] = self.done.get(what, 0) + 1
        self.failed[what] = self.failed.get(what, 0) + (not good)


def picture(dice: Random) -> bytes:
    """A picture that no other is like, as big as one from a phone after the chat has shrunk it."""
    image = Image.effect_noise((960, 720), dice.randrange(20, 80)).convert("RGB")
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=60)
    return kept.getvalue()


class People:
    """Who writes and looks."""

    def __init__(self, session: ClientSession, base: str, links: list[str], seen: Seen) -> None:
        self.session, self.base, self.links, self.seen = session, base, links, seen
        self.dice, self.orders = Random(1), itertools.cycle(range(ORDERS))
        self.cursor = ""

    async def report(self) -> None:
        """A report of the next order's next node, every second one with a picture."""
        number = next(self.orders)
        node = NODES[self.seen.done.get("report", 0) // ORDERS % len(NODES)]
        said = {"chat": "production", "sender": "P00", "text": f"#A{1000 + number} {node}完成"}
        content: dict[str, Any] = {"json": said}
        if number % 2:
            form = FormData(said)
            shot = await asyncio.to_thread(picture, self.dice)
            form.add_field("photos", shot, filename="a.jpg", content_type="image/jpeg")
            content = {"data": form}
        path = f"{self.base}/api/sandbox/messages"
        async with self.session.post(path, **content) as answer:
            self.seen.did("report", answer.status == 202)

    async def question(self) -> None:
        """Somebody asks how far an order is."""
        said = {
            "chat": "customer-C01", "sender": "C01",
            "text": f"A{1000 + self.dice.randrange(ORDERS)} 到哪了",
        }  # fmt: skip
        async with self.session.post(f"{self.base}/api/sandbox/messages", json=said) as answer:
            self.seen.did("question", answer.status == 202)

    async def page(self) -> None:
        """A page like those that people open."""
        number = 1000 + self.dice.randrange(ORDERS)
        paths = (f"/orders/A{number}", self.dice.choice(self.links), "/orders?q=卫衣", "/healthz")
        await self.look("page", self.dice.choice(paths))

    async def board(self) -> None:
        """The board, the cockpit or the counters."""
        await self.look("board", self.dice.choice(("/board", "/cockpit", "/metrics")))

    async def look(self, what: str, path: str) -> None:
        """One page, to its end."""
        async with self.session.get(self.base + path) as answer:
            await answer.read()
            self.seen.did(what, answer.status == 200)

    async def chat(self) -> None:
        """Somebody reads on in the group."""
        path = f"{self.base}/api/sandbox/chats/production/messages"
        async with self.session.get(path, params={"after": self.cursor}) as answer:
            self.cursor = (await answer.json())["cursor"]
            self.seen.did("chat", answer.status == 200)

    async def feed(self) -> None:
        """An open board; it is left after a while, and opened anew."""
        with suppress(TimeoutError):
            async with (
                asyncio.timeout(LASTS),
                self.session.get(f"{self.base}/board/events") as feed,
            ):
                async for _ in feed.content.iter_any():
                    pass
        self.seen.did("feed", True)

    async def feeds(self, number: int) -> None:
        """One who has a board open all day; they did not all begin at once."""
        await asyncio.sleep(LASTS / 4 * number / FEEDS)
        await beat(0.0, self.feed, self.seen)


async def beat(seconds: float, job: Callable[[], Awaitable[None]], seen: Seen) -> None:
    """Do something on a beat, one at a time; a fault is counted and the beat goes on."""
    while True:
        begun = time.monotonic()
        try:
            await job()
        except (ClientError, TimeoutError, OSError) as error:
            seen.did(type(error).__name__, False)
        await asyncio.sleep(max(seconds - (time.monotonic() - begun), 0.01))


async def sample(process: int, seconds: float, seen: Seen) -> None:
    """Memory and handles until the time is over, at least forty times."""
    end, pause = time.monotonic() + seconds, min(EVERY, seconds / 40)
    while time.monotonic() < end:
        await asyncio.sleep(pause)
        seen.memory.append(resident(process))
        seen.files.append(handles(process))


async def soak(server: Served, seconds: float) -> Seen:
    """All of it at once, for so long."""
    assert server.process is not None
    seen, timeout = Seen(), ClientTimeout(total=60)
    base = f"http://127.0.0.1:{server.port}"
    links = [found["p"] for found in server.call("GET", "/api/sandbox/links")[1]["orders"].values()]
    async with ClientSession(connector=TCPConnector(limit=0), timeout=timeout) as session:
        people = People(session, base, links, seen)
        jobs = (
            (1.5, people.report), (1.0, people.question), (0.2, people.page),
            (3.0, people.board), (1.0, people.chat),
        )  # fmt: skip
        tasks = [asyncio.create_task(beat(pause, job, seen)) for pause, job in jobs]
        tasks += [asyncio.create_task(people.feeds(number)) for number in range(FEEDS)]
        await sample(server.process.pid, seconds, seen)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return seen


def quarter(values: list[int], number: int) -> float:
    """The median of a quarter of the samples, counted from 1."""
    length = len(values) // 4
    return median(values[(number - 1) * length : number * length])


def told(seen: Seen) -> tuple[list[Row], bool]:
    """The rows, and whether everything was kept flat."""
    memory = quarter(seen.memory, 4), quarter(seen.memory, 2)
    files = quarter(seen.files, 4), quarter(seen.files, 2)
    good = memory[0] <= MOST * memory[1] and files[0] <= files[1] + SLACK
    rows = [
        row("soak.memory", memory[0], "bytes", "second quarter", memory[1]),
        row("soak.handles", files[0], "handles", "second quarter", files[1]),
        row("soak.done", sum(seen.done.values()), "actions") | {"of": seen.done},
        row("soak.failed", sum(seen.failed.values()), "actions") | {"of": seen.failed},
    ]
    return rows, good and not any(seen.failed.values())


def main() -> int:
    """Serve, load, print; 1 if something grew or failed."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else HOUR
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        server = Served(data).start()
        try:
            reset = {"world": world(ORDERS), "at": AT}
            assert server.call("POST", "/api/sandbox/reset", reset)[0] == 200
            assert server.process is not None
            cpu = cpu_of(server.process.pid)
            with Load() as load:
                seen = asyncio.run(soak(server, seconds))
            cpu = cpu_of(server.process.pid) - cpu
        finally:
            server.stop()
    rows, good = told(seen)
    for found in rows:
        print(json.dumps(found), flush=True)
    share = row("soak.cpu", cpu / seconds, "cores") | {"load": load.told(), "of": os.cpu_count()}
    print(json.dumps(share), flush=True)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
