"""PostgreSQL goes down under load, in good order and at once, and its line breaks at the worst
moments: acknowledged units are there once, refused ones are not.
"""

import itertools
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import psycopg
import pytest

from storage import migrate
from storage.store import Store
from tests.faults import invariants
from tests.faults.load import Told, begin, burst, streaming
from tests.faults.lots import drawn, first_seed, often, seeds, told
from tests.faults.wire import Wire
from tests.servers import postgres
from tests.storage.engines import Hand

SHARE = 0.05
PROCESSES = 3
HOWS = (signal.SIGINT, signal.SIGQUIT)
"""In good order, and as if the machine had stopped."""


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server that keeps what it has committed."""
    found = postgres.new(postgres.DURABLE)
    with psycopg.connect(postgres.plain(found.url()), autocommit=True) as raw:
        raw.execute("CREATE DATABASE empty")
    where = found.url("empty")
    migrate.upgrade(where)
    store = Store(where, Hand())
    store.now(begin)
    store.close()
    yield found
    found.stop(signal.SIGQUIT)


def books(server: postgres.Server, number: int) -> str:
    """The rules' factory in a database of its own."""
    name = f"books{number}"
    with psycopg.connect(postgres.plain(server.url()), autocommit=True) as raw:
        raw.execute(f"CREATE DATABASE {name} TEMPLATE empty".encode())
    return server.url(name)


def checked(where: str, said: Told) -> Counter[str]:
    """What the callers were told is so."""
    there = invariants.whole(where, said.acknowledged, said.refused)
    invariants.clean(where)
    return Counter(
        acknowledged=len(said.acknowledged),
        refused=len(said.refused),
        unsure=len(said.unsure),
        unsure_and_there=len(there & set(said.unsure)),
    )


def test_a_server_that_restarts_all_the_time_loses_and_doubles_nothing(
    server: postgres.Server,
) -> None:
    """Down and up every second or two while the threads of three processes write."""
    with drawn(first_seed()) as dice, ExitStack() as stack:
        where = books(server, 0)
        said, count, hows = Told(), itertools.count(), Counter[str]()
        checks: list[Callable[[], None]] = []
        for _ in range(PROCESSES):
            store = Store(where, Hand())
            stack.callback(store.close)
            checks.append(stack.enter_context(streaming(store, said, count, dice, 2)))
        for number in range(often(3, 120)):
            time.sleep(dice.uniform(0.4, 1.0) if number % 5 else dice.uniform(0.5, 2.0))
            before, how = len(said.acknowledged), dice.choice(HOWS)
            hows[how.name] += 1
            server.restart(how)
            until = time.monotonic() + 60
            while len(said.acknowledged) == before and time.monotonic() < until:
                for check in checks:
                    check()
                time.sleep(0.01)
            assert len(said.acknowledged) > before, "it never went on"
        stack.close()
        told("restarts", first_seed(), **hows, **checked(where, said))


def test_a_wire_that_breaks_loses_and_doubles_nothing(
    server: postgres.Server, tmp_path: Path
) -> None:
    """One request in twenty and every fifth commit is refused, done and not answered, cut while it
    is done, or late.
    """
    for number, seed in enumerate(seeds(1, 12), 1):
        where = books(server, number)
        with drawn(seed) as dice, tempfile.TemporaryDirectory(prefix="vitrine-wire-") as folder:
            wire = Wire(Path(folder), server.folder, dice)
            wire.start()
            store, said = Store(wire.url(where), Hand()), Told()
            wire.share, wire.commits = SHARE / 4, 4 * SHARE
            with streaming(store, said, itertools.count(), dice) as check:
                until = time.monotonic() + often(3, 10)
                while time.monotonic() < until:
                    check()
                    time.sleep(0.05)
            wire.share = wire.commits = 0
            store.close()
            wire.stop()
            told("wire", seed, **checked(where, said), met=dict(wire.met))
            assert wire.met["unanswered commit"] > 0, "nothing was tried"


def test_what_a_fallen_server_forgot_is_not_taken_for_kept(
    server: postgres.Server, tmp_path: Path
) -> None:
    """A commit never arrives, the server falls and comes back, and gives the transaction's number
    to another process, whose commit is kept. That one's fate says nothing about the first.
    """
    where = books(server, 900)
    with psycopg.connect(postgres.plain(where), autocommit=True) as raw:
        raw.execute("CHECKPOINT")
    with tempfile.TemporaryDirectory(prefix="vitrine-wire-") as folder:
        wire = Wire(Path(folder), server.folder, Random(first_seed()))
        wire.start()
        one, said = Store(wire.url(where), Hand()), Told()
        one.now(lambda ledger: ledger.order("A101"))
        wire.hold = hold = threading.Event()
        caller = threading.Thread(target=burst, args=(one, [1], said))
        caller.start()
        assert wire.held.wait(20)
        server.restart(signal.SIGQUIT)
        two, others = Store(where, Hand()), Told()
        for number in range(10, 30):
            burst(two, [number], others)
        hold.set()
        caller.join(60)
        for store in (one, two):
            store.close()
        wire.stop()
    assert said.acknowledged == ["m1"]
    invariants.whole(where, said.acknowledged + others.acknowledged)
