"""Exports read back by other programs: nothing runs, and orders come home unchanged."""

import csv
import io
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sheets.cells import is_formula
from bot.sheets.lines import FIELDS, Known, OrderLine, as_rows
from bot.sheets.read import read_table
from bot.sheets.rows import understand_table
from bot.sheets.write import Sheet, to_csv, to_xlsx

TODAY = date(2026, 11, 25)
NOON = datetime.fromisoformat("2026-12-05T12:00")
HEADINGS = (
    "订单号",
    "客户",
    "产品",
    "数量",
    "交期",
    "下单日期",
    "电话",
    "地址",
    "备注",
    "优先级",
    "工艺路线",
)
HOSTILE = [
    '=HYPERLINK("http://evil.example","点我")',
    "+1+1",
    "-12",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "  =1+1",
    "\u3000=1+1",
    "\u200b=1+1",
    "'=1+1",
    "=cmd|' /C calc'!A0",
]


def from_csv(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_runs_in_csv(text: str) -> None:
    cell = from_csv(to_csv([[text]], ["产品"]))[1][0]
    assert cell == "'" + text.replace("\r", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_runs_in_excel(text: str) -> None:
    data = to_xlsx([Sheet("订单", (text,), ((text,),))])
    book = openpyxl.load_workbook(io.BytesIO(data))
    for row in book.worksheets[0].iter_rows():
        assert row[0].data_type == "s"
        assert row[0].quotePrefix
        assert row[0].hyperlink is None


@pytest.mark.parametrize(
    "text", ["卫衣", "A-102", "120", "a=b", "12/5", "https://example.com", "'s"]
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert not is_formula(text)
    assert from_csv(to_csv([[text]], ["产品"]))[1] == [text]
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([Sheet("订单", ("产品",), ((text,),))])))
    cell = book.worksheets[0]["A2"]
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_numbers_and_days_stay_numbers_and_days() -> None:
    row = (-12, 1.5, date(2026, 12, 5), NOON, True, None, float("nan"))
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([Sheet("x", ("a",) * 7, (row,))])))
    values = [cell.value for cell in book.worksheets[0][2]]
    assert values[:2] == [-12, 1.5]
    assert values[2] == datetime.fromisoformat("2026-12-05")
    assert book.worksheets[0]["C2"].number_format == "yyyy-mm-dd"
    assert values[3:] == [NOON, True, None, None]
    written = from_csv(to_csv([row], ["a"] * 7))[1]
    assert written == ["-12", "1.5", "2026-12-05", "2026-12-05 12:00", "TRUE", "", ""]


def test_what_a_file_cannot_hold_is_left_out() -> None:
    dirty = "卫\x00衣\x07\ud800\ufffe"
    assert from_csv(to_csv([[dirty]], ["产品"]))[1] == ["卫衣"]
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx([Sheet("a/b:[c]", ("产品",), ((dirty,),))])))
    assert book.worksheets[0]["A2"].value == "卫衣"
    assert book.sheetnames == ["a b  c"]


def test_markup_and_escapes_come_back_as_written() -> None:
    texts = ["<r><t>x</t></r>", "_x0041_", "a\nb", "x" * 40_000, "<b>&amp;"]
    data = to_xlsx([Sheet("x", ("产品",), tuple((t,) for t in texts))])
    rows = [row[0] for row in read_table(data, "x.xlsx").rows][1:]
    assert [str(r).strip() for r in rows] == [
        "<r><t>x</t></r>",
        "_x0041_",
        "a\nb",
        "x" * 32_767,
        "<b>&amp;",
    ]


def test_sheets_of_one_name_are_told_apart() -> None:
    data = to_xlsx(
        [Sheet("订单" * 20, ("a",), ()), Sheet("订单" * 20, ("a",), ()), Sheet("", ("a",), ())]
    )
    names = openpyxl.load_workbook(io.BytesIO(data)).sheetnames
    assert len(set(names)) == 3
    assert all(0 < len(n) <= 31 for n in names)


DUE, PLACED = date(2026, 12, 5), date(2026, 11, 18)
ORDERS = (
    OrderLine(2, "A102", "跃动健身(刘教练)", "连帽卫衣 左胸绣花", 120, DUE, PLACED),
    OrderLine(3, "0103", "林园长", "园服 (衣+裤)", 180, DUE, PLACED, phone="13800138000"),
    OrderLine(
        row=4,
        order_no="-12",
        customer="=张总",
        product="@帽子",
        quantity=1,
        due=date(2027, 1, 5),
        address="+86 东莞",
        note="'=a",
        priority="加急",
    ),
    OrderLine(5, "2311-05", 'Emma, "Northwind"', "卫裤; 黑", 90, DUE, route_hint="布袋"),
)


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_exported_orders_come_home(form: str) -> None:
    rows = as_rows(ORDERS)
    assert len(HEADINGS) == len(FIELDS)
    data = (
        to_csv(rows, HEADINGS) if form == "csv" else to_xlsx([Sheet("订单", HEADINGS, tuple(rows))])
    )
    result = understand_table(read_table(data, f"orders.{form}"), TODAY, Known())
    assert result.lines == ORDERS
    assert result.refused == ()
    assert result.unmapped == ()


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_written(texts: list[str]) -> None:
    line = from_csv(to_csv([texts], texts))[1]
    assert not any(is_formula(cell) and not cell.startswith("'") for cell in line)


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_text_makes_a_workbook_that_opens(texts: list[str]) -> None:
    data = to_xlsx([Sheet(texts[0], tuple(texts), (texts,))])
    book = openpyxl.load_workbook(io.BytesIO(data))
    for row in book.worksheets[0].iter_rows():
        assert all(cell.data_type in {"s", "n"} for cell in row)
