"""The demo factory's past: orders of the last three months as events like any, so that the cockpit
has something to say. Always the same for the same day.

Times scatter around the standards, some nodes are held up for their usual reasons, some customers
take their time, some teams report late; levels change as the desk would have changed them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from domain.commands import (
    AskConfirmation,
    Attach,
    ChangeDue,
    ChangeLevel,
    Command,
    Complete,
    Confirm,
    Delay,
    PlaceOrder,
    Resume,
    Start,
    Told,
)
from domain.decide import decide
from domain.desk import Desk
from domain.events import PhotoAttached
from domain.order import Order, empty, evolve
from domain.person import SYSTEM, Person, Role
from domain.plan import days_late, forecast, lay_out, place
from domain.route import NodeSpec, Photo, Route
from domain.watch import rank
from storage.ledger import Ledger

SEED = 20261123
COUNT, DAYS = 45, 94
"""Orders, and the days over which they were placed. Their numbers, `Z001` and on, are of a series
of their own, so that nothing said of an `A…` is ever about one of them.
"""
PRODUCTS: dict[str, tuple[str, ...]] = {
    "garment": (
        "工装围裙 胸标绣花", "连帽卫衣 左胸绣花", "园服套装 丝印", "棒球帽 立体绣", "Polo 衫 刺绣",
        "志愿者马甲 丝印", "健身速干T 热转印", "冲锋衣 反光印",
    ),
    "garment-no-embroidery": ("厨师服 双排扣", "实验服 白大褂", "素色围裙"),
    "bag": ("帆布袋 单色丝印", "束口袋 双色印", "帆布袋 满版印"),
}  # fmt: skip
CUSTOMERS = ("C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08")
PACE = {"emb": 1.28, "sew": 1.08, "material": 1.02}
"""How long nodes take against their standard, in the middle; others are a little quicker."""
TROUBLES: dict[str, tuple[tuple[str, str], ...]] = {
    "material": (
        ("material", "罗纹没到"),
        ("material", "缸差，退回去换"),
        ("outsourcing", "外发染厂没回"),
    ),
    "emb": (
        ("equipment", "2号绣花机坏了"),
        ("equipment", "断针，换机针"),
        ("labour", "绣花师傅请假"),
    ),
    "sew": (("labour", "两个车工请假"), ("equipment", "平车跳线"), ("power", "片区停电")),
    "qc": (("rework", "线头没剪净，返工"), ("quality", "绣花偏位")),
    "ship": (("logistics", "快递爆仓"),),
}
OFTEN = {"material": 0.22, "emb": 0.24, "sew": 0.12, "qc": 0.10, "ship": 0.05}
"""How often a node is held up."""
LATE = {"sew": 40.0, "finish": 25.0, "material": 18.0}
"""Minutes after which a team usually writes down what happened; others do it in a few."""


@dataclass(slots=True)
class History:
    """Writes the past down. Holds the books of one unit of work."""

    ledger: Ledger
    desk: Desk
    photos: Mapping[str, PhotoAttached]
    dice: Random
    count: int = COUNT

    def write(self, at: datetime) -> int:
        """All orders that were over by a moment; how many."""
        shots, written = list(self.photos.values()), 0
        for n in range(self.count):
            day = self.desk.calendar.day(at) - timedelta(days=DAYS - n * (DAYS - 8) // self.count)
            written += self._order(f"Z{n + 1:03d}", day, at, shots)
        return written

    def _order(self, number: str, day: date, at: datetime, shots: list[PhotoAttached]) -> bool:
        """One order, if it was over by then."""
        dice, calendar = self.dice, self.desk.calendar
        kind = dice.choices(list(PRODUCTS), weights=(6, 2, 3))[0]
        route = self.ledger.route(kind)
        customer, product = dice.choice(CUSTOMERS), dice.choice(PRODUCTS[kind])
        pieces, room = dice.randrange(20, 320, 10), dice.uniform(1.2, 1.75)
        placed = calendar.add(calendar.moment(day, time(9, 0)), dice.uniform(0, 6))
        buyer = self.ledger.person(customer)
        if route is None or buyer is None:
            return False
        natural = max(end for _, end in lay_out(route, pieces).values())
        due = calendar.day(calendar.add(placed, natural * room))
        command = PlaceOrder(number, product, pieces, customer, kind, due, placed)
        placing = place(route, pieces, placed, due, calendar)
        order, log = empty(number, route), []
        for event in decide(order, command, Told(SYSTEM, placed), placing=placing):
            order = evolve(order, event)
            log.append(event)
        for told, step in self._steps(order, route, buyer, placed, shots):
            for each in (step, *self._after(order, step, told)):
                events = decide(order, each, told if each is step else Told(self._lead(), told.now))
                for event in events:
                    order = evolve(order, event)
                    log.append(event)
                change = self._level(order, told.now)
                if change is not None:
                    for event in decide(order, change, Told(SYSTEM, told.now)):
                        order = evolve(order, event)
                        log.append(event)
        if log[-1].recorded_at >= at:
            return False
        self.ledger.keep(order, log)
        return True

    def _level(self, order: Order, now: datetime) -> ChangeLevel | None:
        """The change of level that the desk would have made; a lower one waits for the next."""
        if not order.open:
            return None
        wanted, percent = self.desk.watch.crossing(order, now)
        if rank(wanted) == rank(order.level):
            return None
        return ChangeLevel(order.order_no, wanted, percent)

    def _after(self, order: Order, step: Command, told: Told) -> Iterator[Command]:
        """After a delay that moves the end, the merchandiser sometimes agrees on another day."""
        if not isinstance(step, Delay) or self.dice.random() > 0.45:
            return
        calendar = self.desk.calendar
        finish = forecast(order, told.now, calendar)
        if days_late(order, finish, calendar) > 0:
            due = calendar.day(calendar.add(finish, calendar.week.hours))
            yield ChangeDue(order.order_no, due, step.reason, step.text)

    def _steps(
        self, order: Order, route: Route, buyer: Person, placed: datetime,
        shots: list[PhotoAttached],
    ) -> Iterator[tuple[Told, Command]]:  # fmt: skip
        """What was reported of the nodes, one after the other."""
        calendar, dice, number = self.desk.calendar, self.dice, order.order_no
        at = now = placed
        for spec in route.forward():
            who = self._who(spec.key)
            at = calendar.add(at, dice.uniform(0.0, 1.5))
            now = self._noted(now, at, spec)
            if spec.key == "confirm" and dice.random() < 0.2:
                yield (
                    Told(self._lead(), now, None, at),
                    AskConfirmation(number, spec.key, "customer", "印花稿"),
                )
                at = calendar.add(at, dice.uniform(4, 22))
                now = max(now, at)
                yield Told(buyer, now, None, at), Confirm(number, spec.key)
            yield Told(who, now, None, at), Start(number, spec.key)
            hours = spec.hours(order.quantity) * PACE.get(spec.key, 0.9)
            hours *= dice.lognormvariate(0.0, 0.28)
            if dice.random() < OFTEN.get(spec.key, 0.0):
                at = calendar.add(at, hours / 2)
                now = self._noted(now, at, spec)
                reason, text = dice.choice(TROUBLES[spec.key])
                lost = dice.uniform(3, 16)
                until = calendar.local(calendar.add(at, lost))
                yield (
                    Told(who, now, None, at),
                    Delay(number, spec.key, reason, text, f"{until:%Y-%m-%dT%H:%M}"),
                )
                at = calendar.add(at, lost * dice.uniform(0.8, 1.3))
                now = self._noted(now, at, spec)
                yield Told(who, now, None, at), Resume(number, spec.key)
                hours /= 2
            at = calendar.add(at, hours)
            now = self._noted(now, at, spec)
            if spec.photo is not Photo.OPTIONAL and shots:
                yield Told(who, now, None, at), Attach(number, spec.key, (dice.choice(shots),))
            yield Told(who, now, None, at), Complete(number, spec.key)

    def _noted(self, before: datetime, at: datetime, spec: NodeSpec) -> datetime:
        """When something that happened at a moment was written down: never before the last one."""
        usual = LATE.get(spec.key, 6.0)
        minutes = usual * self.dice.lognormvariate(0.0, 0.8)
        if self.dice.random() < 0.04:
            minutes += 150
        return max(before, at + timedelta(minutes=minutes))

    def _who(self, key: str) -> Person:
        """The team lead whose node it is; with several, one of them."""
        leads = [p for p in self.ledger.people() if p.role is Role.OPERATOR and key in p.nodes]
        return self.dice.choice(leads) if leads else self._lead()

    def _lead(self) -> Person:
        found = [p for p in self.ledger.people() if p.role is Role.MANAGER]
        return found[-1] if found else SYSTEM


def history(ledger: Ledger, desk: Desk, at: datetime, photos: Mapping[str, PhotoAttached]) -> int:
    """Write down what was over before a moment; how many orders. Routes and people are known."""
    return History(ledger, desk, photos, Random(SEED)).write(at)
