"""Takes an event in, whichever way it came: parsed, kept in the order of its chat, and only then
acknowledged.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Protocol

from adapters.chat.feishu.content import Malformed
from adapters.chat.feishu.hearing import Event, heard, opened
from adapters.chat.feishu.options import Options
from adapters.chat.patience import POISON, Patience
from adapters.chat.port import Heard, InboundMessage

log = logging.getLogger("vitrine.feishu")


class Knowledge(Protocol):
    """What is known beyond an event itself."""

    bot: str

    async def complete(self, event: Event, message: InboundMessage) -> InboundMessage:
        """The message with what the event did not tell."""

    def remember(self, message: InboundMessage) -> None:
        """It is kept now."""


class Ear:
    """Hands events to `heard` in the order of their chats."""

    def __init__(
        self,
        options: Options,
        counts: Counter[str],
        knowledge: Knowledge,
        now: Callable[[], datetime],
    ) -> None:
        self._options, self._counts, self._knowledge = options, counts, knowledge
        self._now = now
        self._patience = Patience()
        self._heard: asyncio.Future[Heard] | None = None
        self._lanes: dict[str, tuple[asyncio.Lock, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, take: Heard) -> None:
        """From now on there is somebody who keeps what is heard."""
        if self._ready().done():
            self._heard = None
        self._ready().set_result(take)

    def _ready(self) -> asyncio.Future[Heard]:
        if self._heard is None:
            self._heard = asyncio.get_running_loop().create_future()
        return self._heard

    @property
    def listening(self) -> bool:
        """Whether there is somebody who keeps what is heard."""
        return self._heard is not None and self._heard.done()

    async def close(self) -> None:
        """Give up what is not kept yet; the platform will bring it again."""
        self._heard = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def take(self, raw: bytes) -> bool:
        """Whether the event may be acknowledged: it is kept, or there is nothing to keep."""
        self._counts["received"] += 1
        try:
            event = opened(raw)
        except Malformed as flaw:
            self._malformed("", flaw)
            return True
        return event is None or await self.keep(event)

    async def keep(self, event: Event) -> bool:
        """The same for an event that is opened already."""
        try:
            message = heard(event, self._knowledge.bot, self._now())
        except Exception as error:
            # nothing that a platform sends may stop the rest of what it sends
            self._malformed(event.name, error)
            return True
        if message is None:
            self._counts["ignored"] += 1
            return True
        return await self._kept(event, message)

    def _malformed(self, name: str, flaw: Exception) -> None:
        self._counts["malformed"] += 1
        reason = str(flaw) if isinstance(flaw, Malformed) else type(flaw).__name__
        log.warning("malformed event %s skipped: %s", name or "without id", reason)

    async def _kept(self, event: Event, message: InboundMessage) -> bool:
        started = asyncio.Event()
        task = asyncio.create_task(self._commit(event, message, started))
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        done, _ = await asyncio.wait({task}, timeout=self._options.commit_wait)
        if not done:
            self._counts["late"] += 1
            log.warning("message %s was not kept in time, asked for again", event.name)
            if not started.is_set():
                task.cancel()
            return False
        return not task.cancelled() and task.exception() is None

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: it is logged where it was raised

    async def _commit(self, event: Event, message: InboundMessage, started: asyncio.Event) -> None:
        async with self._lane(event.lane):
            take = await asyncio.shield(self._ready())
            try:
                message = await self._knowledge.complete(event, message)
                started.set()
                await take(message)
            except POISON as error:
                self._malformed(event.name, error)
                return
            except Exception as error:
                self._counts["unkept"] += 1
                tries = self._patience.over(message.message_id, error)
                if tries:
                    self._counts["given-up"] += 1
                    kind = type(error).__name__
                    log.error("message %s given up after %d tries: %s", event.name, tries, kind)
                    return
                log.error("message %s could not be kept: %s", event.name, type(error).__name__)
                await asyncio.sleep(self._options.failure_pause)
                raise
            self._patience.settled(message.message_id)
            self._counts["heard"] += 1
            self._knowledge.remember(message)

    @asynccontextmanager
    async def _lane(self, name: str) -> AsyncIterator[None]:
        lock, waiting = self._lanes.get(name, (asyncio.Lock(), 0))
        self._lanes[name] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._lanes[name]
            if waiting == 1:
                with suppress(KeyError):
                    del self._lanes[name]
            else:
                self._lanes[name] = (lock, waiting - 1)
