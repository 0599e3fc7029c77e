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
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from adapters.chat.port import ChatAdapter, Chunks, InboundMessage, Media
from bot.clocks import TurnedClock
from bot.hearing import collected, missing, plain
from bot.keeping import noted
from bot.logs import about, carried
from bot.measures import Measures
from bot.pictures.qr import read_codes
from bot.talk import Talk, named
from bot.understanding.normalise import clean
from domain.errors import DomainError, PhotoFault
from domain.notice import Kind, Loud, Notice
from domain.person import Address
from storage.cache import Received
from storage.ledger import Ledger
from storage.photos import MAX_BYTES, MAX_VIDEO_BYTES, KeptPhoto, Photos
from storage.sql import Ahead
from storage.store import Store, momentary

log = logging.getLogger("vitrine.intake")
Chat = tuple[str, str, str]
ALBUM_QUIET = 0.8
"""Seconds without a further part after which an album counts as whole."""
ALBUM_LONGEST = 6.0
FETCHING = 6
"""Messages whose pictures are fetched at a time."""
ADOPT = 5.0
"""Seconds between two looks at what dead processes left."""
TRIES = 30
"""How often a message is tried while the books cannot be reached, before it is given up."""
LATER = 1.0
"""Seconds after which a message that could not be handled yet is tried again."""


