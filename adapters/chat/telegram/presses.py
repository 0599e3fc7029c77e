"""Pressed buttons: a short form for ids that Telegram's 64 bytes can't hold, and the answer that
every press must get, or the button keeps turning.
"""

import asyncio
import hashlib
import logging
from base64 import urlsafe_b64encode
from dataclasses import dataclass

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

    def __init__(self, line: Line, wait: float) -> None:
        self._line, self._wait = line, wait
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
        press = self._open.pop(message_id, None)
        if press:
            await self._answer(message_id, press, "")

    async def whisper(self, message_id: str, user: str, reply: Reply) -> bool:
        """Show it to the one who pressed, if the press still waits."""
        press, text = self._open.get(message_id), toast(reply)
        if press is None or press.user != user or not text:
            return False
        del self._open[message_id]
        return await self._answer(message_id, press, text)

    async def _answer(self, message_id: str, press: Press, text: str) -> bool:
        alert = len(text) > ALERT
        try:
            await self._line.bot.answer_callback_query(
                press.query, text=text or None, show_alert=alert or None
            )
        except Exception as error:  # too old, or answered before a restart
            log.info("press %s not answered: %s", message_id, type(error).__name__)
            return False
        return True

    async def close(self) -> None:
        """Nobody waits any longer."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
