"""A month in the demo factory on a clock that is turned, with scripted faults; what everybody was
told, when, and in which language. No adapter: notices are claimed and counted as sent.

The same month can be lived by a process that is killed and started again, or by several at once.
"""

import json
import multiprocessing
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.clocks import TurnedClock
from bot.clockwork import Clockwork
from bot.sandbox import demo
from bot.talk import Talk
from bot.worlds import load
from domain.calendar import WorkCalendar
from domain.commands import Attach, Complete, Confirm, PlaceOrder, Told
from domain.desk import Desk
from domain.errors import DomainError
from domain.events import PhotoAttached
from domain.order import Order
from domain.person import Role
from domain.watch import awaited
from storage.holidays import ChinaHolidays
from storage.ledger import Ledger
from storage.migrate import upgrade
from storage.store import Store

ZONE = ZoneInfo("Asia/Shanghai")
BEGIN = datetime(2026, 11, 23, 8, 25, tzinfo=ZONE)
END = datetime(2026, 12, 22, 19, 0, tzinfo=ZONE)
Row = tuple[str, str, str, str, str, str]
"""When (local), chat, kind, what (with a star where a message is edited), language, order and
node.
"""

SCRIPT: tuple[tuple[str, str, str, str], ...] = (
    ("11-23T10:40", "P03", "production", "A102 裁切完成"),
    ("11-23T10:41", "P03", "production", "A108 裁切完成"),
    ("11-23T16:00", "P09", "production", "S01 备料 面料没到，要晚六天"),
    ("11-23T16:20", "P02", "management", "press:send:S01"),
    ("11-23T16:50", "P01", "management", "press:ack:S01"),
    ("11-24T09:10", "P04", "production", "A108 绣花机坏了，修到下午四点"),
    ("11-24T09:55", "P01", "management", "press:ack:A108"),
    ("11-24T09:56", "P02", "management", "press:ack:A104"),
    ("11-24T15:30", "P04", "production", "A108 机器修好了，继续绣"),
    ("11-24T15:31", "P04", "production", "A104 机器修好了，继续绣"),
    ("11-25T09:00", "P09", "production", "A103 备料完成，罗纹到了"),
    ("11-25T09:30", "P08", "production", "A106 质检完成"),
    ("11-30T09:00", "P09", "production", "S01 备料完成，料到了"),
    ("11-26T14:00:00", "P05", "production", "A108 车缝停电"),
    ("11-26T14:00:10", "P05", "production", "A109 车缝停电"),
    ("11-26T14:20", "P02", "management", "press:ack:"),
    ("11-26T17:10", "P05", "production", "A108 车缝来电了，恢复"),
    ("11-26T17:11", "P05", "production", "A109 车缝来电了，恢复"),
)
"""When, who, where, what they write; `press:verb:order` taps the newest such button."""
LATE = {("S02", "sew"): 30.0}
"""Working hours by which somebody forgets a node."""
SLOW = ("A108", "A104", "A107")
"""Orders whose alarms and drafts nobody sees to but by the script; else somebody does in time."""


