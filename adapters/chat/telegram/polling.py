"""The polling loop: ours, because the library's moves on before a message is kept, and sleeps
through a dead line.
"""

import asyncio
import logging
import time
from typing import Any

from telegram.error import BadRequest, Conflict, TelegramError, TimedOut

from adapters.chat.telegram.ears import Ears
from adapters.chat.telegram.fields import number, soft
from adapters.chat.telegram.hearing import KINDS
from adapters.chat.telegram.standing import Standing
from adapters.chat.telegram.times import Times, pause
from adapters.chat.telegram.wire import NEVER_SENT, Halted, Line, Missing, refused

PARTS = ("message", "edited_message", "my_chat_member")

log = logging.getLogger("vitrine.telegram")


class Polling:
    """Asks for updates for ever. The next offset is the lowest update that is not taken in; what
    was taken in beyond it is remembered, so that one chat's trouble makes no other chat's message
    come twice.
    """

    def __init__(self, line: Line, ears: Ears, standing: Standing, times: Times) -> None:
        self.line, self.ears, self.standing, self.times = line, ears, standing, times
        self._offset = 0
        self._done: set[int] = set()
        self._webhook_removed = False
        self._last_conflict = float("-inf")

    async def run(self) -> None:
        """Never ends by itself."""
        fails = stuck = 0
        while True:
            try:
                batch = await self._ask()
            except Exception as error:
                fails += 1
                await asyncio.sleep(await self._after(error, fails))
                continue
            fails = 0
            self.standing.become("ok")
            stuck = 0 if await self._take(batch) else stuck + 1
            if stuck:
                await asyncio.sleep(self.times.again * min(stuck, 5))

    async def _ask(self) -> list[Any]:
        """After trouble the first question is a short one: an answer says that all is well. Not
        after a conflict: there only a long one that nobody broke off says so.
        """
        wait = self.times.poll if self.standing.state in ("ok", "kicked") else 0
        async with asyncio.timeout(2 * wait + self.times.slack):
            return await self.line.updates(self._offset, wait, KINDS)

    async def _after(self, error: Exception, fails: int) -> float:
        """See to what went wrong; how long to wait before the next try."""
        if isinstance(error, Conflict):
            return await self._conflict(fails)
        if refused(error):
            self.standing.become("refused")
            await self.standing.alarm("token")
            return self.times.refused
        if isinstance(error, Halted):
            self.standing.counts["throttled"] += 1
            return error.seconds
        silent = isinstance(error, TimeoutError) or (
            isinstance(error, TimedOut) and not isinstance(error.__cause__, NEVER_SENT)
        )
        if silent:
            await self._renew()
        if not isinstance(error, TimeoutError | TelegramError):
            log.error("polling failed: %s", type(error).__name__)
        self.standing.become("silent" if silent else "unreachable")
        return pause(self.times, fails)

    async def _renew(self) -> None:
        """The line is dead, though nobody hung up: new connections."""
        self.standing.counts["watchdog"] += 1
        try:
            async with asyncio.timeout(self.times.slack):
                await self.line.renew()
        except Exception as error:
            log.warning("connections could not be renewed: %s", type(error).__name__)

    async def _conflict(self, fails: int) -> float:
        """A webhook is left over: it is removed, once. Somebody else polls: that is for people to
        settle, we only look in now and then. One conflict alone is a restart that overlapped.
        """
        self.standing.counts["conflict"] += 1
        if not self._webhook_removed:
            try:
                if await self._hooked():
                    await self.line.bot.delete_webhook(drop_pending_updates=False)
                    self._webhook_removed = True
                    log.warning("a webhook was set while we poll; it is removed")
                    self.standing.counts["webhook-removed"] += 1
                    return 0
            except Exception as error:
                log.warning("the webhook could not be removed: %s", type(error).__name__)
                return pause(self.times, fails)
        self.standing.become("kicked")
        before, self._last_conflict = self._last_conflict, time.monotonic()
        if self._last_conflict - before > 5 * self.times.conflict:
            return pause(self.times, 1)
        await self.standing.alarm("conflict")
        return self.times.conflict

    async def _hooked(self) -> bool:
        """Whether a webhook is set; where nobody can say, one may be."""
        try:
            return bool((await self.line.bot.get_webhook_info()).url)
        except (Missing, BadRequest):
            return True

    async def _take(self, batch: list[Any]) -> bool:
        """Hear a batch: one chat's updates in order, different chats side by side. Whether all of
        them are done with.
        """
        numbers = sorted({n for n in map(_number, batch) if n is not None})
        chats: dict[int, list[Any]] = {}
        for raw in sorted(batch, key=lambda r: _number(r) or 0):
            if _number(raw) not in self._done:
                chats.setdefault(_chat(raw), []).append(raw)
        async with asyncio.TaskGroup() as group:
            for waiting in chats.values():
                group.create_task(self._take_in_order(waiting))
        left = [n for n in numbers if n not in self._done]
        if left:
            self._offset = left[0]
        elif numbers:
            self._offset = numbers[-1] + 1
            self._done.clear()
        return not left and None not in map(_number, batch)

    async def _take_in_order(self, waiting: list[Any]) -> None:
        for raw in waiting:
            if not await self.ears.take(raw):
                return
            number = _number(raw)
            if number is not None:
                self._done.add(number)


def _number(raw: Any) -> int | None:
    return number(raw, "update_id")


def _chat(raw: Any) -> int:
    """Where an update belongs, without judging it yet; 0 where that can't be seen."""
    parts = [soft(raw, name) for name in PARTS]
    parts.append(soft(soft(raw, "callback_query"), "message"))
    found = (number(soft(part, "chat"), "id") for part in parts)
    return next((chat for chat in found if chat is not None), 0)
