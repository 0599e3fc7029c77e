"""Opens an Excel file in a process of its own: bytes on stdin, JSON on stdout.

A hostile workbook of a few kilobytes can name its last cell XFD1048576; the reader then asks for
gigabytes and takes its process along. Here it takes only this one.
"""

import datetime
import io
import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

MOST_MEMORY = 1024 * 1024 * 1024
MOST_SHEETS = 20
PREVIEW = 30


def main(most_rows: int, most_columns: int) -> None:
    """Answer {"sheets": [...]} or {"fault": code}."""
    _limit_memory()
    try:
        answer: dict[str, Any] = {
            "sheets": _sheets(sys.stdin.buffer.read(), most_rows, most_columns)
        }
    except PasswordError:
        answer = {"fault": "encrypted"}
    except (CalamineError, ValueError, OSError, MemoryError) as error:
        answer = {"fault": "unreadable", "detail": type(error).__name__}
    json.dump(answer, sys.stdout)


def _limit_memory() -> None:
    try:
        import resource  # not on Windows, where the limit is left out
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _sheets(data: bytes, most_rows: int, most_columns: int) -> list[dict[str, Any]]:
    workbook = load_workbook(io.BytesIO(data))
    metas = [m for m in workbook.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    shown = [m for m in metas if m.visible == SheetVisibleEnum.Visible] or metas
    out, room = [], 2 * most_rows * most_columns
    for meta in shown[:MOST_SHEETS]:
        sheet = workbook.get_sheet_by_name(meta.name)
        height, width = (last + 1 for last in sheet.end or (-1, -1))
        fits = height <= most_rows and width <= most_columns and height * width <= room
        rows = _rows(sheet, None if fits else PREVIEW)
        room -= height * width if fits else 0
        out.append({"name": meta.name, "height": height, "width": width, "rows": rows})
    return out


def _rows(sheet: CalamineSheet, most: int | None) -> list[list[Any]]:
    rows = [list(r) for r in sheet.to_python(skip_empty_area=False, nrows=most)]
    _fill_down(rows, sheet.merged_cell_ranges or [])
    return [[_plain(cell) for cell in row] for row in rows]


def _fill_down(rows: list[list[Any]], merged: Sequence[Any]) -> None:
    """A cell merged over several rows says its value for each of them."""
    for (top, left), (bottom, _) in merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        for row in rows[top + 1 : bottom + 1]:
            if left < len(row) and row[left] == "":
                row[left] = rows[top][left]


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime.datetime | datetime.date):
        return {"date": cell.isoformat()}
    if isinstance(cell, datetime.time | datetime.timedelta):
        return str(cell)
    if isinstance(cell, float) and not math.isfinite(cell):
        return None
    return None if cell == "" else cell


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
