"""What the standup digest costs: CPU of gathering, keeping and wording it for 1,000 and for 10,000
open orders in every kind of state, and how it grows. One JSON object a line, as `python -m bot
bench` writes them.
"""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.bench import START, Row, asked, row
from bot.clocks import TurnedClock
from bot.standup import hold
from bot.wording.voice import Voice
from bot.worlds import load
from domain.calendar import WorkCalendar
from domain.desk import Desk
from domain.events import PhotoAttached
from domain.notice import Notice
from storage.holidays import ChinaHolidays
from storage.ledger import Ledger
from storage.migrate import upgrade
from storage.store import Store

NODES = ("confirm", "material", "cut", "emb", "sew", "finish", "qc", "pack", "ship")
REASONS = ("material", "equipment", "labour", "power", "quality", "outsourcing", "")
SIZES = (1000, 10_000)
TIMES = 3
SHOTS = {"shot": PhotoAttached("a" * 64, "a.jpg", "a.jpg")}


def world(orders: int) -> Row:
    """A factory with so many open orders: early, late and very late ones, some held, some half
    done, some waiting for a customer; and one finished order for every ten.
    """
    people = [{"id": "P00", "name": "管理员", "role": "manager", "nodes": ["*"]}]
    people += [
        {"id": f"P{n:02d}", "name": f"组长{n}", "nodes": [node], "title": "仓管" * (n == 2)}
        for n, node in enumerate(NODES, 1)
    ]
    rows = [_open(n) for n in range(orders)] + [_finished(n) for n in range(orders // 10)]
    return {
        "routes": [{"template": "garment"}],
        "people": people,
        "customers": [{"id": "C01", "name": "客户"}],
        "orders": rows,
    }


def _open(n: int) -> Row:
    at = n % (len(NODES) - 1)
    node, quantity = NODES[at], 60 + n % 7 * 40
    state: dict[str, Any] = {"done": list(NODES[:at])}
    more: dict[str, Any] = {}
    match n % 11:
        case 0:
            state["delayed"] = [node]
            until = "+1T10:00" if n % 2 else ""
            why = {"reason": REASONS[n % 7], "text": "等了两天还没到", "until": until}
            more["delay"] = {node: why}
        case 1:
            more["to_confirm"] = {node: "稿子等确认"}
        case 2 | 3 | 4:
            state |= {"in_progress": [node], "quantity": {node: quantity // 3}}
        case 5 | 6:
            state["in_progress"] = [node]
    return {
        "order_no": f"A{n:05d}", "product": "连帽卫衣 左胸绣花", "quantity": quantity,
        "customer": "C01", "route": "garment", "placed": -(2 + n % 17), "due": n % 23 - 2,
        "state": state, **more,
    }  # fmt: skip


def _finished(n: int) -> Row:
    return {
        "order_no": f"F{n:05d}", "product": "帆布袋", "quantity": 100, "customer": "C01",
        "route": "garment", "placed": -25, "due": -(n % 9), "finished": -(n % 12 + 1),
        "state": {"done": list(NODES)}, "photos": {"qc": ["shot"]},
    }  # fmt: skip


def digest_of(orders: int) -> tuple[float, float]:
    """CPU seconds of one digest: in a process that knows its orders, and in one just started."""
    with tempfile.TemporaryDirectory() as folder:
        clock = TurnedClock(START)
        path = Path(folder) / "bench.db"
        upgrade(path)
        store = Store(path, clock)
        store.platforms = ("sandbox",)
        desk = Desk(WorkCalendar(ZoneInfo("Asia/Shanghai"), holidays=ChinaHolidays()))
        store.now(lambda ledger: load(ledger, desk, world(orders), START, SHOTS))
        store.now(lambda ledger: ledger.sql.do("UPDATE outbox SET state = 'sent'"))
        voice = Voice(desk.calendar, lambda *_: "", "https://example.test/board")
        times = [_morning(store, desk, voice, n) for n in range(TIMES)]
        store.now(lambda ledger: ledger.cache.forget())
        cold = _morning(store, desk, voice, TIMES)
        store.close()
    return min(times), cold


def _morning(store: Store, desk: Desk, voice: Voice, number: int) -> float:
    def work(ledger: Ledger) -> Notice:
        hold(ledger, desk, START + timedelta(microseconds=number))
        (claimed,) = ledger.outbox.claim(START + timedelta(seconds=1), time.time() + 60, 1)
        voice.word(ledger, [claimed.notice], START)
        ledger.outbox.sent(claimed, f"m{number}", START)
        return claimed.notice

    start = time.process_time()
    told = store.now(work)
    spent = time.process_time() - start
    assert len(told.facts["decide"]) == len(told.facts["wait"]) == 5
    assert min(told.facts[k] for k in ("jobs_all", "finished")) > 0
    return spent


def bench() -> Iterator[Row]:
    """The rows. The ratio of the larger size is to as many times the smaller one: 1 is linear."""
    base = 0.0
    for size in SIZES:
        warm, cold = digest_of(size)
        times = size // SIZES[0]
        name = f"{times} × digest.{SIZES[0]}" if times > 1 else ""
        yield row(f"digest.{size}", warm, "CPU s", name, base * times if name else 0.0)
        yield row(f"digest.{size}.cold", cold, "CPU s")
        base = base or warm


def main(names: list[str]) -> None:
    """All of it, or nothing where other benches are asked for."""
    if asked(names, "digest"):
        for found in bench():
            print(json.dumps(found, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
