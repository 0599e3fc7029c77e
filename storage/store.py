"""The store: one thread, one connection that writes (and on SQLite checkpoints), whatever waits
goes into one durable commit.

Every unit of work runs in a savepoint of its own, so that a poisoned one takes nothing else down.
No timer: a lone message
commits at once. Reads run on the same connection, because SQLite before 3.51.3 / 3.50.7 / 3.44.6
can lose a committed write
when a second connection checkpoints at the wrong moment (sqlite.org/wal.html#the_wal_reset_bug).
"""

import asyncio
import logging
import queue
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Protocol, TypeVar

from domain.errors import DomainError
from domain.ports import Clock
from storage.cache import Cache
from storage.ledger import Ledger
from storage.meter import Meter
from storage.postgres import PASSING, PgSql
from storage.secrets import Master, Ring
from storage.sql import Ahead, Overtaken, Sql
from storage.sqlite import connect
from storage.watching import Watcher

log = logging.getLogger("vitrine.store")
GROUP = 512
"""How many units of work one commit takes at most."""

T = TypeVar("T")
Work = Callable[[Ledger], Any]


class Done(Protocol):
    """Where the answer of a unit goes."""

    def put(self, value: Any, fault: BaseException | None) -> None:
        """It is on disk, or was not kept."""


class Waiting:
    """An answer for somebody outside an event loop."""

    def __init__(self) -> None:
        self.future: Future[Any] = Future()

    def put(self, value: Any, fault: BaseException | None) -> None:
        """See `Done`."""
        if self.future.set_running_or_notify_cancel():
            if fault is None:
                self.future.set_result(value)
            else:
                self.future.set_exception(fault)


