"""The sandbox: the demo factory on a turned clock, spoken to through its own chat adapter."""

import asyncio
import logging
import re
import time
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.chat.webchat import PLATFORM, WebChat
from bot.clocks import TurnedClock
from bot.clockwork import Clockwork
from bot.courier import HANGS, LEASE, Courier
from bot.demo.history import history
from bot.demo.pictures import NAMES, sample
from bot.intake import Intake
from bot.registry import BOT_NAMES
from bot.worlds import World, check, load
from domain.desk import Desk
from domain.errors import NotFound, Refused
from domain.events import PhotoAttached, stamp
from domain.person import Address, GroupKind, Role
from storage.ledger import Ledger
from storage.photos import Photos
from storage.store import Store

log = logging.getLogger("vitrine.sandbox")
NOW = "sandbox.now"
NAME = "sandbox.name"
DEMO = Path(__file__).parent / "demo" / "factory.toml"
FAR = timedelta(days=366)
TABLES = (
    "inbox", "event", "orders", "subscription", "route", "person", "address", "chat_group",
    "outbox", "outbox_cause", "slot", "alert", "question", "link", "schedule_run",
    "transcript", "timer", "need", "secret", "look",
)  # fmt: skip
_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)


def demo() -> World:
    """The demo factory."""
    return tomllib.loads(DEMO.read_text(encoding="utf-8"))


