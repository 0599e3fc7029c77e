"""What one cell says: clean text, an order number, a number of pieces."""

import re
import unicodedata
from datetime import date, datetime

from bot.sheets.table import Cell

MOST_PIECES = 10_000_000
MEASURES = (
    "件|套|条|顶|个|只|双|张|本|盒|袋|块|片|把|支|枚|副|对|台|幅|面|组|份|册|箱|包|米|樘|"
    "pieces|piece|pcs|pc|sets|set|units|unit|ea"
)
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_DIGITS |= {c: i for i, c in enumerate("零壹贰叁肆伍陆柒捌玖")}
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_HAN = "".join({*_DIGITS, *_UNITS, "万"})
_HAN_NUMBER = re.compile(f"[{_HAN}]+")
_NUMBER = re.compile(rf"(?:[x×*]\s*)?(\d[\d,]*(?:\.\d+)?|[{_HAN}]+)(万)?\s*(?:{MEASURES})?", re.A)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.0+)?|\d+(\.\d+)?", re.ASCII)
# What a spreadsheet would run: exports put an apostrophe before it, imports take it off.
FORMULA = "=+-@＝＋－＠"


def text_of(cell: Cell) -> str:
    """The cell as clean text: whole numbers without a point, days as 2026-12-05."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return clean(str(cell))


def clean(text: str) -> str:
    """One line without control characters, invisible characters and doubled spaces."""
    kept = (" " if c in "\t\r\n" else c for c in text)
    seen = "".join(c for c in kept if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Cn"})
    return " ".join(seen.split())


def number_of(cell: Cell) -> str:
    """An order number as text: one width, no spaces, no leading #. Empty if there is none."""
    text = unicodedata.normalize("NFKC", text_of(cell))
    return clean("".join(text.split())).lstrip("#№").strip()


def same_number(number: str) -> str:
    """What two spellings of one order number share."""
    return number.casefold()


def pieces_of(cell: Cell) -> int | None:
    """A number of pieces, or None where it is not plainly a whole number above zero."""
    if isinstance(cell, bool | date | datetime) or cell is None:
        return None
    if isinstance(cell, int | float):
        value = float(cell)
        return int(value) if value.is_integer() and 0 < value <= MOST_PIECES else None
    return written_pieces(text_of(cell))


def written_pieces(text: str) -> int | None:
    """120 · 120件 · 1,200 · 1.2万 · 一百二十 · ×120; None for anything else."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip().lower())
    if not found:
        return None
    digits, myriad = found.groups()
    if _HAN_NUMBER.fullmatch(digits):
        value: float | None = han_number(digits)
    elif _THOUSANDS.fullmatch(digits) and len(digits) <= 16:
        value = round(float(digits.replace(",", "")) * (10_000 if myriad else 1), 4)
    else:
        value = None
    if value is None or not float(value).is_integer():
        return None
    return int(value) if 0 < value <= MOST_PIECES else None


def han_number(text: str) -> int | None:
    """一百二十 → 120, 一百二 → 120, 一二〇 → 120, 两千零五 → 2005; None if it is no number."""
    if not _HAN_NUMBER.fullmatch(text) or len(text) > 12:
        return None
    if all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text))
    high, myriad, low = text.rpartition("万")
    if myriad:
        above, below = han_number(high), _below_myriad(low) if low else 0
        if above is None or below is None:
            return None
        return above * 10_000 + (below * 1000 if len(low) == 1 else below)
    return _below_myriad(text)


def _below_myriad(text: str) -> int | None:
    total, digit, last = 0, None, 10_000
    for c in text:
        if c in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[c]
        elif c in _UNITS and _UNITS[c] < last:
            total += (1 if digit is None else digit) * _UNITS[c]
            last, digit = _UNITS[c], None
        else:
            return None
    short = digit and last > 10 and last < 10_000 and text[-2:-1] not in {"零", "〇"}
    return total + (digit or 0) * (last // 10 if short else 1)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might run the text, also from behind blanks and apostrophes."""
    rest = text.lstrip("'")
    seen = next((c for c in rest if not _is_blank(c)), "")
    return rest[:1] in {"\t", "\r", "\n"} or (seen != "" and seen in FORMULA)


def unwrapped(text: str) -> str:
    """A CSV cell without what programs put on to keep it a text: ="0102" and '-12."""
    said = text.strip()
    if len(said) > 3 and said.startswith('="') and said.endswith('"'):
        return said[2:-1]
    return text[1:] if text.startswith("'") and is_formula(text) else text


def _is_blank(char: str) -> bool:
    return char.isspace() or unicodedata.category(char) in {"Cf", "Cc"}
