"""Messages on a durable PostgreSQL: one process against raw batched inserts of the very same rows,
then three processes together, which write about different orders and then about the same ones.

Every process is one of its own with the program's intake, talk and store in it; CPU seconds of the
server and of its clients stand beside the rates, because a machine with few cores decides them.
"""

import asyncio
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from psycopg import sql

from adapters.chat.port import InboundMessage
from bot.bench import MESSAGES, ROOT, ROUNDS, START, WIDTH, Factory, Row, asked, row, world
from bot.intake import Intake
from bot.worlds import load
from storage.migrate import upgrade
from storage.photos import Photos
from storage.verify import verify
from tests.load.machine import cpu_of
from tests.load.rows import Written, batches, marks, written
from tests.servers.postgres import DURABLE, Server, new, plain, with_name

CHATS, PROCESSES = 12, 3
"""Production groups, and processes that share them."""
SAID = ("裁切完成", "质检要晚一天", "发货要晚一天")
"""What is reported of an order that all processes write about."""
PATIENCE = 600.0
NAMES = ("pipeline.postgres", "pipeline.postgres.cpu", "pipeline.postgres.3")
SHARED = "pipeline.postgres.3.shared"


def chats() -> list[Row]:
    """The chats that messages are written in."""
    return [
        {
            "platform": "sandbox",
            "chat": f"g{n:02d}",
            "kind": "production_group",
            "title": f"生产{n}",
        }
        for n in range(CHATS)
    ]


def message(number: int, order: int, said: str, chat: int) -> InboundMessage:
    """One report."""
    text, at = f"#A{1000 + order} {said}", START + timedelta(milliseconds=number)
    return InboundMessage("sandbox", "", f"g{chat:02d}", f"m{number}", "P00", at, text=text)


def spread(count: int, place: int, places: int) -> Iterator[InboundMessage]:
    """What one of so many processes hears when each has orders and chats of its own. The first one
    only warms up.
    """
    warm = count + place
    yield message(warm, warm, SAID[0], place)
    for number in range(count):
        if number % CHATS % places == place:
            yield message(number, number, SAID[0], number % CHATS)


def common(count: int, place: int, places: int) -> Iterator[InboundMessage]:
    """The same when all hear of the same orders in the same chats at the same time, each something
    else. One process alone hears it all.
    """
    warm = count + place
    yield message(warm, warm, SAID[0], place)
    for number in range(count):
        order, said = divmod(number, len(SAID))
        if said % places == place:
            yield message(number, order, SAID[said], order % CHATS)


