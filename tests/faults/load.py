"""Units of work whose every part can be counted afterwards: a message, its event, its notice, its
outcome. What the tests of the store put under load while something breaks.
"""

import itertools
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

from domain.commands import Progress
from storage.ledger import Ledger
from storage.postgres import Unsure
from storage.store import Store
from tests.storage.engines import do, notice, people, place

ORDERS = ("A101", "A102", "A103", "A104")


def begin(ledger: Ledger) -> None:
    """The rules' factory with a few orders."""
    people(ledger)
    for number in ORDERS:
        place(ledger, number)


def unit(ledger: Ledger, number: int) -> bool:
    """Take a message in, move its order, tell somebody, note the outcome. False if it was there."""
    name, now = f"m{number}", ledger.clock.now()
    kept = ledger.inbox.take("test", "bot", name, f"chat{number % 3}", "u", now, {"n": number})
    if not kept:
        return False
    order = ORDERS[number % len(ORDERS)]
    do(ledger, Progress(order, "cut", number // len(ORDERS) % 90 + 1), message=name)
    ledger.notify(notice(f"note/{name}", f"chat{number % 3}"))
    ledger.inbox.close(kept, "done", {"n": number}, now)
    return True


@dataclass
class Told:
    """What callers were told of their units."""

    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def note(self, number: int, error: BaseException | None) -> None:
        """What became of one."""
        place = self.acknowledged if error is None else self.refused
        (self.unsure if isinstance(error, Unsure) else place).append(f"m{number}")


def burst(store: Store, numbers: list[int], told: Told) -> bool:
    """Hand units in at once and wait for all of them; whether all were acknowledged."""
    futures = [(n, store.submit(partial(_unit, number=n))) for n in numbers]
    good = True
    for number, future in futures:
        error = future.exception(120)
        told.note(number, error)
        good = good and error is None
    return good


def _unit(ledger: Ledger, number: int) -> bool:
    return unit(ledger, number)


@contextmanager
def streaming(
    store: Store, told: Told, count: Iterator[int], dice: Random, threads: int = 4
) -> Iterator[Callable[[], None]]:
    """Units from several threads, one burst after the other, until the block is left; what it
    yields raises what broke in a thread.
    """
    stop, faults = threading.Event(), queue.SimpleQueue[BaseException]()

    def work(own: Random) -> None:
        try:
            while not stop.is_set():
                burst(store, list(itertools.islice(count, own.randint(1, 6))), told)
        except BaseException as error:
            faults.put(error)

    def check() -> None:
        if not faults.empty():
            raise faults.get()

    running = [threading.Thread(target=work, args=(Random(dice.random()),)) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield check
    finally:
        stop.set()
        for thread in running:
            thread.join(120)
    check()


def values(store: Store, text: str) -> list[dict[str, Any]]:
    """Rows as the store itself reads them."""
    found: list[dict[str, Any]] = store.now(lambda ledger: ledger.sql.rows(text))
    return found
