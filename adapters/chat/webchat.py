"""The sandbox platform: a real chat adapter whose chats live in our own books.

It is as honest as the others: messages are handed to `heard` and acknowledged after it, sends carry
a key that makes a second try the same message, edits and reactions change what was said.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from adapters.chat.port import (
    Capabilities,
    Check,
    Edits,
    Heard,
    Hook,
    InboundMessage,
    Media,
    Reply,
    Rule,
    Said,
)
from domain.errors import NotFound, PhotoFault
from domain.person import Address

PLATFORM = "sandbox"


class Transcripts(Protocol):
    """Where the sandbox's chats are kept."""

    async def get(self, chat: str, message_id: str) -> dict[str, Any] | None:
        """One message."""

    async def find(self, message_id: str) -> tuple[str, dict[str, Any]] | None:
        """A message and its chat."""

    async def keep(self, chat: str, message_id: str, doc: Mapping[str, Any]) -> None:
        """A message as it stands now; a change moves it to the end of the stream of changes."""

    async def since(self, chat: str, changed: int) -> tuple[int, list[dict[str, Any]]]:
        """The new cursor and what changed after one."""


class WebChat:
    """Chats that a browser looks at. `keep_photo` and `keep_picture` hand back relative
    addresses.
    """

    platform = PLATFORM
    account = ""
    alone = False
    can = Capabilities(
        edits=Edits.ALWAYS,
        buttons=40,
        reactions=True,
        idempotent=True,
        text_limit=20_000,
        caption_limit=20_000,
    )
    rules: tuple[Rule, ...] = ()
    hooks: tuple[Hook, ...] = ()
    checks: tuple[Check, ...] = ()
    state = "ok"

    def __init__(
        self,
        transcripts: Transcripts,
        now: Callable[[], datetime],
        keep_photo: Callable[[bytes], Awaitable[str]],
        keep_picture: Callable[[bytes], str],
    ) -> None:
        self.transcripts, self.now = transcripts, now
        self.keep_photo, self.keep_picture = keep_photo, keep_picture
        self._heard: Heard | None = None
        self.counts: Counter[str] = Counter()
        self._ready = asyncio.Event()
        self._watchers: list[Callable[[str], None]] = []

    def watch(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Be told of every chat in which something was said or changed."""
        self._watchers.append(listener)
        return lambda: self._watchers.remove(listener)

    async def _keep(self, chat: str, message_id: str, doc: Mapping[str, Any]) -> None:
        await self.transcripts.keep(chat, message_id, doc)
        for listener in list(self._watchers):
            listener(chat)

    def attend(self, heard: Heard) -> None:
        """See `ChatAdapter`; there are no hooks."""

    async def listen(self, heard: Heard) -> None:
        """Nothing to connect to: the web server brings what is said."""
        self._heard = heard
        self._ready.set()
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to let go of."""

    async def whisper(self, to: Address, user: str, reply: Reply, press: str) -> bool:
        """Everybody reads everything here."""
        return False

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """Pictures come with their message; there is nothing to fetch later."""
        raise PhotoFault("expired")
        yield b""

    async def examine(self) -> tuple[Check, ...]:
        """There is nothing that could be set wrongly."""
        return ()

    def deep_link(self, code: str) -> str:
        """Nobody comes in from outside."""
        return ""

    async def _hear(self, message: InboundMessage) -> bool:
        await self._ready.wait()
        assert self._heard is not None
        return await self._heard(message)

    async def send(self, to: Address, reply: Reply, key: str) -> str:
        """Say it; the same key is the same message."""
        message_id = f"bot-{key}"
        if await self.transcripts.get(to.chat, message_id) is None:
            await self._keep(to.chat, message_id, self._said(message_id, reply))
        return message_id

    async def edit(self, to: Address, message_id: str, reply: Reply) -> None:
        """Put other content in a message's place."""
        before = await self.transcripts.get(to.chat, message_id)
        doc = self._said(message_id, reply)
        if before:
            doc["at"] = before["at"]
            doc["reply_to"] = before["reply_to"]
            doc["edited"] = True
            if {**before, "edited": True} == doc:
                return
        await self._keep(to.chat, message_id, doc)

    async def react(self, to: Address, message_id: str, mark: str) -> None:
        """Mark a message, or take the mark away."""
        doc = await self.transcripts.get(to.chat, message_id)
        if doc is None:
            return
        marks = {"recorded": ["✍"], "asked": ["🤔"]}.get(mark, [])
        if doc["reactions"] != marks:
            await self._keep(to.chat, message_id, {**doc, "reactions": marks})

    def _said(self, message_id: str, reply: Reply) -> dict[str, Any]:
        return {
            "message_id": message_id,
            "from": "bot",
            "kind": reply.kind,
            "text": reply.text,
            "title": reply.title,
            "photos": [],
            "image": self.keep_picture(reply.picture) if reply.picture else None,
            "buttons": [{"id": b.id, "label": b.label, "style": b.style} for b in reply.buttons],
            "link": reply.link,
            "reactions": [],
            "edited": False,
            "reply_to": reply.reply_to or None,
            "mention": [user for _, user in reply.mention],
            "at": self.now().isoformat(),
        }

    async def post(
        self,
        chat: str,
        sender: str,
        text: str,
        photos: list[tuple[str, bytes]],
        *,
        reply_to: str = "",
        message_id: str = "",
        private: bool = False,
        mentions_bot: bool = False,
    ) -> str:
        """A person says something. The same message id again is a redelivery and changes
        nothing.
        """
        name = message_id or f"m-{secrets.token_hex(8)}"
        if await self.transcripts.get(chat, name) is None:
            kept = [await self.keep_photo(raw) for _, raw in photos]
            shown = [address for address in kept if address]
            await self._keep(chat, name, self._typed(name, sender, text, shown, reply_to))
        await self._hear(
            InboundMessage(
                PLATFORM,
                "",
                chat,
                name,
                sender,
                self.now(),
                text=text,
                media=tuple(Media(_kind(n), _stream(raw), n) for n, raw in photos),
                reply_to=reply_to,
                private=private,
                mentions_bot=mentions_bot,
            )
        )
        return name

    def _typed(
        self, name: str, sender: str, text: str, photos: list[str], reply_to: str
    ) -> dict[str, Any]:
        return {
            "message_id": name,
            "from": sender,
            "kind": None,
            "text": text,
            "title": "",
            "photos": photos,
            "image": None,
            "buttons": [],
            "link": "",
            "reactions": [],
            "edited": False,
            "reply_to": reply_to or None,
            "mention": [],
            "at": self.now().isoformat(),
        }

    async def retype(self, chat: str, message_id: str, sender: str, text: str) -> None:
        """A person edits a message of their own."""
        doc = await self._own(chat, message_id, sender)
        await self._keep(chat, message_id, {**doc, "text": text, "edited": True})
        await self._hear(
            InboundMessage(
                PLATFORM,
                "",
                chat,
                f"{message_id}#e{secrets.token_hex(4)}",
                sender,
                self.now(),
                Said.EDITED,
                text=text,
                target=message_id,
            )
        )

    async def recall(self, chat: str, message_id: str, sender: str) -> None:
        """A person takes a message of their own out of the chat."""
        doc = await self._own(chat, message_id, sender)
        gone = {**doc, "text": "", "photos": [], "reactions": [], "recalled": True}
        await self._keep(chat, message_id, gone)
        await self._hear(
            InboundMessage(
                PLATFORM,
                "",
                chat,
                f"{message_id}#recalled",
                sender,
                self.now(),
                Said.RECALLED,
                target=message_id,
            )
        )

    async def press(self, chat: str, message_id: str, button: str, sender: str) -> None:
        """A person presses a button of one of our messages."""
        await self._hear(
            InboundMessage(
                PLATFORM,
                "",
                chat,
                f"{message_id}#p{secrets.token_hex(6)}",
                sender,
                self.now(),
                Said.PRESSED,
                target=message_id,
                button=button,
            )
        )

    async def _own(self, chat: str, message_id: str, sender: str) -> dict[str, Any]:
        doc = await self.transcripts.get(chat, message_id)
        if doc is None or doc["from"] != sender:
            raise NotFound("no-such-message")
        return doc

    async def messages(self, chat: str, after: str) -> dict[str, Any]:
        """What was said, or changed, after a cursor."""
        start = int(after) if after.isascii() and after.isdigit() and len(after) < 19 else 0
        cursor, found = await self.transcripts.since(chat, start)
        return {"cursor": str(cursor), "messages": found}


def _kind(name: str) -> str:
    return "video" if name.lower().endswith((".mp4", ".mov", ".webm", ".m4v")) else "photo"


def _stream(raw: bytes) -> Callable[[], AsyncIterator[bytes]]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), 65536):
            yield raw[start : start + 65536]

    return chunks
