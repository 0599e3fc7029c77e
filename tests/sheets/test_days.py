"""Days and quantities as people write them, each with the one reading we stand for."""

from datetime import date, datetime

import pytest

from bot.sheets.cells import han_number, number_of, pieces_of, text_of
from bot.sheets.dates import day_of, marks
from bot.sheets.table import Cell

TODAY = date(2026, 11, 25)  # a Wednesday


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-12-05", "2026-12-05"),
        ("2026/12/5", "2026-12-05"),
        ("2026.12.5", "2026-12-05"),
        ("2026年12月5日", "2026-12-05"),
        ("2026-12-05 00:00:00", "2026-12-05"),
        ("２０２６／１２／５", "2026-12-05"),
        ("26-12-05", "2026-12-05"),
        ("20261205", "2026-12-05"),
        ("12/5", "2026-12-05"),
        ("12-5", "2026-12-05"),
        ("12.5", "2026-12-05"),
        ("12.10", "2026-12-10"),
        ("12月5日", "2026-12-05"),
        ("12月5号前", "2026-12-05"),
        ("12月5", "2026-12-05"),
        ("十二月五号", "2026-12-05"),
        ("十二月二十五", "2026-12-25"),
        ("12/5（周六）", "2026-12-05"),
        ("交期12/5", "2026-12-05"),
        ("12/5交货", "2026-12-05"),
        ("5号", "2026-12-05"),
        ("28号", "2026-11-28"),
        ("25日", "2026-11-25"),
        ("31号", "2026-12-31"),
        ("11/20", "2026-11-20"),  # five days back: kept, and marked
        ("10/20", "2027-10-20"),  # more than thirty days back: next year's
        ("1/5", "2027-01-05"),
        ("2/28", "2027-02-28"),
        ("明天", "2026-11-26"),
        ("周五", "2026-11-27"),
        ("周一", "2026-11-30"),
        ("下周五", "2026-12-04"),
        ("周五前", "2026-11-27"),
        ("月底", "2026-11-30"),
        ("12月底", "2026-12-31"),
        ("1月底", "2027-01-31"),
        ("Dec 5", "2026-12-05"),
        ("5 December 2026", "2026-12-05"),
        ("due 12/5", "2026-12-05"),
        (datetime.fromisoformat("2026-12-05T08:00"), "2026-12-05"),
        (date(2026, 12, 5), "2026-12-05"),
        (46361.0, "2026-12-05"),
        (46361, "2026-12-05"),
        (46361.5, "2026-12-05"),
        (20261205.0, "2026-12-05"),
        (12.5, "2026-12-05"),
        (12.25, "2026-12-25"),
    ],
)
def test_a_day(said: Cell, day: str) -> None:
    assert day_of(said, TODAY) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "120",
        "1205",  # a quantity as well as a day
        "13/5",
        "2/30",
        "2027-02-29",
        "12/05/26",  # 12 May or 5 December
        "5/12/26",
        "50/120",
        "2026-13-01",
        "99991231",
        "尽快",
        "待定",
        "A102",
        "12.5.1.1",
        "1" * 50,
        12.1,  # was it 12.10 before the spreadsheet took it for a decimal?
        12.3,
        120.0,
        13.5,
        -5.0,
        1e300,
        True,
        None,
    ],
)
def test_no_day_rather_than_a_guess(said: Cell) -> None:
    assert day_of(said, TODAY) is None


@pytest.mark.parametrize(
    ("said", "day"),
    [("11/20", "2026-11-20"), ("12/5", "2025-12-05"), ("28号", "2026-10-28"), ("昨天", None)],
)
def test_a_day_of_placing_lies_behind(said: str, day: str | None) -> None:
    assert day_of(said, TODAY, ahead=False) == (date.fromisoformat(day) if day else None)


def test_the_year_turns() -> None:
    assert day_of("12/28", date(2027, 1, 5)) == date(2026, 12, 28)
    assert day_of("1/5", date(2026, 12, 28)) == date(2027, 1, 5)
    assert day_of("2/29", date(2027, 11, 1)) == date(2028, 2, 29)
    assert day_of("2/29", date(2026, 11, 1)) is None


def test_marks() -> None:
    assert marks(None, TODAY, TODAY) == ()
    assert marks(TODAY, TODAY, TODAY) == ()
    assert marks(date(2026, 11, 20), None, TODAY) == ("due-past",)
    assert marks(date(2062, 12, 5), None, TODAY) == ("due-far",)
    assert marks(date(2026, 12, 5), date(2026, 12, 9), TODAY) == ("due-before-placed",)


@pytest.mark.parametrize(
    ("said", "pieces"),
    [
        ("120件", 120),
        ("120 件", 120),
        ("1,200", 1200),
        ("1，200件", 1200),
        ("120.0", 120),
        (120.0, 120),
        (120, 120),
        ("一百二十", 120),
        ("一百二", 120),
        ("一百零五套", 105),
        ("两千五", 2500),
        ("十二顶", 12),
        ("二十", 20),
        ("三万六", 36000),
        ("一二〇", 120),
        ("壹佰贰拾", 120),
        ("1.2万", 12000),
        ("１２０", 120),
        ("x120", 120),
        ("×120", 120),
        ("120 pcs", 120),
    ],
)
def test_a_quantity(said: Cell, pieces: int) -> None:
    assert pieces_of(said) == pieces


@pytest.mark.parametrize(
    "said",
    ["", None, "0", 0, -5, 12.5, "12.5", "约120", "100-120", "50/120", "两打", "若干", "12,00",
     "120+5", True, "一百百", float("inf"), "9" * 400, "٣", date(2026, 1, 1)],
)  # fmt: skip
def test_no_quantity_rather_than_a_guess(said: Cell) -> None:
    assert pieces_of(said) is None


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (102.0, "102"),
        ("00102", "00102"),
        ("＃Ａ１０２", "A102"),
        ("#A102", "A102"),
        (" A 102 ", "A102"),
        ("A\u200b102", "A102"),
        ("PO#88231", "PO#88231"),
        (20251105.0, "20251105"),
        ("20251105-03", "20251105-03"),
        (None, ""),
    ],
)
def test_an_order_number_is_text(cell: Cell, number: str) -> None:
    assert number_of(cell) == number


def test_text_of_cells() -> None:
    assert text_of(13800138000.0) == "13800138000"
    assert text_of(1.5) == "1.5"
    assert text_of(datetime.fromisoformat("2026-12-05T08:00")) == "2026-12-05"
    assert text_of("卫\x00衣\u202e \n 黑") == "卫衣 黑"
    assert han_number("十") == 10
    assert han_number("百") == 100
    assert han_number("绣花") is None
