"""Rows → a CSV or Excel file that no spreadsheet program can be made to run.

Cells come from chats: a product called =HYPERLINK(…) stays a text. In CSV an apostrophe goes before
it, in Excel it is a string with the quote prefix. Numbers and days stay what they are.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import xlsxwriter

from bot.sheets.cells import is_formula
from bot.sheets.table import Cell
from domain.errors import SheetFault

LONGEST_CELL = 32_767
LONGEST_NAME = 31
MOST_ROWS_WRITTEN = 1_048_575
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_UNFIT_NAME = re.compile(r"[\[\]:*?/\\]")
_EARLIEST = date(1900, 3, 1)  # before it Excel's days are off by one


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook: its name, its headings, its rows."""

    name: str
    headings: tuple[str, ...]
    rows: tuple[Sequence[Cell], ...]


def to_csv(rows: Iterable[Sequence[Cell]], headings: Sequence[str]) -> bytes:
    """UTF-8 with the mark that makes Excel read it as such; every text in quotes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([_csv_cell(h) for h in headings])
    for row in rows:
        writer.writerow([_csv_cell(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def to_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """A workbook of these sheets. Raises SheetFault if one is longer than Excel allows."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
    }
    names: list[str] = []
    with xlsxwriter.Workbook(out, options) as book:
        for sheet in sheets:
            if len(sheet.rows) > MOST_ROWS_WRITTEN:
                raise SheetFault("too-many-rows", rows=len(sheet.rows), most=MOST_ROWS_WRITTEN)
            names.append(_sheet_name(sheet.name, names))
            _write_sheet(book, book.add_worksheet(names[-1]), sheet)
    return out.getvalue()


def _write_sheet(
    book: xlsxwriter.Workbook, page: xlsxwriter.worksheet.Worksheet, sheet: Sheet
) -> None:
    bold = book.add_format({"bold": True, "quote_prefix": True})
    quoted = book.add_format({"quote_prefix": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for column, heading in enumerate(sheet.headings):
        page.write_string(0, column, _fit(heading), bold)
        page.set_column(column, column, _width(sheet, column))
    for number, row in enumerate(sheet.rows, 1):
        for column, cell in enumerate(row):
            if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
                continue
            if isinstance(cell, bool):
                page.write_boolean(number, column, cell)
            elif isinstance(cell, int | float) and abs(cell) < 1e15:
                page.write_number(number, column, cell)
            elif isinstance(cell, date) and _plain_day(cell) >= _EARLIEST:
                timed = isinstance(cell, datetime)
                page.write_datetime(number, column, cell, moment if timed else day)
            else:
                text = _fit(str(cell))
                page.write_string(number, column, text, quoted if is_formula(text) else None)
    page.freeze_panes(1, 0)


def _csv_cell(cell: Cell) -> str | int | float:
    if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
        return ""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int | float):
        return int(cell) if float(cell).is_integer() else cell
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M") if cell.year >= 1000 else cell.isoformat()
    text = _UNFIT.sub("", str(cell))
    return f"'{text}" if is_formula(text) else text


def _fit(text: str) -> str:
    """What an Excel cell can hold. The library writes <r>…</r> as raw XML, so it may not end so."""
    fit = _UNFIT.sub("", text)[:LONGEST_CELL]
    return f"{fit[: LONGEST_CELL - 1]} " if fit.startswith("<r>") else fit


def _plain_day(cell: date) -> date:
    return cell.date() if isinstance(cell, datetime) else cell


def _width(sheet: Sheet, column: int) -> int:
    """Chinese characters are two wide; the first rows tell enough."""
    cells = [
        sheet.headings[column],
        *(row[column] for row in sheet.rows[:100] if column < len(row)),
    ]
    widest = max(sum(2 if ord(c) > 255 else 1 for c in str(cell or "")) for cell in cells)
    return min(max(widest + 2, 8), 50)


def _sheet_name(name: str, taken: Sequence[str]) -> str:
    base = _UNFIT_NAME.sub(" ", _UNFIT.sub("", name)).strip().strip("'")[:LONGEST_NAME] or "Sheet"
    fit, number = base, 1
    used = {t.casefold() for t in taken} | {"history"}
    while fit.casefold() in used:
        number += 1
        fit = f"{base[: LONGEST_NAME - 4]} {number}"
    return fit
