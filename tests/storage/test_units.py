"""Units of work: whole or not at all, in order, answered after the commit."""

import asyncio
import sqlite3
import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

import psycopg
import pytest

from domain.commands import Complete, Progress, Start
from domain.errors import Refused
from domain.person import Address, Group, GroupKind, Person, Role
from storage.ledger import Ledger
from storage.store import GROUP, Store
from tests.storage.engines import (
    FAULTS,
    SQLITE,
    START,
    Place,
    another_route,
    ask,
    do,
    notice,
    place,
)


def hold(store: Store) -> tuple[threading.Event, Future[Any]]:
    """Keep the writer busy, so that what is handed in meanwhile becomes one batch."""
    gate, begun = threading.Event(), threading.Event()

    def wait(ledger: Ledger) -> None:
        begun.set()
        assert gate.wait(10)

    future = store.submit(wait)
    assert begun.wait(10)
    return gate, future


def put(key: str, value: str = "x") -> Any:
    return lambda ledger: ledger.settings.put(key, value)


def get(store: Store, key: str) -> str:
    found: str = store.now(lambda ledger: ledger.settings.get(key))
    return found


def test_a_failing_unit_in_a_batch_leaves_the_others(store: Store) -> None:
    def fail(ledger: Ledger) -> None:
        ledger.settings.put("bad", "x")
        raise Refused("no")

    gate, _ = hold(store)
    commits = store.commits
    futures = [store.submit(w) for w in (put("a"), fail, put("b"))]
    gate.set()
    futures[2].result(10)
    assert store.commits <= commits + 2  # the held one and the batch
    with pytest.raises(Refused):
        futures[1].result(10)
    assert [get(store, k) for k in ("a", "bad", "b")] == ["x", "", "x"]


def test_units_run_in_the_order_they_were_handed_in_and_see_those_before(store: Store) -> None:
    def count(ledger: Ledger) -> int:
        n = int(ledger.settings.get("n", "0"))
        ledger.settings.put("n", str(n + 1))
        return n

    gate, _ = hold(store)
    futures = [store.submit(count) for _ in range(GROUP + 100)]
    gate.set()
    assert [f.result(10) for f in futures] == list(range(GROUP + 100))


def test_whoever_is_answered_finds_it_on_disk(spot: Place, store: Store) -> None:
    """Answered means committed: another connection sees it at once."""
    for n in range(20):
        store.now(put(f"k{n}"))
        assert ask(spot.where, f"SELECT 1 FROM setting WHERE key = 'k{n}'") == 1


