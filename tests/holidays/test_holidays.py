"""2026 as the State Council's notice has it, 2027 as the law alone has it."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import HolidayTable, Week, WorkCalendar
from storage.holidays import ChinaHolidays, LayeredHolidays, Override

CHINA = ChinaHolidays()


def year(number: int) -> list[date]:
    first = date(number, 1, 1)
    return [d for n in range(366) if (d := first + timedelta(days=n)).year == number]


def span(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def test_2026_worked_weekends() -> None:
    worked = [d for d in year(2026) if CHINA.is_off(d) is False]
    assert worked == [
        date(2026, 1, 4),
        date(2026, 2, 14),
        date(2026, 2, 28),
        date(2026, 5, 9),
        date(2026, 9, 20),
        date(2026, 10, 10),
    ]
    assert all(d.weekday() >= 5 for d in worked)


def test_2026_weekdays_off() -> None:
    assert sum(CHINA.is_off(d) is True and d.weekday() < 5 for d in year(2026)) == 19


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-02-16", "2026-02-23"), ("2026-05-01", "2026-05-05"), ("2026-10-01", "2026-10-07")],
)
def test_2026_breaks_have_no_working_saturday_inside(first: str, last: str) -> None:
    assert all(CHINA.is_off(d) is True for d in span(first, last))


def test_ordinary_days_are_left_to_the_week() -> None:
    assert CHINA.is_off(date(2026, 11, 28)) is None  # a Saturday
    assert CHINA.is_off(date(2026, 11, 29)) is None  # a Sunday
    assert CHINA.is_off(date(2026, 11, 25)) is None
    assert CHINA.is_off(date(2026, 6, 20)) is None  # the Saturday after the Dragon Boat Festival


def test_published_or_not() -> None:
    assert CHINA.known(2025)
    assert CHINA.known(2026)
    assert not CHINA.known(2027)


def test_2027_has_the_statutory_days_only() -> None:
    off = [d for d in year(2027) if CHINA.is_off(d)]
    assert date(2027, 2, 5) in off  # 除夕
    assert date(2027, 10, 1) in off
    assert sum(d.weekday() < 5 for d in off) == 13
    assert not [d for d in year(2027) if CHINA.is_off(d) is False]


@pytest.mark.parametrize("day", [date(1, 1, 1), date(1949, 10, 1), date(2200, 1, 1), date.max])
def test_years_without_data_are_ordinary(day: date) -> None:
    assert CHINA.is_off(day) is None
    assert not CHINA.known(day.year)


def test_the_factory_has_the_last_word() -> None:
    own: dict[date, Override] = {date(2026, 10, 2): "work", date(2026, 12, 24): "off"}
    table: HolidayTable = LayeredHolidays(CHINA, own)
    assert table.is_off(date(2026, 10, 2)) is False
    assert table.is_off(date(2026, 12, 24)) is True
    assert table.is_off(date(2026, 10, 1)) is True
    assert table.is_off(date(2026, 10, 10)) is False
    assert table.is_off(date(2026, 12, 25)) is None
    assert table.known(2026)
    assert not table.known(2027)


def test_a_day_entered_later_counts_at_once() -> None:
    own: dict[date, Override] = {}
    table = LayeredHolidays(CHINA, own)
    assert table.is_off(date(2026, 12, 24)) is None
    own[date(2026, 12, 24)] = "off"
    assert table.is_off(date(2026, 12, 24)) is True


def test_the_working_calendar_takes_it() -> None:
    calendar = WorkCalendar(ZoneInfo("Asia/Shanghai"), Week(), CHINA)
    assert not calendar.is_workday(date(2026, 2, 21))  # Saturday in the Spring Festival
    assert calendar.is_workday(date(2026, 9, 20))  # Sunday worked in exchange
    assert calendar.is_workday(date(2026, 11, 28))  # Saturday of a six-day week
    assert not calendar.is_workday(date(2026, 11, 29))
