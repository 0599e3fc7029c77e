"""A table as it was written: rows of cells as a spreadsheet types them, and how large it may be."""

from dataclasses import dataclass
from datetime import date, datetime

Cell = str | int | float | bool | date | datetime | None
Row = tuple[Cell, ...]

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 64 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Table:
    """Rows from the top of the sheet, so that index + 1 is the row number a person sees."""

    rows: tuple[Row, ...]
    name: str = ""
    sheet: str = ""
