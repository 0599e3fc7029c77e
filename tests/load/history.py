"""What things cost against the length of a factory's history: `python -m tests.load.history SMALL
[…] BIG`, folders that `tests.load.decade` wrote. CPU and statements of an update, of questions and
searches in the chat, of pages and the digest, of checking one order and all of them; each against
the first folder. One JSON object a line, as `python -m bot bench` writes them.

Statements that read a table which grows from end to end are told as `history.scan`. The folders are
worked in: a run leaves its reports behind.
"""

import asyncio
import http.client
import json
import re
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from aiohttp import web

from bot.app import App
from bot.bench import ROOT, Row, row
from bot.standup import hold
from domain.node import Status
from domain.notice import Notice
from domain.order import Order
from storage.ledger import Ledger
from storage.sqlite import reader
from storage.verify import verify
from tests.app.served import free_port
from tests.load.decade import settings
from tests.load.lives import PIECES
from tests.load.machine import resident

TIMES, UPDATES, SLOW = 15, 150, 2.0
"""How often each is done; updates; seconds of CPU after which something is not done once more."""
GROWING = (
    "inbox", "event", "orders", "outbox", "outbox_cause", "alert", "link", "photo", "subscription",
    "schedule_run", "question", "transcript", "look", "need", "timer",
)  # fmt: skip
_VALUES = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_SCAN = re.compile(r"^SCAN (\w+)")
_NEWEST = re.compile(r"ORDER BY id DESC LIMIT \?$")
"""Reads a few rows from the end, whatever the plan calls it."""
Job = Callable[[], Awaitable[float]]
"""Does it once; hands back CPU seconds that were not the program's (the client's)."""


class Traced:
    """The statements that a store runs, as shapes without values."""

    def __init__(self, app: App) -> None:
        self.count, self.shapes = 0, dict[str, str]()
        app.store.now(lambda ledger: ledger.sql.raw.set_trace_callback(self._ran))

    def _ran(self, statement: str) -> None:
        self.count += 1
        self.shapes.setdefault(_VALUES.sub("?", statement), statement)

    def scans(self, path: Path) -> Iterator[tuple[str, str]]:
        """Statements that read a growing table without an index, and how."""
        with closing(reader(path)) as raw:
            for shape, statement in self.shapes.items():
                verb = shape.lstrip().partition(" ")[0].upper()
                if verb not in ("SELECT", "UPDATE", "DELETE", "WITH") or _NEWEST.search(shape):
                    continue
                try:
                    plan = [r[3] for r in raw.execute(f"EXPLAIN QUERY PLAN {statement}")]
                except sqlite3.Error:
                    continue
                for step in plan:
                    if (found := _SCAN.match(step)) and _grows(found[1], shape):
                        yield shape, step


def _grows(name: str, shape: str) -> bool:
    """Whether a table, or what an alias of it stands for, grows with the years."""
    if name in GROWING:
        return True
    return any(re.search(rf"\b{table} (?:AS )?{name}\b", shape) for table in GROWING)


