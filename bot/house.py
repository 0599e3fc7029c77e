"""The factory as the web pages see it: reading, links, pictures, words. Implements the web room's
port over the store.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from adapters.web.ports import Opened
from bot.cards import ticket_of
from bot.exports import export_csv, export_xlsx
from bot.links import Links
from bot.pictures.ticket import ticket_pdf, ticket_png
from bot.settings import VERSION
from bot.wording import speak
from bot.wording.phrases import Phrases
from domain.calendar import WorkCalendar
from domain.commands import Follow, Told, Unfollow
from domain.desk import Desk
from domain.errors import DomainError
from domain.notice import Kind, Loud, Notice
from domain.order import Order
from domain.person import Person
from domain.ports import Clock, Reader
from storage.ledger import Ledger
from storage.photos import Photos
from storage.store import Store

T = TypeVar("T")


@dataclass(slots=True)
class House:
    """What the pages ask. See `adapters.web.ports.House` for the promises."""

    store: Store
    clock: Clock
    calendar: WorkCalendar
    desk: Desk
    links: Links
    photos: Photos
    pictures: Path
    platforms: Callable[[], Mapping[str, str]]
    counted: Callable[[], Mapping[str, Mapping[str, int]]]
    audited: Callable[[], Sequence[str]]
    sandbox: bool = False
    language: str = "zh-CN"
    factory: str = "Vitrine"
    version: str = VERSION
    _watchers: list[Callable[[], None]] = field(default_factory=list)

    def now(self) -> datetime:
        """The moment."""
        return self.clock.now()

    async def read(self, work: Callable[[Reader], T]) -> T:
        """Ask the books."""
        return await self.store.run(work)

    async def all_orders(self) -> Sequence[Order]:
        """All orders, open or not."""
        return await self.store.run(lambda ledger: ledger.orders.all_orders())

    def say(self, language: str, key: str, **facts: object) -> str:
        """A sentence."""
        return speak.say(language, key, **facts)

    def words(self, language: str, prefix: str) -> Mapping[str, str]:
        """Sentences for scripts."""
        return speak.words(language, prefix)

    def date(self, language: str, value: object) -> str:
        """A date or moment in words."""
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        assert isinstance(value, date)
        return speak.say_date(language, value, self.calendar.zone)

    async def link(self, kind: str, subject: str, reader: str = "") -> str:
        """The relative address of a tokened page."""
        return await self.store.run(lambda ledger: self.links.path(ledger, kind, subject, reader))

    async def opened(self, kind: str, token: str) -> Opened | None:
        """What a token opens."""
        found = await self.store.run(lambda ledger: self.links.opened(ledger, kind, token))
        return Opened(*found) if found else None

    def photo_url(self, order_no: str, photo_id: int, thumb: bool = False) -> str:
        """The address of a picture."""
        return self.links.photo(order_no, photo_id, thumb)

    async def photo(self, token: str) -> tuple[bytes, str] | None:
        """A picture's bytes."""
        place = self.links.photo_of(token)
        if place is None:
            return None
        order_no, number, thumb = place
        order = await self.store.run(lambda ledger: ledger.order(order_no))
        shot = next((p for p in order.photos if p.id == number), None) if order else None
        if shot is None:
            return None
        key = shot.thumb if thumb else shot.key
        media = MEDIA.get(key.rpartition(".")[2], "application/octet-stream")
        return await asyncio.to_thread(self.photos.open, key), media

    def picture(self, name: str) -> bytes | None:
        """A card or a received picture by its secret name."""
        if not (name.isascii() and name.replace("-", "").isalnum() and len(name) <= 80):
            return None
        path = self.pictures / name
        return path.read_bytes() if path.is_file() else None

    def keep_picture(self, data: bytes) -> str:
        """Keep a picture under a name that can't be guessed; its relative address."""
        name = secrets.token_hex(20)
        self.pictures.mkdir(parents=True, exist_ok=True)
        (self.pictures / name).write_bytes(data)
        return f"/pictures/{name}"

    async def ticket(self, order_no: str, form: str, node: str = "") -> bytes | None:
        """The work ticket."""

        def gather(ledger: Ledger) -> Any:
            order = ledger.order(order_no)
            if order is None or (node and node not in order.nodes):
                return None
            p = Phrases(self.language, ledger, self.calendar, self.now())
            subject = self.links.ticket(order_no, node)
            path = self.links.path(ledger, "t", subject)
            return ticket_of(p, order, (self.links.base + path).upper(), self.factory, node)

        found = await self.store.run(gather)
        if found is None:
            return None
        if form == "pdf":
            return await asyncio.to_thread(ticket_pdf, [found])
        return await asyncio.to_thread(ticket_png, found)

    async def export(self, form: str) -> bytes:
        """All orders as csv, orders and events as xlsx."""

        def gather(ledger: Ledger) -> bytes:
            p = Phrases(self.language, ledger, self.calendar, self.now())
            return export_xlsx(ledger, p) if form == "xlsx" else export_csv(ledger, p)

        return await self.store.run(gather)

    async def event_rows(self, order_no: str) -> Sequence[Mapping[str, Any]]:
        """The audit log of an order, hashes with it."""
        rows = await self.store.run(lambda ledger: ledger.orders.event_rows(order_no))
        return [_event_row(r) for r in rows]

    async def follow(self, opened: Opened, node: str, on: bool) -> bool:
        """A customer's opt-in on their page."""

        def act(ledger: Ledger) -> bool:
            person = self._reader(ledger, opened)
            if person is None:
                return False
            command = Follow(opened.subject, node) if on else Unfollow(opened.subject, node)
            try:
                self.desk.handle(ledger, command, Told(person, self.now()))
            except DomainError:
                return False
            return True

        return await self.store.run(act)

    def _reader(self, ledger: Ledger, opened: Opened) -> Person | None:
        order = ledger.order(opened.subject)
        return ledger.person(opened.reader or (order.customer if order else ""))

    async def ask(self, opened: Opened, text: str) -> None:
        """A customer's question from their page goes to those who lead."""

        def act(ledger: Ledger) -> None:
            person = self._reader(ledger, opened)
            order = ledger.order(opened.subject)
            if order is None:
                return
            now = self.now()
            for group in self.desk.alarms.leading(ledger):
                ledger.notify(
                    Notice(
                        group.address,
                        Kind.NOTICE,
                        "asked",
                        f"asked/{opened.subject}/{now.isoformat()}/{group.address.chat}",
                        now,
                        {
                            "order": order.order_no,
                            "node": "",
                            "by": person.id if person else "",
                            "text": text[:500],
                        },
                        group.language,
                        Loud.REPLY,
                    )
                )

        await self.store.run(act)

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be told when something changed."""
        self._watchers.append(listener)
        return lambda: self._watchers.remove(listener) if listener in self._watchers else None

    def changed(self) -> None:
        """Tell all who watch; on the event loop."""
        for listener in list(self._watchers):
            listener()

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        """What happened on each platform."""
        return self.counted()

    async def health(self) -> Mapping[str, Any]:
        """Whether all is well."""
        try:
            await asyncio.wait_for(
                self.store.run(lambda ledger: ledger.sql.value("SELECT 1")), timeout=5
            )
            database = "ok"
        except Exception as error:
            database = type(error).__name__
        platforms = dict(self.platforms())
        findings = list(self.audited())
        well = database == "ok" and not findings
        well = well and all(s in ("ok", "off", "starting", "standby") for s in platforms.values())
        return {
            "status": "ok" if well else "failing",
            "version": self.version,
            "database": database,
            "platforms": platforms,
            "auditor": findings,
        }


MEDIA = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp",
    "mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm",
}  # fmt: skip


def _event_row(row: Mapping[str, Any]) -> dict[str, Any]:
    platform = row["source_platform"]
    source = (
        {
            "platform": platform,
            "chat": row["source_chat"],
            "message_id": row["source_message"],
        }
        if platform
        else None
    )
    kept = ("seq", "type", "node", "by", "occurred_at", "recorded_at", "data", "hash")
    return {k: row[k] for k in kept} | {"data": json.loads(row["data"]), "source": source}
