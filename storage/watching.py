"""Sees what other processes wrote to the same PostgreSQL: at once where the database says so, and
every second by itself, because a word may get lost.
"""

import logging
import threading
import time
from collections.abc import Callable

import psycopg

log = logging.getLogger("vitrine.store")
LOOK = 1.0
"""Seconds between two looks."""
REST = 2.0
"""Seconds before a database that is away is tried again."""
_NEWEST = (
    "SELECT COALESCE((SELECT MAX(id) FROM event), 0), COALESCE((SELECT MAX(id) FROM outbox), 0),"
    " (SELECT count FROM pulse WHERE name = 'books')"
)


class Watcher:
    """A thread with a connection of its own. `told` is called in it; `portable` does without
    NOTIFY.
    """

    def __init__(
        self, url: str, holder: str, told: Callable[[], None], *, portable: bool = False
    ) -> None:
        self.url, self.holder, self.told, self.portable = url, holder, told, portable
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """See no more."""
        self._stop.set()
        self._thread.join(LOOK + REST + 3)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                address = self.url.replace("+psycopg", "", 1)
                with psycopg.connect(address, autocommit=True, connect_timeout=5) as pg:
                    self._watch(pg)
            except psycopg.Error as error:
                log.info("the database does not say what others write: %s", type(error).__name__)
                self._stop.wait(REST)

    def _watch(self, pg: psycopg.Connection[tuple[object, ...]]) -> None:
        if not self.portable:
            pg.execute("LISTEN vitrine")
        seen: object = None
        while not self._stop.is_set():
            newest = pg.execute(_NEWEST).fetchone()
            if newest != seen and seen is not None:
                self.told()
            seen = newest
            until = time.monotonic() + LOOK
            while (left := until - time.monotonic()) > 0 and not self._stop.is_set():
                if self.portable:
                    self._stop.wait(left)
                elif any(n.payload != self.holder for n in pg.notifies(timeout=left, stop_after=1)):
                    self.told()
