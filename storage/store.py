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
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, TypeVar

from domain.errors import DomainError
from domain.ports import Clock
from storage.ledger import Ledger
from storage.orders import Cache
from storage.secrets import Master, Ring
from storage.sql import Sql

log = logging.getLogger("vitrine.store")
GROUP = 512
"""How many units of work one commit takes at most."""

T = TypeVar("T")
Work = Callable[[Ledger], Any]
Job = tuple[Work, Future[Any]]


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
        self._thread = threading.Thread(target=self._work, name="store", daemon=True)
        self._listeners: list[Callable[[], None]] = []
        self._closed, self._gate = False, threading.Lock()
        self._thread.start()

    async def run(self, work: Callable[[Ledger], T]) -> T:
        """Do it in one transaction; answered after the commit. What `work` raises is raised
        here.
        """
        done: T = await asyncio.wrap_future(self.submit(work))
        return done

    def submit(self, work: Work) -> Future[Any]:
        """The same for callers outside an event loop."""
        future: Future[Any] = Future()
        with self._gate:
            if self._closed:
                raise RuntimeError("the store is closed")
            self._jobs.put((work, future))
        return future

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
        try:
            self._commit(batch)
        except Exception as error:
            log.exception("a batch of %d failed", len(batch))
            self._cache.forget()
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            for _, future in batch:
                if not future.done():
                    _answer(future, None, error)

    def _commit(self, batch: list[Job]) -> None:
        """All units of a batch in one commit; if that fails, each by itself."""
        results: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            self._raw.execute("BEGIN IMMEDIATE")
            self._others_wrote()
            changed = False
            for work, future in batch:
                value, error, touched = self._unit(work)
                changed = changed or touched
                results.append((future, value, error))
            self._raw.execute("COMMIT")
        except (sqlite3.Error, MemoryError) as error:
            self._cache.forget()
            if self._raw.in_transaction:
                self._raw.execute("ROLLBACK")
            if len(batch) > 1:
                log.warning("a batch of %d was not kept, trying one by one: %r", len(batch), error)
                for job in batch:
                    self._commit([job])
                return
            _answer(batch[0][1], None, error)
            return
        self.commits += 1
        self.units += len(batch)
        for future, value, fault in results:
            _answer(future, value, fault)
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
            self._seen = version

    def _unit(self, work: Work) -> tuple[Any, BaseException | None, bool]:
        ledger = Ledger(Sql(self._raw), self._cache, self.clock)
        ledger.platforms, ledger.zone = self.platforms, self.zone
        version, made = self._cache.version, self._cache.ring.made
        self._raw.execute("SAVEPOINT unit")
        try:
            value = work(ledger)
        except BaseException as error:  # a cancelled future inside is none of the thread's business
            self._raw.execute("ROLLBACK TO unit")
            self._raw.execute("RELEASE unit")
            touched = self._cache.version != version or self._cache.ring.made != made
            if ledger.orders.changed or touched:
                self._cache.forget()
            if not isinstance(error, DomainError):
                log.debug("a unit of work failed", exc_info=error)
            return None, error, False
        self._raw.execute("RELEASE unit")
        return value, None, bool(ledger.orders.changed or ledger.outbox.added)


def _answer(future: Future[Any], value: Any, fault: BaseException | None) -> None:
    """Say what became of a unit, unless its caller has gone meanwhile."""
    if future.set_running_or_notify_cancel():
        if fault is None:
            future.set_result(value)
        else:
            future.set_exception(fault)
