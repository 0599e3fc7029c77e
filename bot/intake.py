"""Takes messages in durably, then handles them: in order per chat, pictures first, each in one unit
of work.

A message is acknowledged after its pictures are spooled and its inbox row is committed. What was
acknowledged and not handled
when the process died is handled at the next start.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters.chat.port import InboundMessage, Media
from bot.pictures.qr import read_codes
from bot.talk import Talk
from bot.understanding.normalise import clean
from domain.errors import DomainError, PhotoFault
from domain.notice import Kind, Loud, Notice
from domain.person import Address
from storage.inbox import Received
from storage.ledger import Ledger
from storage.photos import KeptPhoto, Photos
from storage.store import Store

log = logging.getLogger("vitrine.intake")
Chat = tuple[str, str, str]


@dataclass(slots=True)
class Intake:
    """From an adapter's message to its outcome."""

    store: Store
    talk: Talk
    photos: Photos
    done: Callable[[], None] = lambda: None
    _queues: dict[Chat, deque[int]] = field(default_factory=dict)
    _workers: dict[Chat, asyncio.Task[None]] = field(default_factory=dict)

    async def hear(self, message: InboundMessage) -> bool:
        """Take a message in; when this returns it is on disk. False for a redelivery."""
        media = [await self._spool(m) for m in message.media]
        payload: dict[str, Any] = {
            "said": message.said.value,
            "text": clean(message.text),
            "media": media,
            "reply_to": message.reply_to,
            "target": message.target,
            "button": message.button[:128],
            "sender_name": clean(message.sender_name),
            "private": message.private,
            "mentions_bot": message.mentions_bot,
            "forwarded": message.forwarded,
            "from_bot": message.from_bot,
        }
        kept = {k: v for k, v in payload.items() if v}
        number = await self.store.run(
            lambda ledger: ledger.inbox.take(
                message.platform,
                message.account,
                message.message_id,
                message.chat,
                message.sender,
                message.at,
                kept,
            )
        )
        if number:
            self._queue((message.platform, message.account, message.chat), number)
        return bool(number)

    async def _spool(self, media: Media) -> dict[str, Any]:
        """The received bytes, safe on disk. A fault is kept with the message and told later."""
        entry: dict[str, Any] = {"kind": media.kind, "name": clean(media.name)[:80]}
        video = media.kind == "video"
        try:
            chunks = [chunk async for chunk in media.fetch()]
            entry["digest"] = await asyncio.to_thread(self.photos.spool, chunks, video=video)
            if media.thumb is not None:
                thumb = [chunk async for chunk in media.thumb()]
                entry["thumb"] = await asyncio.to_thread(self.photos.spool, thumb)
        except PhotoFault as error:
            entry["fault"] = error.code
        return entry

    async def recover(self) -> int:
        """Queue what was acknowledged and not handled; how many."""
        waiting = await self.store.run(lambda ledger: ledger.inbox.waiting())
        for row in waiting:
            self._queue((row.platform, row.account, row.chat), row.id)
        return len(waiting)

    @property
    def busy(self) -> bool:
        """Whether messages wait to be handled."""
        return bool(self._workers)

    def _queue(self, chat: Chat, number: int) -> None:
        queue = self._queues.setdefault(chat, deque())
        queue.append(number)
        if chat not in self._workers:
            self._workers[chat] = asyncio.create_task(self._drain(chat), name=f"chat {chat[0]}")

    async def _drain(self, chat: Chat) -> None:
        queue = self._queues[chat]
        try:
            while queue:
                await self._handle(queue.popleft())
        finally:
            del self._workers[chat]
            if not queue:
                self._queues.pop(chat, None)
            self.done()

    async def _handle(self, number: int) -> None:
        row: Received | None = None
        try:
            row = await self.store.run(lambda ledger: ledger.inbox.get(number))
            if row is None:
                return
            if row.payload.get("media"):
                await self._prepare(row)
            await self.store.run(lambda ledger: self.talk.hear(ledger, number))
        except Exception as error:
            name = row.message_id if row else number
            log.exception("message %s could not be handled", name)
            await self._bury(number, error)

    async def _prepare(self, row: Received) -> None:
        """Clean and keep the pictures, read the codes in them, note what could not be kept."""
        kept = [await self._keep(m) for m in row.payload["media"]]
        media = [{k: v for k, v in m.items() if k != "kept"} for m in kept]

        def note(ledger: Ledger) -> None:
            for entry in kept:
                if "kept" in entry:
                    ledger.photos.keep(**entry["kept"])
            ledger.inbox.repay(row.id, {**row.payload, "media": media})

        await self.store.run(note)
        for entry in kept:
            if "kept" in entry:
                await asyncio.to_thread(self.photos.drop_spooled, entry["digest"])

    async def _keep(self, entry: dict[str, Any]) -> dict[str, Any]:
        if entry.get("fault") or entry["kind"] == "voice":
            return entry
        try:
            photo, codes = await asyncio.to_thread(self._clean, entry)
        except DomainError as error:
            return {**entry, "fault": error.code}
        fields = {
            "digest": photo.digest, "key": photo.key, "thumb": photo.thumb, "kind": photo.kind,
            "media": photo.media, "width": photo.width, "height": photo.height,
            "bytes": photo.bytes, "likeness": photo.likeness, "taken_at": photo.taken_at or "",
            "codes": json.dumps(codes),
        }  # fmt: skip
        return {**entry, "kept": fields}

    def _clean(self, entry: dict[str, Any]) -> tuple[KeptPhoto, list[str]]:
        if entry["kind"] == "video":
            return self.photos.keep_video(entry["digest"], entry.get("thumb")), []
        photo = self.photos.keep(entry["digest"], str(Path(entry.get("name", "")).suffix))
        return photo, list(read_codes(self.photos.open(photo.key)))

    async def _bury(self, number: int, error: Exception) -> None:
        """A message that broke us: kept as a dead letter, its writer told kindly, the rest goes
        on.
        """

        def note(ledger: Ledger) -> None:
            row = ledger.inbox.get(number)
            if row is None or row.state != "waiting":
                return
            now = ledger.clock.now()
            ledger.inbox.close(number, "dead", {"error": type(error).__name__}, now)
            to = Address(row.platform, row.chat, row.account)
            ledger.notify(
                Notice(
                    to,
                    Kind.ANSWER,
                    "refused",
                    f"answer/{number}/error",
                    now,
                    {"code": "error"},
                    loud=Loud.REPLY,
                    reply_to=row.message_id,
                )
            )

        await self.store.run(note)
