"""Empties the outbox through the adapters: claims what is due and may go under the platforms'
limits, words it as things stand, sends it, and says what came of it.

A send that failed is tried again later, in its place; one that never can is a dead letter that
people see; one that may have arrived is repeated only where the platform knows a second try from a
second message. A slow platform holds up nobody else: every send is a task of its own.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from adapters.chat.port import CannotEdit, ChatAdapter, Edits, SendError
from bot.cards import Draw
from bot.limits import Limits
from bot.logs import about
from bot.losses import Losses
from bot.measures import Measures
from bot.parcels import Packer, Parcel
from domain.notice import Kind
from storage.ledger import Ledger
from storage.outbox import Claimed
from storage.store import Store

log = logging.getLogger("vitrine.courier")
LEASE = 60.0
"""Seconds that a claim is ours."""
LONGEST = 40.0
"""Seconds after which an unanswered send counts as one that may have arrived."""
FLIGHTS = 64
"""Messages on their way at a time."""
RETRY = (5, 30, 120, 600, 1800, 3600, 7200, 14400)
"""Seconds before each further try, with jitter; after the last the notice is a dead letter."""
PAUSE = 30.0
JITTER = 0.03
"""Seconds by which one message may take longer to its platform than another."""
TRIPS = 50
"""Messages of which the quickest tells how long an answer takes at least."""
MARKS = 2
"""Tries of a mark on a message, which nobody misses."""
OLDEST = timedelta(hours=24)
"""How long a platform may put a notice off before it is given up."""
HANGS = 3.0
"""Seconds after which a send is not worth waiting for."""
DRAWN = 32
"""Pictures that are remembered: a fan-out draws its card once."""


@dataclass(slots=True)
class Courier:
    """The one who carries. `wake()` tells it that something may be due."""

    store: Store
    adapters: Mapping[str, ChatAdapter]
    packer: Packer
    limits: Limits
    losses: Losses
    done: Callable[[], None] = lambda: None
    measures: Measures = field(default_factory=Measures)
    ours: Callable[[str], bool] = lambda _: True
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: dict[asyncio.Task[None], float] = field(default_factory=dict)
    _drawn: dict[Draw, asyncio.Task[bytes]] = field(default_factory=dict)
    _looked: float = 0.0
    _trips: dict[str, deque[float]] = field(default_factory=dict)

    @property
    def sending(self) -> int:
        """How many messages are on their way and do not hang."""
        recent = time.monotonic() - HANGS
        return sum(begun > recent for begun in self._tasks.values())

    def wake(self) -> None:
        """Look again, soon."""
        self._woken.set()

    async def run(self) -> None:
        """Carry until cancelled. Nothing that goes wrong with one notice stops the others."""
        if not self.store.shared:  # else whoever takes a platform over sees to what was left
            await self._sorted_out(time.time() + LEASE)
        try:
            while True:
                self._woken.clear()
                try:
                    carried, opens = await self._round()
                except Exception:
                    log.exception("the courier stumbled")
                    carried, opens = 0, time.time() + 1
                if not carried:
                    if not self.sending:
                        self.done()
                    await self._sleep(opens)
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _sleep(self, opens: float) -> None:
        pause = min(max(opens - time.time(), 0.001), PAUSE) if opens else PAUSE
        # not wait_for: in Python 3.11 it can swallow a cancellation that comes with the wake
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._woken.wait()

    async def take_over(self, platform: str) -> None:
        """Nobody else sends on a platform any more: what was on its way is sorted out at once."""
        if self.store.shared:
            await self._sorted_out(time.time() + LEASE, platform)
            self.wake()

    async def _sorted_out(self, wall: float, platform: str = "") -> None:
        """The same as `_recover`, as often as it takes."""
        while True:
            try:
                return await self._recover(wall, platform)
            except Exception as error:
                log.warning("what was on its way is not sorted out yet: %s", type(error).__name__)
                await asyncio.sleep(1)

    async def _recover(self, wall: float, platform: str = "") -> None:
        """Claims whose sender died or hangs (on one platform, or on all that are ours): sent again
        where that is safe, else marked unknown.
        """

        def sort_out(ledger: Ledger) -> list[str]:
            doubtful = []
            for claimed in ledger.outbox.expired(wall):
                theirs = claimed.notice.to.platform
                if theirs != platform if platform else not self.ours(theirs):
                    continue
                adapter = self.adapters.get(claimed.notice.to.platform)
                mark = claimed.notice.kind is Kind.REACTION  # where there are none, it is an answer
                can = adapter.can if adapter is not None else None
                if can is None or can.idempotent or (mark and can.reactions):
                    ledger.outbox.release(claimed)
                else:
                    ledger.outbox.unknown(claimed, "the process stopped while sending")
                    self.losses.doubtful(ledger, claimed)
                    doubtful.append(claimed.notice.to.platform)
            return doubtful

        self._looked = time.monotonic()
        for name in await self.store.run(sort_out):
            self.measures.delivered(name, "unknown")

    async def _round(self) -> tuple[int, float]:
        """Claim, word, and send off. How many went, and when (wall clock) more may go."""
        if time.monotonic() - self._looked > LEASE:
            await self._recover(time.time())
        wall = time.time()
        room = FLIGHTS - len(self._tasks)
        if room <= 0:
            return 0, 0.0
        parcels, opens = await self.store.run(
            lambda ledger: self.packer.pack(ledger, wall, wall + LEASE, room, self.ours)
        )
        for parcel in parcels:
            task = asyncio.create_task(self._deliver(parcel, wall + LEASE))
            self._tasks[task] = time.monotonic()
            task.add_done_callback(self._landed)
        return len(parcels), opens

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task, None)
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("what came of a notice could not be noted", exc_info=error)

    async def _deliver(self, parcel: Parcel, until: float) -> None:
        first = parcel.claims[0]
        to, order = first.notice.to, first.notice.facts.get("order")
        with about(notice=first.id, platform=to.platform, chat=to.chat, order=order):
            await self._carry(parcel, until)

    async def _carry(self, parcel: Parcel, until: float) -> None:
        first = parcel.claims[0]
        adapter = self.adapters.get(first.notice.to.platform)
        if adapter is None:
            error = SendError("no adapter for this platform", permanent=True)
            await self._settle(parcel, error, time.time())
            return
        begun = [time.time()]
        try:
            message_id = await asyncio.wait_for(self._send(adapter, parcel, until, begun), LONGEST)
        except SendError as error:
            await self._settle(parcel, error, self._arrived(parcel, begun[0]))
        except TimeoutError:
            late = SendError("timed out", ambiguous=True)
            await self._settle(parcel, late, self._arrived(parcel, begun[0]))
        except Exception as fault:
            log.exception("notice %d could not be sent", first.id)
            broke = SendError(type(fault).__name__)
            await self._settle(parcel, broke, self._arrived(parcel, begun[0]))
        else:
            await self._sent(parcel, message_id, self._arrived(parcel, begun[0]))

    def _arrived(self, parcel: Parcel, begun: float) -> float:
        """The moment to which a message is charged that left at another and was answered now: so
        much later as its answer took longer than the quickest of the last ones, and a little.
        """
        now, platform = time.time(), parcel.claims[0].notice.to.platform
        if not parcel.silent:
            self.measures.answered(platform, now - begun)
        trips = self._trips.setdefault(platform, deque(maxlen=TRIPS))
        trips.append(now - begun)
        return min(now, begun + (now - begun - min(trips)) + JITTER)

    async def _send(
        self, adapter: ChatAdapter, parcel: Parcel, until: float, begun: list[float]
    ) -> str:
        """Send it; `begun` is set to the moment at which it left."""
        first = parcel.claims[0].notice
        if parcel.silent:
            return parcel.slot_message
        if first.kind is Kind.REACTION and adapter.can.reactions:
            mark = first.what if first.what in ("recorded", "asked") else ""
            await adapter.react(first.to, str(first.facts["message"]), mark)
            return ""
        reply = parcel.fitted.reply
        if parcel.draw is not None:
            reply = replace(reply, picture=await self._picture(parcel.draw))
            reply = self.packer.fit(adapter, reply).reply
        if time.time() > until - LONGEST / 2:
            raise SendError("too late under this claim")
        begun[0] = time.time()
        if parcel.whisper and await adapter.whisper(
            first.to, parcel.whisper, reply, str(first.facts.get("press", ""))
        ):
            return ""
        if parcel.slot_message and adapter.can.edits is not Edits.NEVER:
            try:
                await adapter.edit(first.to, parcel.slot_message, reply)
            except CannotEdit:
                if parcel.only_edit:
                    return parcel.slot_message
            else:
                return parcel.slot_message
        return await adapter.send(first.to, reply, f"{parcel.claims[0].id}")

    async def _picture(self, draw: Draw) -> bytes | None:
        """The card; a card that can't be drawn is left out, its text says everything anyway."""
        task = self._drawn.pop(draw, None) or asyncio.create_task(asyncio.to_thread(draw))
        self._drawn[draw] = task
        while len(self._drawn) > DRAWN:
            del self._drawn[next(iter(self._drawn))]
        try:
            return await asyncio.shield(task)
        except Exception:
            log.exception("a card could not be drawn")
            return None

    async def _sent(self, parcel: Parcel, message_id: str, wall: float) -> None:
        def note(ledger: Ledger) -> datetime:
            now = ledger.clock.now()
            if not parcel.silent:
                picture = parcel.draw is not None
                self.limits.charge(ledger, parcel.claims[0].notice, wall, picture=picture)
            for claimed in parcel.claims:
                ledger.outbox.sent(claimed, message_id, now, parcel.fitted.numbered)
            return now

        now = await self._noted(note)
        for notice in (c.notice for c in parcel.claims):
            delay = None if parcel.silent else (now - notice.not_before).total_seconds()
            result = "needless" if parcel.silent else "sent"
            self.measures.delivered(notice.to.platform, result, delay)

    async def _noted(self, note: Callable[[Ledger], datetime]) -> datetime:
        """Write down that something went out, while it is still ours to say."""
        until = time.monotonic() + LEASE - LONGEST
        while True:
            try:
                return await self.store.run(note)
            except Exception as error:
                if time.monotonic() > until:
                    raise
                log.warning("what went out is not noted yet: %s", type(error).__name__)
                await asyncio.sleep(0.5)

    async def _settle(self, parcel: Parcel, error: SendError, wall: float) -> None:
        """What a failed send means for its notices."""
        first = parcel.claims[0].notice
        adapter = self.adapters.get(first.to.platform)
        idempotent = adapter is not None and adapter.can.idempotent

        def note(ledger: Ledger) -> list[str]:
            self.limits.charge(ledger, first, wall)
            if error.retry_after is not None:
                until = wall + error.retry_after
                self.limits.hold(ledger, first.to, until, everywhere=error.everywhere)
            fates = [
                self._fate(ledger, claimed, error, wall, idempotent=idempotent)
                for claimed in parcel.claims
            ]
            if error.moved_to and error.moved_to != first.to.chat:
                ledger.folk.move(first.to, error.moved_to)
            elif error.shut:
                self.losses.shut(ledger, first.to, str(error))
            return fates

        for claimed in parcel.claims:
            log.warning("notice %d (try %d): %s", claimed.id, claimed.attempts, error)
        fates = await self.store.run(note)
        self.measures.failed(first.to.platform, error)
        for fate in fates:
            self.measures.delivered(first.to.platform, fate)

    def _fate(
        self, ledger: Ledger, claimed: Claimed, error: SendError, wall: float, *, idempotent: bool
    ) -> str:
        """Write down what a failed send means for one notice; in one word."""
        mark = claimed.notice.kind is Kind.REACTION
        lies = ledger.clock.now() - claimed.notice.not_before > OLDEST
        if error.moved_to and error.moved_to != claimed.notice.to.chat:
            ledger.outbox.release(claimed)
            return "moved"
        if error.retry_after is not None and not lies:
            at = wall + error.retry_after * (1 + random.random() / 20)
            ledger.outbox.postponed(claimed, at, str(error))
            return "paused"
        if error.permanent or claimed.attempts > (MARKS - 1 if mark else len(RETRY)):
            ledger.outbox.dead(claimed, str(error))
            self.losses.dead(ledger, claimed, shut=error.shut)
            return "dead"
        if error.ambiguous and not idempotent:
            ledger.outbox.unknown(claimed, str(error))
            self.losses.doubtful(ledger, claimed)
            return "unknown"
        wait = float(RETRY[claimed.attempts - 1])
        ledger.outbox.again(claimed, wall + wait * (1 + random.random() / 4), str(error))
        return "retry"
