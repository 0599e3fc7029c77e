"""What only one of several processes may do at a time: listen on a platform's long connection, send
on it, run the clock. Whoever holds a lease does; when its holder dies another takes over.

A process trusts its lease for a shorter time than the database grants it, so that two never hold
the same one, however their clocks stand; and a holder that slept is told by its term.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from storage.ledger import Ledger
from storage.store import Store

log = logging.getLogger("vitrine.sharing")
TTL = 9.0
"""Seconds that a lease is granted."""
BEAT = 2.5
"""Seconds between two renewals."""
MARGIN = 2.0
"""Seconds by which a holder stops trusting its lease before it ends."""
Run = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Sharing:
    """The leases of this process. `alone` on its books, it holds everything for ever."""

    store: Store
    alone: bool = False
    names: list[str] = field(default_factory=list)
    terms: dict[str, int] = field(default_factory=dict)
    _until: float = 0.0
    _beat: asyncio.Event = field(default_factory=asyncio.Event)

    def holds(self, name: str) -> bool:
        """Whether this process may do what a lease is for, now."""
        if self.alone:
            return True
        return bool(self.terms.get(name)) and time.monotonic() < self._until

    def still(self, ledger: Ledger, name: str) -> bool:
        """The same, asked of the books in the transaction that leans on it."""
        if self.alone:
            return True
        term = self.terms.get(name, 0)
        return ledger.leases.holds(name, self.store.holder, term, time.time())

    async def run(self) -> None:
        """Renew for ever."""
        while not self.alone:
            begun = time.monotonic()
            try:
                self.terms = await self.store.run(self._renewed)
                self._until = begun + TTL - MARGIN
            except Exception as error:
                log.warning("leases could not be renewed: %s", type(error).__name__)
            self._beat.set()
            self._beat.clear()
            await asyncio.sleep(BEAT)
        await asyncio.Event().wait()

    def _renewed(self, ledger: Ledger) -> dict[str, int]:
        me, wall = self.store.holder, time.time()
        names = [f"process/{me}", *self.names]
        found = {name: ledger.leases.take(name, me, TTL, wall) for name in sorted(names)}
        for name, term in found.items():
            if term and not self.terms.get(name) and not name.startswith("process/"):
                log.info("this process holds %s now (term %d)", name, term)
        return found

    async def leave(self) -> None:
        """Let go of everything: nobody need wait."""
        if not self.alone:
            self.terms.clear()
            me = self.store.holder
            await self.store.run(lambda ledger: ledger.leases.release(me))

    async def hold(self, name: str, run: Run) -> None:
        """Do something while a lease is held, for ever."""
        if self.alone:
            await run()
            return
        while True:
            while not self.holds(name):
                await self._wait()
            task = asyncio.ensure_future(run())
            try:
                while self.holds(name) and not task.done():
                    await self._wait()
            finally:
                task.cancel()
                result = (await asyncio.gather(task, return_exceptions=True))[0]
            if isinstance(result, Exception):
                log.error("%s broke", name, exc_info=result)
            await self._wait()

    async def _wait(self) -> None:
        left = max(self._until - time.monotonic(), 0.05)
        try:
            async with asyncio.timeout(min(left, BEAT) + 0.05):
                await self._beat.wait()
        except TimeoutError:
            return


def connection(platform: str) -> str:
    """The lease of a platform: its connection, and sending on it."""
    return f"platform/{platform}"