HOW = {"spread": spread, "common": common}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process did: from when until when on the clock that all share, its CPU seconds, and
    its messages.
    """

    begun: float
    ended: float
    cpu: float
    count: int
    commits: int


async def work(url: str, how: str, count: int, place: int, places: int) -> Ran:
    """One process: warm up, wait for the word, handle what it hears, `WIDTH` under way."""
    with tempfile.TemporaryDirectory() as folder:
        factory = Factory(url)
        idle = asyncio.Event()
        intake = Intake(factory.store, factory.talk, Photos(Path(folder)), {}, idle.set)
        try:
            said = HOW[how](count, place, places)
            await _hear(intake, next(said))
            heard = list(said)
            gc.collect()
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            commits = factory.store.commits
            wall, cpu = time.monotonic(), time.process_time()
            queue = iter(heard)
            await asyncio.gather(*(_some(intake, queue) for _ in range(WIDTH)))
            while intake.busy:
                idle.clear()
                await idle.wait()
            ended, spent = time.monotonic(), time.process_time() - cpu
            return Ran(wall, ended, spent, len(heard), factory.store.commits - commits)
        finally:
            factory.store.close()


async def _some(intake: Intake, queue: Iterator[InboundMessage]) -> None:
    for each in queue:
        await _hear(intake, each)


async def _hear(intake: Intake, each: InboundMessage) -> None:
    if not await intake.hear(each):
        raise RuntimeError(f"{each.message_id} was taken for a redelivery")


@dataclass(frozen=True, slots=True)
class Pace:
    """Messages a second of all processes together, and CPU seconds of the server and of them."""

    rate: float
    server: float
    clients: float
    count: int
    commits: int


def server_cpu(server: Server) -> float:
    """CPU seconds of a server so far: its own, those of its children that live, and those of the
    children that it has buried.
    """
    assert server.process is not None
    first = server.process.pid
    stat = Path(f"/proc/{first}/stat").read_text("ascii").rpartition(")")[2].split()
    buried = (int(stat[13]) + int(stat[14])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{first}/task/{first}/children").read_text("ascii").split()
    return cpu_of(first) + buried + sum(cpu_of(int(child)) for child in children)


@contextmanager
def _working(url: str, how: str, count: int, places: int) -> Iterator[list[Any]]:
    """So many processes, warmed up and waiting for the word."""
    started: list[subprocess.Popen[str]] = []
    try:
        for place in range(places):
            told = json.dumps([url, how, count, place, places])
            started.append(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.load.postgres", "--work", told],
                    cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                )
            )  # fmt: skip
        for process in started:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("a process did not start")
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def together(server: Server, url: str, how: str, count: int, places: int) -> Pace:
    """So many processes at once on one database. Raises if one of them fails."""
    with _working(url, how, count, places) as processes:
        before = server_cpu(server)
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        found = [Ran(**json.loads(p.communicate(timeout=PATIENCE)[0])) for p in processes]
        spent = server_cpu(server) - before
    seconds = max(r.ended for r in found) - min(r.begun for r in found)
    done = sum(r.count for r in found)
    clients, commits = sum(r.cpu for r in found), sum(r.commits for r in found)
    return Pace(done / seconds, spent, clients, done, commits)


class Books:
    """A durable server with a factory on it, of which every round gets a copy."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.server = new(DURABLE)
        self.kept, self.empty = self.made("kept"), self.made("empty")
        for url in (self.kept, self.empty):
            upgrade(url)
        factory = Factory(self.kept)
        planned = world(count + PROCESSES) | {"groups": chats()}
        factory.store.now(lambda ledger: load(ledger, factory.desk, planned, START, {}))
        factory.store.close()
        self.masters = factory.store.masters
        with psycopg.connect(plain(self.kept)) as pg:
            found = [
                pg.execute(text).fetchone() for text in ("SHOW fsync", "SHOW synchronous_commit")
            ]
            if found != [("on",), ("on",)]:
                raise RuntimeError("the server is not durable")

    def made(self, name: str, template: str = "template1") -> str:
        """A new database; its address."""
        with psycopg.connect(plain(self.server.url()), autocommit=True) as pg:
            names = sql.Identifier(name), sql.Identifier(template)
            pg.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
            pg.execute("CHECKPOINT")
        return with_name(self.server.url(), name)


def raw(server: Server, url: str, rows: dict[str, Written]) -> Pace:
    """The very same rows by hand into empty tables: `GROUP` messages a transaction, a statement a
    table, one round trip a transaction, prepared, binary, durable.
    """
    count, groups = len(rows["inbox"].rows), list(batches(rows))
    gc.collect()
    with psycopg.connect(plain(url), autocommit=True) as pg:
        before, cpu, wall = server_cpu(server), time.process_time(), time.perf_counter()
        for batch in groups:
            with pg.pipeline():
                pg.execute("BEGIN", prepare=True)
                for text, arrays in batch:
                    pg.execute(text, arrays, prepare=True)
                pg.execute("COMMIT", prepare=True)
        seconds, spent = time.perf_counter() - wall, time.process_time() - cpu
        server_spent = server_cpu(server) - before
    return Pace(count / seconds, server_spent, spent, count, len(groups))


