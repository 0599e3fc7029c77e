"""Files as people and programs send them: told by content, bounded in size, never an accident."""

import io
import time
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.sheets.lines import Known
from bot.sheets.read import read_table
from bot.sheets.rows import understand_table
from bot.sheets.table import MOST_BYTES, Table
from domain.errors import SheetFault

ROWS = [["订单号", "客户", "产品", "数量", "交期"], ["A102", "张总", "卫衣", "120", "2026-12-05"]]
TODAY = date(2026, 11, 25)


def text(delimiter: str = ",", end: str = "\r\n") -> str:
    return end.join(delimiter.join(row) for row in ROWS) + end


def excel(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    fill(book)
    book.save(out)
    return out.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def fault(data: bytes, name: str = "orders") -> str:
    with pytest.raises(SheetFault) as caught:
        read_table(data, name)
    return caught.value.code


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_text_in_every_dress(delimiter: str, encoding: str, end: str) -> None:
    table = read_table(text(delimiter, end).encode(encoding), "orders.csv")
    assert [list(row) for row in table.rows] == ROWS


def test_utf16_big_endian() -> None:
    data = b"\xfe\xff" + text("\t").encode("utf-16-be")
    assert [list(row) for row in read_table(data, "x.txt").rows] == ROWS


def test_quotes_newlines_and_what_keeps_text_a_text() -> None:
    said = '订单号;产品;数量\r\n="0102";"卫衣, 黑;\n左胸""绣""";120\r\n\'-12;\'=1;5\r\n'
    rows = read_table(said.encode(), "x.csv").rows
    assert rows[1] == ("0102", '卫衣, 黑;\n左胸"绣"', "120")
    assert rows[2] == ("-12", "=1", "5")


def test_a_separator_line_is_believed() -> None:
    assert read_table(b"sep=;\r\na;b\r\n1;2\r\n", "x.csv").rows == (("a", "b"), ("1", "2"))


def test_excel_keeps_types_rows_and_merged_values() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        page = book.active
        page.append(["2026年订单"])
        page.append([])
        page.append(["订单号", "客户", "产品", "数量", "交期"])
        page.append([102, "张总", "卫衣", 120, datetime.fromisoformat("2026-12-05")])
        page.append(["00103", None, "围裙", 60, "12/8"])
        page.merge_cells("A1:E1")
        page.merge_cells("B4:B5")

    rows = read_table(excel(fill), "x.xlsx").rows
    assert rows[3] == (102.0, "张总", "卫衣", 120.0, date(2026, 12, 5))
    assert rows[4] == ("00103", "张总", "围裙", 60.0, "12/8")


def test_the_sheet_with_the_best_headings_is_taken() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        book.active.title = "说明"
        book.active.append(["请填写第二页", "谢谢"])
        page = book.create_sheet("订单")
        for row in ROWS:
            page.append(row)
        hidden = book.create_sheet("旧")
        hidden.sheet_state = "hidden"
        hidden.append([*ROWS[0], "电话", "地址"])

    assert read_table(excel(fill), "x.xlsx").sheet == "订单"


def test_old_excel() -> None:
    book, out = xlwt.Workbook(), io.BytesIO()
    page = book.add_sheet("订单")
    for r, row in enumerate(ROWS):
        for c, cell in enumerate(row):
            page.write(r, c, cell)
    page.write(2, 0, 103)
    book.save(out)
    rows = read_table(out.getvalue(), "x.xls").rows
    assert [list(row) for row in rows[:2]] == ROWS
    assert rows[2][0] == 103


class TestRefused:
    def test_nothing(self) -> None:
        assert fault(b"") == "empty"
        assert fault(b" \r\n\r\n ") == "empty"
        assert fault(excel(lambda book: None)) == "empty"

    def test_too_large(self) -> None:
        assert fault(b"a" * (MOST_BYTES + 1)) == "too-large"

    def test_too_many_rows(self) -> None:
        assert fault(b"a,b\n" * 20_001) == "too-many-rows"
        assert len(read_table(b"a,b\n" * 20_000, "x").rows) == 20_000

        out = io.BytesIO()
        with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
            page = book.add_worksheet()
            for row in range(20_001):
                page.write_number(row, 0, row)
        assert fault(out.getvalue()) == "too-many-rows"

    def test_too_many_columns(self) -> None:
        started = time.monotonic()
        assert fault(b"x," * (MOST_BYTES // 2)) == "too-many-columns"
        assert time.monotonic() - started < 10
        assert fault(b",".join([b"a"] * 201)) == "too-many-columns"
        assert fault(excel(lambda book: book.active.cell(1, 201, "x"))) == "too-many-columns"

    def test_a_zip_bomb(self) -> None:
        bomb = zipped({"xl/worksheets/sheet1.xml": b" " * (65 * 1024 * 1024)})
        assert len(bomb) < 100_000
        assert fault(bomb) == "too-large"

    def test_a_cell_at_the_end_of_the_world(self) -> None:
        data = excel(lambda book: book.active.append(["订单号", "产品"]))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = {n: archive.read(n) for n in archive.namelist()}
        name = "xl/worksheets/sheet1.xml"
        far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        files[name] = files[name].replace(b"</sheetData>", far)
        started = time.monotonic()
        assert fault(zipped(files)) in {"unreadable", "too-many-rows", "too-many-columns"}
        assert time.monotonic() - started < 15

    @pytest.mark.parametrize(
        "data",
        [
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
            b"%PDF-1.7\n\x00\x01\x02",
            b"\x00" * 100,
            b"\xff\xff\xff\xff",
            b"<html><table><tr><td>x</td></tr></table></html>",
            '<?xml version="1.0"?><Workbook/>'.encode("utf-16"),
        ],
    )
    def test_what_is_no_table(self, data: bytes) -> None:
        assert fault(data) == "not-a-table"

    def test_another_zip(self) -> None:
        assert fault(zipped({"word/document.xml": b"<a/>"})) == "not-a-table"

    def test_broken_workbooks(self) -> None:
        whole = excel(lambda book: book.active.append(["订单号", "产品"]))
        assert fault(whole[:200]) == "unreadable"
        assert fault(zipped({"xl/workbook.xml": b"<broken"})) == "unreadable"
        assert fault(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600) == "unreadable"

    def test_a_cell_without_end(self) -> None:
        assert fault(b'a,b\n"' + b"x" * 200_000) == "unreadable"


def answer(data: bytes, name: str) -> None:
    try:
        table = read_table(data, name)
        assert isinstance(table, Table)
        understand_table(table, TODAY, Known())
    except SheetFault:
        pass


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_a_table_or_a_fault(data: bytes) -> None:
    if not data.startswith((b"PK\x03\x04", b"\xd0\xcf")):
        answer(data, "x")


@given(st.text(alphabet="订单号客户产品数量交期,;\t\n\"'=A1２5/.-号 \r件", max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_table_or_a_fault(said: str) -> None:
    answer(said.encode(), "x.csv")


@given(st.integers(0, 5000), st.binary(min_size=1, max_size=20), st.sampled_from(["xlsx", "xls"]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_workbook_is_a_table_or_a_fault(at: int, junk: bytes, form: str) -> None:
    data = bytearray(SAMPLES[form])
    at %= len(data)
    data[at : at + len(junk)] = junk
    answer(bytes(data), f"x.{form}")


def _samples() -> dict[str, bytes]:
    old, out = xlwt.Workbook(), io.BytesIO()
    page = old.add_sheet("订单")
    for r, row in enumerate(ROWS):
        for c, cell in enumerate(row):
            page.write(r, c, cell)
    old.save(out)
    new = openpyxl.Workbook()
    for row in ROWS:
        new.active.append(row)
    fresh = io.BytesIO()
    new.save(fresh)
    return {"xlsx": fresh.getvalue(), "xls": out.getvalue()}


SAMPLES = _samples()
