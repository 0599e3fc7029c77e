"""Working time: every boundary at which a wrong calendar promises a wrong date."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Overrides, Week, WorkCalendar, week_from_text
from tests.domain.factory import SHANGHAI

EXCHANGED = {date(2026, 10, 1): True, date(2026, 10, 2): True, date(2026, 10, 11): False}
"""Two holidays, and a Sunday worked in exchange (调休)."""


class Table:
    def is_off(self, day: date) -> bool | None:
        return EXCHANGED.get(day)

    def known(self, year: int) -> bool:
        return year <= 2026


CALENDAR = WorkCalendar(SHANGHAI, holidays=Table())


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23T09:00", 1, "2026-11-23T10:00"),
        ("2026-11-23T11:00", 1, "2026-11-23T12:00"),  # up to lunch is before lunch
        ("2026-11-23T11:00", 1.5, "2026-11-23T14:00"),  # over lunch
        ("2026-11-23T12:30", 1, "2026-11-23T14:30"),  # from within lunch
        ("2026-11-23T17:00", 1, "2026-11-23T18:00"),
        ("2026-11-23T17:00", 2, "2026-11-24T09:30"),  # over the evening
        ("2026-11-23T23:59", 0.5, "2026-11-24T09:00"),
        ("2026-11-24T00:00", 0.5, "2026-11-24T09:00"),
        ("2026-11-28T17:30", 1, "2026-11-30T09:00"),  # Saturday to Monday
        ("2026-11-29T10:00", 0, "2026-11-30T08:30"),  # Sunday: the next moment worked
        ("2026-09-30T17:00", 2, "2026-10-03T09:30"),  # over the holidays
        ("2026-10-10T17:00", 2, "2026-10-11T09:30"),  # the exchanged Sunday is worked
        ("2026-11-23T09:00", -5, "2026-11-23T09:00"),  # never backwards
        ("2026-11-23T08:30", 48, "2026-11-28T18:00"),  # one whole week
    ],
)
def test_adding_working_hours(start: str, hours: float, end: str) -> None:
    assert CALENDAR.add(at(start), hours) == at(end)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-11-23T09:00", "2026-11-23T11:00", 2),
        ("2026-11-23T11:00", "2026-11-23T14:00", 1.5),
        ("2026-11-23T12:00", "2026-11-23T13:30", 0),
        ("2026-11-23T18:00", "2026-11-24T08:30", 0),
        ("2026-11-28T17:00", "2026-11-30T09:30", 2),
        ("2026-10-01T00:00", "2026-10-03T00:00", 0),
        ("2026-10-11T00:00", "2026-10-12T00:00", 8),
        ("2026-11-23T11:00", "2026-11-23T09:00", -2),
    ],
)
def test_measuring_working_hours(start: str, end: str, hours: float) -> None:
    assert CALENDAR.between(at(start), at(end)) == hours


@pytest.mark.parametrize(
    ("zone", "before", "after"),
    [
        ("America/New_York", "2026-03-07T17:00", "2026-03-09T09:30"),
        ("America/New_York", "2026-10-31T17:00", "2026-11-02T09:30"),
        ("Europe/Berlin", "2026-03-28T17:00", "2026-03-30T09:30"),
        ("Europe/Berlin", "2026-10-24T17:00", "2026-10-26T09:30"),
    ],
)
def test_a_shift_begins_by_the_local_clock_when_the_clocks_change(
    zone: str, before: str, after: str
) -> None:
    local = ZoneInfo(zone)
    calendar = WorkCalendar(local)
    assert calendar.add(at(before, local), 2) == at(after, local)
    assert calendar.between(at(before, local), at(after, local)) == 2


def test_a_shift_over_the_change_has_the_hours_that_really_pass() -> None:
    local = ZoneInfo("Europe/Berlin")
    night = WorkCalendar(local, Week(frozenset(range(7)), ((time(0, 0), time(8, 0)),)))
    assert night.between(at("2026-03-29T00:00", local), at("2026-03-29T08:00", local)) == 7
    assert night.between(at("2026-10-25T00:00", local), at("2026-10-25T08:00", local)) == 9


def test_a_night_shift_runs_into_the_next_morning() -> None:
    week = week_from_text("Mon-Fri 20:00-06:00")
    assert week.hours == 10
    night = WorkCalendar(SHANGHAI, week)
    assert night.add(at("2026-11-23T23:00"), 4) == at("2026-11-24T03:00")
    assert night.add(at("2026-11-24T02:00"), 5) == at("2026-11-24T21:00")
    assert night.between(at("2026-11-24T02:00"), at("2026-11-24T21:00")) == 5
    assert night.closing(date(2026, 11, 23)) == at("2026-11-24T06:00")


@pytest.mark.parametrize(
    ("text", "days", "hours"),
    [
        ("Mon-Sat 08:30-18:00", {0, 1, 2, 3, 4, 5}, 8),
        ("Mon-Fri 09:00-12:00", {0, 1, 2, 3, 4}, 3),
        ("Sun-Thu 08:00-17:00", {6, 0, 1, 2, 3}, 7.5),
        ("Mon 08:00-09:00", {0}, 1),
    ],
)
def test_a_week_in_words(text: str, days: set[int], hours: float) -> None:
    week = week_from_text(text)
    assert (set(week.days), week.hours) == (days, hours)


@pytest.mark.parametrize("text", ["", "Mon-Sat", "Foo-Bar 08:00-17:00", "Mon-Sat 8-25"])
def test_words_that_are_no_week_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        week_from_text(text)


def test_a_week_without_a_day_or_without_end_comes_to_an_end() -> None:
    idle = WorkCalendar(SHANGHAI, Week(frozenset()))
    assert idle.add(at("2026-11-23T09:00"), 1) == at("2026-11-23T10:00")
    assert idle.closing(date(2026, 11, 23)) == at("2026-11-23T18:00")
    assert CALENDAR.add(at("2026-11-23T09:00"), 1e300) > at("2034-01-01T00:00")


def test_a_promise_on_a_day_off_ends_with_the_last_day_worked_before_it() -> None:
    assert CALENDAR.closing(date(2026, 11, 29)) == at("2026-11-28T18:00")
    assert CALENDAR.closing(date(2026, 10, 2)) == at("2026-09-30T18:00")
    assert CALENDAR.opening(date(2026, 11, 29)) == at("2026-11-30T08:30")


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-11-23", "2026-11-24", 1),
        ("2026-11-27", "2026-11-30", 2),
        ("2026-11-24", "2026-11-24", 0),
        ("2026-11-30", "2026-11-27", -2),
        ("2026-09-30", "2026-10-03", 1),
    ],
)
def test_counting_working_days(first: str, last: str, days: int) -> None:
    assert CALENDAR.workdays_between(date.fromisoformat(first), date.fromisoformat(last)) == days


@pytest.mark.parametrize(
    ("now", "then"),
    [
        ("2026-11-23T08:29", "2026-11-23T08:30"),
        ("2026-11-23T08:30", "2026-11-23T08:30"),
        ("2026-11-23T20:29", "2026-11-23T20:29"),
        ("2026-11-23T20:30", "2026-11-24T08:30"),
        ("2026-11-23T00:00", "2026-11-23T08:30"),
    ],
)
def test_customers_are_told_by_day(now: str, then: str) -> None:
    assert CALENDAR.next_time(at(now), ((time(8, 30), time(20, 30)),)) == at(then)


def test_the_factory_s_own_word_stands_above_the_state_s() -> None:
    own = Overrides({date(2026, 10, 1): False, date(2026, 11, 24): True}, Table())
    calendar = WorkCalendar(SHANGHAI, holidays=own)
    assert calendar.is_workday(date(2026, 10, 1))
    assert not calendar.is_workday(date(2026, 10, 2))
    assert not calendar.is_workday(date(2026, 11, 24))
    assert calendar.unpublished((2026, 2027)) == (2027,)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Kathmandu"]),
    st.integers(0, 2 * 365 * 24 * 60),
    st.integers(0, 120 * 60),
)
def test_what_is_added_is_what_is_measured(zone: str, start: int, minutes: int) -> None:
    calendar = WorkCalendar(ZoneInfo(zone), holidays=Table())
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=start)
    end = calendar.add(moment, minutes / 60)
    assert end >= moment
    assert abs(calendar.between(moment, end) * 60 - minutes) < 0.001
    assert calendar.between(end - timedelta(seconds=1), end) >= 0