class House:
    """The program in this process on one folder, and somebody who looks at its pages."""

    def __init__(self, folder: Path) -> None:
        self.app, self.dice = App(settings(folder)), Random(7)
        self.traced, self.said = Traced(self.app), 0
        self.mark = f"h{time.time_ns()}"
        self.port = free_port()

    def look(self, path: str) -> float:
        """Ask for a page; what that cost the one who asked. Raises if it is not there."""
        before = time.thread_time()
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)) as line:
            line.request("GET", path)
            answer = line.getresponse()
            answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return time.thread_time() - before

    def page(self, path: str) -> Job:
        """Looking at a page."""

        async def job() -> float:
            return await asyncio.to_thread(self.look, path)

        return job

    async def hear(self, sender: str, text: str, wanted: str) -> float:
        """Somebody writes into the production group. Raises if it was taken for something other
        than wanted, where anything is.
        """
        self.said += 1
        name = f"{self.mark}-{self.said}"
        payload = {"said": "message", "text": text}

        def work(ledger: Ledger) -> str:
            taken = ledger.inbox.take(
                "sandbox", "", name, "production", sender, ledger.clock.now(), payload
            )
            self.app.intake.talk.hear(ledger, taken)
            kept = ledger.inbox.get(taken)
            if kept is None or (wanted == "apply" and not kept.outcome.get("events")):
                return ""
            return str(kept.outcome.get("decision"))

        found = await self.app.store.run(work)
        if wanted and found != wanted:
            raise RuntimeError(f"{text}: {found}, not {wanted}")
        return 0.0

    def updates(self, orders: list[Order]) -> Job:
        """Reports of ever more pieces at the nodes that are under way. Raises if one of them was
        nothing new.
        """
        places: list[tuple[str, int, str, int]] = [
            (order.order_no, place, spec.name.partition("/")[0], order.nodes[spec.key].quantity)
            for order in orders
            for place, spec in enumerate(order.route.nodes)
            if order.nodes[spec.key].status is Status.IN_PROGRESS
        ]
        self.dice.shuffle(places)

        async def job() -> float:
            found = next(p for p in places if p[3] < PIECES - 1)
            places.remove(found)
            no, place, word, pieces = found
            places.append((no, place, word, pieces + 1))
            return await self.hear(f"L{place:02d}", f"#{no} {word} {pieces + 1}/{PIECES}", "apply")

        return job

    async def morning(self) -> float:
        """The digest, gathered, kept and worded."""

        def work(ledger: Ledger) -> list[Notice]:
            before = ledger.sql.value("SELECT MAX(id) FROM outbox")
            hold(ledger, self.app.desk, ledger.clock.now())
            rows = ledger.sql.rows("SELECT * FROM outbox WHERE id > :i", i=before)
            told = [ledger.outbox.notice(r) for r in rows if r["kind"] == "digest"]
            self.app.voice(ledger).word(ledger, told[:1], ledger.clock.now())
            ledger.sql.do("DELETE FROM outbox WHERE id > :i", i=before)
            return told

        if not await self.app.store.run(work):
            raise RuntimeError("there was no digest")
        return 0.0

    async def claim(self) -> float:
        """What the courier asks each time it is woken."""
        await self.app.store.run(
            lambda ledger: ledger.outbox.claim(ledger.clock.now(), time.time() + 60, 0)
        )
        return 0.0

    async def jobs(self) -> dict[str, Job]:
        """Everything that is measured, by name."""
        orders = list(await self.app.store.run(lambda ledger: ledger.open_orders()))
        one = orders[len(orders) // 2]
        page = await self.app.house.link("p", one.order_no, one.customer)
        product = one.product.partition(" ")[0]

        def asks(text: str, wanted: str = "answer") -> Job:
            return lambda: self.hear("M0", text, wanted)

        return {
            "update": self.updates(orders),
            "question": asks(f"{one.order_no}到哪了"),
            "board": self.page("/board"),
            "order": self.page(f"/orders/{one.order_no}"),
            "customer": self.page(page),
            "digest": self.morning,
            "search.chat.product": asks(f"{one.product}到哪了", ""),
            "search.chat.customer": asks(f"客户{int(one.customer[1:])}的货到哪了", ""),
            "search.page.open": self.page(f"/orders?q={_quoted(product)}"),
            "search.page.ended": self.page(f"/orders?state=ended&q={_quoted(product)}"),
            "cockpit": self.page("/cockpit"),
            "metrics": self.page("/metrics"),
            "health": self.page("/healthz"),
        }

    async def measure(self) -> dict[str, Any]:
        """Each in turn: the first time, the median of more, the statements of the last."""
        assert self.app.sandbox is not None
        await self.app.sandbox.start()
        runner = web.AppRunner(self.app.web(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        found: dict[str, Any] = {}
        for name, job in (await self.jobs()).items():
            first, times = await self._once(job), []
            for _ in range(UPDATES if name == "update" else TIMES):
                times.append(await self._once(job))
                if sum(t[0] for t in times) > SLOW:
                    break
            found[name] = {
                "cpu": median(t[0] for t in times),
                "first": first[0],
                "statements": median(t[1] for t in times),
            }
        await runner.cleanup()
        found["resident"] = {"bytes": resident(_own())}
        return found

    async def _once(self, job: Job) -> tuple[float, int]:
        cpu, statements = time.process_time(), self.traced.count
        theirs = await job()
        return time.process_time() - cpu - theirs, self.traced.count - statements


def _own() -> int:
    return int(Path("/proc/self").resolve().name)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def check_one(app: App, order_no: str) -> float:
    """CPU seconds of replaying and comparing one order, from opening the file on."""
    before = time.process_time()
    report = verify(app.store, order=order_no)
    if not report.clean or not report.events:
        raise RuntimeError(f"{order_no}: {report}")
    return time.process_time() - before


def alone(folder: Path, what: str) -> dict[str, Any]:
    """One part of the measurements on one folder, in this process."""
    if what == "verify":
        before = time.process_time()
        report = verify(settings(folder).database)
        if not report.clean:
            raise RuntimeError(str(report.difference))
        cpu = time.process_time() - before
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return {"cpu": cpu, "events": report.events, "orders": report.orders, "bytes": most}
    house = House(folder)
    try:
        found = asyncio.run(house.measure())
        numbers = [r["order_no"] for r in house.app.store.now(
            lambda ledger: ledger.sql.rows("SELECT order_no FROM orders LIMIT 50"))]  # fmt: skip
        found["verify.one"] = {"cpu": median(check_one(house.app, no) for no in numbers)}
        found["scans"] = sorted(set(house.traced.scans(house.app.settings.database)))
        found["events"] = house.app.store.now(
            lambda ledger: ledger.sql.value("SELECT MAX(id) FROM event")
        )
    finally:
        house.app.store.close()
    return found


def child(folder: Path, what: str) -> dict[str, Any]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.load.history", "--alone", what, str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{folder}: {done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def compare(folders: list[Path]) -> Iterator[Row | dict[str, Any]]:
    """Every folder, twice in turns, against the first: the lesser CPU counts."""
    runs = [[child(folder, "house") for folder in folders] for _ in range(2)]
    names = [n for n, v in runs[0][0].items() if isinstance(v, dict) and "cpu" in v]
    for name in names:
        base = 0.0
        for place in range(len(folders)):
            best = min((run[place] for run in runs), key=lambda found: found[name]["cpu"])
            cpu, events = best[name]["cpu"], best["events"]
            told = f"{runs[0][0]['events']} events" if base else ""
            more = {k: v for k, v in best[name].items() if k != "cpu"}
            yield row(f"history.{name}", cpu, "CPU s", told, base) | {"events": events} | more
            base = base or cpu
    for place, folder in enumerate(folders):
        whole = child(folder, "verify")
        rate = whole["events"] / whole["cpu"]
        yield row("history.verify.all", rate, "events/CPU s") | {"events": whole["events"]}
        yield row("history.verify.memory", whole["bytes"], "bytes") | {"events": whole["events"]}
        weight = runs[0][place]["resident"]["bytes"]
        yield row("history.memory", weight, "bytes") | {"events": whole["events"]}
    for shape, step in runs[0][-1]["scans"]:
        yield {"name": "history.scan", "plan": step, "statement": shape}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--alone"]:
        print(json.dumps(alone(Path(sys.argv[3]), sys.argv[2])))
    else:
        for found in compare([Path(folder) for folder in sys.argv[1:]]):
            print(json.dumps(found, ensure_ascii=False), flush=True)
