"""What the adapter knows beyond a single event: who we are, which chats are private, who wrote
what, and the pictures of a message that somebody answers.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.chat.feishu.calls import Calls, Request
from adapters.chat.feishu.content import Malformed, Origin, part, quoted, read, text
from adapters.chat.feishu.faults import Fault
from adapters.chat.feishu.hearing import Event
from adapters.chat.feishu.options import Options
from adapters.chat.port import InboundMessage, Media, Memory, Said
from adapters.chat.recent import Recent

log = logging.getLogger("vitrine.feishu")
_BOT = "feishu.bot"
_PICTURES = frozenset({"image", "post", "media", "file"})


class Known:
    """See `adapters.chat.feishu.ear.Knowledge`."""

    def __init__(self, options: Options, calls: Calls, memory: Memory) -> None:
        self._options, self._calls, self._memory = options, calls, memory
        self.bot = ""
        self.name = ""
        self._writers: Recent[str] = Recent(5000)
        self._private: Recent[bool] = Recent(5000)

    async def introduce(self) -> None:
        """Ask who we are, and keep it for a start without the API. Raises Fault."""
        if not self.bot:
            self.bot = await self._memory.get(_BOT)
        answer = await self._calls.ask(Request("GET", "/open-apis/bot/v3/info"))
        info = part(answer, "bot") or part(part(answer, "data"), "bot")
        self.name = text(info, "app_name")
        if text(info, "open_id") not in {"", self.bot}:
            self.bot = text(info, "open_id")
            await self._memory.put(_BOT, self.bot)

    def sent(self, message_id: str) -> None:
        """A message of our own: whoever answers it does not answer a picture."""
        self._writers.put(message_id, self.bot)

    def remember(self, message: InboundMessage) -> None:
        """It is kept now."""
        if message.said is Said.MESSAGE:
            self._writers.put(message.message_id, message.sender)

    async def complete(self, event: Event, message: InboundMessage) -> InboundMessage:
        """The message with what the event did not tell."""
        if message.said is Said.RECALLED:
            own = text(event.body, "recall_type") == "message_owner" and not message.sender
            writer = self._writers.get(message.target) if own else None
            return replace(message, sender=writer) if writer else message
        if message.said is Said.PRESSED:
            return replace(message, private=await self._is_private(message.chat))
        if message.said is not Said.MESSAGE:
            return message
        if message.private:
            await self._note_private(message.chat)
        if message.reply_to and not message.media and message.reply_to not in self._writers:
            return replace(message, media=await self._quoted(message.reply_to))
        return message

    async def _is_private(self, chat: str) -> bool:
        known = self._private.get(chat)
        if known is None:
            known = await self._memory.get(f"feishu.private/{chat}") == "1"
            self._private.put(chat, known)
        return known

    async def _note_private(self, chat: str) -> None:
        if not await self._is_private(chat):
            await self._memory.put(f"feishu.private/{chat}", "1")
            self._private.put(chat, True)

    async def _quoted(self, message_id: str) -> tuple[Media, ...]:
        """The pictures of an answered message that never reached us. Where there is no time to look
        the answer is a reference to the message itself, looked up when it is fetched.
        """
        try:
            async with asyncio.timeout(self._options.look_timeout):
                return await self.pictures(message_id)
        except TimeoutError:
            return (Media("photo", ref=f"parent:{message_id}"),)
        except Fault as fault:
            if fault.passing:
                return (Media("photo", ref=f"parent:{message_id}"),)
            log.info("the answered message %s could not be looked at: %s", message_id, fault)
            return ()

    async def pictures(self, message_id: str) -> tuple[Media, ...]:
        """The pictures and videos of a message. Raises Fault."""
        data = await self._calls.call("GET", f"/open-apis/im/v1/messages/{quoted(message_id)}")
        items = data.get("items")
        return _media(items[0], message_id) if isinstance(items, list) and items else ()


def _media(item: Mapping[str, Any], message_id: str) -> tuple[Media, ...]:
    kind = text(item, "msg_type")
    if kind not in _PICTURES or item.get("deleted") is True:
        return ()
    try:
        return read(kind, text(part(item, "body"), "content"), Origin(message_id)).media
    except Malformed:
        return ()
