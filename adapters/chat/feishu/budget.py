"""How many API calls this month has seen: a small tenant has 10 000 of them."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from adapters.chat.port import Lent

log = logging.getLogger("vitrine.feishu")
# the allowance starts anew on the first of the month, in Beijing
_BEIJING = timezone(timedelta(hours=8))
_WARN = 0.8


class Budget:
    """Counts durably, with at most one write in `every` seconds; tells the admins once at four
    fifths and once when the allowance is used up.
    """

    def __init__(self, lent: Lent, limit: int, every: float) -> None:
        self._lent, self._limit, self._every = lent, limit, every
        self._now: Callable[[], datetime] = lent.now
        self._pending = 0
        self._used = 0
        self._month = ""
        self._writing: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def limit(self) -> int:
        """The allowance; 0 if there is none."""
        return self._limit

    def spend(self) -> None:
        """One more call."""
        self._pending += 1
        if self._writing is None and not self._closed:
            self._writing = asyncio.create_task(self._later())

    async def used(self) -> int:
        """The calls of this month so far."""
        month = self._this_month()
        if month != self._month:
            self._month = month
            self._used = await self._lent.memory.count(_name(month), 0)
        return self._used + self._pending

    async def close(self) -> None:
        """Keep what has not been kept yet."""
        self._closed = True
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
            self._writing = None
        await self._write()

    async def _later(self) -> None:
        try:
            await asyncio.sleep(self._every)
        finally:
            self._writing = None
        await self._write()

    async def _write(self) -> None:
        more, self._pending = self._pending, 0
        if not more:
            return
        month = self._this_month()
        try:
            total = await self._lent.memory.count(_name(month), more)
        except Exception as error:
            self._pending += more
            log.warning("the calls could not be counted: %s", type(error).__name__)
            return
        self._month, self._used = month, total
        await self._tell(total - more, total)

    async def _tell(self, before: int, after: int) -> None:
        """The sum is exact over restarts, so each line is crossed once a month."""
        if not self._limit:
            return
        facts = {"used": str(after), "limit": str(self._limit)}
        if before < self._limit <= after:
            await self._lent.alarm("budget-over", facts)
        elif before < self._limit * _WARN <= after:
            await self._lent.alarm("budget", facts)

    def _this_month(self) -> str:
        return self._now().astimezone(_BEIJING).strftime("%Y-%m")


def _name(month: str) -> str:
    return f"feishu.calls.{month}"
