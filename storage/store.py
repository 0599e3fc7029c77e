"""The store on SQLite: one thread, one connection that writes and checkpoints, whatever waits goes
into one durable commit.

Every unit of work runs in a savepoint of its own, so that a poisoned one takes nothing else down.
No timer: a lone message
commits at once. Reads run on the same connection, because SQLite before 3.51.3 / 3.50.7 / 3.44.6
can lose a committed write
when a second connection checkpoints at the wrong moment (sqlite.org/wal.html#the_wal_reset_bug).
"""

import asyncio
import logging
import queue
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
from storage.secrets import Master, Ring
from storage.sql import Sql

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


Job = tuple[Work, Done]


def connect(path: Path) -> sqlite3.Connection:
    """A connection as the writer has it: WAL, every commit on disk before it is answered."""
    raw = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    raw.row_factory = sqlite3.Row
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
        "busy_timeout = 10000",
        "temp_store = MEMORY",
        "cache_size = -32000",
    ):
        raw.execute(f"PRAGMA {pragma}")
    return raw


class Store:
    """Runs units of work: `await run(work)` returns what `work(ledger)` returned once it is on
    disk. `masters` open and seal what is kept sealed; without them everything is kept as it is.
    """

    def __init__(self, path: Path, clock: Clock, masters: Sequence[Master] = ()) -> None:
        self.path, self.clock, self.masters = path, clock, tuple(masters)
        self.platforms: tuple[str, ...] = ()
        self.zone: tzinfo = UTC
        self.commits = self.units = self._seen = 0
        self._cache = Cache(ring=Ring(self.masters))
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._raw = connect(path)
        self._sql = Sql(self._raw, units=True)
        self._ledger = Ledger(self._sql, self._cache, clock)
        self.meter: Meter | None = None
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._listeners: list[Callable[[], None]] = []
        self._closed, self._gate = False, threading.Lock()
        self._thread.start()

    async def run(self, work: Callable[[Ledger], T]) -> T:
        """Do it in one transaction; answered after the commit. What `work` raises is raised
        here.
        """
        done = Awaited(asyncio.get_running_loop())
        self._add((work, done))
        found: T = await done.future
        return found

    def submit(self, work: Work) -> Future[Any]:
        """The same for callers outside an event loop."""
        done = Waiting()
        self._add((work, done))
        return done.future

    def _add(self, job: Job) -> None:
        with self._gate:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._jobs.put(job)

    def now(self, work: Work) -> Any:
        """The same, waiting: for commands and start-up only."""
        return self.submit(work).result()

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
                self._raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._raw.close()
                return

    def _guarded(self, batch: list[Job]) -> None:
        """Whatever goes wrong, every unit is answered and the thread lives on."""
        answered: list[Done] = []
        try:
            self._commit(batch, answered)
        except Exception as error:
            log.exception("a batch of %d failed", len(batch))
            self._undo()
            for _, done in batch:
                if done not in answered:
                    done.put(None, error)
                    answered.append(done)
        _wake(answered)

    def _undo(self) -> None:
        """Nothing of the transaction stays, in the database and in memory."""
        self._cache.forget()
        self._sql.forget()
        if self._raw.in_transaction:
            self._raw.execute("ROLLBACK")

    def _commit(self, batch: list[Job], answered: list[Done]) -> None:
        """All units of a batch in one commit; if that fails, each by itself."""
        begun = time.perf_counter()
        results: list[tuple[Done, Any, BaseException | None]] = []
        try:
            self._raw.execute("BEGIN IMMEDIATE")
            self._others_wrote()
            changed = False
            for work, done in batch:
                value, error, touched = self._unit(work)
                changed = changed or touched
                results.append((done, value, error))
                self._sql.check()
            self._sql.settle()
            self._raw.execute("COMMIT")
        except (sqlite3.Error, UnicodeError, OverflowError, MemoryError) as error:
            self._undo()
            if len(batch) > 1:
                log.warning("a batch of %d was not kept, trying one by one: %r", len(batch), error)
                for job in batch:
                    self._commit([job], answered)
                return
            batch[0][1].put(None, error)
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
            for listener in self._listeners:
                try:
                    listener()
                except Exception:  # a listener's loop may be closing; the books go on
                    log.exception("a listener failed after a commit")

    def _others_wrote(self) -> None:
        """What another connection has committed makes everything remembered doubtful."""
        version = self._raw.execute("PRAGMA data_version").fetchone()[0]
        if version != self._seen:
            if self._seen:
                self._cache.forget()
                self._sql.forget()
            self._seen = version

    def _unit(self, work: Work) -> tuple[Any, BaseException | None, bool]:
        ledger, sql = self._ledger, self._sql
        ledger.begin(self.platforms, self.zone)
        version, made = self._cache.version, self._cache.ring.made
        sql.begin()
        try:
            value = work(ledger)
        except BaseException as error:  # a cancelled future inside is none of the thread's business
            touched = self._cache.version != version or self._cache.ring.made != made
            if sql.drop() or touched:
                self._cache.forget()
            if not isinstance(error, DomainError):
                log.debug("a unit of work failed", exc_info=error)
            return None, error, False
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
