"""The benchmarks: CPU a message, and ratios against a baseline in the same run; never a promise of
seconds. Those that need other programs or fakes stand in `tests/load`.

Each row is `{"name", "value", "unit", "baseline": {"name", "value"}, "ratio"}`.
"""

import asyncio
import gc
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from bot.clocks import TurnedClock
from bot.registry import Registry
from bot.talk import Talk
from bot.understanding.model import Message
from bot.understanding.understand import understand
from bot.worlds import load
from domain.calendar import WorkCalendar
from domain.desk import Desk
from storage.ledger import Ledger
from storage.migrate import upgrade
from storage.secrets import masters
from storage.sql import Ahead
from storage.sqlite import connect
from storage.store import Store

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PASSES, MESSAGES, GROUP = 40, 3000, 64
WIDTH, ROUNDS = 256, 3
"""Messages under way at once, and rounds of which the median counts."""
STARTS, IDLE = 5, 10.0
"""Starts of the program of which the median counts; seconds until one is weighed."""
ROOT = Path(__file__).parent.parent
Row = dict[str, Any]
SAID = (
    "#{0} 裁切完成", "{0} 车缝 {1}/120", "{0}到哪了", "{0} 裁切没完成", "收到",
    "{0} 绣花什么时候好",
    "明天争取完成", "{0} 绣花好了吗？", "今天中午吃什么", "{0} 面料没到，备料要晚一天",
    "{0} 裁切完成，{0} 绣花完成", "发错了", "{0} cutting done", "{0} 繡花好了", "A4纸用完了",
    "听说{0}裁切完成了", "{0} 质检 98件合格 2件返修", "辛苦了{0}的师傅们",
)  # fmt: skip
"""What a group says in a day: reports, questions, chatter. Only measured, never judged."""


def row(name: str, value: float, unit: str, baseline: str = "", base: float = 0.0) -> Row:
    """One result."""
    return {
        "name": name,
        "value": round(value, 9),
        "unit": unit,
        "baseline": {"name": baseline, "value": round(base, 9)} if baseline else None,
        "ratio": round(value / base, 4) if base else None,
    }


def world(orders: int) -> Row:
    """A factory with many open orders, everything before the cutting done."""
    route = {"template": "garment"}
    people = [{"id": "P00", "name": "管理员", "role": "manager", "nodes": ["*"]}]
    customers = [{"id": "C01", "name": "客户"}]
    rows = [
        {
            "order_no": f"A{n:04d}", "product": "卫衣", "quantity": 120, "customer": "C01",
            "route": "garment", "state": {"done": ["confirm", "material"]},
        }
        for n in range(1000, 1000 + orders)
    ]  # fmt: skip
    return {"routes": [route], "people": people, "customers": customers, "orders": rows}


class Factory:
    """The books of that world, opened as the program opens them."""

    def __init__(self, where: Path | str) -> None:
        self.store = Store(where, TurnedClock(START), masters([b"a key for the benchmark"]))
        self.store.platforms = ("sandbox",)
        self.desk = Desk(WorkCalendar(ZoneInfo("Asia/Shanghai")))
        self.talk = Talk(self.desk, lambda *_: None)


STEPS = ("裁切", "绣花", "车缝", "后道", "质检", "包装入库")
"""What is reported of every order, one after the other."""


def reports(count: int) -> list[str]:
    """So many reports: a step of every order, then the next, and before them one of an order of its
    own.
    """
    orders = orders_for(count) - 1
    said = [f"#A{1000 + n % orders} {STEPS[n // orders]}完成" for n in range(count)]
    return [f"#A{1000 + orders} {STEPS[0]}完成", *said]


