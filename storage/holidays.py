"""China's statutory holidays and the factory's own exceptions, behind the domain's holiday table.

The days come from a library whose data follow the State Council's yearly notice; until a year's
notice is out, only the statutory days are there and `known` says so. What an administrator enters
always wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from domain.calendar import HolidayTable

Override = Literal["off", "work"]
SATURDAY = 5
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Year:
    off: frozenset[date]
    worked: frozenset[date]


@dataclass(slots=True)
class ChinaHolidays:
    """The state's holidays with 调休, worked out once a year of the calendar and kept."""

    _years: dict[int, _Year] = field(default_factory=dict)

    def is_off(self, day: date) -> bool | None:
        """True on a holiday, False on a weekend day worked in exchange, None on any other day."""
        year = self._year(day.year)
        if day in year.worked:
            return False
        return True if day in year.off else None

    def known(self, year: int) -> bool:
        """Whether that year's notice is in the data; none since 2001 was without exchanged days."""
        return bool(self._year(year).worked)

    def _year(self, year: int) -> _Year:
        if year not in self._years:
            self._years[year] = _read(year)
        return self._years[year]


@dataclass(frozen=True, slots=True)
class LayeredHolidays:
    """A table with the factory's own days on top; the mapping is read anew at every question."""

    base: HolidayTable
    overrides: Mapping[date, Override]

    def is_off(self, day: date) -> bool | None:
        """The factory's word on that day, or else the table's below."""
        said = self.overrides.get(day)
        return self.base.is_off(day) if said is None else said == "off"

    def known(self, year: int) -> bool:
        """As the table below: one day entered by hand does not make up for the year's notice."""
        return self.base.known(year)


def _read(year: int) -> _Year:
    # Imported here: 0.6 s, which a start of the program should not wait for.
    from holidays import country_holidays

    table = country_holidays("CN", years=year)
    # The library keeps exchanged days at a year's end for every year it is asked about.
    worked = frozenset(d for d in table.weekend_workdays if d.year == year)
    off = frozenset(d for d in table if d.year == year) - worked
    return _Year(off | _enclosed(off, worked), worked)


def _enclosed(off: frozenset[date], worked: frozenset[date]) -> frozenset[date]:
    """Weekend days inside a break, which the notice counts as off and the library leaves out.

    It matters where Saturdays are worked: 21 February 2026 lies in the Spring Festival.
    """
    found: set[date] = set()
    for start in off:
        run, day = [], start + DAY
        while day.weekday() >= SATURDAY and day not in off and day not in worked:
            run.append(day)
            day += DAY
        if day in off:
            found.update(run)
    return frozenset(found)
