"""What only PostgreSQL can get wrong: several processes on the same books."""

import random
import re
import select
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from domain.commands import Progress, Start, Undo
from domain.notice import Notice
from domain.person import Address, Group, GroupKind, Person, Role
from storage.ledger import Ledger
from storage.store import Store
from storage.verify import verify
from tests.domain.factory import CUTTER
from tests.servers import postgres
from tests.storage.engines import (
    ENGINES,
    START,
    Engine,
    Hand,
    Place,
    alter,
    ask,
    do,
    notice,
    people,
    place,
)

LATE = 1.5
"""Seconds after which a process knows what another did, without asking."""


@pytest.fixture(scope="session", params=ENGINES[1:], ids=lambda e: str(e.name))
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.param
    return found


@pytest.fixture
def here(spot: Place) -> Store:
    store = spot.open()
    store.now(people)
    return store


@pytest.fixture
def there(spot: Place, here: Store) -> Store:
    return spot.open()


def soon(found: Callable[[], bool], patience: float = LATE) -> bool:
    until = time.monotonic() + patience
    while not found():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def cut(ledger: Ledger, quantity: int, order: str = "A101") -> int:
    """Report progress; the number of the event."""
    return do(ledger, Progress(order, "cut", quantity), by=CUTTER)[0].seq


def test_an_order_changed_in_one_is_seen_by_the_other(here: Store, there: Store) -> None:
    here.now(place)
    assert soon(lambda: [o.order_no for o in there.now(lambda x: x.open_orders())] == ["A101"])
    for quantity in range(1, 20):
        teller, asker = (here, there) if quantity % 2 else (there, here)
        teller.now(partial(cut, quantity=quantity))
        found = asker.now(lambda ledger: ledger.order("A101"))
        assert found is not None
        assert found.nodes["cut"].quantity == quantity
        assert len(asker.now(lambda ledger: ledger.history("A101"))) == found.seq
    assert soon(
        lambda: (
            [o.seq for o in here.now(lambda x: x.open_orders())]
            == [o.seq for o in there.now(lambda x: x.open_orders())]
        )
    )


def lists(store: Store, count: int) -> bool:
    return len(store.now(lambda ledger: ledger.open_orders())) == count


def undo(ledger: Ledger, number: int) -> None:
    do(ledger, Undo("A101", (number,), "看错了"), by=CUTTER)


def grasp(ledger: Ledger, name: str, holder: str, seconds: float) -> int:
    return ledger.leases.take(name, holder, seconds, 0)


def holds(ledger: Ledger, holder: str, term: int) -> bool:
    return ledger.leases.holds("clock", holder, term, 0)


def adopt(ledger: Ledger, holder: str) -> list[str]:
    return [r.message_id for r in ledger.inbox.adopt(holder)]


def test_the_list_of_open_orders_is_at_most_a_moment_old(here: Store, there: Store) -> None:
    for store in (here, there):
        assert store.now(lambda ledger: ledger.open_orders()) == ()
    for number in range(5):
        here.now(partial(place, number=f"A{number}"))
        assert soon(partial(lists, there, number + 1))


def known(ledger: Ledger, person: Person) -> None:
    ledger.folk.keep(person)


def test_people_and_routes_of_another_are_known_at_once(here: Store, there: Store) -> None:
    assert there.now(lambda ledger: ledger.person("new")) is None
    for number in range(10):
        person = Person("new", f"名{number}", Role.OPERATOR, nodes=("cut",))
        teller, asker = (here, there) if number % 2 else (there, here)
        teller.now(partial(known, person=person))
        found = asker.now(lambda ledger: ledger.person("new"))
        assert found is not None
        assert found.name == person.name
    here.now(
        lambda x: x.folk.keep_group(Group(Address("test", "new"), GroupKind.PRODUCTION, "新群"))
    )
    assert Address("test", "new") in there.now(lambda x: x.folk.groups())