def checked(url: str, books: Books, count: int) -> None:
    """Every message of a round has one outcome and counts once, and the books agree with their
    log. Raises otherwise.
    """
    with psycopg.connect(plain(url)) as pg:
        heard = pg.execute("SELECT message_id, state, outcome FROM inbox").fetchall()
        counted = Counter(
            m
            for (m,) in pg.execute(
                "SELECT source_message FROM event WHERE source_platform = 'sandbox'"
                " AND source_message != '' AND type IN ('NodeCompleted', 'NodeDelayed')"
            )
        )
    if len(heard) != count or len({m for m, *_ in heard}) != count:
        raise RuntimeError(f"{len(heard)} messages were taken in, not {count}")
    if odd := [m for m, state, outcome in heard if state != "done" or not outcome]:
        raise RuntimeError(f"without an outcome: {odd[:9]}")
    if odd := [m for m, *_ in heard if counted[m] != 1]:
        raise RuntimeError(f"counted {[counted[m] for m in odd[:9]]} times: {odd[:9]}")
    if not (report := verify(url, books.masters)).clean:
        raise RuntimeError(f"the books disagree: {report.difference}")


def _spent(pace: Pace, base: Pace) -> Row:
    """What the machine allowed: its cores, CPU seconds of server and clients, here and of the
    baseline, and how large the commits were.
    """
    return {
        "cores": os.cpu_count() or 1,
        "server_cpu": round(pace.server, 3),
        "client_cpu": round(pace.clients, 3),
        "commits": pace.commits,
        "base_server_cpu": round(base.server, 3),
        "base_client_cpu": round(base.clients, 3),
    }


def _middle(paces: Sequence[Pace]) -> Pace:
    """The round with the median rate."""
    rate = median(p.rate for p in paces)
    return min(paces, key=lambda p: abs(p.rate - rate))


def played(books: Books, how: str, count: int, places: int) -> tuple[str, Pace]:
    """One round on a fresh copy, checked; where it wrote."""
    url = books.made(f"r{uuid.uuid4().hex[:12]}", "kept")
    pace = together(books.server, url, how, count, places)
    checked(url, books, count + places)
    return url, pace


def bench(wanted: Sequence[str], count: int = MESSAGES, rounds: int = ROUNDS) -> Iterator[Row]:
    """One process, raw inserts and three processes in turns, medians; then three that get in each
    other's way, against one that hears all of that.
    """
    books = Books(count)
    old = marks(books.kept)
    ones, raws, threes = [], [], []
    for _ in range(rounds):
        url, pace = played(books, "spread", count, 1)
        ones.append(pace)
        rows = written(url, old)
        raws.append(raw(books.server, books.made(f"r{uuid.uuid4().hex[:12]}", "empty"), rows))
        if asked(wanted, NAMES[2]):
            threes.append(played(books, "spread", count, PROCESSES)[1])
    one, base = _middle(ones), _middle(raws)
    told = "raw batched inserts of the same rows"
    costs = one.clients / one.count, base.clients / base.count
    yield row(NAMES[0], one.rate, "messages/s", told, base.rate) | _spent(one, base)
    yield row(NAMES[1], costs[0], "s/message", told, costs[1])
    if threes:
        three = _middle(threes)
        yield row(NAMES[2], three.rate, "messages/s", "one process", one.rate) | _spent(three, one)
    if asked(wanted, SHARED):
        alone = played(books, "common", count, 1)[1]
        three = played(books, "common", count, PROCESSES)[1]
        told = "one process with the same messages"
        yield row(SHARED, three.rate, "messages/s", told, alone.rate) | _spent(three, alone)


def main(wanted: list[str]) -> None:
    """All of it, or nothing where other benches are asked for."""
    if wanted[:1] == ["--work"]:
        url, how, count, place, places = json.loads(wanted[1])
        ran = asyncio.run(work(url, how, count, place, places))
        print(json.dumps({name: getattr(ran, name) for name in Ran.__slots__}), flush=True)
    elif asked(wanted, *NAMES, SHARED):
        for found in bench(wanted):
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
