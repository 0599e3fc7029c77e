"""Working time: shifts, lunch, statutory holidays and the weekend days worked in exchange (调休).

Time is always handed in and handed back in UTC; the factory's own zone is only used to know when a
shift begins. The
holiday table is a port, because its data are published once a year and kept outside the domain.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from domain.axis import MICRO, Axis, laid_out, micros, moment, worked

AHEAD = 3660
"""Days that are looked through for working time."""
CHUNK = 60
"""Days that are summed up in one go."""
EPOCH = date(2026, 1, 1).toordinal()
"""Where the sums of working time begin."""
LAST = date.max.toordinal()
DAY = timedelta(days=1)
BACK = timedelta(days=180)


class HolidayTable(Protocol):
    """What the state and the factory say of single days."""

    def is_off(self, day: date) -> bool | None:
        """True: a holiday. False: worked although the week says otherwise. None: the factory's week
        decides.
        """

    def known(self, year: int) -> bool:
        """Whether the exchanged working days (调休) of that year are published."""


class NoHolidays:
    """A table without a single holiday, for worlds that give none."""

    def is_off(self, day: date) -> bool | None:
        """No day is special."""
        return None

    def known(self, year: int) -> bool:
        """Nothing is missing where nothing is asked."""
        return True


@dataclass(frozen=True, slots=True)
class Week:
    """The factory's week: weekdays worked (Monday is 0) and the day's shifts in local time."""

    days: frozenset[int] = frozenset(range(6))
    shifts: tuple[tuple[time, time], ...] = (
        (time(8, 30), time(12, 0)),
        (time(13, 30), time(18, 0)),
    )

    @property
    def hours(self) -> float:
        """Working hours of one day."""
        return sum(_hours(a, b) for a, b in self.shifts)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Working time of all days before each day of a stretch, in microseconds since `EPOCH`:
    `before[n]` is that of day `first + n` (an ordinal). Never changed, only replaced, because
    several threads count.
    """

    first: int
    before: list[int]

    @property
    def end(self) -> int:
        """The first day behind the stretch."""
        return self.first + len(self.before)


