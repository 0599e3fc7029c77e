"""The calendar counts with sums; it must say to the microsecond what walking day by day says."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.axis import LONGEST
from domain.calendar import Week, WorkCalendar

ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Pacific/Apia",
    "Australia/Lord_Howe",
)


class Days:
    """Every so many days the week's word is turned round."""

    def __init__(self, every: int) -> None:
        self.every = every

    def is_off(self, day: date) -> bool | None:
        return day.toordinal() % 2 == 0 if self.every and day.day % self.every == 0 else None

    def known(self, year: int) -> bool:
        return True


def walked_add(calendar: WorkCalendar, at: datetime, hours: float) -> datetime:
    """The implementation before there were sums."""
    left = timedelta(hours=min(max(hours, 0.0), LONGEST))
    day = calendar.day(at) - timedelta(days=1)
    for _ in range(3660):
        for start, end in calendar.spans(day):
            begin = max(start, at)
            if begin >= end:
                continue
            if left <= end - begin:
                return begin + left
            left -= end - begin
        day += timedelta(days=1)
    return at + left


def walked_between(calendar: WorkCalendar, earlier: datetime, later: datetime) -> float:
    """The implementation before there were sums."""
    if later < earlier:
        return -walked_between(calendar, later, earlier)
    total = timedelta()
    day, last = calendar.day(earlier) - timedelta(days=1), calendar.day(later)
    while day <= last:
        for start, end in calendar.spans(day):
            total += max(min(end, later) - max(start, earlier), timedelta())
        day += timedelta(days=1)
    return total.total_seconds() / 3600


clocks = st.times().map(lambda t: t.replace(second=0, microsecond=0))
shifts = st.lists(st.tuples(clocks, clocks), max_size=3).map(tuple)
weeks = st.builds(
    Week,
    st.frozensets(st.integers(0, 6)),
    st.one_of(st.just(Week().shifts), shifts),
)
moments = st.integers(0, 20 * 366 * 86400).map(
    lambda n: datetime(2015, 1, 1, tzinfo=UTC) + timedelta(seconds=n)
)
near = st.one_of(moments, st.sampled_from([0, 1, 12]).map(
    lambda h: datetime(2026, 11, 23, h, 30, tzinfo=UTC)
))  # fmt: skip


@given(weeks, st.sampled_from(ZONES), st.integers(0, 4), near, near)
@example(  # a shift in the hour that the change of the clocks left out
    Week(frozenset(range(7)), ((time(3, 1), time(4, 0)),)),
    "Pacific/Apia",
    0,
    datetime(2015, 9, 26, tzinfo=UTC),
    datetime(2015, 9, 28, tzinfo=UTC),
)
@settings(max_examples=300, deadline=None)
def test_between_is_what_walking_says(
    week: Week, zone: str, every: int, one: datetime, other: datetime
) -> None:
    calendar = WorkCalendar(ZoneInfo(zone), week, Days(every))
    assert calendar.between(one, other) == walked_between(calendar, one, other)
    assert calendar.between(other, one) == walked_between(calendar, other, one)


@given(
    weeks,
    st.sampled_from(ZONES),
    st.integers(0, 4),
    near,
    st.one_of(st.floats(-1, 60), st.sampled_from([0.0, 3.5, 8.0, 48.0]), st.floats(0, 3 * LONGEST)),
)
@settings(max_examples=300, deadline=None)
def test_add_is_what_walking_says(
    week: Week, zone: str, every: int, at: datetime, hours: float
) -> None:
    calendar = WorkCalendar(ZoneInfo(zone), week, Days(every))
    assert calendar.add(at, hours) == walked_add(calendar, at, hours)


@given(st.lists(st.tuples(near, near, st.floats(0, 400)), min_size=2, max_size=12))
@settings(max_examples=60, deadline=None)
def test_what_was_asked_before_changes_nothing(
    asked: list[tuple[datetime, datetime, float]],
) -> None:
    """The sums grow both ways with what is asked."""
    calendar = WorkCalendar(ZoneInfo("Asia/Shanghai"))
    for one, other, hours in asked:
        assert calendar.between(one, other) == walked_between(calendar, one, other)
        assert calendar.add(one, hours) == walked_add(calendar, one, hours)


@pytest.mark.parametrize("year", [1970, 2126])
def test_far_away_years(year: int) -> None:
    calendar = WorkCalendar(ZoneInfo("Asia/Shanghai"), Week(shifts=((time(8), time(16)),)))
    at = datetime(year, 6, 1, 3, tzinfo=UTC)
    assert calendar.add(at, 100) == walked_add(calendar, at, 100)
    assert calendar.between(at, at + timedelta(days=9)) == walked_between(
        calendar, at, at + timedelta(days=9)
    )
