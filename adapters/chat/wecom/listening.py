"""The smart bot's ear: callbacks from the long connection are taken in one after the other. WeCom
knows no acknowledgement and delivers once, so what can't be taken in is tried again and, in the
end, given up loudly.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Any

from adapters.chat.patience import PASSING, POISON
from adapters.chat.port import Heard, InboundMessage, Lent, Said
from adapters.chat.recent import Recent
from adapters.chat.wecom import hearing
from adapters.chat.wecom.socket import Frame, event_type
from adapters.chat.wecom.times import Times

log = logging.getLogger("vitrine.wecom")

DAY = 24 * 3600.0


class Listening:
    """What was heard and what may be answered: `asked` are request ids of messages (24 h, by
    message id), `presses` and `entered` those of presses and enterings (seconds, by our message's
    id and by chat).
    """

    def __init__(self, lent: Lent, times: Times, counts: Counter[str]) -> None:
        self._lent, self._times, self._counts = lent, times, counts
        self.asked: Recent[tuple[str, str]] = Recent(5000, DAY)
        self.presses: Recent[tuple[str, str]] = Recent(5000, times.press)
        self.entered: Recent[str] = Recent(5000, times.press)
        self._queue: asyncio.Queue[Frame] = asyncio.Queue()
        self._kinds: dict[str, str] = {}
        self._kept: set[tuple[str, str]] = set()
        self._name: str | None = None

    def take(self, frame: Frame) -> None:
        """Keep a callback for its turn. The seconds in which a press can be answered run now."""
        self._counts["received"] += 1
        if event_type(frame) == "template_card_event":
            with contextlib.suppress(hearing.Malformed):
                task = hearing.task(hearing.part(frame, "body"))
                req_id = hearing.need(hearing.part(frame, "headers"), "req_id")
                self.presses.put(hearing.stem(task), (req_id, task))
        self._queue.put_nowait(frame)

    async def work(self, heard: Heard) -> None:
        """Take in what comes, for ever."""
        while True:
            frame = await self._queue.get()
            try:
                await self._one(frame, heard)
            except hearing.Malformed as error:
                self._counts["malformed"] += 1
                log.warning("callback %s is malformed: %s", _id(frame), error)
            except POISON as error:
                self._counts["malformed"] += 1
                log.error("callback %s is malformed: %s", _id(frame), type(error).__name__)
            except Exception as error:  # whatever it is, the next one must be heard
                self._counts["failed"] += 1
                log.error("callback %s failed: %s", _id(frame), type(error).__name__)

    async def _one(self, frame: Frame, heard: Heard) -> None:
        body = hearing.part(frame, "body")
        req_id = hearing.need(hearing.part(frame, "headers"), "req_id")
        if frame["cmd"] == "aibot_event_callback":
            await self._event(frame, body, req_id, heard)
            return
        message = hearing.said(body, self._lent.now(), await self._called(body))
        if message is None:
            self._counts["ignored"] += 1
            return
        self.asked.put(message.message_id, (req_id, message.chat))
        if await self._hear(message, heard):
            await self._met(message.chat, "single" if message.private else "group")

    async def _event(
        self, frame: Frame, body: Mapping[str, Any], req_id: str, heard: Heard
    ) -> None:
        kind = event_type(frame)
        if kind == "template_card_event":
            press = hearing.pressed(body, self._lent.now())
            if press is not None:
                await self._hear(press, heard)
        elif kind == "enter_chat":
            message = hearing.joined(body, self._lent.now())
            if not await self._first(message):
                self._counts["ignored"] += 1
                return
            self.entered.put(message.chat, req_id)
            if await self._hear(message, heard):
                await self._lent.memory.put(f"wecom:entered:{message.chat}", "1")
        else:
            self._counts["ignored"] += 1

    async def _first(self, message: InboundMessage) -> bool:
        """Whether nobody has been seen in the chat before."""
        if await self.kind(message.chat):
            return False
        return not await self._lent.memory.get(f"wecom:entered:{message.chat}")

    async def _hear(self, message: InboundMessage, heard: Heard) -> bool:
        """Try until it is taken in; False if it had to be given up. What will pass (a full disk, a
        locked database) is waited for, however long it takes: WeCom says nothing twice.
        """
        pauses = [*self._times.heard, None]
        while pauses:
            pause = pauses.pop(0)
            try:
                await heard(message)
                return True
            except POISON as error:
                self._counts["malformed"] += 1
                log.error("%s can't be taken in: %s", message.message_id, type(error).__name__)
                return False
            except Exception as error:
                self._counts["untaken"] += 1
                log.warning("%s not taken in: %s", message.message_id, type(error).__name__)
                if isinstance(error, PASSING) and pause is None:
                    pause = self._times.heard[-1]
                    pauses.append(None)
            if pause is not None:
                await asyncio.sleep(pause)
        self._counts["lost"] += 1
        self._counts["given-up"] += 1
        log.error("%s is lost: it could not be taken in", message.message_id)
        if message.said is Said.MESSAGE:
            await self._lent.alarm("lost", {"id": message.message_id})
        return False

    async def _called(self, body: Mapping[str, Any]) -> str:
        """The bot's name in groups, as far as messages have proved it."""
        found = hearing.learned(body)
        try:
            if self._name is None:
                self._name = await self._lent.memory.get("wecom:name")
            if found and found != self._name:
                await self._lent.memory.put("wecom:name", found)
                self._name = found
        except Exception as error:  # the message counts, its greeting does not
            log.warning("the bot's name is not remembered: %s", type(error).__name__)
        return found or self._name or ""

    async def kind(self, chat: str) -> str:
        """`single` or `group` for a chat in which somebody has spoken to the bot, else empty. It
        may be written to; no other may.
        """
        if chat not in self._kinds:
            found = await self._lent.memory.get(f"wecom:chat:{chat}")
            if not found:
                return ""
            self._kinds[chat] = found
            self._kept.add((chat, found))
        return self._kinds[chat]

    async def _met(self, chat: str, kind: str) -> None:
        self._kinds[chat] = kind
        if (chat, kind) not in self._kept:
            await self._lent.memory.put(f"wecom:chat:{chat}", kind)
            self._kept.add((chat, kind))


def _id(frame: Frame) -> str:
    body = frame.get("body")
    return hearing.word(body.get("msgid"))[:80] if isinstance(body, dict) else ""
