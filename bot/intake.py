"""Takes messages in durably, then handles them: in order per chat, pictures first, each in one unit
of work.

A message is acknowledged when its inbox row is committed. Its pictures are fetched right after
that, from a reference kept with the row, so that neither a slow platform delays the
acknowledgement nor a crash loses a picture that can still be had. What was acknowledged and not
handled when the process died is handled at the next start.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.chat.port import ChatAdapter, Chunks, InboundMessage, Media
from bot.clocks import TurnedClock
from bot.keeping import noted
from bot.pictures.qr import read_codes
from bot.talk import Talk
from bot.understanding.normalise import clean
from domain.errors import DomainError, PhotoFault
from domain.notice import Kind, Loud, Notice
from domain.person import Address
from storage.inbox import Received
from storage.ledger import Ledger
from storage.photos import MAX_BYTES, MAX_VIDEO_BYTES, KeptPhoto, Photos
from storage.store import Store

log = logging.getLogger("vitrine.intake")
Chat = tuple[str, str, str]
ALBUM_QUIET = 0.8
"""Seconds without a further part after which an album counts as whole."""
ALBUM_LONGEST = 6.0
FETCHING = 6
"""Messages whose pictures are fetched at a time."""


@dataclass(slots=True)
class Intake:
    """From an adapter's message to its outcome."""

    store: Store
    talk: Talk
    photos: Photos
    adapters: Mapping[str, ChatAdapter]
    done: Callable[[], None] = lambda: None
    _queues: dict[Chat, deque[int]] = field(default_factory=dict)
    _workers: dict[Chat, asyncio.Task[None]] = field(default_factory=dict)
    _fetches: dict[int, asyncio.Task[list[dict[str, Any]]]] = field(default_factory=dict)
    _albums: dict[tuple[Chat, str], float] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHING))

    async def hear(self, message: InboundMessage) -> bool:
        """Take a message in; when this returns it is on disk. False for a redelivery."""
        album = str(message.album)[:100]
        media = [await self._spool(m) for m in message.media]
        payload: dict[str, Any] = {
            "said": message.said.value,
            "text": clean(message.text),
            "media": media,
            "reply_to": message.reply_to,
            "target": message.target,
            "button": message.button[:128],
            "sender_name": clean(message.sender_name)[:80],
            "private": message.private,
            "mentions_bot": message.mentions_bot,
            "forwarded": message.forwarded,
            "from_bot": message.from_bot,
            "album": album,
            "title": clean(message.title)[:80],
        }
        kept = {k: v for k, v in payload.items() if v}
        at = self._moment(message)
        number = await self.store.run(
            lambda ledger: ledger.inbox.take(
                message.platform,
                message.account,
                message.message_id,
                message.chat,
                message.sender,
                at,
                kept,
            )
        )
        if number:
            chat = (message.platform, message.account, message.chat)
            if album:
                self._albums[chat, album] = time.monotonic()
            self._fetch(message.platform, number, media)
            self._queue(chat, number)
        return bool(number)

    def _moment(self, message: InboundMessage) -> datetime:
        """When it was said. The sandbox has a time of its own, and no clock is trusted to be
        ahead of ours.
        """
        now = self.store.clock.now()
        return now if isinstance(self.store.clock, TurnedClock) else min(message.at, now)

    async def _spool(self, media: Media) -> dict[str, Any]:
        """What to keep of a picture before the acknowledgement: its reference, or the bytes
        themselves. A fault is kept with the message and told later.
        """
        entry: dict[str, Any] = {"kind": media.kind, "name": clean(media.name)[:80]}
        if media.stream is None:
            refs = {"ref": media.ref, "thumb_ref": media.thumb_ref}
            return entry | {k: v for k, v in refs.items() if v}
        return await self._taken(entry, media.stream, media.thumb)

    async def _taken(
        self, entry: dict[str, Any], stream: Chunks, thumb: Chunks | None
    ) -> dict[str, Any]:
        """The bytes, safe on disk, or the fault that kept them from it."""
        video = entry["kind"] == "video"
        try:
            chunks = await _collected(stream(), MAX_VIDEO_BYTES if video else MAX_BYTES)
            digest = await asyncio.to_thread(self.photos.spool, chunks, video=video)
            entry = entry | {"digest": digest}
            if thumb is not None:
                still = await _collected(thumb(), MAX_BYTES)
                entry["thumb"] = await asyncio.to_thread(self.photos.spool, still)
        except PhotoFault as error:
            if "digest" not in entry:
                entry["fault"] = error.code
        return entry

    def _fetch(self, platform: str, number: int, media: list[dict[str, Any]]) -> None:
        """Begin to bring what a message only refers to; its worker waits for it."""
        if any(_missing(m) for m in media):
            self._fetches[number] = asyncio.create_task(self._brought(platform, media))

    async def _brought(self, platform: str, media: list[dict[str, Any]]) -> list[dict[str, Any]]:
        async with self._gate:
            return [await self._bring(platform, m) if _missing(m) else m for m in media]

    async def _bring(self, platform: str, entry: dict[str, Any]) -> dict[str, Any]:
        adapter = self.adapters.get(platform)
        if adapter is None:
            return entry | {"fault": "unreachable"}
        thumb_ref = str(entry.get("thumb_ref", ""))
        thumb = (lambda: adapter.fetch(thumb_ref)) if thumb_ref else None
        try:
            return await self._taken(entry, lambda: adapter.fetch(str(entry["ref"])), thumb)
        except Exception:
            log.exception("a picture could not be fetched from %s", platform)
            return entry | {"fault": "unreachable"}

    async def recover(self) -> int:
        """Queue what was acknowledged and not handled; how many."""
        waiting = await self.store.run(lambda ledger: ledger.inbox.waiting())
        for row in waiting:
            self._fetch(row.platform, row.id, list(row.payload.get("media", ())))
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
            if row is None or row.state != "waiting":
                return
            if row.payload.get("album"):
                await self._whole(row)
                row = await self._merged(row)
            if row.payload.get("media"):
                await self._prepare(row)
            here = row.id
            await self.store.run(lambda ledger: self.talk.hear(ledger, here))
        except Exception as error:
            name = row.message_id if row else number
            log.exception("message %s could not be handled", name)
            await self._bury(row.id if row else number, error)
        finally:
            self._fetches.pop(number, None)

    async def _whole(self, row: Received) -> None:
        """Wait until no further part of the album has come for a while."""
        name = (row.platform, row.account, row.chat), str(row.payload["album"])
        begun = time.monotonic()
        while (last := self._albums.get(name)) is not None:
            now = time.monotonic()
            left = min(last + ALBUM_QUIET, begun + ALBUM_LONGEST) - now
            if left <= 0:
                self._albums.pop(name, None)
                return
            await asyncio.sleep(left)

    async def _merged(self, row: Received) -> Received:
        """The parts of an album as one message: that of the part with the words, with all
        pictures.
        """
        parts = await self.store.run(
            lambda ledger: ledger.inbox.album(
                row.platform, row.account, row.chat, str(row.payload["album"])
            )
        )
        media = [m for p in parts for m in await self._waited(p)]
        main = next((p for p in parts if p.payload.get("text")), parts[0])

        def merge(ledger: Ledger) -> Received:
            ledger.inbox.repay(main.id, {**main.payload, "media": media})
            for part in parts:
                if part.id != main.id:
                    outcome = {"decision": "merged", "into": main.id}
                    ledger.inbox.close(part.id, "done", outcome, ledger.clock.now())
            found = ledger.inbox.get(main.id)
            assert found is not None
            return found

        return await self.store.run(merge)

    async def _waited(self, row: Received) -> list[dict[str, Any]]:
        """A message's pictures, once they were brought."""
        fetch = self._fetches.pop(row.id, None)
        return await fetch if fetch is not None else list(row.payload.get("media", ()))

    async def _prepare(self, row: Received) -> None:
        """Clean and keep the pictures, read the codes in them, note what could not be kept."""
        kept = [await self._keep(m) for m in await self._waited(row)]
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
        if "digest" not in entry or entry["kind"] == "voice":
            return entry
        try:
            photo, codes = await asyncio.to_thread(self._clean, entry)
        except DomainError as error:
            return {**entry, "fault": error.code}
        return {**entry, "kept": noted(photo, codes)}

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


def _missing(entry: Mapping[str, Any]) -> bool:
    """Whether a picture still has to be fetched."""
    return bool(entry.get("ref")) and "digest" not in entry and not entry.get("fault")


async def _collected(stream: AsyncIterator[bytes], most: int) -> list[bytes]:
    """All chunks of a stream; PhotoFault when there are more bytes than anybody may send."""
    chunks, size = [], 0
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            raise PhotoFault("too-large")
        chunks.append(chunk)
    return chunks
