"""The door to Feishu and Lark: one self-built app. Hears by long connection or webhook, speaks in
cards that every viewer reads in their own language.
"""

import hashlib
import io
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp

from adapters.chat.feishu.budget import Budget
from adapters.chat.feishu.calls import Calls
from adapters.chat.feishu.cards import (
    BUTTONS,
    TEXT_CAP,
    card_message,
    text_message,
    wants_card,
    whispered,
)
from adapters.chat.feishu.content import quoted, text
from adapters.chat.feishu.ear import Ear
from adapters.chat.feishu.endpoint import Endpoint
from adapters.chat.feishu.faults import ANOTHER_TYPE, BAD_CARD, SCOPE, Fault, editing, sending
from adapters.chat.feishu.health import Health
from adapters.chat.feishu.hearing import PLATFORM
from adapters.chat.feishu.known import Known
from adapters.chat.feishu.link import Link
from adapters.chat.feishu.marks import Marks
from adapters.chat.feishu.media import Fetching
from adapters.chat.feishu.options import Options
from adapters.chat.feishu.webhook import Webhook
from adapters.chat.port import (
    Capabilities,
    ChatAdapter,
    Check,
    Edits,
    Heard,
    Lent,
    Reply,
    Rule,
    SendError,
)
from adapters.chat.recent import Recent
from domain.person import Address

__all__ = ["Options", "build"]

log = logging.getLogger("vitrine.feishu")
_MESSAGES = "/open-apis/im/v1/messages"
_IMAGE_CAP = 10 * 1024 * 1024
_URGENT_TIME = 5.0
_RECEIVERS = (("oc_", "chat_id"), ("ou_", "open_id"), ("on_", "union_id"))


def build(options: Options, lent: Lent) -> ChatAdapter:
    """The adapter. Raises ValueError, in plain English, if the options can't be worked with."""
    flaw = options.flaw()
    if flaw:
        raise ValueError(flaw)
    return Feishu(options, lent)


