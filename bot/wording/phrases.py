"""Phrases about orders that several messages share: pieces, promise, node lines, reasons."""

from dataclasses import dataclass
from datetime import date, datetime

from bot.wording.speak import has, joined, say, say_date
from domain.calendar import WorkCalendar
from domain.node import Node, Status
from domain.order import Order
from domain.plan import Level, days_late, deviation, forecast, level
from domain.ports import Reader
from domain.route import Stage

_BADGE = {Level.YELLOW: 1, Level.ORANGE: 2, Level.RED: 3}


@dataclass(frozen=True, slots=True)
class Phrases:
    """Speaks one language about orders as they stand at one moment."""

    language: str
    reader: Reader
    calendar: WorkCalendar
    now: datetime

    def say(self, key: str, **facts: object) -> str:
        """A sentence of the catalogue."""
        return say(self.language, key, **facts)

    def date(self, value: date | datetime | str) -> str:
        """A date, a moment, or the stored form of either."""
        if isinstance(value, str):
            value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
        if isinstance(value, datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=self.calendar.zone)
        return say_date(self.language, value, self.calendar.zone)

    def clock(self, at: str) -> str:
        """The clock time of a stored moment."""
        return f"{self.calendar.local(datetime.fromisoformat(at)):%H:%M}"

    def pieces(self, order: Order) -> str:
        """`120 件`."""
        return self.say("unit.pieces", n=order.quantity)

    def node(self, order: Order, key: str) -> str:
        """A node's name."""
        return order.route.node(key).called(self.language) if key in order.nodes else ""

    def nodes(self, order: Order, keys: list[str]) -> str:
        """Several nodes' names."""
        return joined(self.language, [self.node(order, k) for k in keys])

    def who(self, person_id: str) -> str:
        """A person's name."""
        person = self.reader.person(person_id)
        return person.name if person else person_id

    def ships(self, order: Order) -> str:
        """`预计 周六 11/28 发货（比约定早 1 天）`."""
        finish = forecast(order, self.now, self.calendar)
        if order.finished:
            return self.say("due.shipped", date=say_date(self.language, self.calendar.day(finish)))
        shown = say_date(self.language, self.calendar.day(finish))
        return self.say("due.ships", date=shown, word=self.promise(order, finish))

    def promise(self, order: Order, finish: datetime, *, short: bool = False) -> str:
        """How a finish stands to the promise: `按计划`, `比约定早 1 天`, `晚 1 天`."""
        late = days_late(order, finish, self.calendar)
        if late == 0:
            return self.say("due.on_time")
        tail = "_short" if short else ""
        return self.say(f"due.{'late' if late > 0 else 'early'}{tail}", n=abs(late))

    def badge(self, order: Order) -> str:
        """`▲2 偏差 12%`, or nothing."""
        percent = deviation(order, self.now, self.calendar)
        number = _BADGE.get(level(percent))
        if number is None or not order.open:
            return ""
        return self.say("level.badge", n=number, percent=f"{percent:g}")

    def reason(self, code: str) -> str:
        """A reason in words."""
        return self.say(f"reason.{code or 'none'}")

    def reason_out(self, code: str) -> str:
        """A reason as the customer reads it."""
        key = f"reason_out.{code or 'none'}"
        return self.say(key) if has(key) else self.reason(code)

    def held(self, node: Node) -> str:
        """Why a node is held up and until when: `设备故障，到 周一 15:00`."""
        until = self.say("answer.until", date=self.date(node.until)) if node.until else ""
        return self.say("answer.reason", reason=self.reason(node.reason), until=until)

    def amount(self, order: Order, node: Node) -> str:
        """`50/120` where pieces are under way."""
        if node.status is Status.IN_PROGRESS and 0 < node.quantity < order.quantity:
            return f" {node.quantity}/{order.quantity}"
        return ""

    def node_line(self, order: Order, node: Node) -> str:
        """`▶ 车缝 进行中 50/120`."""
        more = self.amount(order, node)
        if node.held:
            sign = ", " if self.language == "en" else "，"
            more = sign + self.held(node)
        return self.say(
            "answer.node_line",
            icon=self.say(f"icon.{node.status.value}"),
            node=self.node(order, node.key),
            status=self.say(f"status.{node.status.value}"),
            more=more,
        )

    def order_line(self, order: Order) -> str:
        """`A102 卫衣 120 件`."""
        return self.say(
            "answer.order_line",
            order=order.order_no,
            product=order.product,
            pieces=self.pieces(order),
        )

    def stage(self, order: Order) -> tuple[Stage | None, bool]:
        """The customer-facing stage where an order stands, and whether work on it has begun."""
        stages = {s.key: s for s in order.route.shown_stages()}
        for node in order.in_order():
            spec = order.route.node(node.key)
            key = order.route.stage_of(spec)
            if node.status is not Status.DONE and key in stages:
                same = [
                    order.nodes[n.key] for n in order.route.nodes if order.route.stage_of(n) == key
                ]
                return stages[key], any(n.status is not Status.PENDING for n in same)
        return None, True

    def customer_sentence(self, order: Order) -> str:
        """The one sentence of a customer: where it is and when it ships."""
        found, begun = self.stage(order)
        facts = {
            "pieces": self.pieces(order), "product": order.product, "ships": self.ships(order),
        }  # fmt: skip
        if found is None:
            return self.say("answer.status_customer_done", **facts)
        key = "answer.status_customer" if begun else "answer.status_customer_pending"
        return self.say(key, stage=found.called(self.language), **facts)