@dataclass(slots=True)
class Month:
    """One factory. `die` is the chance that the process is killed after a step."""

    folder: Path
    processes: int = 1
    die: float = 0.0
    rows: list[Row] = field(default_factory=list)
    clock: TurnedClock = field(default_factory=lambda: TurnedClock(BEGIN.astimezone(UTC)))
    stores: list[Store] = field(default_factory=list)
    works: list[Clockwork] = field(default_factory=list)
    others: list[tuple[Any, Any]] = field(default_factory=list)
    desk: Desk = field(init=False)
    talk: Talk = field(init=False)
    shots: dict[str, int] = field(default_factory=dict)
    due: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        upgrade(self.folder / "m.db")
        self.desk = Desk(WorkCalendar(ZONE, holidays=ChinaHolidays()))
        self._begin()
        self.now(lambda ledger: load(ledger, self.desk, demo(), self.clock.now(), {}))
        self.now(self.works[0].arm)

    def _begin(self) -> None:
        """Start the processes: nothing is remembered but what is on disk."""
        self.talk = Talk(self.desk, lambda *_: None)
        work = clockwork(self.folder, self.clock, self.desk)
        self.stores, self.works = [work.store], [work]
        spawn = multiprocessing.get_context("spawn")
        for _ in range(self.processes - 1):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=tick, args=(self.folder, theirs), daemon=True)
            process.start()
            self.others.append((process, ours))

    def end(self) -> None:
        for process, pipe in self.others:
            pipe.send(None)
            process.join(30)
            pipe.close()
        self.others.clear()
        for store in self.stores:
            store.close()

    def now(self, work: Any) -> Any:
        return self.stores[0].now(work)

    def live(self, until: datetime = END) -> list[Row]:
        """The month, step by step; what was told."""
        dice = random.Random(7)
        script = list(_moments())
        while True:
            due = self.now(self.works[0].next_due)
            reports = min(self.due.values(), default=None)
            steps = [m for m in (due, reports, script[0][0] if script else None) if m is not None]
            at = max(min(steps, default=until), self.clock.now())
            if at > until:
                return self.rows
            self.clock.set(at)
            while script and script[0][0] <= at:
                self._say(*script.pop(0)[1:])
            self._report(at)
            for _, pipe in self.others:
                pipe.send(self.clock.now())
            self.now(self.works[0].run_due)
            for _, pipe in self.others:
                assert pipe.recv() == "ran"
            self._carry()
            self._plan()
            self._see_to(self.clock.now())
            if dice.random() < self.die:
                self.end()
                self._begin()

    def _carry(self) -> None:
        """Everything due is told."""
        now = self.clock.now()
        while True:
            claims = self.now(lambda ledger: ledger.outbox.claim(now, 1e12, 1000))
            if not claims:
                return
            told: dict[Any, Any] = {}
            for claim in claims:
                notice = claim.notice
                edit = notice.slot and self.now(
                    lambda ledger, n=notice: ledger.outbox.slot(n.to, n.slot)
                )
                told.setdefault((notice.to, notice.bundle or claim.id), (notice, bool(edit)))
                self.now(
                    lambda ledger, c=claim: ledger.outbox.sent(c, f"b-{c.id}", ledger.clock.now())
                )
            for notice, edit in told.values():
                place = f"{notice.facts.get('order', '')} {notice.facts.get('node', '')}".strip()
                local = now.astimezone(ZONE)
                self.rows.append(
                    (f"{local:%m-%d %H:%M}", notice.to.chat, notice.kind.value,
                     notice.what + ("*" if edit else ""), notice.language, place)
                )  # fmt: skip

    def _say(self, who: str, chat: str, text: str) -> None:
        payload: dict[str, Any] = {"said": "message", "text": text}
        if text.startswith("press:"):
            button, target = self._button(text)
            if not button:
                return
            payload = {"said": "pressed", "button": button, "target": target}
        stamp = f"{who}-{self.clock.now():%m%d%H%M%S}-{text}"

        def hear(ledger: Ledger) -> None:
            number = ledger.inbox.take("sandbox", "", stamp, chat, who, self.clock.now(), payload)
            self.talk.hear(ledger, number)

        self.now(hear)
        self._carry()

    def _button(self, text: str) -> tuple[str, str]:
        """The newest alarm or draft of an order (of any, if none is named)."""
        _, verb, order = text.split(":")
        rows = self.now(
            lambda ledger: ledger.sql.rows(
                "SELECT message_id, what, facts FROM outbox WHERE state = 'sent' AND chat ="
                " 'management' AND kind = 'escalation' ORDER BY id DESC"
            )
        )
        wanted = ("draft",) if verb == "send" else ("problem", "red", "orange", "problem-still")
        wanted = wanted if verb == "send" else (*wanted, "red-still")
        for row in rows:
            facts = json.loads(row["facts"])
            if row["what"] in wanted and order in ("", facts.get("order")):
                name = facts.get("draft" if verb == "send" else "alert")
                tail = f":{facts['due']}" if verb == "send" else ""
                return f"{verb}:{name}{tail}", row["message_id"]
        return "", ""  # it never was in the chat: the digest has it

    def _plan(self) -> None:
        """Diligent team leads: each node is reported half an hour after its planned finish."""
        open_orders: tuple[Order, ...] = self.now(lambda ledger: ledger.open_orders())
        waiting = set()
        for order in open_orders:
            for node in order.in_order():
                place = order.order_no, node.key
                if awaited(order, node) and order.order_no not in ("A112",):
                    waiting.add(place)
                    if place not in self.due:
                        assert node.planned_finish is not None
                        since = max(node.planned_finish, self.clock.now())
                        hours = LATE.get(place, 0.5)
                        self.due[place] = self.desk.calendar.add(since, hours)
        for place in {k for k in self.due if k[1] != "alarm"} - waiting:
            del self.due[place]

    def _see_to(self, at: datetime) -> None:
        """Those who lead take alarms within half an hour, and send what is to be sent."""
        alerts = self.now(lambda ledger: ledger.open_alerts())
        alive = {a.id for a in alerts}
        for gone in [k for k in self.due if k[1] == "alarm" and k[0] not in alive]:
            del self.due[gone]
        for alert in alerts:
            key = alert.id, "alarm"
            if alert.state.value != "open" or alert.order_no in SLOW or alert.kind == "silent":
                self.due.pop(key, None)
            elif key not in self.due:
                self.due[key] = self.desk.calendar.add(at, 0.4)
            elif self.due[key] <= at:
                del self.due[key]
                draft = alert.kind == "draft"
                who = "P02" if draft else "P01"
                self._say(who, "management", f"press:{'send' if draft else 'ack'}:{alert.order_no}")

    def _report(self, at: datetime) -> None:
        for (order_no, key), when in sorted(self.due.items()):
            if when <= at and key != "alarm":
                del self.due[order_no, key]
                self.now(lambda ledger, no=order_no, k=key: self._finish(ledger, no, k))

    def _finish(self, ledger: Ledger, order_no: str, key: str) -> None:
        lead = next(
            (p for p in ledger.people() if p.role is Role.OPERATOR and key in p.nodes), None
        )
        boss = ledger.person("P01")
        assert boss is not None
        by = lead or boss
        now = ledger.clock.now()
        self.shots[order_no] = self.shots.get(order_no, 0) + 1
        name = f"{order_no}{self.shots[order_no]}"
        shot = PhotoAttached(name.ljust(64, "0"), f"{name}.jpg", f"{name}.jpg")
        for command in (Attach(order_no, key, (shot,)), Complete(order_no, key, anyway=True)):
            self.desk.handle(ledger, command, Told(by, now))
        try:
            self.desk.handle(ledger, Confirm(order_no, key), Told(boss, now))
        except DomainError:
            return

    def place(self, number: str, customer: str, quantity: int) -> None:
        """An order that begins within the month."""

        def act(ledger: Ledger) -> None:
            boss = ledger.person("P01")
            assert boss is not None
            command = PlaceOrder(number, "围裙", quantity, customer, "garment-no-embroidery")
            self.desk.handle(ledger, command, Told(boss, self.clock.now()))

        self.now(act)