def test_two_change_the_same_order_at_once(spot: Place, here: Store, there: Store) -> None:
    """No event is lost or doubled, each is numbered once, and the chain holds."""
    here.now(partial(place, quantity=100_000))
    here.now(partial(do, command=Start("A101", "cut"), by=CUTTER))
    numbers: list[int] = []
    faults: list[BaseException] = []

    def work(store: Store, first: int) -> None:
        try:
            numbers.extend(store.now(partial(cut, quantity=first + n)) for n in range(100))
        except BaseException as error:
            faults.append(error)

    threads = [
        threading.Thread(target=work, args=(store, 1000 * n))
        for n, store in enumerate((here, there), 1)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    assert sorted(numbers) == list(range(3, 203))
    assert ask(spot.where, "SELECT COUNT(*) FROM event WHERE type = 'NodeProgressed'") == 200
    told = {*range(1000, 1100), *range(2000, 2100)}
    found = here.now(lambda ledger: ledger.history("A101"))
    assert {e.fact.quantity for e in found[2:]} == told
    assert verify(spot.where).clean


def test_an_undo_races_the_event_after_it(spot: Place, here: Store, there: Store) -> None:
    """Decided on what is there, not on what was remembered: one of both is refused or both hold."""
    here.now(place)
    for n in range(15):
        seq = here.now(partial(cut, quantity=n + 1))
        undone = here.submit(partial(undo, number=seq))
        after = there.submit(partial(cut, quantity=n + 40))
        for future in (undone, after):
            with suppress(Exception):
                future.result(30)
    left, right = (s.now(lambda x: x.order("A101")) for s in (here, there))
    assert left == right
    assert verify(spot.where).clean


# Leases


def test_a_lease_has_one_holder_and_its_term_grows(here: Store, there: Store) -> None:
    held: list[tuple[float, float, str, int]] = []
    gate = threading.Lock()

    def work(store: Store, until: float) -> None:
        while time.monotonic() < until:
            begun = time.monotonic()
            term = store.now(partial(grasp, name="clock", holder=store.holder, seconds=0.25))
            if not term:
                continue
            mine = store.now(partial(holds, holder=store.holder, term=term))
            assert mine or time.monotonic() > begun + 0.25
            with gate:
                held.append((begun, begun + 0.15, store.holder, term))  # trusted for less
            time.sleep(random.uniform(0.05, 0.4))

    until = time.monotonic() + 4
    threads = [threading.Thread(target=work, args=(s, until)) for s in (here, there)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    held.sort()
    for (_, ends, one, term), (begins, _, other, later) in pairwise(held):
        assert begins >= ends or one == other
        assert later == term if one == other else later > term
    assert {holder for *_, holder, _ in held} == {here.holder, there.holder}
    old = held[0]
    assert not here.now(lambda x: x.leases.holds("clock", old[2], old[3], 0))


def test_a_lease_is_freed_when_its_holder_leaves(here: Store, there: Store) -> None:
    assert here.now(lambda x: x.leases.take("clock", here.holder, 60, 0)) == 1
    assert there.now(lambda x: x.leases.take("clock", there.holder, 60, 0)) == 0
    here.now(lambda x: x.leases.release(here.holder))
    assert there.now(lambda x: x.leases.take("clock", there.holder, 60, 0)) == 2
    assert not here.now(lambda x: x.leases.holds("clock", here.holder, 1, 0))
    assert there.now(lambda x: x.leases.holds("clock", there.holder, 2, 0))


def hear(ledger: Ledger, number: int) -> int:
    return ledger.inbox.take("test", "", f"m{number}", "floor", "user-cutter", START, {})


def test_only_what_the_dead_left_is_adopted(spot: Place, here: Store, there: Store) -> None:
    third = spot.open()
    for store in (here, there, third):
        name = f"process/{store.holder}"
        store.now(partial(grasp, name=name, holder=store.holder, seconds=60))
    for number in range(6):
        (here, there)[number % 2].now(partial(hear, number=number))
    assert third.now(partial(adopt, holder=third.holder)) == []
    alter(spot.where, "UPDATE lease SET until = 0 WHERE holder = ?", here.holder)
    takers = [s.submit(partial(adopt, holder=s.holder)) for s in (third, there)]
    taken = [t.result(30) for t in takers]
    assert sorted(taken[0] + taken[1]) == ["m0", "m2", "m4"]
    assert third.now(partial(adopt, holder=third.holder)) == []
    assert ask(spot.where, f"SELECT COUNT(*) FROM inbox WHERE holder = '{there.holder}'") == (
        3 + len(taken[1])
    )


def test_a_message_heard_by_two_is_taken_once(spot: Place, here: Store, there: Store) -> None:
    for number in range(30):
        taken = [s.submit(partial(hear, number=number)) for s in (here, there)]
        assert sum(1 for t in taken if t.result(30)) == 1
    assert ask(spot.where, "SELECT COUNT(*) FROM inbox") == 30


# Claims


def test_three_claim_and_none_is_sent_twice(spot: Place, here: Store, there: Store) -> None:
    stores = [here, there, spot.open()]
    chats = [f"chat{n}" for n in range(12)]

    def fill(ledger: Ledger) -> None:
        for n in range(600):
            ledger.notify(notice(f"n{n}", chats[n % len(chats)]))

    here.now(fill)
    sent: dict[str, list[int]] = defaultdict(list)
    by: Counter[int] = Counter()
    gate = threading.Lock()
    faults: list[BaseException] = []

    def claim(ledger: Ledger) -> list[Any]:
        return ledger.outbox.claim(START, time.time() + 60, 5)

    def keep(ledger: Ledger, found: list[Any]) -> None:
        for each in found:
            assert ledger.outbox.sent(each, f"p{each.id}", START)

    def work(number: int, store: Store) -> None:
        try:
            idle = 0
            while idle < 15:
                found = store.now(claim)
                idle = 0 if found else idle + 1
                with gate:
                    for each in found:
                        told: Notice = each.notice
                        sent[told.to.chat].append(int(told.key[1:]))
                        by[number] += 1
                store.now(partial(keep, found=found)) if found else time.sleep(0.02)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=each) for each in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert faults == []
    assert sorted(n for numbers in sent.values() for n in numbers) == list(range(600))
    assert all(numbers == sorted(numbers) for numbers in sent.values())
    assert len(by) == 3  # each did some of it
    assert ask(spot.where, "SELECT COUNT(*) FROM outbox WHERE state = 'sent'") == 600


# A commit whose answer is lost


class Wire:
    """A line to the server that can be cut at a COMMIT: before it gets there, or when it has been
    sent and its answer comes back.
    """

    def __init__(self, url: str) -> None:
        host = re.search(r"host=([^&]+)", url)
        port = re.search(r"port=(\d+)", url)
        assert host is not None
        assert port is not None
        self.server = f"{host[1]}/.s.PGSQL.{port[1]}"
        self.listener = socket.create_server(("127.0.0.1", 0))
        name = url.split("?", maxsplit=1)[0].rpartition("/")[2]
        at = self.listener.getsockname()[1]
        self.url = f"postgresql+psycopg://vitrine@127.0.0.1:{at}/{name}?sslmode=disable"
        self.cut = ""
        """`before` or `after`, and empty again once it was done."""
        self.cuts = 0
        self._open = True
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while self._open:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, suppress(OSError):
            server.connect(self.server)
            while True:
                for each in select.select([client, server], [], [], 30)[0]:
                    data = each.recv(65536)
                    if not data:
                        return
                    if each is client and self.cut and b"COMMIT" in data:
                        how, self.cut = self.cut, ""
                        self.cuts += 1
                        if how == "after":
                            server.sendall(data)
                            server.recv(65536)  # it was answered: it is kept
                        linger = struct.pack("ii", 1, 0)
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                        return
                    (server if each is client else client).sendall(data)

    def close(self) -> None:
        self._open = False
        self.listener.close()


@pytest.fixture
def wire(spot: Place) -> Iterator[Wire]:
    if "host=/" not in str(spot.where):
        pytest.skip("the server is not reached over a socket in a folder")
    found = Wire(str(spot.where))
    yield found
    found.close()


@pytest.mark.parametrize("engine", ENGINES[1:2], indirect=True, ids=["postgresql"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_commit_whose_answer_is_lost(spot: Place, here: Store, wire: Wire, moment: str) -> None:
    """Asked on a new connection what became of it: neither lost nor done twice."""
    here.now(partial(place, quantity=100_000))
    store = Store(wire.url, Hand())
    try:
        for n in range(1, 9):
            wire.cut = moment
            seq = store.now(partial(cut, quantity=n))
            assert (wire.cuts, wire.cut) == (n, "")
            order = here.now(lambda ledger: ledger.order("A101"))
            assert order is not None
            assert order.seq == seq
            assert order.nodes["cut"].quantity == n
        assert ask(spot.where, "SELECT COUNT(*) FROM event WHERE type = 'NodeProgressed'") == 8
        wire.cut = moment  # a transaction that wrote nothing
        assert store.now(lambda ledger: ledger.order("A101")) is not None
    finally:
        store.close()
    assert verify(spot.where).clean


def test_a_server_that_cuts_everybody_off_is_come_back_to(spot: Place, here: Store) -> None:
    here.now(place)
    with psycopg.connect(postgres.plain(str(spot.where)), autocommit=True) as pg:
        for n in range(1, 6):
            pg.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'vitrine' AND datname = current_database()"
            )
            here.now(partial(cut, quantity=n))
    order = here.now(lambda ledger: ledger.order("A101"))
    assert order is not None
    assert order.nodes["cut"].quantity == 5
    assert ask(spot.where, "SELECT COUNT(*) FROM event WHERE type = 'NodeProgressed'") == 5


def test_a_watcher_hears_of_others(spot: Place, here: Store, there: Store) -> None:
    heard = threading.Event()
    there.on_commit(heard.set)
    watcher = there.watch()
    assert watcher is not None
    try:
        time.sleep(0.5)
        heard.clear()
        here.now(place)
        assert heard.wait(LATE)
    finally:
        watcher.close()


def test_the_tests_run_where_they_say(spot: Place, tmp_path: Path) -> None:
    store = spot.open()
    assert store.portable is (spot.engine.name == "portable")
    assert store.shared
