"""Bytes that somebody sent as a table → rows of cells, or a SheetFault with the reason.

Text is read here; workbooks are opened by a process of their own (see workbook.py).
"""

import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.sheets.cells import unwrapped
from bot.sheets.headings import score
from bot.sheets.table import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, MOST_UNPACKED, Cell, Row, Table
from domain.errors import SheetFault

PATIENCE_SECONDS = 20
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
DELIMITERS = ",\t;"
SAMPLE_ROWS = 40


def read_table(data: bytes, name: str) -> Table:
    """The table in a file, told by its content and never by its name. Raises SheetFault."""
    if len(data) > MOST_BYTES:
        raise SheetFault("too-large", bytes=len(data), most=MOST_BYTES)
    if not data.strip():
        raise SheetFault("empty", name=name)
    if data.startswith(ZIP):
        _check_zip(data, name)
        return _workbook(data, name)
    if data.startswith(OLE):
        return _workbook(data, name)
    return Table(_text_rows(_decoded(data, name), name), name)


def _check_zip(data: bytes, name: str) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise SheetFault("unreadable", name=name, detail=type(error).__name__) from error
    names = {e.filename for e in entries}
    if not any(n.startswith("xl/") or n == "content.xml" for n in names):
        raise SheetFault("not-a-table", name=name)
    unpacked = sum(e.file_size for e in entries)
    if unpacked > MOST_UNPACKED:
        raise SheetFault("too-large", bytes=unpacked, most=MOST_UNPACKED)


def _workbook(data: bytes, name: str) -> Table:
    """Of several sheets the one with the best heading row."""
    answer = _opened(data, name)
    if "fault" in answer:
        raise SheetFault(str(answer["fault"]), name=name)
    best, best_score = None, -1
    for sheet in answer["sheets"]:
        rows = tuple(tuple(map(_cell, row[:MOST_COLUMNS])) for row in sheet["rows"])
        if rows and (worth := score(rows)) > best_score:
            best, best_score = (sheet, rows), worth
    if best is None:
        raise SheetFault("empty", name=name)
    sheet, rows = best
    if sheet["width"] > MOST_COLUMNS:
        raise SheetFault("too-many-columns", columns=sheet["width"], most=MOST_COLUMNS)
    if sheet["height"] > len(rows):
        raise SheetFault("too-many-rows", rows=sheet["height"], most=MOST_ROWS)
    return Table(rows, name, sheet["name"])


def _opened(data: bytes, name: str) -> dict[str, Any]:
    script = Path(__file__).with_name("workbook.py")
    command = [sys.executable, "-P", str(script), str(MOST_ROWS), str(MOST_COLUMNS)]
    try:
        done = subprocess.run(
            command, input=data, capture_output=True, timeout=PATIENCE_SECONDS, check=True
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError, RecursionError) as error:
        if b"ModuleNotFoundError" in (getattr(error, "stderr", None) or b""):
            raise RuntimeError("the reader of workbooks is not installed") from error
        raise SheetFault("unreadable", name=name, detail=type(error).__name__) from error
    return answer


def _cell(value: Any) -> Cell:
    if not isinstance(value, dict):
        return value  # type: ignore[no-any-return]
    written = str(value["date"])
    return datetime.fromisoformat(written) if "T" in written else date.fromisoformat(written)


def _decoded(data: bytes, name: str) -> str:
    encodings = [encoding for mark, encoding in MARKS if data.startswith(mark)]
    for encoding in encodings or ["utf-8", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(ord(c) < 32 and c not in "\t\r\n" for c in text[:100_000]):
            raise SheetFault("not-a-table", name=name)
        if text.lstrip()[:200].lower().startswith(("<html", "<!doctype", "<table", "<?xml")):
            raise SheetFault("not-a-table", name=name)
        return text
    raise SheetFault("not-a-table", name=name)


def _text_rows(text: str, name: str) -> tuple[Row, ...]:
    said = text[:6].lower()
    if said.startswith("sep=") and len(said) > 4 and said[4] in DELIMITERS:
        return _split(text.partition("\n")[2], said[4], name, MOST_ROWS)
    best = max(DELIMITERS, key=lambda d: _fit(text, d, name))
    return _split(text, best, name, MOST_ROWS)


def _fit(text: str, delimiter: str, name: str) -> tuple[int, int]:
    """A delimiter is right if the headings come out, or else if it makes most columns."""
    try:
        rows = _split(text, delimiter, name, None)
    except SheetFault:
        return 0, -1
    return score(rows), sum(len(row) > 1 for row in rows)


def _split(text: str, delimiter: str, name: str, most: int | None) -> tuple[Row, ...]:
    """All rows, or with `most` None the first few."""
    rows: list[Row] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if most is None and len(rows) >= SAMPLE_ROWS:
                break
            if most is not None and len(rows) >= most:
                raise SheetFault("too-many-rows", rows=len(rows) + 1, most=most)
            if most is not None and len(row) > MOST_COLUMNS:
                raise SheetFault("too-many-columns", columns=len(row), most=MOST_COLUMNS)
            rows.append(
                tuple(unwrapped(cell) if cell.strip() else None for cell in row[:MOST_COLUMNS])
            )
    except csv.Error as error:
        raise SheetFault("unreadable", name=name, detail=str(error)) from error
    return tuple(rows)