def orders_for(count: int) -> int:
    """How many orders that takes."""
    return -(-count // len(STEPS)) + 1


def prepare(path: Path, count: int) -> None:
    """Write down the world of so many reports, for copies of it to be measured."""
    upgrade(path)
    factory, orders = Factory(path), orders_for(count)
    factory.store.now(lambda ledger: load(ledger, factory.desk, world(orders), START, {}))
    factory.store.close()


def bench_understand() -> Iterator[Row]:
    """CPU of understanding a message, over a day's mix of them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        prepare(path, 40)
        store = Factory(path).store
        found = store.now(lambda ledger: Registry().refresh(ledger))
        at = datetime(2026, 11, 23, 10, 0)  # noqa: DTZ001 - understanding reads local time
        said = [Message(text.format(f"A{1000 + n}", n), at) for n in range(30) for text in SAID]
        for message in said:
            understand(found, message)
        gc.collect()
        start = time.process_time()
        for _ in range(PASSES // 8):
            for message in said:
                understand(found, message)
        cpu = (time.process_time() - start) / (PASSES // 8 * len(said))
        store.close()
    yield row("understand.cpu", cpu, "s/message")


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second, and CPU seconds a message."""

    rate: float
    cpu: float


def bench_pipeline() -> Iterator[Row]:
    """Message in process → understood → decided → durably committed, against the raw rows of the
    same run. Both in turns, the median of each.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.db"
        prepare(kept, MESSAGES)
        paces, raws = [], []
        for number in range(ROUNDS):
            path = Path(folder) / f"{number}.db"
            shutil.copyfile(kept, path)
            paces.append(pipeline(path))
            raws.append(_raw(Path(folder) / f"raw{number}.db", _written(kept, path)))
    rate, raw = median(p.rate for p in paces), median(raws)
    yield row("pipeline.sqlite", rate, "messages/s", "raw group-committed SQLite", raw)
    yield row("pipeline.cpu", median(p.cpu for p in paces), "s/message")


def pipeline(path: Path, count: int = MESSAGES) -> Pace:
    """So many reports on a copy of the books prepared for them, each answered after its commit.
    One more goes before, so that orders and people have been read.
    """
    factory = Factory(path)
    try:
        gc.collect()
        pace = asyncio.run(_pipeline(factory, count))
        done = factory.store.now(_recorded)
        if done != count + 1:
            raise RuntimeError(f"{done} of {count + 1} reports were recorded")
    finally:
        factory.store.close()
    return pace


def _recorded(ledger: Ledger) -> int:
    return int(
        ledger.sql.value(
            "SELECT COUNT(DISTINCT source_message) FROM event WHERE source_platform = 'sandbox'"
            " AND type = 'NodeCompleted'"
        )
    )


async def _pipeline(factory: Factory, count: int) -> Pace:
    said = reports(count)

    async def one(number: int) -> None:
        at = START + timedelta(milliseconds=number)
        payload = {"said": "message", "text": said[number]}

        def work(ledger: Ledger) -> None:
            taken = ledger.inbox.take("sandbox", "", f"m{number}", "production", "P00", at, payload)
            factory.talk.hear(ledger, taken)

        order = said[number].split()[0].removeprefix("#")
        ahead = Ahead((("sandbox", "", f"m{number}"),), (order,))
        await factory.store.run(work, ahead)

    async def some(numbers: Iterator[int]) -> None:
        for number in numbers:
            await one(number)

    await one(0)
    numbers = iter(range(1, count + 1))
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(some(numbers) for _ in range(WIDTH)))
    return Pace(count / (time.perf_counter() - wall), (time.process_time() - cpu) / count)


TABLES = {
    "inbox": "id > (SELECT COALESCE(MAX(id), 0) FROM old.inbox)",
    "event": "id > (SELECT COALESCE(MAX(id), 0) FROM old.event)",
    "outbox": "id > (SELECT COALESCE(MAX(id), 0) FROM old.outbox)",
    "outbox_cause": "outbox_id > (SELECT COALESCE(MAX(id), 0) FROM old.outbox)",
    "timer": "NOT EXISTS (SELECT 1 FROM old.timer o"
    " WHERE o.kind = timer.kind AND o.scope = timer.scope)",
    "orders": "seq > (SELECT seq FROM old.orders o WHERE o.order_no = orders.order_no)",
}
"""Which rows of a table are new since a copy was made."""


def _written(old: Path, new: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows that the pipeline left behind: the same are then written raw."""
    with closing(sqlite3.connect(new)) as raw:
        raw.execute("ATTACH ? AS old", (str(old),))
        return {
            table: raw.execute(f"SELECT * FROM main.{table} AS {table} WHERE {new}").fetchall()  # noqa: S608 - constants
            for table, new in TABLES.items()
        }


def _raw(path: Path, rows: dict[str, list[tuple[Any, ...]]]) -> float:
    """Messages a second when the very same rows are written by hand, 64 messages a commit, FULL:
    an order's row with every report of it, as it stands in the end.
    """
    upgrade(path)
    raw: sqlite3.Connection = connect(path)
    count = len(rows["inbox"])
    rows["orders"] = (rows["orders"] * (count // len(rows["orders"]) + 1))[:count]
    places = dict.fromkeys(TABLES, 0)
    gc.collect()
    start = time.perf_counter()
    for first in range(0, count, GROUP):
        share = (min(first + GROUP, count)) / count
        raw.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            end = round(len(rows[table]) * share)
            part = rows[table][places[table] : end]
            if part:
                marks = ",".join("?" * len(part[0]))
                raw.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", part)  # noqa: S608
            places[table] = end
        raw.execute("COMMIT")
    rate = count / (time.perf_counter() - start)
    raw.close()
    return rate


def bench_startup() -> Iterator[Row]:
    """From the call of the real program to its address, with the demo factory into an empty folder
    and again into the same one; and what it weighs when it has done nothing for a while.
    """
    first, again, weight = [], [], 0
    for number in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            with _running(Path(folder)) as (seconds, _):
                first.append(seconds)
            with _running(Path(folder)) as (seconds, process):
                again.append(seconds)
                if number == STARTS - 1:
                    time.sleep(IDLE)
                    weight = resident(process)
    yield row("startup", median(first), "s")
    yield row("startup.again", median(again), "s")
    yield row("memory.idle", weight, "bytes")


@contextmanager
def _running(folder: Path) -> Iterator[tuple[float, int]]:
    """The real program with the sandbox: seconds until it was ready, and its process."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    own = {"DATA_DIR": str(folder / "data"), "HTTP_PORT": str(port), "SANDBOX": "1"}
    start = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run"],
        cwd=ROOT,
        env=kept | {f"VITRINE_{k}": v for k, v in own.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            if not process.stdout.readline().startswith("Vitrine ready:"):
                raise RuntimeError("the program did not start")
            yield time.monotonic() - start, process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


def resident(process: int) -> int:
    """Bytes of memory that a process holds (Linux: VmRSS)."""
    status = Path(f"/proc/{process}/status").read_text("ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


BENCHES: dict[Callable[[], Iterator[Row]], tuple[str, ...]] = {
    bench_understand: ("understand.cpu",),
    bench_pipeline: ("pipeline.sqlite", "pipeline.cpu"),
    bench_startup: ("startup", "memory.idle"),
}
"""Each with the rows it gives."""


def asked(names: Sequence[str], *rows: str) -> bool:
    """Whether somebody who named rows by how they begin, or none, wants one of these."""
    return not names or any(row.startswith(name) for row in rows for name in names)


def run(names: Sequence[str]) -> Iterator[Row]:
    """Run what gives the rows that are named by how they begin, or everything."""
    for bench, rows in BENCHES.items():
        if asked(names, *rows):
            yield from bench()