class Feishu:
    """See `adapters.chat.port.ChatAdapter` for the promises."""

    platform = PLATFORM
    account = ""
    can = Capabilities(
        edits=Edits.ALWAYS,
        buttons=BUTTONS,
        reactions=True,
        idempotent=True,
        whispers=True,
        viewer_language=True,
        text_limit=TEXT_CAP,
        text_unit="bytes",
        caption_limit=TEXT_CAP,
    )
    rules: tuple[Rule, ...] = (
        Rule("account", 50, 1.0),
        Rule("account", 1000, 60.0),
        Rule("chat", 5, 1.0),
    )

    def __init__(self, options: Options, lent: Lent) -> None:
        self.counts: Counter[str] = Counter()
        self.checks: tuple[Check, ...] = ()
        self._options, self._lent = options, lent
        self._budget = Budget(lent, options.monthly_calls, options.count_every)
        self._calls = Calls(options, self.counts, self._budget.spend, lent.alarm)
        self._known = Known(options, self._calls, lent.memory)
        self._ear = Ear(options, self.counts, self._known, lent.now)
        endpoint = Endpoint(options, self._calls, self._alarm)
        self._link = Link(options, self.counts, endpoint, self._ear.take, self._known.introduce)
        self._webhook = Webhook(options, self.counts, self._ear)
        self.hooks = self._webhook.hooks if options.mode == "webhook" else ()
        self._marks = Marks(self._calls, lent.memory, options.app_id)
        self._media = Fetching(options, self._calls, self._known)
        self._health = Health(self._calls, self._known, self._budget, self._events)
        self._pictures: Recent[str] = Recent(256)
        self._texts: Recent[bool] = Recent(2000)

    async def _alarm(self, code: str) -> None:
        await self._lent.alarm(code, {})

    @property
    def state(self) -> str:
        """See the port."""
        return "refused" if self._calls.untrusted else self._link.state

    @property
    def alone(self) -> bool:
        """Feishu spreads events over all long connections of an app; one process holds it."""
        return self._options.mode == "websocket"

    def attend(self, heard: Heard) -> None:
        """Its webhook is open while it listens, which every process does then."""

    async def listen(self, heard: Heard) -> None:
        """Hear until cancelled."""
        self._ear.open(heard)
        try:
            if self._options.mode == "websocket":
                await self._link.run()
            else:
                await self._link.watch()
        finally:
            await self._ear.close()

    async def close(self) -> None:
        """Let go of connections, and keep the count of calls."""
        await self._ear.close()
        await self._budget.close()
        await self._calls.close()

    def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """The bytes of a `Media.ref`."""
        return self._media.chunks(ref)

    def deep_link(self, code: str) -> str:
        """None: Feishu's links open a chat with a bot, but say nothing in it."""
        return ""

    async def examine(self) -> tuple[Check, ...]:
        """Ask what works."""
        self.checks = await self._health.look()
        groups = {check.code: check.well for check in self.checks}["feishu.group-messages"]
        if groups is not None:
            self.can = replace(self.can, hears_group_media=groups)
        return self.checks

    def _events(self) -> bool | None:
        if self._options.mode == "websocket":
            return self._link.connected.is_set() if self._ear.listening else None
        return True if self._webhook.verified else None

    async def send(self, to: Address, reply: Reply, key: str) -> str:
        """Say it; a second try with the key is known for one by Feishu for an hour."""
        try:
            message_id = await self._send(to, reply, _uuid(key))
        except Fault as fault:
            raise sending(fault) from None
        self.counts["sent"] += 1
        self._known.sent(message_id)
        if reply.urgent:
            await self._press_on(to, message_id, reply)
        return message_id

    async def _send(self, to: Address, reply: Reply, uuid: str) -> str:
        body = await self._body(reply)
        try:
            return await self._said(to, reply, {**body, "uuid": uuid})
        except Fault as fault:
            if fault.code != BAD_CARD or body["msg_type"] == "text":
                raise
            # the text is complete without its card, and better than silence
            self.counts["card.refused"] += 1
            log.error("a card was refused, its text goes alone: %s", fault)
            return await self._said(to, reply, {**_text(reply), "uuid": uuid})

    async def _said(self, to: Address, reply: Reply, body: dict[str, Any]) -> str:
        if reply.reply_to:
            try:
                return await self._posted(f"{_MESSAGES}/{quoted(reply.reply_to)}/reply", body, {})
            except Fault as fault:
                if not fault.parent_gone:
                    raise
                self.counts["parent.gone"] += 1
        where = {"receive_id_type": _receiver(to.chat)}
        return await self._posted(_MESSAGES, {"receive_id": to.chat, **body}, where)

    async def _posted(self, path: str, body: dict[str, Any], query: dict[str, str]) -> str:
        data = await self._calls.call("POST", path, body, query=query)
        message_id = text(data, "message_id")
        if not message_id:
            raise Fault("the answer names no message")
        if body["msg_type"] == "text":
            self._texts.put(message_id, True)
        return message_id

    async def _body(self, reply: Reply) -> dict[str, Any]:
        if not wants_card(reply):
            return _text(reply)
        picture = await self._picture(reply.picture) if reply.picture else ""
        return {"msg_type": "interactive", "content": card_message(reply, picture)}

    async def _picture(self, raw: bytes) -> str:
        """The image's key on the platform; empty if it takes no such picture: the text is complete
        without it.
        """
        name = hashlib.sha256(raw).hexdigest()
        known = self._pictures.get(name)
        if known is not None:
            return known
        if len(raw) > _IMAGE_CAP:
            self.counts["picture.refused"] += 1
            return ""

        def form() -> aiohttp.FormData:
            data = aiohttp.FormData()
            data.add_field("image_type", "message")
            file = io.BytesIO(raw)
            data.add_field("image", file, filename="picture.png", content_type="image/png")
            return data

        try:
            answer = await self._calls.call("POST", "/open-apis/im/v1/images", form=form)
        except Fault as fault:
            if fault.passing or fault.refused:
                raise
            self.counts["picture.refused"] += 1
            log.warning("a picture was refused, the text goes alone: %s", fault)
            return ""
        found = text(answer, "image_key")
        if found:
            self._pictures.put(name, found)
        return found

    async def _press_on(self, to: Address, message_id: str, reply: Reply) -> None:
        """Feishu's own urgent note inside the app; the message is out already, whatever becomes of
        it.
        """
        people = [who for _, who in reply.mention if who.startswith("ou_")]
        if not people and to.chat.startswith("ou_"):
            people = [to.chat]
        if not people:
            return
        try:
            await self._calls.call(
                "PATCH",
                f"{_MESSAGES}/{quoted(message_id)}/urgent_app",
                {"user_id_list": people},
                query={"user_id_type": "open_id"},
                within=_URGENT_TIME,
            )
            self.counts["urgent"] += 1
        except Fault as fault:
            self.counts["urgent.failed"] += 1
            log.warning("message %s could not be made urgent: %s", message_id, fault)

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        """Put another card in a message's place; a text stays a text if that is enough."""
        try:
            if message_id in self._texts and not wants_card(reply):
                await self._retype(message_id, reply)
            else:
                await self._replace(message_id, reply)
        except Fault as fault:
            raise editing(fault) from None
        self.counts["edited"] += 1

    async def _replace(self, message_id: str, reply: Reply) -> None:
        picture = await self._picture(reply.picture) if reply.picture else ""
        card = {"content": card_message(reply, picture)}
        try:
            await self._calls.call("PATCH", f"{_MESSAGES}/{quoted(message_id)}", card)
        except Fault as fault:
            if fault.code not in ANOTHER_TYPE or wants_card(reply):
                raise
            await self._retype(message_id, reply)

    async def _retype(self, message_id: str, reply: Reply) -> None:
        await self._calls.call("PUT", f"{_MESSAGES}/{quoted(message_id)}", _text(reply))

    async def react(self, to: Address, message_id: str, mark: str) -> None:
        """Mark a message, or take the mark away."""
        try:
            await self._marks.put(message_id, mark)
        except Fault as fault:
            if fault.code in SCOPE:
                # a mark that may not be set must not hold up what can be said
                raise SendError(f"feishu: {fault}", permanent=True) from None
            raise sending(fault) from None
        self.counts["reacted"] += 1

    async def whisper(self, to: Address, user: str, reply: Reply, press: str) -> bool:
        """A card that one member of a group sees alone; not in topics, not to who is offline."""
        if not to.chat.startswith("oc_") or not user.startswith("ou_"):
            return False
        body = {
            "chat_id": to.chat,
            "open_id": user,
            "msg_type": "interactive",
            "card": whispered(reply),
        }
        with suppress(Fault):
            await self._calls.call("POST", "/open-apis/ephemeral/v1/send", body)
            self.counts["whispered"] += 1
            return True
        return False


def _text(reply: Reply) -> dict[str, Any]:
    return {"msg_type": "text", "content": text_message(reply)}


def _receiver(chat: str) -> str:
    for prefix, kind in _RECEIVERS:
        if chat.startswith(prefix):
            return kind
    return "email" if "@" in chat else "user_id"


def _uuid(key: str) -> str:
    """At most 50 characters, the same for the same key."""
    return hashlib.sha256(key.encode()).hexdigest()[:40]