@dataclass(slots=True)
class Sandbox:
    """See `adapters.web.ports.Sandbox` for the promises."""

    store: Store
    clock: TurnedClock
    clockwork: Clockwork
    chat: WebChat
    intake: Intake
    courier: Courier
    desk: Desk
    photos: Photos
    keep_picture: Callable[[bytes], str]
    link: Callable[[str, str, str], Awaitable[str]]
    rename: Callable[[str], None]
    follow: Callable[[Ledger], None]
    history: bool = False
    _quiet: asyncio.Condition = field(default_factory=asyncio.Condition)
    _turning: asyncio.Lock = field(default_factory=asyncio.Lock)
    _samples: dict[str, str] = field(default_factory=dict)

    async def start(self) -> None:
        """The demo factory into empty books; the clock where it stood otherwise."""
        kept = await self.store.run(lambda ledger: ledger.settings.get(NOW))
        if kept:
            self.rename(await self.store.run(lambda ledger: ledger.settings.get(NAME)))
            self.clock.set(datetime.fromisoformat(kept))
        else:
            await self.reset(None, "")

    async def chats(self) -> list[dict[str, Any]]:
        """All chats: groups, and everybody's private one."""

        def gather(ledger: Ledger) -> list[dict[str, Any]]:
            found = [
                {"chat": g.address.chat, "title": g.title, "kind": g.kind.value,
                 "members": list(g.members)}
                for g in ledger.folk.groups().values()
                if g.address.platform == PLATFORM
            ]  # fmt: skip
            for person in ledger.people():
                for place in person.addresses:
                    if place.platform == PLATFORM and place.chat:
                        found.append(
                            {"chat": place.chat, "title": person.name,
                             "kind": GroupKind.PRIVATE.value, "members": [person.id]}
                        )  # fmt: skip
            order = {k.value: n for n, k in enumerate(GroupKind)}
            return sorted(found, key=lambda c: (order[str(c["kind"])], str(c["chat"])))

        return await self.store.run(gather)

    async def people(self) -> list[dict[str, Any]]:
        """Everybody, for choosing who one is."""

        def gather(ledger: Ledger) -> list[dict[str, Any]]:
            return [
                {"id": p.id, "name": p.name, "title": p.title, "role": p.role.value,
                 "language": p.language}
                for p in ledger.people()
            ]  # fmt: skip

        return await self.store.run(gather)

    async def post(
        self,
        chat: str,
        sender: str,
        text: str,
        photos: list[tuple[str, bytes]],
        reply_to: str,
        message_id: str,
        edits: str,
    ) -> str:
        """Say something as somebody, somewhere."""
        private = await self.store.run(lambda ledger: self._place(ledger, chat, sender))
        if edits:
            await self.chat.retype(chat, edits, sender, text)
            return edits
        low = text.lower()
        names = [f"@{n.lower()}" for n in BOT_NAMES]
        return await self.chat.post(
            chat,
            sender,
            text,
            photos,
            reply_to=reply_to,
            message_id=message_id,
            private=private,
            mentions_bot=any(name in low for name in names),
        )

    def _place(self, ledger: Ledger, chat: str, sender: str) -> bool:
        """Whether the chat is private; unknown chats and people are refused."""
        person = ledger.folk.user(PLATFORM, "", sender)
        if person is None:
            raise NotFound("no-such-person", person=sender)
        group = ledger.folk.groups().get(Address(PLATFORM, chat))
        owners = [p.id for p in ledger.people() if any(a.chat == chat for a in p.addresses)]
        if group is None and not owners:
            raise NotFound("no-such-chat", chat=chat)
        closed = group.members if group and group.kind is GroupKind.CUSTOMER else owners
        if closed and sender not in closed:
            raise Refused("not-in-this-chat", chat=chat, person=sender)
        return group is None

    async def recall(self, chat: str, message_id: str, sender: str) -> None:
        """Take a message back out of the chat."""
        await self.chat.recall(chat, message_id, sender)

    async def messages(self, chat: str, after: str) -> dict[str, Any]:
        """What was said."""
        return await self.chat.messages(chat, after)

    async def press(self, message_id: str, button: str, sender: str) -> None:
        """Press a button of a message."""
        found = await self.chat.transcripts.find(message_id)
        if found is None:
            raise NotFound("no-such-message")
        chat, doc = found
        await self.store.run(lambda ledger: self._place(ledger, chat, sender))
        if button not in {b["id"] for b in doc["buttons"]} | {"stale"} and not doc.get("edited"):
            raise NotFound("no-such-button")
        await self.chat.press(chat, message_id, button, sender)

    async def turn(self, advance: str, to: str) -> datetime:
        """Turn the clock: what falls due on the way runs in its order, each at its own time."""
        async with self._turning:
            target = self._target(advance, to)
            await self.idle()
            while True:
                due = await self.store.run(self.clockwork.next_due)
                if due is None or due > target:
                    break
                if due > self.clock.now():
                    await self._set(due)
                before = await self.store.run(_fingerprint)
                await self.clockwork.tick()
                await self.idle()
                if due <= self.clock.now() and before == await self.store.run(_fingerprint):
                    break
            if target > self.clock.now():
                await self._set(target)
            await self.clockwork.tick()
            await self.idle()
            return self.clock.now()

    def _target(self, advance: str, to: str) -> datetime:
        now = self.clock.now()
        if to:
            try:
                target = datetime.fromisoformat(to)
            except ValueError as error:
                raise Refused("no-such-time", given=to[:40]) from error
            if target.tzinfo is None:
                target = target.replace(tzinfo=self.desk.calendar.zone)
        else:
            match = _DURATION.fullmatch(advance)
            if match is None or not any(match.groups()):
                raise Refused("no-such-time", given=advance[:40])
            parts = {k: min(int(v), 10**7) for k, v in match.groupdict().items() if v}
            target = now + min(timedelta(**parts), FAR + FAR)
        if target < now:
            raise Refused("clock-runs-forward")
        if target - now > FAR:
            raise Refused("clock-too-far")
        return target

    async def _set(self, at: datetime) -> None:
        self.clock.set(at)
        await self.store.run(lambda ledger: ledger.settings.put(NOW, stamp(at)))
        self.courier.wake()

    async def idle(self) -> None:
        """Come back when nothing waits to be handled or sent."""
        while await self._busy():
            self.courier.wake()
            async with self._quiet:
                try:
                    async with asyncio.timeout(0.05):
                        await self._quiet.wait()
                except TimeoutError:
                    continue

    async def _busy(self) -> bool:
        if self.intake.busy or self.courier.sending:
            return True
        return bool(
            await self.store.run(
                lambda ledger: (
                    ledger.inbox.waiting()
                    or ledger.outbox.busy(
                        self.clock.now(), time.time(), time.time() + LEASE - HANGS
                    )
                )
            )
        )

    def stirred(self) -> None:
        """Something was handled or sent: whoever waits for quiet looks again."""

        async def tell() -> None:
            async with self._quiet:
                self._quiet.notify_all()

        task = asyncio.get_running_loop().create_task(tell())
        _TASKS.add(task)
        task.add_done_callback(_TASKS.discard)

    async def reset(self, world: Mapping[str, Any] | None, at: str) -> None:
        """Begin again."""
        found = demo() if world is None else check(world)
        moment = self._begin(at or str(found.get("at", "")))
        async with self._turning:
            await self.idle()
            shots = await asyncio.to_thread(self._shots) if world is None else {}
            previous = self.clock.now()

            def past(ledger: Ledger) -> int:
                return history(ledger, self.desk, moment, shots)

            def again(ledger: Ledger) -> None:
                for table in TABLES:
                    ledger.sql.do(f"DELETE FROM {table}")  # noqa: S608 - our own names
                ledger.sql.do("DELETE FROM setting WHERE key NOT LIKE 'memory/%'")
                ledger.cache.forget()
                self.follow(ledger)
                self.clock.set(moment)
                if world is None and self.history:
                    load(ledger, self.desk, found, moment, shots, past)
                else:
                    load(ledger, self.desk, found, moment, shots)
                ledger.settings.put(NOW, stamp(moment))
                ledger.settings.put(NAME, str(found.get("name", "")))
                self.clockwork.arm(ledger)
                self.clockwork.run_due(ledger)

            try:
                await self.store.run(again)
            except BaseException:
                self.clock.set(previous)
                await self.store.run(self.follow)
                raise
        self.rename(str(found.get("name", "")))
        self.courier.wake()

    def _begin(self, at: str) -> datetime:
        if not at:
            return self.clock.now()
        try:
            moment = datetime.fromisoformat(at)
        except ValueError as error:
            raise Refused("no-such-time", given=at[:40]) from error
        zone = self.desk.calendar.zone
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)

    def _shots(self) -> dict[str, PhotoAttached]:
        """The demo's pictures, kept like any that are received."""
        found = {}
        for name in NAMES:
            digest = self.photos.spool(sample(name))
            kept = self.photos.keep(digest)
            self.photos.drop_spooled(digest)
            found[name] = PhotoAttached(
                kept.digest, kept.key, kept.thumb, kept.kind, kept.width, kept.height
            )
        return found

    async def links(self) -> dict[str, Any]:
        """Every order's customer page and ticket, every customer's and supplier's page."""
        orders = await self.store.run(lambda ledger: ledger.orders.all_orders())
        people = await self.store.run(lambda ledger: ledger.people())
        out: dict[str, Any] = {"orders": {}, "customers": {}, "suppliers": {}}
        for order in orders:
            page = await self.link("p", order.order_no, order.customer)
            ticket = await self.link("t", order.order_no, "")
            out["orders"][order.order_no] = {"p": page, "t": ticket}
            out["customers"].setdefault(order.customer, []).append(page)
        for person in people:
            if person.role is Role.SUPPLIER:
                out["suppliers"][person.id] = await self.link("s", person.id, person.id)
        return out

    async def script(self) -> list[dict[str, Any]]:
        """The demo's steps; `key` names their sentences in the catalogue."""
        steps = []
        for step in demo().get("script", ()):
            photo = str(step.get("photo", ""))
            if photo and photo not in self._samples:
                self._samples[photo] = self.keep_picture(await asyncio.to_thread(sample, photo))
            name = f"script.{step['key']}"
            shown = {"title": name, "why": f"{name}_why", "photo": self._samples.get(photo, "")}
            steps.append({**step, **shown})
        return steps

    def watch(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Be told of chats in which something was said or changed."""
        return self.chat.watch(listener)


_TASKS: set[asyncio.Task[None]] = set()


def _fingerprint(ledger: Ledger) -> tuple[Any, ...]:
    """What must have changed if a turn of the clock did anything."""
    row = ledger.sql.row(
        "SELECT (SELECT COUNT(*) FROM outbox WHERE state = 'waiting') AS a,"
        " (SELECT COUNT(*) FROM outbox) AS b, (SELECT COUNT(*) FROM schedule_run) AS c,"
        " (SELECT COUNT(*) FROM question WHERE state = 'open') AS d,"
        " (SELECT COALESCE(MAX(not_before), '') FROM outbox WHERE state = 'waiting') AS e,"
        " (SELECT COUNT(*) || COALESCE(MIN(at), '') FROM timer) AS f"
    )
    return tuple((row or {}).values())