def clockwork(folder: Path, clock: TurnedClock, desk: Desk) -> Clockwork:
    """The part of the program that ticks, on the month's database."""
    store = Store(folder / "m.db", clock)
    store.platforms, store.zone = ("sandbox",), ZONE
    return Clockwork(store, desk, time(8, 30))


def tick(folder: Path, pipe: Any) -> None:
    """A process of its own that ticks whenever the clock has been turned, until it is told none."""
    clock = TurnedClock(BEGIN.astimezone(UTC))
    work = clockwork(folder, clock, Desk(WorkCalendar(ZONE, holidays=ChinaHolidays())))
    while (moment := pipe.recv()) is not None:
        clock.set(moment)
        work.store.now(work.run_due)
        pipe.send("ran")
    work.store.close()


def _moments() -> Iterator[tuple[datetime, str, str, str]]:
    for when, who, chat, text in sorted(SCRIPT):
        moment = datetime.fromisoformat(f"2026-{when}").replace(tzinfo=ZONE)
        yield moment.astimezone(UTC), who, chat, text


def month(folder: Path, **how: Any) -> list[Row]:
    """The whole month; every row that was told, in order."""
    life = Month(folder, **how)
    try:
        life.place("S01", "C03", 40)
        life.place("S02", "C04", 30)
        life._plan()
        life.live()
        return sorted(life.rows)
    finally:
        life.end()
