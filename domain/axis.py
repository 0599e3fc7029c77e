"""Working time as one long line: the shifts of some years side by side with the working time that
had passed before each, so that adding and measuring are a look into a sorted list.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

ZERO = datetime(2020, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
HOUR = 3_600_000_000
"""Microseconds."""
LONGEST = 20_000.0
"""Working hours that are added at most: eight years, beyond which nothing is planned."""
Span = tuple[datetime, datetime]


def micros(at: datetime) -> int:
    """Microseconds since `ZERO`."""
    since = at - ZERO
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment(number: int) -> datetime:
    """The moment so many microseconds after `ZERO`, in UTC."""
    return ZERO + timedelta(microseconds=number)


def worked(hours: float) -> int:
    """Working hours in microseconds; negative ones count as none."""
    hours = min(max(hours, 0.0), LONGEST)
    whole = int(hours)
    return whole * HOUR + round((hours - whole) * HOUR)


@dataclass(frozen=True, slots=True)
class Axis:
    """Shifts from one moment to another, in microseconds since `ZERO`: where each starts and ends,
    and the working time up to its end. Never changed, because several threads count.
    """

    first: int
    last: int
    starts: list[int]
    ends: list[int]
    done: list[int]

    def add(self, at: int, work: int) -> int | None:
        """The moment at which so much working time has passed (the first at which one works, for
        none); None if that does not lie on the axis.
        """
        if not self.first <= at < self.last:
            return None
        place = bisect_right(self.ends, at)
        if place == len(self.ends):
            return None
        begin = max(self.starts[place], at)
        left = work - (self.ends[place] - begin)
        if left <= 0:
            return begin + work
        wanted = self.done[place] + left
        place = bisect_left(self.done, wanted, place + 1)
        if place == len(self.done):
            return None
        return self.ends[place] - (self.done[place] - wanted)

    def at(self, work: int) -> int | None:
        """The first moment by which so much working time has passed from where the axis begins;
        None if that lies behind it.
        """
        place = bisect_left(self.done, work)
        if place == len(self.done):
            return None
        return self.ends[place] - (self.done[place] - work)

    def until(self, at: int) -> int | None:
        """Working time up to a moment, from where the axis begins; None if it lies outside."""
        if not self.first <= at < self.last:
            return None
        place = bisect_right(self.starts, at) - 1
        if place < 0:
            return 0
        return self.done[place] - max(self.ends[place] - at, 0)


def laid_out(first: datetime, last: datetime, spans: Iterable[Span]) -> Axis | None:
    """An axis of shifts in the sequence of time; None where two of them overlap, because then a
    moment has no place of its own.
    """
    starts: list[int] = []
    ends: list[int] = []
    done: list[int] = []
    total = 0
    for start, end in spans:
        a, b = micros(start), micros(end)
        if b <= a:  # the hour that a change of the clocks leaves out
            continue
        if ends and a < ends[-1]:
            return None
        total += b - a
        starts.append(a)
        ends.append(b)
        done.append(total)
    return Axis(micros(first), micros(last), starts, ends, done)
