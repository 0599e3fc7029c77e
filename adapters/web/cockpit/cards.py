"""What a card of the cockpit is, and how its numbers are written: a title, one sentence that says
what it shows now, a chart, and the same figures as a table.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from adapters.web.charts.svg import swatch
from adapters.web.cockpit.port import Cell, Table
from adapters.web.words import Words
from domain.insight import Cockpit
from domain.plan import Level

MINUTES = 120.0
"""Up to so many minutes are told as minutes."""
BADGES = {Level.YELLOW.value: 1, Level.ORANGE.value: 2, Level.RED.value: 3}


@dataclass(frozen=True, slots=True)
class Picture:
    """One chart of a card, with its own heading where a card has several."""

    chart: Markup
    legend: tuple[tuple[Markup, str], ...] = ()
    heading: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One card. Without pictures it is empty, and its sentence says so."""

    key: str
    title: str
    sentence: str
    table: Table
    pictures: tuple[Picture, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Speaker:
    """Writes the numbers of one cockpit in one language."""

    words: Words
    cockpit: Cockpit

    def __call__(self, key: str, **facts: object) -> str:
        """A sentence of the cockpit's own catalogue."""
        return self.words(f"cockpit.{key}", **facts)

    @property
    def span(self) -> str:
        """`近 30 天`."""
        return self("span", n=self.cockpit.scope.days)

    def node(self, route: str, node: str) -> str:
        """A node's name in the reader's language."""
        spec = self.cockpit.specs.get((route, node))
        return spec.called(self.words.language) if spec is not None else node

    def node_of(self, order_no: str, node: str) -> str:
        """The name of an open order's node; empty for the whole order."""
        return self.node(self.cockpit.routes.get(order_no, ""), node) if node else ""

    def team(self, team: str, route: str, node: str) -> str:
        """A team as it is called; teams are named in the factory's own tongue, elsewhere their
        work stands for them.
        """
        return team if self.words.language == "zh-CN" else self.node(route, node)

    def person(self, who: str) -> str:
        """Somebody's name; empty for nobody."""
        return self.cockpit.names.get(who, "") if who else ""

    def in_days(self, hours: float) -> float:
        """Working hours as working days, to a tenth."""
        return round(hours / self.words.house.calendar.week.hours, 1)

    def days(self, hours: float) -> str:
        """`2.1`: working hours as working days."""
        return f"{self.in_days(hours):g}"

    def minutes(self, value: float) -> str:
        """`12 分钟`, `3.5 小时`."""
        if value <= MINUTES:
            return self("minutes", n=round(value))
        hours = value / 60
        return self("hours", n=f"{hours:.0f}" if hours >= 10 else f"{hours:.1f}".removesuffix(".0"))

    def age(self, hours: float) -> str:
        """`6 小时`, `2 天`: time on the clock."""
        if hours < 48:
            return self.minutes(hours * 60)
        return self("clock_days", n=round(hours / 24))

    def table(self, key: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
        """A table under a card's title."""
        headings = tuple(self(f"col_{c}") for c in columns)
        return Table(self(f"{key}_title"), headings, tuple(tuple(r) for r in rows))

    def legend(self, key: str, *kinds: tuple[str, str]) -> tuple[tuple[Markup, str], ...]:
        """Samples of fills and signs with their words."""
        return tuple((swatch(key, kind), self(f"legend_{word}")) for kind, word in kinds)

    def states(self, key: str, *kinds: str) -> tuple[tuple[Markup, str], ...]:
        """Samples of the states' fills, each with its icon and word."""
        return tuple(
            (swatch(key, kind), f"{self.words(f'icon.{kind}')} {self.words(f'status.{kind}')}")
            for kind in kinds
        )


def percent(part: float, whole: float) -> int:
    """A share in per cent."""
    return round(part / whole * 100) if whole else 0