@dataclass(slots=True)
class Intake:
    """From an adapter's message to its outcome."""

    store: Store
    talk: Talk
    photos: Photos
    adapters: Mapping[str, ChatAdapter]
    done: Callable[[], None] = lambda: None
    measures: Measures = field(default_factory=Measures)
    _begun: dict[int, float] = field(default_factory=dict)
    _tries: Counter[int] = field(default_factory=Counter)
    _taking: Counter[Chat] = field(default_factory=Counter)
    _queues: dict[Chat, deque[int]] = field(default_factory=dict)
    _workers: dict[Chat, asyncio.Task[None]] = field(default_factory=dict)
    _fetches: dict[int, asyncio.Task[list[dict[str, Any]]]] = field(default_factory=dict)
    _albums: dict[tuple[Chat, str], float] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(FETCHING))

    async def hear(self, message: InboundMessage) -> bool:
        """Take a message in; when this returns it is on disk. False for a redelivery."""
        begun = time.monotonic()
        album = str(message.album)[:100]
        media = [await self._spool(m) for m in message.media]
        kept = plain(message, album, media)
        taking = partial(self._take, message, self._moment(message), kept)
        chat = (message.platform, message.account, message.chat)
        ahead = Ahead(
            ((message.platform, message.account, message.message_id),),
            tuple(named(message.text)),
            (chat,),
        )
        if not media and not album and chat not in self._workers and not self._taking[chat]:
            taken = await self._at_once(message, taking, ahead, begun)
            if taken is not None:
                return taken
        self._taking[chat] += 1
        try:
            number = await self.store.run(taking, ahead)
        finally:
            self._taking[chat] -= 1
            if not self._taking[chat]:
                del self._taking[chat]
        if number:
            self._begun[number] = begun
            if album:
                self._albums[chat, album] = time.monotonic()
            self._fetch(message.platform, number, media)
            self._queue(chat, number)
        return bool(number)

    def _take(
        self, message: InboundMessage, at: datetime, kept: Mapping[str, Any], ledger: Ledger
    ) -> int:
        return ledger.inbox.take(
            message.platform,
            message.account,
            message.message_id,
            message.chat,
            message.sender,
            at,
            kept,
        )

    async def _at_once(
        self, message: InboundMessage, taking: Callable[[Ledger], int], ahead: Ahead, begun: float
    ) -> bool | None:
        """Take a message in and handle it in one unit of work: words need no waiting for. None if
        that did not work: then it is taken in first, and what is wrong with it is seen after that.
        """

        def both(ledger: Ledger) -> tuple[int, str]:
            number = taking(ledger)
            if not number:
                return 0, ""
            row = ledger.inbox.get(number)
            if row is None or (self.store.shared and not ledger.inbox.first(row)):
                return number, ""
            return number, self.talk.hear(ledger, number)

        try:
            number, outcome = await self.store.run(carried(both), ahead)
        except Exception as error:
            log.warning("message %s: %s", message.message_id, type(error).__name__)
            return None
        if number and outcome:
            self.measures.handled(message.platform, outcome, time.monotonic() - begun)
            self.done()
        elif number:
            self._begun[number] = begun
            self._queue((message.platform, message.account, message.chat), number)
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
            chunks = await collected(stream(), MAX_VIDEO_BYTES if video else MAX_BYTES)
            digest = await asyncio.to_thread(self.photos.spool, chunks, video=video)
            entry = entry | {"digest": digest}
            if thumb is not None:
                still = await collected(thumb(), MAX_BYTES)
                entry["thumb"] = await asyncio.to_thread(self.photos.spool, still)
        except PhotoFault as error:
            if "digest" not in entry:
                entry["fault"] = error.code
        return entry

    def _fetch(self, platform: str, number: int, media: list[dict[str, Any]]) -> None:
        """Begin to bring what a message only refers to; its worker waits for it."""
        if any(missing(m) for m in media):
            self._fetches[number] = asyncio.create_task(self._brought(platform, media))

    async def _brought(self, platform: str, media: list[dict[str, Any]]) -> list[dict[str, Any]]:
        async with self._gate:
            return [await self._bring(platform, m) if missing(m) else m for m in media]

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
        """Queue what was acknowledged and not handled; how many. Where there are other processes,
        what was in the hands of one that lives no more.
        """
        if self.store.shared:
            me = self.store.holder
            waiting = await self.store.run(lambda ledger: ledger.inbox.adopt(me))
        else:
            waiting = await self.store.run(lambda ledger: ledger.inbox.waiting())
        for row in waiting:
            self._fetch(row.platform, row.id, list(row.payload.get("media", ())))
            self._queue((row.platform, row.account, row.chat), row.id)
        return len(waiting)

    async def adopting(self) -> None:
        """Messages in the hands of processes that died are handled by one that lives."""
        while self.store.shared:
            await asyncio.sleep(ADOPT)
            try:
                await self.recover()
            except Exception:
                log.exception("what others left could not be looked through")

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
                try:
                    await self._handle(queue[0])
                except Exception as error:  # the books cannot be reached: it waits in them
                    log.warning("message %d waits: %s", queue[0], type(error).__name__)
                    await asyncio.sleep(LATER)
                else:
                    self._tries.pop(queue.popleft(), None)
        finally:
            del self._workers[chat]
            if not queue:
                self._queues.pop(chat, None)
            self.done()

    async def _handle(self, number: int) -> None:
        begun = self._begun.pop(number, time.monotonic())
        row = await self.store.run(lambda ledger: ledger.inbox.get(number))
        if row is None or row.state != "waiting":
            return
        with about(message_id=row.message_id, platform=row.platform, chat=row.chat, inbox=number):
            outcome = await self._became(row)
        self.measures.handled(row.platform, outcome, time.monotonic() - begun)

    async def _became(self, row: Received) -> str:
        """Handle a message; what became of it, in one word."""
        number = row.id
        try:
            if row.payload.get("album"):
                await self._whole(row)
                row = await self._merged(row)
            if row.payload.get("media"):
                await self._prepare(row)
            return await self._in_turn(row)
        except Exception as error:
            tries = self._tries[number] = self._tries[number] + 1
            if momentary(error) and tries < TRIES:
                raise  # nothing is wrong with the message: it is tried again
            log.exception("message %s could not be handled", row.message_id)
            await self._bury(row.id, error)
            return "dead"
        finally:
            self._fetches.pop(number, None)

    async def _in_turn(self, row: Received) -> str:
        """Handle it once nothing said before it in its chat waits any more, here or elsewhere."""

        def hear(ledger: Ledger) -> str | None:
            if self.store.shared and not ledger.inbox.first(row):
                return None
            return self.talk.hear(ledger, row.id)

        pause = 0.02
        while (outcome := await self.store.run(carried(hear), self._ahead(row))) is None:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LATER)
        return str(outcome)

    def _ahead(self, row: Received) -> Ahead:
        orders = tuple(named(str(row.payload.get("text", ""))))
        return Ahead(orders=orders, chats=((row.platform, row.account, row.chat),))

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
        media = list(row.payload.get("media", ()))
        if fetch is None and any(map(missing, media)):  # tried again
            return await self._brought(row.platform, media)
        return await fetch if fetch is not None else media

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
