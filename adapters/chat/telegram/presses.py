"""Pressed buttons: a short form for ids that Telegram's 64 bytes can't hold, and the answer that
every press must get, or the button keeps turning.
"""

import asyncio
import hashlib
import logging
from base64 import urlsafe_b64encode
from collections import Counter
from dataclasses import dataclass

from telegram.error import BadRequest

from adapters.chat.port import Memory, Reply
from adapters.chat.telegram.saying import toast
from adapters.chat.telegram.wire import Line

DATA_LIMIT = 64
MARK = "~"
ALERT = 60
KNOWN = 4096

log = logging.getLogger("vitrine.telegram")


class ShortForms:
    """Button ids of any length as callback data. The short form is a hash of the id, so that the
    same id is remembered once, however often it is sent.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept: dict[str, None] = {}

    async def shorten(self, button: str) -> str:
        """What Telegram carries: the id itself where it fits."""
        if len(button.encode()) <= DATA_LIMIT and not button.startswith(MARK):
            return button
        digest = hashlib.sha256(button.encode()).digest()[:24]
        short = MARK + urlsafe_b64encode(digest).decode()
        if short not in self._kept:
            await self._memory.put(f"telegram.button.{short}", button)
            self._kept[short] = None
            if len(self._kept) > KNOWN:
                del self._kept[next(iter(self._kept))]
        return short

    async def expand(self, data: str) -> str:
        """The id that was sent; the data itself if it is none of ours."""
        if not data.startswith(MARK):
            return data
        return await self._memory.get(f"telegram.button.{data}") or data


@dataclass(frozen=True, slots=True)
class Press:
    """A press that waits for its answer: Telegram's id of the query and who pressed."""

    query: str
    user: str


class Presses:
    """Presses by their message id. Whoever takes one out answers it, so each is answered once."""

    def __init__(self, line: Line, wait: float, counts: Counter[str]) -> None:
        self._line, self._wait, self._counts = line, wait, counts
        self._over: dict[str, str] = {}
        self._open: dict[str, Press] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, message_id: str, press: Press) -> None:
        """From now on a whisper can answer it."""
        self._open[message_id] = press

    def drop(self, message_id: str) -> None:
        """It was not taken in and will come again."""
        self._open.pop(message_id, None)

    def finish(self, message_id: str, wait: bool = True) -> None:
        """It was taken in: whoever whispers soon answers it, else we do, with nothing."""
        task = asyncio.create_task(self._lapse(message_id, self._wait if wait else 0.0))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lapse(self, message_id: str, wait: float) -> None:
        await asyncio.sleep(wait)
        press = self._open.get(message_id)
        if press:
            self._close(message_id, press)
            await self._answer(message_id, press, "")

    def _close(self, message_id: str, press: Press) -> None:
        """It can't be answered any more; whose it was is known for a while."""
        self._open.pop(message_id, None)
        self._over[message_id] = press.user
        if len(self._over) > KNOWN:
            del self._over[next(iter(self._over))]

    async def whisper(self, message_id: str, user: str, reply: Reply) -> bool:
        """Show it to the one who pressed. True also for a press that is over (answered, too old, or
        from before a restart): what was meant for one reader must not be told to all.
        """
        press, text = self._open.get(message_id), toast(reply)
        whose = press.user if press else self._over.get(message_id, user)
        if not message_id.startswith("cb:") or whose != user or not text:
            return False
        if press is None:
            self._lapsed(message_id)
            return True
        self._close(message_id, press)
        return await self._answer(message_id, press, text)

    def _lapsed(self, message_id: str) -> None:
        self._counts["toast-lapsed"] += 1
        log.info("press %s was over before its answer came", message_id)

    async def _answer(self, message_id: str, press: Press, text: str) -> bool:
        """Whether it was shown, or can't be shown any more."""
        alert = len(text) > ALERT
        try:
            await self._line.bot.answer_callback_query(
                press.query, text=text or None, show_alert=alert or None
            )
        except BadRequest:  # too old, or answered before a restart
            if text:
                self._lapsed(message_id)
        except Exception as error:
            log.info("press %s not answered: %s", message_id, type(error).__name__)
            return False
        return True

    async def close(self) -> None:
        """Nobody waits any longer."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