@dataclass(slots=True)
class WorkCalendar:
    """Adds and measures working time. Spans of a day are worked out once and kept, and so is the
    working time of all days up to it: to add or measure a year costs no more than a day.
    """

    zone: ZoneInfo
    week: Week = field(default_factory=Week)
    holidays: HolidayTable = field(default_factory=NoHolidays)
    _spans: dict[date, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict)
    _box: list[_Sums] = field(default_factory=lambda: [_Sums(EPOCH, [0])], init=False)
    _axes: dict[int, Axis | None] = field(default_factory=dict, init=False)
    _kept: dict[str, float] = field(default_factory=dict, init=False)

    def forget(self) -> None:
        """The holiday table says something else now: what was worked out of it counts no more. A
        thread that is just working something out writes it into what was thrown away.
        """
        self._spans, self._box, self._axes, self._kept = {}, [_Sums(EPOCH, [0])], {}, {}

    def axis(self, at: datetime) -> Axis | None:
        """The working time around a moment, laid out; None for weeks whose shifts overlap and for
        years far away. Each year has one that reaches some months back and two years ahead.
        """
        year = at.year
        if year in self._axes:
            return self._axes[year]
        found = None
        if 1900 < year < 2200:
            first, last = date(year, 1, 1) - BACK, date(year + 3, 1, 1)
            days = range(first.toordinal(), last.toordinal())
            spans = (span for n in days for span in self.spans(date.fromordinal(n)))
            found = laid_out(
                self.moment(first + 2 * DAY, time()), self.moment(last - 2 * DAY, time()), spans
            )
        self._axes[year] = found
        return found

    @property
    def day_hours(self) -> float:
        """Working hours of one day."""
        if "hours" not in self._kept:
            self._kept["hours"] = self.week.hours
        return self._kept["hours"]

    def local(self, at: datetime) -> datetime:
        """The same moment on the factory's clock."""
        return at.astimezone(self.zone)

    def day(self, at: datetime) -> date:
        """The factory's date of a moment."""
        return at.astimezone(self.zone).date()

    def moment(self, day: date, clock: time) -> datetime:
        """A local clock time as a moment in UTC."""
        return datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)

    def is_workday(self, day: date) -> bool:
        """Whether the factory works on that day."""
        off = self.holidays.is_off(day)
        return day.weekday() in self.week.days if off is None else not off

    def spans(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The day's shifts as moments in UTC; empty on a day off."""
        known = self._spans
        kept = known.get(day)
        if kept is None:
            kept = known[day] = (
                tuple(self._shift(day, a, b) for a, b in self.week.shifts)
                if self.is_workday(day)
                else ()
            )
        return kept

    def _shift(self, day: date, start: time, end: time) -> tuple[datetime, datetime]:
        """One shift; an end not after its start is the next morning's."""
        last = day if end > start else day + timedelta(days=1)
        return self.moment(day, start), self.moment(last, end)

    def closing(self, day: date) -> datetime:
        """The end of work on that day, or of the last working day before it."""
        for back in range(60):
            spans = self.spans(day - timedelta(days=back))
            if spans:
                return spans[-1][1]
        return self.moment(day, time(18, 0))

    def opening(self, day: date) -> datetime:
        """The begin of work on that day, or of the next working day."""
        for ahead in range(60):
            spans = self.spans(day + timedelta(days=ahead))
            if spans:
                return spans[0][0]
        return self.moment(day, time(8, 30))

    def add(self, at: datetime, hours: float) -> datetime:
        """The moment at which that many working hours have passed. Negative hours count as none."""
        work = worked(hours)
        axis = self.axis(at)
        if axis is not None:
            found = axis.add(micros(at), work)
            if found is not None:
                return moment(found)
        return self._added(at, timedelta(microseconds=work))

    def _added(self, at: datetime, left: timedelta) -> datetime:
        """The same, day by day."""
        first = self.day(at) - DAY  # whose last shift may run past midnight
        for day in (first, first + DAY):
            found, left = self._within(day, at, left)
            if found is not None:
                return found
        day = first + 2 * DAY
        last = self._reached(day.toordinal(), max(left // MICRO, 1), AHEAD - 2)
        left -= MICRO * (self._before(last) - self._before(day.toordinal()))
        found, left = self._within(date.fromordinal(last), at, left)
        return at + left if found is None else found

    def _within(
        self, day: date, at: datetime, left: timedelta
    ) -> tuple[datetime | None, timedelta]:
        """The moment of a day at which the working time left has passed, or what is left after."""
        for start, end in self.spans(day):
            begin = max(start, at)
            if begin >= end:
                continue
            if left <= end - begin:
                return begin + left, timedelta()
            left -= end - begin
        return None, left

    def _reached(self, first: int, need: int, most: int) -> int:
        """The first day (an ordinal) from `first` on by whose end so much working time has passed;
        the last of `most` days if none.
        """
        limit = first + most - 1
        wanted = self._before(first) + need
        while (sums := self._box[0]).before[-1] < wanted and sums.end <= limit + 1:
            self._before(sums.end)
        return min(sums.first + bisect_left(sums.before, wanted, first - sums.first) - 1, limit)

    def _before(self, day: int) -> int:
        """Working time of all days before one (an ordinal), in microseconds."""
        box = self._box
        sums = box[0]
        if day < sums.first:
            sums = box[0] = self._back(sums, max(day - CHUNK, 1))
        elif day >= sums.end:
            sums = box[0] = self._ahead(sums, min(day + CHUNK, LAST))
        return sums.before[day - sums.first]

    def _ahead(self, sums: _Sums, last: int) -> _Sums:
        before = list(sums.before)
        for day in range(sums.end - 1, last):
            before.append(before[-1] + self._worked(day))
        return _Sums(sums.first, before)

    def _back(self, sums: _Sums, first: int) -> _Sums:
        before = [sums.before[0]]
        for day in range(sums.first - 1, first - 1, -1):
            before.append(before[-1] - self._worked(day))
        return _Sums(first, [*reversed(before[1:]), *sums.before])

    def _worked(self, day: int) -> int:
        """Working time of one day in microseconds. A shift in the hour that a change of the clocks
        leaves out is none.
        """
        spans = self.spans(date.fromordinal(day))
        return sum(max((end - start) // MICRO, 0) for start, end in spans)

    def between(self, earlier: datetime, later: datetime) -> float:
        """Working hours from one moment to another; negative if they stand the other way round."""
        if later < earlier:
            return -self.between(later, earlier)
        axis = self.axis(earlier)
        if axis is not None:
            begun, ended = axis.until(micros(earlier)), axis.until(micros(later))
            if begun is not None and ended is not None:
                return (ended - begun) / 10**6 / 3600
        return (self._until(later) - self._until(earlier)) / 10**6 / 3600

    def _until(self, at: datetime) -> int:
        """Working time up to a moment, in microseconds, from where the sums begin."""
        day = self.day(at)
        total = self._before(day.toordinal() - 1)
        for near in (day - DAY, day):
            for start, end in self.spans(near):
                if start < at:
                    total += max((min(end, at) - start) // MICRO, 0)
        return total

    def workdays_between(self, first: date, last: date) -> int:
        """Working days after `first` up to and with `last`; negative if they stand the other way
        round.
        """
        if last < first:
            return -self.workdays_between(last, first)
        return sum(
            self.is_workday(first + timedelta(days=n + 1)) for n in range((last - first).days)
        )

    def next_time(self, at: datetime, windows: Sequence[tuple[time, time]]) -> datetime:
        """The first moment at or after `at` that lies in one of the daily local windows."""
        starts = sorted(a for a, _ in windows)
        day = self.day(at)
        clock = self.local(at).time()
        for start, end in windows:
            if start <= clock < end:
                return at
        place = bisect_right(starts, clock)
        if place < len(starts):
            return self.moment(day, starts[place])
        return self.moment(day + timedelta(days=1), starts[0])

    def unpublished(self, years: Sequence[int]) -> tuple[int, ...]:
        """Years among those asked whose exchanged days are not known yet: dates there may move."""
        return tuple(y for y in years if not self.holidays.known(y))


@dataclass(frozen=True, slots=True)
class Overrides:
    """The factory's own exceptions on top of another table: True off, False worked."""

    days: Mapping[date, bool]
    base: HolidayTable

    def is_off(self, day: date) -> bool | None:
        """The factory's word first, then the table below."""
        own = self.days.get(day)
        return own if own is not None else self.base.is_off(day)

    def known(self, year: int) -> bool:
        """Known if the table below knows it."""
        return self.base.known(year)


def week_from_text(text: str) -> Week:
    """A week from words such as `Mon-Sat 08:30-18:00`, with lunch 12:00-13:30 cut out where the
    shift spans it.
    """
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    days, hours = text.strip().split(maxsplit=1)
    first, _, last = days.lower().partition("-")
    low, high = names.index(first[:3]), names.index((last or first)[:3])
    start, end = (time.fromisoformat(part.strip()) for part in hours.split("-"))
    noon, back = time(12, 0), time(13, 30)
    shifts = ((start, noon), (back, end)) if start < noon and end > back else ((start, end),)
    return Week(frozenset((low + n) % 7 for n in range((high - low) % 7 + 1)), shifts)


def _hours(start: time, end: time) -> float:
    hours = (end.hour - start.hour) + (end.minute - start.minute) / 60
    return hours if hours > 0 else hours + 24
