"""Empties the outbox through the adapters: one worker claims what is due, words it as things stand,
sends it, and says what came of it.

A send that failed is tried again later, in its place; one that never can is a dead letter that
people see; one that may have
arrived is repeated only where the platform knows a second try from a second message.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from adapters.chat.port import ChatAdapter, Reply, SendError
from bot.cards import Draw, digest_card, drawing, newest_photos, progress_card
from bot.links import Links
from bot.wording.drafts import Draft
from bot.wording.phrases import Phrases
from bot.wording.voice import Voice
from domain.notice import Kind
from domain.person import Address
from storage.ledger import Ledger
from storage.outbox import Claimed
from storage.photos import Photos
from storage.store import Store

log = logging.getLogger("vitrine.courier")
LEASE = 60.0
BATCH = 64
RETRY = (5, 30, 120, 600, 1800, 3600, 7200, 14400)
"""Seconds before each further try, with jitter; after the last the notice is a dead letter."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """Notices that go out as one message, worded."""

    claims: tuple[Claimed, ...]
    draft: Draft
    slot_message: str
    draw: Draw | None = None


@dataclass(slots=True)
class Courier:
    """The one who carries. `wake()` tells it that something may be due."""

    store: Store
    adapters: Mapping[str, ChatAdapter]
    voice: Callable[[Ledger], Voice]
    photos: Photos
    links: Links
    factory: str
    done: Callable[[], None] = lambda: None
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _pause: float = 30.0
    sending: int = 0

    def wake(self) -> None:
        """Look again, soon."""
        self._woken.set()

    async def run(self) -> None:
        """Carry until cancelled. Nothing that goes wrong with one notice stops the others."""
        await self._recover()
        while True:
            self._woken.clear()
            try:
                carried = await self.carry()
            except Exception:
                log.exception("the courier stumbled")
                carried = 0
                await asyncio.sleep(1)
            if not carried:
                self.done()
                await self._sleep()

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self._woken.wait(), self._pause)
        except TimeoutError:
            return

    async def _recover(self) -> None:
        """What an earlier process had claimed: sent again where that is safe, else marked
        unknown.
        """

        def sort_out(ledger: Ledger) -> None:
            for claimed in ledger.outbox.expired(time.time() + LEASE):
                adapter = self.adapters.get(claimed.notice.to.platform)
                safe = claimed.notice.kind is Kind.REACTION or (
                    adapter is not None and adapter.can.idempotent
                )
                if safe or adapter is None:
                    ledger.outbox.release(claimed)
                else:
                    ledger.outbox.unknown(claimed, "the process stopped while sending")

        await self.store.run(sort_out)

    async def carry(self) -> int:
        """One round: claim, word, send. How many notices were taken."""
        parcels = await self.store.run(self._pack)
        self.sending = sum(len(p.claims) for p in parcels)
        if parcels:
            await asyncio.gather(*(self._deliver(p) for p in parcels))
        count, self.sending = self.sending, 0
        return count

    def _pack(self, ledger: Ledger) -> list[Parcel]:
        """Claim what is due and word it, in one unit of work: what is said is what is true now."""
        now = ledger.clock.now()
        claims = ledger.outbox.claim(now, time.time() + LEASE, BATCH)
        bundles: dict[tuple[Address, str], list[Claimed]] = {}
        for claimed in claims:
            notice = claimed.notice
            name = notice.bundle or f"#{claimed.id}"
            bundles.setdefault((notice.to, name), []).append(claimed)
        voice = self.voice(ledger)
        parcels = []
        for group in bundles.values():
            try:
                parcels.append(self._parcel(ledger, voice, group))
            except Exception as error:
                log.exception("notice %d could not be worded", group[0].id)
                for claimed in group:
                    ledger.outbox.dead(claimed, f"not worded: {type(error).__name__}")
        return parcels

    def _parcel(self, ledger: Ledger, voice: Voice, group: Sequence[Claimed]) -> Parcel:
        notices = [c.notice for c in group]
        first = notices[0]
        now = ledger.clock.now()
        phrases = Phrases(first.language, ledger, voice.calendar, now)
        if first.kind is Kind.REACTION:
            return Parcel(tuple(group), Draft(Reply("reaction", "")), "")
        draft = voice.word(ledger, notices, now)
        slot = ledger.outbox.slot(first.to, first.slot) if first.slot else ""
        draw = self._drawing(ledger, phrases, draft) if draft.picture else None
        return Parcel(tuple(group), draft, slot, draw)

    def _drawing(self, ledger: Ledger, p: Phrases, draft: Draft) -> Draw | None:
        assert draft.picture is not None
        name, facts = draft.picture
        if name == "digest":
            return drawing(digest_card(p, facts, self.factory))
        order = ledger.order(str(facts["order"]))
        if order is None:
            return None
        shots = tuple(self.photos.open(x.thumb) for x in newest_photos(order))
        customer = bool(facts.get("customer"))
        return drawing(progress_card(p, order, shots, self.factory, customer=customer))

    async def _deliver(self, parcel: Parcel) -> None:
        first = parcel.claims[0].notice
        adapter = self.adapters.get(first.to.platform)
        if adapter is None:
            await self._settle(parcel, SendError("no adapter for this platform", permanent=True))
            return
        try:
            message_id = await self._send(adapter, parcel)
        except SendError as error:
            await self._settle(parcel, error)
        except TimeoutError:
            await self._settle(parcel, SendError("timed out", ambiguous=True))
        except Exception as error:
            log.exception("notice %d could not be sent", parcel.claims[0].id)
            await self._settle(parcel, SendError(type(error).__name__))
        else:
            await self._sent(parcel, message_id)

    async def _send(self, adapter: ChatAdapter, parcel: Parcel) -> str:
        first = parcel.claims[0].notice
        if first.kind is Kind.REACTION:
            mark = "recorded" if first.what == "recorded" else ""
            if adapter.can.reactions:
                await adapter.react(first.to, str(first.facts["message"]), mark)
            return ""
        reply = parcel.draft.reply
        if parcel.draw is not None:
            reply = Reply(**{**_fields(reply), "picture": await self._drawn(parcel.draw)})
        if parcel.slot_message and adapter.can.edits:
            await adapter.edit(first.to, parcel.slot_message, reply)
            return parcel.slot_message
        return await adapter.send(first.to, reply, f"{parcel.claims[0].id}")

    async def _drawn(self, draw: Draw) -> bytes | None:
        """The card; a card that can't be drawn is left out, its text says everything anyway."""
        try:
            return await asyncio.to_thread(draw)
        except Exception:
            log.exception("a card could not be drawn")
            return None

    async def _sent(self, parcel: Parcel, message_id: str) -> None:
        def note(ledger: Ledger) -> None:
            for claimed in parcel.claims:
                ledger.outbox.sent(claimed, message_id, ledger.clock.now())

        await self.store.run(note)

    async def _settle(self, parcel: Parcel, error: SendError) -> None:
        """What a failed send means for its notices."""
        adapter = self.adapters.get(parcel.claims[0].notice.to.platform)
        idempotent = adapter is not None and adapter.can.idempotent

        def note(ledger: Ledger) -> None:
            now = ledger.clock.now()
            for claimed in parcel.claims:
                if error.permanent or claimed.attempts > len(RETRY):
                    ledger.outbox.dead(claimed, str(error))
                elif error.ambiguous and not idempotent:
                    ledger.outbox.unknown(claimed, str(error))
                else:
                    wait = error.retry_after or RETRY[claimed.attempts - 1]
                    wait *= 1 + random.random() / 4
                    ledger.outbox.again(claimed, now + timedelta(seconds=wait), str(error))

        for claimed in parcel.claims:
            log.warning("notice %d (try %d): %s", claimed.id, claimed.attempts, error)
        await self.store.run(note)


def _fields(reply: Reply) -> dict[str, Any]:
    return {name: getattr(reply, name) for name in reply.__dataclass_fields__}
