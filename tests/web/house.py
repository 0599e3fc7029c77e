"""A second implementation of the web room's ports: a factory in memory, made of real orders."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import domain
from adapters.web.ports import Opened
from bot.wording import speak
from domain.alert import Alert
from domain.calendar import WorkCalendar
from domain.commands import (
    Attach,
    ChangeDue,
    Command,
    Complete,
    Delay,
    Follow,
    PlaceOrder,
    Progress,
    Start,
    Told,
    Undo,
    Unfollow,
)
from domain.decide import decide
from domain.errors import DomainError, NotFound, Refused
from domain.events import Event, PhotoAttached, pack
from domain.order import Order, empty, evolve
from domain.person import Address, Group, GroupKind, Person, Role
from domain.plan import place
from domain.ports import Reader
from domain.route import Route, from_toml

T = TypeVar("T")
ROUTE = from_toml(
    (Path(domain.__path__[0]) / "templates" / "garment.toml").read_text(encoding="utf-8")
)
BEGIN = datetime(2026, 11, 23, 0, 40, tzinfo=UTC)
PEOPLE = (
    Person("P01", "陈国强", Role.MANAGER, "厂长", ("*",)),
    Person("P03", "李红梅", Role.OPERATOR, "裁床组长", ("cut",)),
    Person("P04", "王建军", Role.OPERATOR, "绣花组长", ("emb",)),
    Person("C05", "跃动健身(刘教练)", Role.CUSTOMER),
    Person("C03", "Northwind (Emma)", Role.CUSTOMER, language="en"),
    Person("C04", "山行社(許先生)", Role.CUSTOMER, language="zh-TW"),
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360"
    "606060000000050001a5f645400000000049454e44ae426082"
)


@dataclass
class Books:
    """The reading port over plain dictionaries."""

    orders: dict[str, Order] = field(default_factory=dict)
    events: dict[str, tuple[Event, ...]] = field(default_factory=dict)
    everybody: dict[str, Person] = field(default_factory=lambda: {p.id: p for p in PEOPLE})

    def order(self, order_no: str) -> Order | None:
        return self.orders.get(order_no)

    def history(self, order_no: str) -> tuple[Event, ...]:
        return self.events.get(order_no, ())

    def latest(self, count: int) -> tuple[Event, ...]:
        every = [e for events in self.events.values() for e in events]
        return tuple(sorted(every, key=lambda e: (e.recorded_at, e.seq), reverse=True)[:count])

    def open_orders(self) -> tuple[Order, ...]:
        return tuple(o for _, o in sorted(self.orders.items()) if o.open)

    def orders_of(self, customer: str) -> tuple[Order, ...]:
        return tuple(o for o in self.orders.values() if o.customer == customer)

    def alerts_of(self, order_no: str) -> tuple[Alert, ...]:
        return ()

    def alerts_told_as(self, name: str) -> tuple[Alert, ...]:
        return ()

    def told_since(self, to: Address, kinds: Sequence[str], since: datetime) -> int:
        return 0

    def slot_told(self, to: Address, slot: str) -> bool:
        return False

    def route(self, key: str) -> Route | None:
        return ROUTE

    def person(self, person_id: str) -> Person | None:
        return self.everybody.get(person_id)

    def people(self) -> tuple[Person, ...]:
        return tuple(self.everybody.values())

    def groups(self, kind: GroupKind) -> tuple[Group, ...]:
        return ()

    def reach(self, person_id: str) -> Address | None:
        return None

    def alert(self, alert_id: str) -> Alert | None:
        return None

    def open_alerts(self) -> tuple[Alert, ...]:
        return ()

    def was_told(self, key: str) -> bool:
        return False

    def last_push(self, to: Address, bundle: str) -> datetime | None:
        return None


@dataclass
class Home:
    """`adapters.web.ports.House` in memory."""

    version: str = "9.9"
    sandbox: bool = True
    language: str = "zh-CN"
    factory: str = "禾禾定制服饰"
    calendar: WorkCalendar = field(default_factory=lambda: WorkCalendar(ZoneInfo("Asia/Shanghai")))
    books: Books = field(default_factory=Books)
    at: datetime = BEGIN
    listeners: list[Callable[[], None]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    state: str = "ok"
    broken: bool = False

    def now(self) -> datetime:
        return self.at

    async def read(self, work: Callable[[Reader], T]) -> T:
        if self.broken:
            raise RuntimeError("the disk is gone")
        return work(self.books)

    async def all_orders(self) -> Sequence[Order]:
        return [o for _, o in sorted(self.books.orders.items())]

    async def event_rows(self, order_no: str) -> Sequence[Mapping[str, Any]]:
        return [
            {
                "seq": e.seq, "type": e.type, "node": e.node, "by": e.by,
                "occurred_at": e.occurred_at, "recorded_at": e.recorded_at, "source": None,
                "data": pack(e.fact), "hash": hashlib.sha256(repr(e).encode()).hexdigest(),
            }
            for e in self.books.history(order_no)
        ]  # fmt: skip

    def say(self, language: str, key: str, **facts: object) -> str:
        return speak.say(language, key, **facts)

    def words(self, language: str, prefix: str) -> Mapping[str, str]:
        return speak.words(language, prefix)

    def date(self, language: str, value: object) -> str:
        assert isinstance(value, date)
        return speak.say_date(language, value, self.calendar.zone)

    def token(self, kind: str, subject: str, reader: str) -> str:
        return hashlib.sha256(f"{kind}/{subject}/{reader}".encode()).hexdigest()[:32]

    async def link(self, kind: str, subject: str, reader: str = "") -> str:
        return f"/{kind}/{self.token(kind, subject, reader)}"

    async def opened(self, kind: str, token: str) -> Opened | None:
        for number, order in self.books.orders.items():
            for reader in ("", order.customer):
                if self.token(kind, number, reader) == token.lower():
                    return Opened(number, reader)
        return None

    def photo_url(self, order_no: str, photo_id: int, thumb: bool = False) -> str:
        return f"/photos/{self.token('photo', order_no, f'{photo_id}{thumb}')}"

    async def photo(self, token: str) -> tuple[bytes, str] | None:
        for number, order in self.books.orders.items():
            for photo in order.photos:
                for thumb in (False, True):
                    if self.photo_url(number, photo.id, thumb).endswith(token):
                        return PNG, "image/png"
        return None

    def picture(self, name: str) -> bytes | None:
        return PNG if name == "known" else None

    async def ticket(self, order_no: str, form: str, node: str = "") -> bytes | None:
        return b"%PDF-1.4" if order_no in self.books.orders else None

    async def export(self, form: str) -> bytes:
        return form.encode()

    async def follow(self, opened: Opened, node: str, on: bool) -> bool:
        order = self.books.orders[opened.subject]
        command = Follow(opened.subject, node) if on else Unfollow(opened.subject, node)
        try:
            self.do(command, opened.reader or order.customer)
        except DomainError:
            return False
        return True

    async def ask(self, opened: Opened, text: str) -> None:
        self.asked.append((opened.subject, text))

    def watch(self, listener: Callable[[], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def counts(self) -> Mapping[str, Mapping[str, int]]:
        return {"sandbox": {"received": 3}}

    async def health(self) -> Mapping[str, Any]:
        platforms = {"sandbox": "ok"}
        return {
            "status": self.state, "version": self.version, "database": "ok",
            "platforms": platforms,
        }  # fmt: skip

    def do(self, command: Command, by: str) -> None:
        """Somebody wants something, now."""
        number = command.order_no
        order = self.books.orders.get(number) or empty(number, ROUTE)
        placing = None
        if isinstance(command, PlaceOrder):
            placing = place(
                ROUTE, command.quantity, command.placed or self.at, command.due, self.calendar
            )
        person = self.books.everybody[by]
        history = self.books.history(number)
        events = decide(
            order, command, Told(person, self.at), history=lambda: history, placing=placing
        )
        for event in events:
            order = evolve(order, event, history)
            history = (*history, event)
        self.books.orders[number], self.books.events[number] = order, history
        for listener in list(self.listeners):
            listener()


def factory() -> Home:
    """Two orders on their way, one in trouble, one fresh."""
    home = Home()
    back = BEGIN - timedelta(days=7)
    for number, product, pieces, customer, due in (
        ("A102", "连帽卫衣 左胸绣花", 120, "C05", date(2026, 12, 5)),
        ("A104", "棒球帽 立体绣", 200, "C03", date(2026, 11, 26)),
        ("A107", "冲锋衣 反光印", 50, "C04", date(2026, 12, 9)),
    ):
        home.do(PlaceOrder(number, product, pieces, customer, "garment", due, back), "P01")
        home.do(Complete(number, "confirm"), "P01")
        home.do(Complete(number, "material"), "P01")
    home.do(Start("A102", "cut"), "P03")
    home.do(Progress("A102", "cut", 50), "P03")
    home.do(Complete("A104", "cut"), "P03")
    home.do(Delay("A104", "emb", "equipment", "2号机坏了 王建军说的", "2026-11-27"), "P04")
    home.do(ChangeDue("A104", date(2026, 11, 30), "equipment", "内部的话"), "P01")
    photo = PhotoAttached("ab" * 32, "k", "t", "photo", 1200, 900)
    home.do(Attach("A104", "cut", (photo,)), "P03")
    return home


@dataclass
class Box:
    """`adapters.web.ports.Sandbox` in memory: what is said is kept, 完成 is marked."""

    home: Home
    said: list[dict[str, Any]] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    pressed: list[tuple[str, str, str]] = field(default_factory=list)
    resets: list[tuple[Any, str]] = field(default_factory=list)
    listeners: list[Callable[[str], None]] = field(default_factory=list)

    async def chats(self) -> list[dict[str, Any]]:
        return [
            {"chat": "g1", "title": "生产群", "kind": "production_group",
             "members": ["P01", "P03", "P04"]},
            {"chat": "g2", "title": "管理群", "kind": "management_group", "members": ["P01"]},
            {"chat": "c5", "title": "刘教练", "kind": "private", "members": ["C05"]},
        ]  # fmt: skip

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
        if chat not in ("g1", "g2", "c5"):
            raise NotFound("no-such-chat")
        if sender not in self.home.books.everybody:
            raise NotFound("no-such-person")
        name = edits or message_id or f"m{len(self.said)}"
        if any(m["message_id"] == name for m in self.said) and not edits:
            return name
        self.files += [raw for _, raw in photos]
        marks = ["✍"] if "完成" in text else []
        self.keep(chat, name, sender, text, ["/pictures/known"] * len(photos), marks)
        if marks:
            self.home.do(Complete("A102", "cut"), "P03")
            self.keep(chat, f"b{name}", "bot", "今日进展\nA102 裁切 ✓", [], [], "undo:1")
        if text == "撤回":
            last = [e.seq for e in self.home.books.history("A102") if e.type == "NodeCompleted"]
            self.home.do(Undo("A102", tuple(last[-1:])), "P03")
        return name

    def keep(
        self,
        chat: str,
        name: str,
        sender: str,
        text: str,
        photos: list[str],
        marks: list[str],
        button: str = "",
    ) -> None:
        self.said.append(
            {
                "chat": chat, "message_id": name, "from": sender, "text": text, "photos": photos,
                "kind": "card" if sender == "bot" else None, "image": None, "reactions": marks,
                "buttons": [{"id": button, "label": "撤销"}] if button else [],
                "edited": False, "reply_to": None, "at": self.home.at.isoformat(),
            }
        )  # fmt: skip
        for listener in list(self.listeners):
            listener(chat)

    async def recall(self, chat: str, message_id: str, sender: str) -> None:
        for message in self.said:
            if message["message_id"] == message_id and message["from"] == sender:
                message["recalled"] = True
                return
        raise NotFound("no-such-message")

    async def messages(self, chat: str, after: str) -> dict[str, Any]:
        start = int(after) if after.isdigit() else 0
        found = [m for m in self.said[start:] if m["chat"] == chat]
        return {"cursor": str(len(self.said)), "messages": found}

    async def press(self, message_id: str, button: str, sender: str) -> None:
        if not any(m["message_id"] == message_id for m in self.said):
            raise NotFound("no-such-message")
        self.pressed.append((message_id, button, sender))

    async def turn(self, advance: str, to: str) -> datetime:
        if advance == "PT5M":
            self.home.at += timedelta(minutes=5)
            self.keep("c5", f"push{len(self.said)}", "bot", "A102：裁切完成 ▸ 预计周五", [], [])
        elif to:
            at = datetime.fromisoformat(to)
            if at < self.home.at:
                raise Refused("clock-runs-forward")
            self.home.at = at
        return self.home.at

    async def idle(self) -> None:
        return None

    async def reset(self, world: Mapping[str, Any] | None, at: str) -> None:
        if world is not None:
            world["orders"]
        self.resets.append((world, at))

    async def links(self) -> dict[str, Any]:
        return {"orders": {}, "customers": {}, "suppliers": {}}

    async def script(self) -> list[dict[str, Any]]:
        return [
            {"title": "script.done", "why": "script.done_why", "chat": "g1", "sender": "P03",
             "text": "#A102 裁切完成", "photo": "/pictures/known"},
            {"title": "script.undo", "why": "script.undo_why", "chat": "g1", "sender": "P03",
             "text": "撤回", "turn_after": "PT5M"},
        ]  # fmt: skip

    def watch(self, listener: Callable[[str], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)