class Awaited:
    """An answer for a task. All answers of a batch wake its loop once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.value: Any = None
        self.fault: BaseException | None = None

    def put(self, value: Any, fault: BaseException | None) -> None:
        """See `Done`; told on the loop by `tell`."""
        self.value, self.fault = value, fault

    def tell(self) -> None:
        """Hand it over, unless its task has gone meanwhile."""
        if self.future.done():
            return
        if self.fault is None:
            self.future.set_result(self.value)
        else:
            self.future.set_exception(self.fault)


Job = tuple[Work, Done, Ahead]
NOTHING = Ahead()
UNREACHED: tuple[type[Exception], ...] = (OSError, *Sql.faults, *PgSql.faults)
"""What is raised where the books cannot be used."""
FAULTS = (UnicodeError, OverflowError, MemoryError)
"""Of one unit, and of no engine, that show only when its rows are written."""
TRIES = 6
"""How often a unit of work is tried that others get in the way of."""


def momentary(error: BaseException) -> bool:
    """Whether the books could not be used for a reason that may be gone a moment later: a disk that
    is full or fails, a lock, a server that is away. A missing table is no such thing.
    """
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & 0xFF
        return isinstance(error, sqlite3.OperationalError) and code in _MOMENTARY
    return isinstance(error, PASSING)


_MOMENTARY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)


def opened(where: Path | str, *, units: bool = False, portable: bool = False) -> Sql:
    """The books in a SQLite file, or at the address of a PostgreSQL database. `portable` does
    without what only PostgreSQL itself has.
    """
    if isinstance(where, Path):
        return Sql(connect(where), units=units)
    return PgSql(where, units=units, portable=portable)


class Store:
    """Runs units of work: `await run(work)` returns what `work(ledger)` returned once it is on
    disk. `masters` open and seal what is kept sealed; without them everything is kept as it is.
    """

    def __init__(
        self,
        where: Path | str,
        clock: Clock,
        masters: Sequence[Master] = (),
        *,
        portable: bool = False,
    ) -> None:
        self.portable = portable
        self.where, self.clock, self.masters = where, clock, tuple(masters)
        self.platforms: tuple[str, ...] = ()
        self.zone: tzinfo = UTC
        self.commits = self.units = 0
        self.meter: Meter | None = None
        self._sql = opened(where, units=True, portable=portable)
        self._faults: tuple[type[Exception], ...] = (*self._sql.faults, *FAULTS)
        self._cache = Cache(ring=Ring(self.masters), shared=self._sql.shared)
        self._ledger = Ledger(self._sql, self._cache, clock)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._listeners: list[Callable[[], None]] = []
        self._readers: list[Callable[[Ledger], None]] = []
        self._again = False
        self._closed, self._gate = False, threading.Lock()
        self._thread.start()

    @property
    def path(self) -> Path:
        """The file, on SQLite."""
        return Path(self.where)

    @property
    def holder(self) -> str:
        """The name of this process among those on the same books."""
        return self._sql.holder

    @property
    def shared(self) -> bool:
        """Whether other processes may work on the same books."""
        return self._sql.shared

    async def run(self, work: Callable[[Ledger], T], ahead: Ahead = NOTHING) -> T:
        """Do it in one transaction; answered after the commit. What `work` raises is raised
        here. `ahead` says what it will ask for, which makes it quicker.
        """
        done = Awaited(asyncio.get_running_loop())
        self._add((work, done, ahead))
        found: T = await done.future
        return found

    def submit(self, work: Work) -> Future[Any]:
        """The same for callers outside an event loop."""
        done = Waiting()
        self._add((work, done, NOTHING))
        return done.future

    def _add(self, job: Job) -> None:
        with self._gate:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._jobs.put(job)

    def now(self, work: Work) -> Any:
        """The same, waiting: for commands and start-up only."""
        return self.submit(work).result()

    def watch(self) -> Watcher | None:
        """See what other processes write, where there may be some."""
        if not self.shared:
            return None
        return Watcher(str(self.where), self.holder, self.others, portable=self.portable)

    def others(self) -> None:
        """Others wrote something; in any thread. A hint: what is leaned on is looked at anyway."""
        self._cache.hinted = True
        self._tell()

    def _tell(self) -> None:
        for listener in self._listeners:
            try:
                listener()
            except Exception:  # a listener's loop may be closing; the books go on
                log.exception("a listener failed after a commit")

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call somebody, in the writer's thread, after each commit that changed orders or
        notices.
        """
        self._listeners.append(listener)

    def close(self) -> None:
        """Finish what waits, checkpoint and close."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while True:
            first = self._jobs.get()
            batch: list[Job] = []
            stop = first is None
            if first is not None:
                batch.append(first)
            while not stop and len(batch) < GROUP:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    stop = True
                else:
                    batch.append(more)
            if batch:
                self._guarded(batch)
            if stop:
                self._sql.close()
                return

    def _guarded(self, batch: list[Job]) -> None:
        """Whatever goes wrong, every unit is answered and the thread lives on."""
        answered: list[Done] = []
        try:
            self._commit(batch, answered)
        except Exception as error:
            log.exception("a batch of %d failed", len(batch))
            self._undo()
            for _, done, _ in batch:
                if done not in answered:
                    done.put(None, error)
                    answered.append(done)
        _wake(answered)

    def on_stale(self, read: Callable[[Ledger], None]) -> None:
        """Have something read anew, in the writer's thread, when others changed what every process
        remembers.
        """
        self._readers.append(read)

    def _read_anew(self) -> None:
        self._ledger.begin(self.platforms, self.zone)
        self._sql.begin()
        for read in self._readers:
            read(self._ledger)
        self._sql.keep()
        self._again = False

    def _undo(self) -> None:
        """Nothing of the transaction stays, in the database and in memory."""
        self._cache.forget()
        self._sql.rollback()

    def _commit(self, batch: list[Job], answered: list[Done], tries: int = TRIES) -> None:
        """All units of a batch in one commit; if that fails, each by itself."""
        begun = time.perf_counter()
        results: list[tuple[Done, Any, BaseException | None]] = []
        try:
            if self._sql.start([ahead for *_, ahead in batch if ahead is not NOTHING]):
                self._cache.forget()
                self._again = True
            self._cache.begin()
            if self._again:
                self._read_anew()
            changed = False
            for work, done, _ in batch:
                value, error, touched = self._unit(work)
                changed = changed or touched
                results.append((done, value, error))
                self._sql.check()
            self._sql.settle()
            self._sql.commit()
        except self._faults as error:
            self._undo()
            if len(batch) > 1 and tries == TRIES and self._sql.passing(error):
                self._commit(batch, answered, tries - 1)
            elif len(batch) > 1:
                log.warning("a batch of %d was not kept, trying one by one: %r", len(batch), error)
                for job in batch:
                    self._commit([job], answered)
            elif tries and self._sql.passing(error):
                time.sleep(random.uniform(0, 0.05 * (TRIES - tries)))
                self._commit(batch, answered, tries - 1)
            else:
                said = next((fault for *_, fault in results if fault is not None), error)
                batch[0][1].put(None, said)
                answered.append(batch[0][1])
            return
        self.commits += 1
        self.units += len(batch)
        for done, value, fault in results:
            done.put(value, fault)
            answered.append(done)
        if self.meter is not None:
            self.meter.committed(len(batch), time.perf_counter() - begun)
        if changed:
            self._tell()

    def _unit(self, work: Work) -> tuple[Any, BaseException | None, bool]:
        ledger, sql = self._ledger, self._sql
        ledger.begin(self.platforms, self.zone)
        version, made = self._cache.version, self._cache.ring.made
        sql.begin()
        try:
            value = work(ledger)
        except BaseException as error:  # a cancelled future inside is none of the thread's business
            if isinstance(error, Overtaken):
                raise
            touched = self._cache.version != version or self._cache.ring.made != made
            if sql.drop() or touched:
                self._cache.forget()
            if not isinstance(error, DomainError):
                log.debug("a unit of work failed", exc_info=error)
            return None, error, False
        changed = self._cache.version != version or self._cache.ring.made != made
        if sql.shared and (changed or sql.everybody):
            sql.do("UPDATE pulse SET count = count + 1 WHERE name = 'books'")
        sql.keep()
        return value, None, bool(ledger.orders.changed or ledger.outbox.added)


def _wake(answered: list[Done]) -> None:
    """Tell each event loop once of all that is answered on it."""
    loops: dict[asyncio.AbstractEventLoop, list[Awaited]] = {}
    for done in answered:
        if isinstance(done, Awaited):
            loops.setdefault(done.loop, []).append(done)
    for loop, theirs in loops.items():
        with suppress(RuntimeError):  # it was closed meanwhile
            loop.call_soon_threadsafe(_tell, theirs)


def _tell(answered: list[Awaited]) -> None:
    for done in answered:
        done.tell()