def test_many_threads_hand_in_at_once(store: Store) -> None:
    def work(number: int) -> None:
        for n in range(25):
            store.now(put(f"t{number}/{n}"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(store.now(lambda ledger: ledger.settings.starting("t"))) == 400


def answer(number: int, ledger: Ledger) -> int:
    return number


async def test_a_loop_awaits_its_units(store: Store) -> None:
    seen = await asyncio.gather(*(store.run(partial(answer, n)) for n in range(50)))
    assert seen == list(range(50))
    with pytest.raises(ZeroDivisionError):
        await store.run(lambda ledger: 1 // 0)


@pytest.mark.parametrize(
    "value", ["\ud800", "a\0b", "好" * 400_000, "\U0010ffff", "x' OR 1=1 --", "𠀀"]
)
def test_a_poisonous_value_harms_its_own_unit_only(store: Store, value: str) -> None:
    """A lone surrogate cannot be bound: it must not take the group commit down with it."""
    gate, _ = hold(store)
    before, poison, after = (
        store.submit(put("before")),
        store.submit(put("poison", value)),
        store.submit(put("after")),
    )
    gate.set()
    before.result(10)
    after.result(10)
    if value == "\ud800" or (store.shared and "\0" in value):
        with pytest.raises((UnicodeEncodeError, psycopg.DataError)):
            poison.result(10)
        assert get(store, "poison") == ""
    else:
        poison.result(10)
        assert get(store, "poison") == value
    assert [get(store, k) for k in ("before", "after")] == ["x", "x"]


@pytest.mark.parametrize(
    "error",
    [RecursionError(), MemoryError(), asyncio.CancelledError(), SystemExit(), OverflowError()],
    ids=lambda e: type(e).__name__,
)
def test_whatever_a_unit_raises_the_writer_lives_on(store: Store, error: BaseException) -> None:
    def fail(ledger: Ledger) -> None:
        raise error

    future = store.submit(fail)
    with pytest.raises(type(error)):
        future.result(10)
    store.now(put("after"))
    assert get(store, "after") == "x"


def test_a_transaction_that_breaks_is_tried_unit_by_unit(store: Store) -> None:
    """As with a full disk: the database rolls the whole batch back under the units' feet."""

    def breaks(ledger: Ledger) -> None:
        ledger.sql.run("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    gate, _ = hold(store)
    futures = [store.submit(w) for w in (put("a"), breaks, put("b"))]
    gate.set()
    futures[0].result(10)
    futures[2].result(10)
    with pytest.raises(FAULTS):
        futures[1].result(10)
    assert [get(store, k) for k in ("a", "b")] == ["x", "x"]


def test_callers_who_went_away_do_no_harm(store: Store) -> None:
    """Cancelled while it waits, in a batch that is kept and in one that breaks."""

    def breaks(ledger: Ledger) -> None:
        ledger.sql.run("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    gate, _ = hold(store)
    futures = [store.submit(w) for w in (put("a"), breaks)]
    assert all(f.cancel() for f in futures)
    gate.set()
    store.now(put("after"))
    assert get(store, "after") == "x"


def test_a_failing_listener_stops_nobody(store: Store) -> None:
    heard: list[int] = []

    def broken() -> None:
        raise RuntimeError("Event loop is closed")

    store.on_commit(broken)
    store.on_commit(lambda: heard.append(1))
    store.now(lambda ledger: ledger.notify(notice("k")))
    store.now(put("a"))
    assert get(store, "a") == "x"
    assert heard == [1]  # and of settings nobody needs to hear


def test_closing_finishes_what_waits(spot: Place) -> None:
    store = spot.open()
    gate, _ = hold(store)
    futures = [store.submit(put(f"k{n}")) for n in range(GROUP * 2)]
    gate.set()
    store.close()
    store.close()
    assert all(f.done() for f in futures)
    with pytest.raises(RuntimeError):
        store.submit(put("late"))
    assert len(spot.open().now(lambda ledger: ledger.settings.starting("k"))) == GROUP * 2
    if spot.engine is SQLITE:
        assert not (spot.folder / "vitrine.db-wal").read_bytes()


def test_handing_in_while_closing_is_answered_or_refused_never_forgotten(spot: Place) -> None:
    for _ in range(5):
        store = spot.open()
        futures: list[Future[Any]] = []

        def hand_in(store: Store = store, futures: list[Future[Any]] = futures) -> None:
            try:
                while True:
                    futures.append(store.submit(put("k")))
            except RuntimeError:
                return

        thread = threading.Thread(target=hand_in)
        thread.start()
        while len(futures) < 20:
            pass
        store.close()
        thread.join(10)
        for future in futures:
            future.result(10)


def fails(*commands: Any) -> Any:
    """A unit that does it all and then breaks."""

    def work(ledger: Ledger) -> None:
        for command in commands:
            do(ledger, command)
        raise ZeroDivisionError

    return work


def test_a_rolled_back_order_is_read_as_it_was(store: Store) -> None:
    store.now(place)
    before = store.now(lambda ledger: ledger.order("A101"))
    with pytest.raises(ZeroDivisionError):
        store.now(fails(Progress("A101", "cut", 40), Complete("A101", "cut")))
    assert store.now(lambda ledger: ledger.order("A101")) == before
    store.now(lambda ledger: do(ledger, Start("A101", "cut")))
    history = store.now(lambda ledger: ledger.history("A101"))
    assert [e.type for e in history] == ["OrderPlaced", "NodeStarted"]


def test_a_rolled_back_order_was_never_there(store: Store) -> None:
    def work(ledger: Ledger) -> None:
        place(ledger, "A102")
        assert [o.order_no for o in ledger.open_orders()] == ["A102"]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.now(work)
    assert store.now(lambda ledger: ledger.order("A102")) is None
    assert store.now(lambda ledger: ledger.open_orders()) == ()
    store.now(lambda ledger: place(ledger, "A102"))
    assert [o.order_no for o in store.now(lambda ledger: ledger.open_orders())] == ["A102"]


def test_rolled_back_people_groups_and_routes_are_read_as_they_were(store: Store) -> None:
    new = Person("new", "新人", Role.OPERATOR)

    def work(ledger: Ledger) -> None:
        ledger.folk.keep(new)
        ledger.folk.bind("new", "test", "", "user-new", "chat-new")
        ledger.folk.keep_group(Group(Address("test", "new"), GroupKind.PRODUCTION))
        ledger.orders.keep_route(another_route())
        assert ledger.person("new") == new.reached_at(Address("test", "chat-new"))
        assert ledger.groups(GroupKind.PRODUCTION)
        assert ledger.orders.routes()[0].name == "改过"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.now(work)

    def look(ledger: Ledger) -> None:
        assert ledger.person("new") is None
        assert ledger.folk.user("test", "", "user-new") is None
        assert ledger.groups(GroupKind.PRODUCTION) == ()
        route = ledger.route("mixed")
        assert route is not None
        assert (route.name, route.version) == ("样样都有", 1)

    store.now(look)


def test_a_batch_that_fails_leaves_no_trace_in_the_cache(store: Store) -> None:
    """The first unit's order is in memory when the second one breaks the whole transaction."""
    store.now(place)
    tried: list[int] = []

    def breaks(ledger: Ledger) -> None:
        tried.append(1)
        ledger.sql.run("ROLLBACK")
        raise sqlite3.OperationalError("disk I/O error")

    gate, _ = hold(store)
    kept = store.submit(lambda ledger: do(ledger, Progress("A101", "cut", 40)))
    broken = store.submit(breaks)
    gate.set()
    assert [e.seq for e in kept.result(10)] == [2]
    with pytest.raises(FAULTS):
        broken.result(10)
    assert len(tried) >= 2
    order = store.now(lambda ledger: ledger.order("A101"))
    assert (order.seq, order.nodes["cut"].quantity) == (2, 40)


def test_a_second_store_reads_what_the_first_wrote(spot: Place, store: Store) -> None:
    store.now(place)
    order = store.now(
        lambda ledger: do(ledger, Progress("A101", "cut", 40)) and ledger.order("A101")
    )
    store.close()
    again = spot.open()
    assert again.now(lambda ledger: ledger.order("A101")) == order
    assert again.now(lambda ledger: ledger.open_orders()) == (order,)


def test_a_number_that_is_taken_is_an_alarm(store: Store) -> None:
    store.now(place)

    def twice(ledger: Ledger) -> None:
        order = ledger.order("A101")
        assert order is not None
        ledger.keep(order, ledger.history("A101"))

    with pytest.raises(FAULTS):
        store.now(twice)
    assert len(store.now(lambda ledger: ledger.history("A101"))) == 1


def test_the_clock_is_the_one_that_was_handed_in(store: Store) -> None:
    assert store.now(lambda ledger: ledger.clock.now()) == START
