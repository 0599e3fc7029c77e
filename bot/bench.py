"""The benchmarks: CPU a message, and ratios against a baseline in the same run; never a promise of
seconds.

Each row is `{"name", "value", "unit", "baseline": {"name", "value"}, "ratio"}`.
"""

import asyncio
import gc
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
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
from storage.store import Store, connect

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PASSES, MESSAGES, GROUP = 40, 3000, 64
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


def _world(orders: int) -> Row:
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


class _Bench:
    """A store with that world, in a folder that goes away."""

    def __init__(self, folder: Path, orders: int) -> None:
        self.clock = TurnedClock(START)
        path = folder / "bench.db"
        upgrade(path)
        self.store = Store(path, self.clock, masters([b"a key for the benchmark"]))
        self.desk = Desk(WorkCalendar(ZoneInfo("Asia/Shanghai")))
        self.store.platforms = ("sandbox",)
        self.store.now(lambda ledger: load(ledger, self.desk, _world(orders), START, {}))
        self.talk = Talk(self.desk, lambda *_: None)

    def close(self) -> None:
        self.store.close()


def bench_understand() -> Iterator[Row]:
    """CPU of understanding a message, over a day's mix of them."""
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder), 40)

        def world(ledger: Ledger) -> Any:
            return Registry().refresh(ledger)

        found = bench.store.now(world)
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
        bench.close()
    yield row("understand.cpu", cpu, "s/message")


def bench_pipeline() -> Iterator[Row]:
    """Message in process → understood → decided → durably committed, against the raw rows of the
    same run.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder), MESSAGES)
        rate, cpu = asyncio.run(_pipeline(bench))
        rows = bench.store.now(_rows_of)
        bench.close()
        raw = _raw(Path(folder) / "raw.db", rows)
    yield row("pipeline.sqlite", rate, "messages/s", "raw group-committed SQLite", raw)
    yield row("pipeline.cpu", cpu, "s/message")


async def _pipeline(bench: _Bench) -> tuple[float, float]:
    """Reports of as many orders, 256 under way at once, each acknowledged after its commit."""
    gate = asyncio.Semaphore(256)

    async def one(number: int) -> None:
        async with gate:
            at = START + timedelta(milliseconds=number)
            payload = {"said": "message", "text": f"#A{1000 + number} 裁切完成"}

            def work(ledger: Ledger) -> None:
                taken = ledger.inbox.take(
                    "sandbox", "", f"m{number}", "production", "P00", at, payload
                )
                bench.talk.hear(ledger, taken)

            await bench.store.run(work)

    await one(0)
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(one(n) for n in range(1, MESSAGES)))
    count = MESSAGES - 1
    return count / (time.perf_counter() - wall), (time.process_time() - cpu) / count


TABLES = ("inbox", "event", "orders", "outbox", "outbox_cause")


def _rows_of(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """What the pipeline left behind: the same rows are then written raw."""
    found = {}
    for table in TABLES:
        found[table] = [tuple(r) for r in ledger.sql.raw.execute(f"SELECT * FROM {table}")]  # noqa: S608
    return found


def _raw(path: Path, rows: dict[str, list[tuple[Any, ...]]]) -> float:
    """Messages a second when the very same rows are inserted by hand, 64 messages a commit,
    FULL.
    """
    upgrade(path)
    raw: sqlite3.Connection = connect(path)
    count = len(rows["inbox"])
    places = dict.fromkeys(TABLES, 0)
    start = time.perf_counter()
    for first in range(0, count, GROUP):
        share = (min(first + GROUP, count)) / count
        raw.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            end = round(len(rows[table]) * share)
            part = rows[table][places[table] : end]
            if part:
                marks = ",".join("?" * len(part[0]))
                raw.executemany(f"INSERT INTO {table} VALUES ({marks})", part)  # noqa: S608
            places[table] = end
        raw.execute("COMMIT")
    rate = count / (time.perf_counter() - start)
    raw.close()
    return rate


def bench_startup() -> Iterator[Row]:
    """From nothing to the address, with the demo factory, in a process of its own; and what it
    weighs.
    """
    with tempfile.TemporaryDirectory() as folder:
        code = (
            "import sys,time;t=time.perf_counter();"
            "import asyncio;from pathlib import Path;from bot.app import App;"
            "from bot.settings import Settings;"
            "a=App(Settings(data_dir=Path(sys.argv[1]),sandbox=True,_env_file=None));"
            "asyncio.run(a.sandbox.start());"
            "import resource;"
            "print(time.perf_counter()-t,resource.getrusage(resource.RUSAGE_SELF).ru_maxrss);"
            "a.store.close()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, folder], capture_output=True, text=True, check=True
        )
        seconds, kilobytes = done.stdout.split()[-2:]
    yield row("startup", float(seconds), "s")
    yield row("memory.idle", float(kilobytes) * 1024, "bytes")


BENCHES: dict[str, Callable[[], Iterator[Row]]] = {
    "understand": bench_understand,
    "pipeline": bench_pipeline,
    "startup": bench_startup,
}


def run(names: Sequence[str]) -> Iterator[Row]:
    """Run those named, or all."""
    for name, bench in BENCHES.items():
        if not names or name in names:
            yield from bench()
