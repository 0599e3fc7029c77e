"""The tools of the load tests do what they say: what they write is what the program would have
written, and what they measure can't be hidden from them.
"""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from domain.events import stamp
from storage.secrets import MARK, beside
from storage.verify import verify
from tests.load import decade, postgres, rows, soak, wire
from tests.load.machine import Load, cpu_of, handles, resident
from tests.servers.postgres import plain

ORDERS, OPEN = 24, 8
STALL = 0.4


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tenth of a year with a few orders."""
    folder = tmp_path_factory.mktemp("decade") / "data"
    told = decade.write(folder, ORDERS, OPEN, years=0.1)
    assert told["orders"] == ORDERS
    return folder / "vitrine.db"


def test_what_is_written_is_what_the_program_would_have_written(written: Path) -> None:
    report = verify(written)
    assert report.difference is None
    assert report.orders == ORDERS
    assert report.events > 20 * (ORDERS - OPEN)
    assert beside(written.parent)  # its words are sealed, and its key lies beside it


def test_open_orders_stand_where_their_events_end(written: Path) -> None:
    with closing(sqlite3.connect(written)) as raw:
        (still,) = raw.execute("SELECT COUNT(*) FROM orders WHERE open = 1").fetchone()
        (later,) = raw.execute(
            "SELECT COUNT(*) FROM event WHERE recorded_at > ?", (stamp(decade.END),)
        ).fetchone()
        plain = raw.execute(
            "SELECT COUNT(*) FROM inbox WHERE payload NOT LIKE ?", (f"{MARK}%",)
        ).fetchone()
        marks = [
            table
            for table in ("event", "inbox", "outbox", "outbox_cause", "orders", "alert")
            for values in raw.execute(f"SELECT * FROM {table}")
            if any("\ue000" <= sign <= "\uf8ff" for sign in "".join(map(str, values)))
        ]
    assert (still, later, plain[0], marks) == (OPEN, 0, 0, [])


def test_its_history_is_chained_to_the_last_sign(written: Path, tmp_path: Path) -> None:
    copy = tmp_path / "data"
    copy.mkdir()
    for name in ("vitrine.db", "secret.key"):
        (copy / name).write_bytes((written.parent / name).read_bytes())
    with closing(sqlite3.connect(copy / "vitrine.db")) as raw, raw:
        raw.execute(
            "UPDATE event SET data = replace(data, '60', '61') WHERE type = 'NodeProgressed'"
        )
    found = verify(copy / "vitrine.db").difference
    assert found is not None
    assert found.field == "hash"


async def _stalling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that blocks for a while when it is asked for `/stall`, for everybody."""
    try:
        while head := await reader.readuntil(wire.END):
            await reader.readexactly(int(head.lower().partition(wire.LENGTH)[2].split()[0]))
            if b"/stall" in head:
                time.sleep(STALL)  # noqa: ASYNC251 - a server that stands still
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def test_a_stalled_server_cannot_hide_what_it_kept_waiting() -> None:
    server = await asyncio.start_server(_stalling, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    raws = [wire.request("/stall" if n == 20 else "/", {}, b"{}") for n in range(60)]
    async with server:
        ran = await wire.opened(port, raws, 100.0)
    assert (ran.failed, len(ran.took)) == (0, 60)
    waited = [took for took in ran.took if took > STALL / 4]
    assert len(waited) > 20  # all that were due meanwhile, not only the one that was being handled
    assert max(ran.took) >= STALL


async def test_closed_loop_counts_every_answer() -> None:
    server = await asyncio.start_server(_stalling, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    raws = [wire.request("/", {"X-A": "b"}, b"{}") for _ in range(50)]
    async with server:
        ran = await asyncio.to_thread(wire.closed, port, raws, 4)
    assert (ran.failed, ran.lines) == (0, 4)
    assert ran.ended > ran.begun


def test_growth_is_seen_and_flatness_is_not_taken_for_it() -> None:
    flat = soak.Seen([300, 100, 100, 100, 100, 100, 100, 104], [9] * 8)
    assert soak.told(flat)[1]
    assert not soak.told(soak.Seen([100, 100, 100, 100, 100, 100, 106, 106], [9] * 8))[1]
    assert not soak.told(soak.Seen([100] * 8, [9, 9, 9, 9, 9, 9, 20, 20]))[1]
    failed = soak.Seen([100] * 8, [9] * 8)
    failed.did("page", False)
    assert not soak.told(failed)[1]


def test_the_machine_is_read() -> None:
    own = int(Path("/proc/self").resolve().name)
    with Load() as load:
        before = cpu_of(own)
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
    assert cpu_of(own) - before >= 0.05
    assert resident(own) > 10_000_000
    assert handles(own) > 2
    assert 0 <= load.told()["idle"] <= 1


def test_three_processes_on_the_same_orders_lose_and_double_nothing() -> None:
    count = 36
    books = postgres.Books(count)
    try:
        where, pace = postgres.played(books, "common", count, postgres.PROCESSES)
        assert pace.count == count
        assert pace.rate > 0
        assert 0 < pace.clients < 60
        assert 0 < pace.server < 60
        with pytest.raises(RuntimeError, match="taken in"):
            postgres.checked(where, books, count)  # the three that warmed up are there as well
        with psycopg.connect(plain(where)) as pg:
            pg.execute("UPDATE inbox SET state = 'waiting' WHERE message_id = 'm7'")
        with pytest.raises(RuntimeError, match=r"without an outcome: \['m7'\]"):
            postgres.checked(where, books, count + postgres.PROCESSES)
    finally:
        books.server.stop()


def test_raw_rows_are_the_rows_that_the_program_wrote() -> None:
    count = 30
    books = postgres.Books(count)
    try:
        before = rows.marks(books.kept)
        where, _ = postgres.played(books, "spread", count, 1)
        ours = rows.written(where, before)
        again = books.made("again", "empty")
        assert postgres.raw(books.server, again, ours).count == count + 1
        nothing = rows.Marks(0, 0, 0, frozenset(), dict.fromkeys(before.orders, 0))
        theirs = rows.written(again, nothing)
        for table, found in ours.items():
            assert found.rows, table
            assert sorted(theirs[table].rows) == sorted(found.rows), table
    finally:
        books.server.stop()
