"""One language's way of saying what pages show of orders, through the house's catalogue."""

from dataclasses import dataclass
from datetime import date, datetime

from adapters.web.orders import level_of
from adapters.web.ports import House
from domain.node import Node, Status
from domain.order import Order
from domain.plan import Level, days_late

_BADGE = {Level.YELLOW: 1, Level.ORANGE: 2, Level.RED: 3}


@dataclass(frozen=True, slots=True)
class Words:
    """Speaks for one page."""

    house: House
    language: str

    def __call__(self, key: str, **facts: object) -> str:
        """A sentence of the catalogue."""
        return self.house.say(self.language, key, **facts)

    def date(self, value: date | datetime) -> str:
        """A date or moment as people say it."""
        return self.house.date(self.language, value)

    def day(self, at: datetime) -> str:
        """The factory's date of a moment."""
        return self.date(self.house.calendar.day(at))

    def clock(self, at: datetime) -> str:
        """The factory's clock time of a moment."""
        return f"{self.house.calendar.local(at):%H:%M}"

    def pieces(self, order: Order) -> str:
        """`120 件`."""
        return self("unit.pieces", n=order.quantity)

    def status(self, status: Status) -> str:
        """`进行中`."""
        return self(f"status.{status.value}")

    def icon(self, status: Status) -> str:
        """`▶`."""
        return self(f"icon.{status.value}")

    def promise(self, order: Order, finish: datetime, *, short: bool = False) -> str:
        """How a finish stands to the promise: `按计划`, `比约定早 1 天`, `晚 1 天`."""
        late = days_late(order, finish, self.house.calendar)
        if late == 0:
            return self("due.on_time")
        tail = "_short" if short else ""
        return self(f"due.{'late' if late > 0 else 'early'}{tail}", n=abs(late))

    def badge(self, order: Order) -> str:
        """`▲2 偏差 12%`, or nothing."""
        percent, level = level_of(order, self.house.now(), self.house.calendar)
        if level not in _BADGE:
            return ""
        return self("level.badge", n=_BADGE[level], percent=f"{percent:g}")

    def short_badge(self, order: Order) -> str:
        """`▲2 12%`, where room is short."""
        percent, level = level_of(order, self.house.now(), self.house.calendar)
        return f"▲{_BADGE[level]} {percent:.0f}%" if level in _BADGE else ""

    def reason(self, code: str) -> str:
        """A reason in words; a code that the catalogue does not know is some other reason."""
        try:
            return self(f"reason.{code or 'none'}")
        except KeyError:
            return self("reason.other")

    def amount(self, order: Order, node: Node) -> str:
        """`50/120` where pieces are under way."""
        if not node.completed and 0 < node.quantity < order.quantity:
            return f"{node.quantity}/{order.quantity}"
        return ""

    def ago(self, at: datetime) -> str:
        """`2 分钟前`."""
        minutes = max(int((self.house.now() - at).total_seconds() // 60), 0)
        if minutes < 1:
            return self("page.ago_now")
        if minutes < 60:
            return self("page.ago_minutes", n=minutes)
        if minutes < 24 * 60:
            return self("page.ago_hours", n=minutes // 60)
        return self("page.ago_days", n=minutes // (24 * 60))
